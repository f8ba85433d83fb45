"""The example's set-up, as suites on LambdaTest have it: options, and a driver fixture that marks the status.

With `LT_USERNAME` and `LT_ACCESS_KEY` set, the suite runs in LambdaTest's cloud. Without, it starts the local grid,
which plays the cloud on this machine.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from browsers import open_browser
from local_grid import LocalGrid

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver

GRID = pytest.StashKey[LocalGrid]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    report = config.rootpath / "report"
    if not config.option.htmlpath:
        config.option.htmlpath = str(report / "report.html")
    is_xdist_worker = hasattr(config, "workerinput")
    if not is_xdist_worker and not (os.environ.get("LT_USERNAME") and os.environ.get("LT_ACCESS_KEY")):
        config.stash[GRID] = _start_local_grid(report)


def _start_local_grid(report: Path) -> LocalGrid:
    """Start the grid and point suite and plugin at it; xdist's workers inherit the environment."""
    grid = LocalGrid(pages_dir=report / "sessions").start()
    os.environ["LT_USERNAME"] = grid.username
    os.environ["LT_ACCESS_KEY"] = grid.access_key
    os.environ["LT_HUB"] = grid.hub_url_plain
    os.environ["LT_PLAYWRIGHT"] = grid.playwright_url if grid.has_playwright else ""
    os.environ["LT_API_BASE_URL"] = grid.api_url
    # Relative to the report: the pages stay when the grid is gone.
    os.environ["PYTEST_LAMBDATEST_DASHBOARD_URL"] = "sessions/{session_id}/index.html"
    return grid


def pytest_unconfigure(config: pytest.Config) -> None:
    grid = config.stash.get(GRID, None)
    if grid is not None:
        grid.close()
        for name in (
            "LT_USERNAME",
            "LT_ACCESS_KEY",
            "LT_HUB",
            "LT_PLAYWRIGHT",
            "LT_API_BASE_URL",
            "PYTEST_LAMBDATEST_DASHBOARD_URL",
        ):
            del os.environ[name]


def pytest_report_header(config: pytest.Config) -> str:
    grid = config.stash.get(GRID, None)
    return "browsers: " + (grid.describe() if grid is not None else "LambdaTest's cloud")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(
        "One test fails on purpose and is marked as expected to; --runxfail shows it red, as a real failure would be."
    )


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep each phase's report on the item, for the fixture below."""
    report = yield
    setattr(item, f"rep_{report.when}", report)
    return report


@pytest.fixture
def driver(request: pytest.FixtureRequest) -> Iterator[WebDriver]:
    """A browser of the test's own; at the end the dashboard is told how the test went."""
    driver = open_browser(request.node.name)
    yield driver
    call = getattr(request.node, "rep_call", None)
    driver.execute_script("lambda-status=" + ("passed" if call is not None and call.passed else "failed"))
    driver.quit()
