"""A report opened from disk, with everything that made it stopped: the video plays where the test failed."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

from local_grid import LocalGrid
from stories import Story, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = [
    pytest.mark.skipif(
        not (shutil.which("chromium") and shutil.which("chromedriver") and shutil.which("ffmpeg")),
        reason="needs chromium, chromedriver and ffmpeg",
    ),
]

EXAMPLE = Path(__file__).parents[2] / "example_project"

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
    WebDriverWait(driver, 30).until(lambda driver: driver.find_element(By.ID, "total").text != "...")
    assert driver.find_element(By.ID, "total").text == "35.80"
"""

PLAYED = """
const video = arguments[0], done = arguments[1];
const canvas = document.createElement("canvas");
function colours() {
  canvas.width = 40; canvas.height = 30;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 40, 30);
  const data = context.getImageData(0, 0, 40, 30).data;
  const seen = new Set();
  for (let at = 0; at < data.length; at += 4) seen.add([data[at] >> 4, data[at + 1] >> 4, data[at + 2] >> 4].join());
  return [...seen];
}
video.muted = true;
const start = video.currentTime;
video.addEventListener("timeupdate", function moved() {
  if (video.currentTime <= start) return;
  video.removeEventListener("timeupdate", moved);
  done({start: start, now: video.currentTime, duration: video.duration, colours: colours()});
});
video.play().catch(error => done({error: String(error)}));
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


def played(browser: webdriver.Chrome, body: Any) -> dict[str, Any]:
    video = body.find_element("css selector", ".lt-evidence video")
    WebDriverWait(browser, 30).until(lambda driver: driver.execute_script("return arguments[0].readyState", video) >= 1)
    answer: dict[str, Any] = browser.execute_async_script(PLAYED, video)
    return answer


def test_the_video_of_a_failed_test_plays_from_where_it_began(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, browser: webdriver.Chrome
) -> None:
    """Though the video starts two seconds after its session."""
    with LocalGrid(backend="chromium", video_starts_late=2, video_shows_time=True) as grid:
        story = Story(pytester, monkeypatch, grid)
        story.tests(SUITE)
        run = story.run("--lambdatest-artifacts=failed", timeout=180)
    assert outcomes(run) == {"passed": 1, "failed": 1}
    (record,) = run.records
    assert set(record["artifacts"]) == {"command", "console", "selenium", "screenshots", "video"}
    start = record["tests"][1]["video_offset"]
    # The hub answers a moment after it begins to film.
    assert 0.8 < record["tests"][1]["offset"] - start < 2.1
    body = open_row(browser, run.folder / "report.html", "test_total")
    for text in ("commands before the failure", "Console errors in this test's time", "no such teapot"):
        assert text in body.text
    result = played(browser, body)
    assert start - 0.1 <= result["start"] <= start + 0.1, "a media fragment starts a player at its second"
    assert result["now"] > result["start"]
    assert len(result["colours"]) > 1, "a frame is not blank"
    link = body.find_element("xpath", ".//strong/a[text()='video']").get_attribute("href")
    assert link.startswith((run.folder / "report-lambdatest").as_uri())
    assert f"#t={math.floor(start * 10) / 10:g}," in link
    log = browser.get_log("browser")  # type: ignore[no-untyped-call]  # selenium's own
    assert [entry for entry in log if entry["level"] == "SEVERE"] == []


def test_the_examples_report_shows_why_its_test_fails(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, browser: webdriver.Chrome
) -> None:
    """It is opened when suite and grid have ended."""
    for name in ("LT_USERNAME", "LT_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    suite = pytester.path / "example"
    shutil.copytree(EXAMPLE, suite, ignore=shutil.ignore_patterns("report", "__pycache__"))
    monkeypatch.chdir(suite)
    result = pytester.runpytest_subprocess("-p", "html", "-p", "metadata", timeout=180)
    result.assert_outcomes(passed=7, xfailed=1)
    body = open_row(browser, suite / "report" / "report.html", "test_the_total_is_the_sum_of_the_prices")
    for text in (
        "commands before the failure",
        'text css selector [id="total"]',
        "Console errors in this test's time",
        "The prices add up to 35.80, the total says 34.80",
    ):
        assert text in " ".join(body.text.split())
    result_of_play = played(browser, body)
    assert result_of_play["now"] > result_of_play["start"]
    assert len(result_of_play["colours"]) > 1
