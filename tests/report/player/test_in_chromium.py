"""The page with a player as its reader has it: in a real browser, from disk and from a server without ranges."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from local_grid.recording import find_ffmpeg
from made_up_runs import STARTED, MadeUpRun
from pages import ATTACKS
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.player.pages import PlayerPages
from report_pages import ReportPage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium import webdriver

SECONDS = 90.0
ROWS = 1000
VIDEO = "return document.querySelector('video')"
COLOURS = """
const canvas = document.createElement("canvas");
canvas.width = 40; canvas.height = 30;
canvas.getContext("2d").drawImage(document.querySelector("video"), 0, 0, 40, 30);
const data = canvas.getContext("2d").getImageData(0, 0, 40, 30).data;
return new Set(Array.from({length: 1200}, (_, at) => [...data.slice(4 * at, 4 * at + 3)].map(c => c >> 5).join())).size;
"""
SHAPE = "const stage = document.getElementById('stage'); return stage.clientHeight / stage.clientWidth"
MOST_DRAWN = """
const done = arguments[0], list = document.getElementById("list"), find = document.querySelector("[name=find]");
let turn = 0, most = 0;
requestAnimationFrame(function next() {
  if (turn % 12) list.scrollTop = (turn * 9770) % list.scrollHeight;
  else {
    find.value = turn % 8 ? `item${turn}` : "";
    find.dispatchEvent(new Event("input", {bubbles: true}));
  }
  most = Math.max(most, document.querySelectorAll("#rows > *").length);
  turn += 1;
  if (turn < 24) requestAnimationFrame(next);
  else done(most);
});
"""


def add_test(run: MadeUpRun, name: str, at: float, *, fails: bool, number: int = 1) -> None:
    outcome = "rerun" if fails and number == 1 and "flaky" in name else "failed" if fails else "passed"
    attempt = run.attempt(f"test_shop.py::{name}", outcome, "s1", at=at, number=number)  # type: ignore[arg-type]
    use = attempt.uses[0]
    use.last_at += 8
    if fails:
        attempt.failure = "AssertionError: two teapots cost 35.80\nassert '34.80' == '35.80'"
        attempt.failed_at = use.first_at + 6
        attempt.commands = [
            {
                "session": "s1",
                "name": "find_element",
                "about": "css selector #total",
                "at": use.first_at + 5.5,
                "seconds": 0.5,
                "error": "NoSuchElementException: gone",
                "times": 1,
            }
        ]


def row(at: float, **value: object) -> dict[str, object]:
    return {"timestamp": STARTED.timestamp() * 1000 + at * 1000, "Value": value}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report, with one session of a few tests, its video and its logs."""
    folder = tmp_path_factory.mktemp("player") / "report-lambdatest"
    home = folder / "s1"
    home.mkdir(parents=True)
    run = MadeUpRun()
    for place, name in enumerate(("test_opens", "test_sells", "test_pays", "test_wraps")):
        add_test(run, name, 2.0 + place * 10, fails=name in ("test_sells", "test_wraps"))
    add_test(run, "test_flaky", 50.0, fails=True)
    add_test(run, "test_flaky", 60.0, fails=True, number=2)
    tracked = run.says("s1", status="failed", duration=SECONDS, name="Basket")
    tracked.ended_at = 1000 + SECONDS
    items = [
        row(at * 0.085, requestMethod="POST", requestPath="/session/s1/element", responseStatus=200, duration=3)
        | {"number": at}
        for at in range(ROWS)
    ]
    for number, item in enumerate(items):
        item["Value"]["requestBody"] = json.dumps({"using": "css selector", "value": f"#item{number}"})  # type: ignore[index]
    logs = {
        "command": items,
        "console": [row(13, level="SEVERE", message="no such teapot"), row(40, level="INFO", message="fine")],
        "network": [row(33, level="RESPONSE", message="404 https://shop.example/teapot")],
    }
    for name, rows in logs.items():
        (home / f"{name}-log.json").write_text(json.dumps({"data": rows}), encoding="utf-8")
        tracked.public["artifacts"][name] = f"{folder.name}/s1/{name}-log.json"
    if ffmpeg := find_ffmpeg():
        source = f"testsrc2=size=160x100:rate=5:duration={SECONDS}"
        encoding = ("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "2M", "-movflags", "+faststart")
        command = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", source, *encoding, str(home / "video.mp4")]
        subprocess.run(command, check=True, timeout=120)
        tracked.public["artifacts"]["video"] = f"{folder.name}/s1/video.mp4"
        tracked.public["video_seconds"] = SECONDS
    PlayerPages(run.registry, Problems(), lambda: folder, None).bind()
    return folder.parent


@pytest.fixture
def served(session: Path) -> Iterator[str]:
    """The address of a server that sends no parts of files."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(command, cwd=session, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().partition("port ")[2].partition(" ")[0]
        yield f"http://127.0.0.1:{port}"
        server.terminate()


class Player(ReportPage):
    """A page with a player, opened at a test."""

    @property
    def second(self) -> float:
        found: float = self.run(f"{VIDEO}.currentTime")
        return found

    def wait_for_second(self, second: float) -> None:
        WebDriverWait(self.driver, 30).until(
            lambda _: self.run(f"{VIDEO}.readyState") >= 2 and abs(self.second - second) < 0.2, str(second)
        )

    @property
    def lit(self) -> str:
        (text,) = self.texts("#rows .current")
        return text

    @property
    def shown_second(self) -> float:
        minutes, _, seconds = self.texts("#clock")[0].partition(" ")[0].rpartition(":")
        return int(minutes) * 60 + float(seconds)


@pytest.mark.skipif(not find_ffmpeg(), reason="needs ffmpeg")
def test_a_server_without_ranges_is_asked_for_the_whole_video(chromium: webdriver.Chrome, served: str) -> None:
    page = Player(chromium, f"{served}/report-lambdatest/s1/index.html#test=test_shop.py%3A%3Atest_wraps")
    page.wait_for_second(36)
    assert page.run(f"{VIDEO}.currentSrc").startswith("blob:")
    assert page.run(COLOURS) > 3  # a page from disk may not look at the frames of its video
    page.press("p")
    page.wait_for_second(16)
    assert [error for error in page.errors() if "favicon" not in error] == []


@pytest.mark.skipif(not find_ffmpeg(), reason="needs ffmpeg")
def test_the_page_opens_two_seconds_before_the_failure(session: Path, chromium: webdriver.Chrome) -> None:
    page = Player(chromium, f"{session.as_uri()}/report-lambdatest/s1/index.html#test=test_shop.py%3A%3Atest_wraps")
    page.wait_for_second(36)
    assert page.texts("#test h2") == ["failed test_shop.py::test_wraps"]
    assert page.texts("#test pre") == ["AssertionError: two teapots cost 35.80 assert '34.80' == '35.80'"]
    assert page.lit == "00:37.5 find_element css selector #total 500 ms NoSuchElementException: gone"
    assert page.run(f"{VIDEO}.currentSrc").startswith("file:")
    page.press("p")
    page.wait_for_second(16)
    page.press("n", "n")
    page.wait_for_second(54)
    assert page.texts("#test h2") == ["rerun test_shop.py::test_flaky"]
    page.press("n")
    page.wait_for_second(64)
    assert page.texts("#test h2") == ["failed test_shop.py::test_flaky (attempt 2)"]
    assert page.run("return location.hash") == "#test=test_shop.py%3A%3Atest_flaky&attempt=2"
    page.press(Keys.ARROW_LEFT)
    page.wait_for_second(59)
    before = page.lit
    page.press(Keys.ARROW_DOWN)
    assert page.lit != before
    for select, second in (("#rows .row:nth-child(3)", None), ("#marks .network", 33), ("#marks .console", 13)):
        stands_there = page.texts(f"{select} time")
        page.click(select)
        page.wait_for_second(float(stands_there[0][3:]) if second is None else second)
    page.press(" ")
    WebDriverWait(chromium, 20).until(lambda _: page.second > 14.5)
    page.press(" ")
    lit_at = float(page.lit[3:7])
    assert abs(lit_at - page.second) < 0.5
    assert page.run(
        "const list = document.getElementById('list').getBoundingClientRect(),"
        "row = document.querySelector('#rows .current').getBoundingClientRect();"
        "return row.top >= list.top && row.bottom <= list.bottom"
    )
    for width, height in ((1280, 2000), (1280, 900), (390, 844)):
        page.look(width, height)
        assert page.run(SHAPE) == pytest.approx(400 / 640, abs=0.01), "no bars around the picture"
    assert page.errors() == []


@pytest.mark.skipif(not find_ffmpeg(), reason="needs ffmpeg")
def test_without_the_whole_video_the_clips_play_at_the_failure(session: Path, chromium: webdriver.Chrome) -> None:
    folder = session / "clips-lambdatest"
    (folder / "s1").mkdir(parents=True)
    run = MadeUpRun()
    for at in (10, 40):
        add_test(run, f"test_at_{at}", at, fails=True)
    add_test(run, "test_fine", 60, fails=False)
    run.says("s1", duration=SECONDS)
    for use in run.registry.sessions["s1"].uses[:2]:
        use.clip_offset = (use.time_range.start if use.time_range else 0) - 0.5
        use.clip = f"{folder.name}/s1/{use.clip_offset:.0f}.mp4"
        command = ["-i", str(session / "report-lambdatest/s1/video.mp4"), "-t", "11", "-c", "copy"]
        subprocess.run([find_ffmpeg() or "", "-v", "error", *command, str(session / use.clip)], check=True, timeout=60)
    PlayerPages(run.registry, Problems(), lambda: folder, None).bind()
    page = Player(chromium, f"{(folder / 's1' / 'index.html').as_uri()}#test=test_shop.py%3A%3Atest_at_40")
    page.wait_for_second(4.5)
    assert (page.shown_second, page.run(f"{VIDEO}.src").rpartition("/")[2]) == (44.0, "40.mp4")
    page.press("p")
    page.wait_for_second(4.5)
    assert page.run(f"{VIDEO}.src").endswith("/10.mp4")
    page.click("#rows .row:last-child")
    assert page.run(f"{VIDEO}.src").endswith("/40.mp4"), "the clip that shows the row's second"
    page.click("#tests li:last-child button")
    assert page.texts("#note")[0].startswith("The whole video was not kept")
    assert page.errors() == []


def test_without_a_video_the_list_alone_is_of_use(session: Path, chromium: webdriver.Chrome) -> None:
    """Of a thousand rows few are drawn; filters, search and looks at three widths."""
    page = Player(chromium, f"{session.as_uri()}/report-lambdatest/s1/index.html")
    assert page.texts("#test h2") == ["failed test_shop.py::test_sells"], "the first failure"
    assert 10 < page.driver.execute_async_script(MOST_DRAWN) < 60, "what the list has room for, and a few more"
    page.find("teapot", "[name=find]")
    assert page.texts("#rows .row") == [
        "00:13.0 console no such teapot",
        "00:33.0 network 404 https://shop.example/teapot",
    ]
    page.click("[value=network]")
    assert page.texts("#filters output") == ["1 of 1,007"]
    page.find(Keys.SPACE, "[name=find]")
    page.click("[name=errors]")
    assert [text[:7] for text in page.texts("#rows .row time")] == [
        "00:13.0",
        "00:17.5",
        "00:37.5",
        "00:55.5",
        "01:05.5",
    ]
    page.click("#tests li:nth-child(3) button")
    assert page.shown_second == 22.0
    page.click("#spans .span:nth-child(5)")
    assert page.texts("#test h2") == ["rerun test_shop.py::test_flaky"]
    page.run("const video = document.querySelector('video'); if (video) video.dispatchEvent(new Event('error'))")
    assert page.texts("#stage p") == ["No video and no screenshots of this session were saved."]
    page.press(Keys.HOME)
    assert page.shown_second == 0.0
    page.press(Keys.END, Keys.ARROW_UP)
    assert page.shown_second < SECONDS
    for width in (1400, 700, 390):
        for scheme in ("light", "dark"):
            page.look(width, 900)
            page.emulate(scheme)
            assert page.run("return document.documentElement.scrollWidth") <= width
    assert page.errors() == []


def test_screenshots_take_the_place_of_a_video(chromium: webdriver.Chrome, tmp_path: Path) -> None:
    folder = tmp_path / "report-lambdatest"
    (folder / "s1").mkdir(parents=True)
    picture = chromium.get_screenshot_as_png()
    with zipfile.ZipFile(folder / "s1" / "screenshots.zip", "w") as archive:
        for number in range(9):
            archive.writestr(f"{number}.png", picture)
    run = MadeUpRun()
    add_test(run, "test_sells", 30, fails=True)
    public = run.says("s1", duration=SECONDS).public
    public["artifacts"]["screenshots"] = f"{folder.name}/s1/screenshots.zip"
    PlayerPages(run.registry, Problems(), lambda: folder, None).bind()
    page = Player(chromium, f"{(folder / 's1' / 'index.html').as_uri()}")
    assert page.attribute("#stage img", "alt") == "Screenshot 4 of 9"
    assert page.run("return document.querySelector('#stage img').naturalWidth") > 0
    assert page.texts("#note")[0].startswith("Screenshots, spread evenly over the session")
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert page.attribute("#stage img", "alt") == "Screenshot 5 of 9"
    page.press(" ")
    WebDriverWait(chromium, 20).until(lambda _: page.shown_second > 44.5)
    page.click("#play")
    assert page.texts("#play") == ["Play"]
    assert page.errors() == []


def test_no_text_of_a_session_acts_on_the_page(chromium: webdriver.Chrome, tmp_path: Path) -> None:
    folder = tmp_path / "report-lambdatest"
    (folder / "s1").mkdir(parents=True)
    attack = " ".join(ATTACKS)
    run = MadeUpRun()
    for one in ATTACKS:
        add_test(run, one, 30, fails=True)
    for attempt in run.registry.attempts.values():
        attempt.failure = attack
        attempt.commands[0].update({"name": attack, "about": attack, "error": attack})
    fields = ("status", "remark", "name", "build_name", "browser", "browser_version", "platform", "device")
    public = run.says("s1", **dict.fromkeys(fields, attack)).public
    public["links"] = {attack: "javascript:window.__xss=20", f"{attack} 2": f"https://example.com/{attack}"}
    public["url"] = "javascript:window.__xss=21"
    public["artifacts_missing"] = {attack: attack}
    log = {"data": [row(1, level=attack, message=attack, requestMethod=attack, requestPath=attack)]}
    for name in ("command", "console", "network"):
        (folder / "s1" / f"{name}.json").write_text(json.dumps(log), encoding="utf-8")
        public["artifacts"][name] = f"{folder.name}/s1/{name}.json"
    PlayerPages(run.registry, Problems(), lambda: folder, None).bind()
    page = Player(chromium, f"{(folder / 's1' / 'index.html').as_uri()}#test={attack}")
    assert len(page.texts("#tests li")) == len(ATTACKS)
    assert page.run("return document.querySelectorAll('img, svg, iframe, a[href^=javascript]').length") == 0
    for select in ("#tests li button", "#rows .row", "#marks .mark", "#spans .span"):
        page.run("for (const one of document.querySelectorAll(arguments[0])) one.click()", select)
    assert page.run("return window.__xss") is None
    policy: Any = page.run(
        "const made = document.createElement('script'); made.textContent = 'window.__xss = 30';"
        "document.body.append(made); return window.__xss"
    )
    assert policy is None, "nor would a script that got in"
