"""Grids and drivers for the tests of the grid."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import requests
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from urllib3.exceptions import HTTPError

from local_grid import LocalGrid
from local_grid.chromium import find_installation
from local_grid.recording import find_ffmpeg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver


@pytest.fixture
def grid(tmp_path: Path) -> Iterator[LocalGrid]:
    """A simulated grid whose sessions are final as soon as they end."""
    with LocalGrid(backend="simulated", ready_after=0, pages_dir=tmp_path / "pages") as running:
        yield running


@pytest.fixture(scope="session")
def chromium_grid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalGrid]:
    """A grid of real browsers, one for all tests: each start of chromedriver takes time."""
    if find_installation() is None:
        pytest.skip("chromium and chromedriver are not installed")
    with LocalGrid(backend="chromium", ready_after=0, pages_dir=tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture(scope="session")
def recording_grid(chromium_grid: LocalGrid) -> LocalGrid:
    if find_ffmpeg() is None:
        pytest.skip("ffmpeg or websocket-client is not installed")
    return chromium_grid


@pytest.fixture(params=["simulated", "chromium"])
def any_grid(request: pytest.FixtureRequest) -> LocalGrid:
    """The simulated and the real browser in turn."""
    name = "grid" if request.param == "simulated" else "chromium_grid"
    found: LocalGrid = request.getfixturevalue(name)
    return found


@pytest.fixture
def open_driver() -> Iterator[Callable[..., WebDriver]]:
    """Opens drivers, and quits those that the test leaves open."""
    opened: list[WebDriver] = []

    def open_one(grid: LocalGrid, /, capabilities: dict[str, Any] | None = None, **vendor: Any) -> WebDriver:
        options = webdriver.ChromeOptions()
        account = {"username": grid.username, "accessKey": grid.access_key}
        for name, value in {"LT:Options": {**account, **vendor}, **(capabilities or {})}.items():
            options.set_capability(name, value)
        opened.append(webdriver.Remote(grid.hub_url_plain, options=options))
        return opened[-1]

    yield open_one
    for driver in opened:
        with contextlib.suppress(WebDriverException, HTTPError):
            driver.quit()


@pytest.fixture
def call_api() -> Callable[..., requests.Response]:
    """Sends a request to the web API, or to any address, with the grid's credentials."""

    def call(grid: LocalGrid, path: str, method: str = "GET", **keywords: Any) -> requests.Response:
        keywords.setdefault("auth", (grid.username, grid.access_key))
        url = path if path.startswith("http") else grid.api_url + path
        return requests.request(method, url, timeout=30, **keywords)

    return call
