"""`LocalGrid`: start it, point Selenium and the plugin at it, change its options, read what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from .chromium import find_installation, major_version
from .engine import Engine
from .faults import Faults
from .journal import ApiRequest, Journal, SessionRecord
from .links import API_PATHS
from .options import GridOptions
from .playwright import is_available
from .recording import find_ffmpeg

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from .chromium import Installation
    from .options import BackendName

T = TypeVar("T")


@dataclass(eq=False, repr=False)
class LocalGrid(GridOptions):
    """LambdaTest on loopback: hub and REST API on one port of 127.0.0.1.

    A context manager; `start` and `close` do the same by hand. Made with attributes of `GridOptions` by name.
    """

    def __post_init__(self) -> None:
        self.accounts.setdefault(self.username, self.access_key)
        self._installation = _chosen_installation(self.backend)
        self._ffmpeg = find_ffmpeg() if self._installation else None
        self._journal = Journal()
        self._faults = Faults(self)
        self._engine: Engine | None = None

    def __repr__(self) -> str:
        return f"<LocalGrid on port {self.port}>"

    def start(self) -> Self:
        if self._engine is None:
            self._engine = Engine(self, self._journal, self._faults, self._installation, self._ffmpeg)
            self.port = self._engine.server.port
            self._engine.start()
        return self

    def close(self) -> None:
        """Quit every session, write what is left of videos and pages within ten seconds, and end every process."""
        engine, self._engine = self._engine, None
        if engine:
            engine.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Addresses

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def hub_url(self) -> str:
        """The address for `webdriver.Remote`, with the credentials."""
        userinfo = f"{quote(self.username, safe='')}:{quote(self.access_key, safe='')}"
        return f"http://{userinfo}@127.0.0.1:{self.port}/wd/hub"

    @property
    def hub_url_plain(self) -> str:
        return f"{self.base_url}/wd/hub"

    @property
    def playwright_url(self) -> str:
        """The address for `BrowserType.connect`, to which suites append the capabilities as JSON."""
        return f"ws://127.0.0.1:{self.port}/playwright?capabilities="

    @property
    def has_playwright(self) -> bool:
        """Whether there is something to connect to at `playwright_url`."""
        return self._installation is not None and is_available()

    @property
    def api_url(self) -> str:
        return self.base_url + API_PATHS["web"]

    @property
    def app_api_url(self) -> str:
        return self.base_url + API_PATHS["app"]

    # Description and records

    def describe(self) -> str:
        """Return one line about the browsers and the recorder."""
        if self._installation is None:
            why = "as asked" if self.backend == "simulated" else "no chromium/chromedriver found"
            return f"local grid: simulated browser ({why})"
        browser = f"real Chromium {major_version(self._installation)} through chromedriver"
        if not self.record:
            return f"local grid: {browser}, not recording"
        return f"local grid: {browser}, " + (
            "recording with ffmpeg" if self._ffmpeg else "not recording (ffmpeg or websocket-client is missing)"
        )

    @property
    def api_requests(self) -> list[ApiRequest]:
        """Every request to the API so far, in the order of the answers."""
        return self._journal.requests()

    @property
    def sessions(self) -> dict[str, SessionRecord]:
        """`{session id: record}` of every session so far, oldest first."""
        return self._journal.sessions()

    def wait_for(self, predicate: Callable[[], T], timeout: float = 30.0) -> T:
        """Wait until `predicate` returns something true, and return that; raise `TimeoutError` if it does not."""
        return self._journal.wait_for(predicate, timeout)

    # Faults

    @property
    def fault(self) -> str | None:
        """The name of the fault that the API has now, None for none; assign to change it."""
        return self._faults.name

    @fault.setter
    def fault(self, name: str | None) -> None:
        self._faults.switch(name)

    def set_fault(self, name: str | None, times: int | None = None, paths: str = "") -> None:
        """Switch a fault on, for the next `times` requests (None: until changed) whose path the regex `paths` finds."""
        self._faults.switch(name, times, paths)


def _chosen_installation(backend: BackendName) -> Installation | None:
    """Return the browser to use, None for the simulated one; raise if it is not installed."""
    if backend not in ("auto", "chromium", "simulated"):
        raise ValueError(f"backend must be auto, chromium or simulated, not {backend!r}")
    installation = None if backend == "simulated" else find_installation()
    if backend == "chromium" and installation is None:
        raise RuntimeError("the chromium backend needs chromium and chromedriver on the path")
    return installation
