"""A report opened from disk, with everything that made it stopped: the video plays where the test failed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

from local_grid import LocalGrid
from stories import Story, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from warm_pytest import WarmPytest

pytestmark = [
    pytest.mark.skipif(
        not (shutil.which("chromium") and shutil.which("chromedriver") and shutil.which("ffmpeg")),
        reason="needs chromium, chromedriver and ffmpeg",
    ),
]

# The first test takes a while, as its page does: so the second one starts later in the video.
SUITE = """
from selenium.webdriver.support.wait import WebDriverWait

PAGE = (
    "data:text/html,<body style='background:teal'><h1 id='total'>...</h1><script>"
    "setTimeout(function () { document.getElementById('total').textContent = '34.80';"
    "document.body.style.background = 'orange'; console.error('no such teapot') }, LATER)</script>"
)

@pytest.fixture(scope="module")
def driver():
    driver = open_browser(console=True, video=True)
    yield driver
    driver.quit()

def test_waits(driver):
    driver.get(PAGE.replace("LATER", "3000"))
    WebDriverWait(driver, 30).until(lambda driver: driver.find_element(By.ID, "total").text != "...")

def test_total(driver):
    driver.get(PAGE.replace("LATER", "10"))
    driver.execute_async_script("const done = arguments[0]; setTimeout(done, 500)")
    assert driver.find_element(By.ID, "total").text == "35.80"
"""

COLOURS = """
const canvas = document.createElement("canvas");
canvas.width = 40; canvas.height = 30;
canvas.getContext("2d").drawImage(arguments[0], 0, 0, 40, 30);
const data = canvas.getContext("2d").getImageData(0, 0, 40, 30).data;
return new Set(Array.from({length: 1200}, (_, at) => [...data.slice(4 * at, 4 * at + 3)].map(c => c >> 4).join())).size;
"""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    for argument in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1300,900",
    ):
        options.add_argument(argument)
    # A page from disk may look at the frames of a video from disk.
    options.add_argument("--allow-file-access-from-files")
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_script_timeout(30)
    yield driver
    driver.quit()


def open_row(browser: webdriver.Chrome, report: Path, test: str) -> Any:
    """Open a report from disk, unfold a test's row and give its body."""
    browser.get(report.as_uri())
    find = f"return [...document.querySelectorAll('#results-table tbody')].find(b => b.textContent.includes('{test}'))"
    body: Any = WebDriverWait(browser, 30).until(lambda driver: driver.execute_script(find))
    if "collapsed" in body.get_attribute("innerHTML") and body.find_elements("css selector", ".extras-row.hidden"):
        body.find_element("css selector", ".col-result").click()
        body = browser.execute_script(find)
    return body


def shown(browser: webdriver.Chrome, select: str) -> tuple[float, int]:
    """The second at which a video stands, and how many colours its frame has."""
    video = WebDriverWait(browser, 30).until(lambda driver: driver.find_element("css selector", select))
    state = "return arguments[0].readyState >= 2 && !arguments[0].seeking && arguments[0].currentTime > 0"
    WebDriverWait(browser, 30).until(lambda driver: driver.execute_script(state, video))
    return browser.execute_script("return arguments[0].currentTime", video), browser.execute_script(COLOURS, video)


def follow(browser: webdriver.Chrome, body: Any) -> str:
    """From an unfolded row to the player, by its picture; the text of what stands there."""
    poster = body.find_element("css selector", "a.lt-poster").get_attribute("href")
    assert body.find_element("xpath", ".//strong/a[text()='player']").get_attribute("href") == poster
    browser.get(poster)
    return " ".join(browser.find_element("tag name", "main").text.split())


def test_a_failed_row_leads_to_its_video_two_seconds_before_the_failure(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, warm_pytest: WarmPytest, browser: webdriver.Chrome
) -> None:
    """Though the video starts a second after its session."""
    with LocalGrid(backend="chromium", video_starts_late=1, video_shows_time=True) as grid:
        story = Story(pytester, monkeypatch, grid, warm_pytest)
        story.tests(SUITE)
        run = story.run("--lambdatest-artifacts=failed", timeout=180)
    assert outcomes(run) == {"passed": 1, "failed": 1}
    (record,) = run.records
    assert set(record["artifacts"]) == {"command", "console", "selenium", "screenshots", "video"}
    (_, use) = record["tests"]
    # The hub answers a moment after it begins to film.
    assert use["offset"] - use["video_offset"] < 1.1
    body = open_row(browser, run.folder / "report.html", "test_total")
    for text in ("AssertionError: assert '34.80' == '35.80'", "commands before the failure", "no such teapot"):
        assert text in body.text
    ((kind, poster, caption),) = run.row("test_total").pictures
    assert (kind, poster, caption[:10]) == ("image", use["poster"], "Failed at ")
    assert body.find_element("css selector", ".lt-poster img").get_attribute("naturalWidth") != "0"
    text = follow(browser, body)
    second, colours = shown(browser, "#stage video")
    assert use["video_offset"] - 2 <= second < use["video_end_offset"] - 1
    assert colours > 1, "a frame is not blank"
    for part in ("failed test_story.py::test_total", "assert '34.80' == '35.80'", "console", "no such teapot"):
        assert part in text
    # How many stand there depends on when each clock saw what both did: tests/report/player/test_events.py.
    assert "find_element" in text.rpartition("get data:text/html")[2]
    log = browser.get_log("browser")  # type: ignore[no-untyped-call]  # selenium's own
    assert [entry for entry in log if entry["level"] == "SEVERE"] == []
