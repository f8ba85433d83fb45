"""Grids and drivers for the tests of the grid."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.support.wait import WebDriverWait
from urllib3.exceptions import HTTPError

from local_grid import LocalGrid
from local_grid.chromium import find_installation
from local_grid.recording import find_ffmpeg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver.remote.webdriver import WebDriver

    from local_grid import SessionRecord

# Changes its colour every 50 ms, and in the end its title.
LIVELY_PAGE = """data:text/html,<title>lively</title><body style='font-size:120px'><p id=n>0</p><script>
let n = 0; const timer = setInterval(() => { document.getElementById('n').textContent = ++n;
document.body.style.background = n %25 2 ? 'gold' : 'teal';
if (n == 12) { clearInterval(timer); document.title = n; } }, 50);</script>"""


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
        opened.append(connect(grid, {"LT:Options": vendor, **(capabilities or {})}))
        return opened[-1]

    yield open_one
    for driver in opened:
        with contextlib.suppress(WebDriverException, HTTPError):
            driver.quit()


def connect(grid: LocalGrid, capabilities: dict[str, Any]) -> WebDriver:
    options = webdriver.ChromeOptions()
    for name, value in capabilities.items():
        options.set_capability(name, value)
    config = ClientConfig(grid.hub_url_plain, username=grid.username, password=grid.access_key)
    return webdriver.Remote(grid.hub_url_plain, options=options, client_config=config)


def film(grid: LocalGrid) -> SessionRecord:
    """Record a session of a page that changes by itself, and return it with its video and its page on disk."""
    driver = connect(grid, {"LT:Options": {"name": "filmed"}})
    driver.get(LIVELY_PAGE)
    WebDriverWait(driver, 10, 0.05).until(lambda browser: browser.title == "12")
    driver.quit()
    session_id = driver.session_id or ""
    page = (grid.pages_dir or Path()) / session_id / "index.html"
    grid.wait_for(page.exists, timeout=20)
    return grid.sessions[session_id]


@pytest.fixture(scope="session")
def filmed(recording_grid: LocalGrid) -> SessionRecord:
    return film(recording_grid)


@pytest.fixture
def filmed_with_faults(recording_grid: LocalGrid) -> Iterator[SessionRecord]:
    """A session whose video lacks 0.3 s at the beginning and 0.2 s at the end, and shows the time."""
    recording_grid.video_shows_time = True
    recording_grid.video_starts_late, recording_grid.video_loses_tail = 0.3, 0.2
    yield film(recording_grid)
    recording_grid.video_shows_time = False
    recording_grid.video_starts_late = recording_grid.video_loses_tail = 0.0


@pytest.fixture
def call_api() -> Callable[..., requests.Response]:
    """Sends a request to the web API, or to any address, with the grid's credentials."""

    def call(grid: LocalGrid, path: str, method: str = "GET", **keywords: Any) -> requests.Response:
        keywords.setdefault("auth", (grid.username, grid.access_key))
        url = path if path.startswith("http") else grid.api_url + path
        return requests.request(method, url, timeout=10, **keywords)

    return call
