"""The page of a session with thousands of rows, in a real browser: how long its frames take."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.figures import spread
from pytest_lambdatest_session.report.log_rows import LogRow
from pytest_lambdatest_session.report.player.page import Media, page_of
from pytest_lambdatest_session.report.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator

# In turn the list is somewhere else, or other rows are found.
_FRAMES = """
const [turns, ways, done] = arguments, find = document.querySelector("[name=find]");
const list = document.getElementById("list"), frames = [];
let last = performance.now();
requestAnimationFrame(function next(now) {
  frames.push(now - last);
  last = now;
  if (frames.length > turns) return done(frames.slice(1));
  if (ways === "scrolled") list.scrollTop = (frames.length * 9770) % list.scrollHeight;
  else {
    find.value = ["", "i", "item", "item1", "selector #item12", "nothing"][frames.length % 6];
    find.dispatchEvent(new Event("input", { bubbles: true }));
  }
  requestAnimationFrame(next);
});
"""


def player(*, short: bool) -> Iterator[str]:
    """Milliseconds from one frame to the next: 16.7 is what a screen takes, and nobody notices less than 100."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        yield "not measured (0.0): chromium and chromedriver are not on the path"
        return
    rows, turns = (500, 10) if short else (5000, 600)
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"):
        options.add_argument(argument)
    with TemporaryDirectory() as folder, Chrome(options=options, service=ChromeService(chromedriver)) as driver:
        page = Path(folder) / "index.html"
        page.write_text(_page(rows), encoding="utf-8")
        driver.get(page.as_uri())
        for ways in ("scrolled", "filtered"):
            frames = driver.execute_async_script(_FRAMES, turns, ways)
            yield f"{rows:,} rows {ways}: {spread(frames, 1)} ms a frame, the longest {max(frames):.1f} ms"


def _page(rows: int) -> str:
    hub, at = "hub.lambdatest.com", 1000.0
    (tracked,) = Registry().merge([{"id": "s1", "hub": hub, "started_at": at, "ended_at": at + rows / 10}])
    texts = [f"find_element css selector #item{row}" for row in range(rows)]
    events = [LogRow(row / 10, text, False, "command", seconds=0.1) for row, text in enumerate(texts)]
    return page_of(tracked, events, Media(), None)
