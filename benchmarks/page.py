"""Pages in a real Chromium: how long one takes to show its first row, and a key in the filter of the sessions."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from benchmarks.figures import spread

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from selenium.webdriver import Chrome

_MOST_SECONDS = 600
_ROW = """
new MutationObserver((_, observer) => {
  if (!document.querySelector(".results-table-row")) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.firstRow = performance.now() / 1000; }));
}).observe(document, { childList: true, subtree: true });
"""
# What is typed, key by key; the first has to wait for the focus, in which the page prepares its search.
_KEYS = """
const find = document.querySelector(".lt-filter input"), times = [];
for (const key of ["", ..."session 19 chrome"]) {
  const started = performance.now();
  if (key) { find.value += key; find.dispatchEvent(new Event("input")); } else find.focus();
  document.body.offsetHeight;
  times.push(performance.now() - started);
}
return times;
"""


def page_figures(pages: Mapping[tuple[str, int], Path], loads: int) -> list[tuple[str, ...]]:
    """Return rows for the table: pages of runs, by way and number of sessions."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        return [("the page in Chromium", "", "", "not measured: no chromium and chromedriver", "")]
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1280,900"):
        options.add_argument(argument)
    chromium = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        chromium.set_script_timeout(_MOST_SECONDS)
        chromium.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _ROW})
        chromium.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        rows: list[tuple[str, ...]] = []
        for size in sorted({size for _, size in pages}):
            pairs = [[_first_row(chromium, pages[way, size]) for way in ("without", "with")] for _ in range(loads)]
            for place, what in enumerate(("load to first row", "of it work of the page's thread")):
                without = spread((pair[0][place] for pair in pairs), 1)
                ratio = spread(pair[1][place] / pair[0][place] for pair in pairs)
                rows.append((f"{what}, {size:,} rows, s", without, "", f"x {ratio}", "1.15"))
            focus, *keys = chromium.execute_script(_KEYS)
            told = f"{spread(keys, 0)}, longest {max(keys):.0f}, focus {focus:.0f}"
            rows.append((f"a key in the filter, {size:,} sessions, ms", "", "", told, "50"))
        return rows
    finally:
        chromium.quit()


def _first_row(chromium: Chrome, page: Path) -> tuple[float, float]:
    """Seconds until the first row is shown, and those in which the page's thread worked and was not made to wait."""
    chromium.get("about:blank")
    before = _thread_seconds(chromium)
    chromium.get(page.as_uri())
    shown: float = chromium.execute_async_script(
        "const done = arguments[0], look = () => window.firstRow ? done(window.firstRow) : setTimeout(look, 5); look();"
    )
    return shown, _thread_seconds(chromium) - before


def _thread_seconds(chromium: Chrome) -> float:
    metrics: list[dict[str, Any]] = chromium.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "ThreadTime"))
