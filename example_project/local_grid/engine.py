"""A running grid: starts its parts, and stops them in an order that leaves no process, thread or folder."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from .api import Api
from .chromium import ChromiumBackend, Installation
from .finishing import Finisher
from .hub import Hub
from .links import Links
from .playwright import PlaywrightBackend, PlaywrightEndpoint, is_available
from .processes import Processes
from .public import PublicFiles
from .simulation import SimulatedBackend
from .web import Request, Response, Server, Takeover

if TYPE_CHECKING:
    from types import FrameType

    from .backends import Backend
    from .faults import Faults
    from .journal import Journal
    from .options import GridOptions

_FINISH_TIMEOUT_SECONDS = 10


class Engine:
    def __init__(
        self,
        options: GridOptions,
        journal: Journal,
        faults: Faults,
        installation: Installation | None,
        ffmpeg: str | None,
    ) -> None:
        # First: if the port is taken, nothing else has been started yet.
        self.server = Server(self._answer, options.port)
        self.processes = Processes()
        simulated = SimulatedBackend()
        backends: dict[str, Backend] = {"web": simulated, "app": simulated}
        if installation:
            backends["web"] = ChromiumBackend(installation, self.processes)
            if is_available():
                backends["playwright"] = PlaywrightBackend(installation, self.processes)
        self._backends = backends
        links = Links(f"http://127.0.0.1:{self.server.port}", options)
        self._finisher = Finisher(options, journal, self.processes, ffmpeg)
        self._hub = Hub(options, journal, backends, self._finisher)
        self._playwright = PlaywrightEndpoint(options, self._hub, links)
        self._api = Api(options, journal, links, faults, self._finisher, self.server.closing)
        self._public = PublicFiles(journal, links, self._api)
        self._previous_sigterm: Any = signal.SIG_DFL

    def start(self) -> None:
        self._finisher.start()
        self.server.start()
        atexit.register(self.close)
        self._watch_sigterm()

    def close(self) -> None:
        """Stop: sessions first, while chromedriver is there to quit them, processes and their folder last."""
        deadline = time.monotonic() + _FINISH_TIMEOUT_SECONDS
        try:
            self._hub.close()
            self._finisher.close(max(0.0, deadline - time.monotonic()))
            self.server.close()
            for backend in set(self._backends.values()):
                backend.close()
        finally:
            self.processes.close()
            atexit.unregister(self.close)
            self._forget_sigterm()

    def _answer(self, request: Request) -> Response | Takeover:
        parts: tuple[Hub | PlaywrightEndpoint | Api, ...] = self._hub, self._playwright, self._api
        return next((one for one in parts if one.serves(request)), self._public).answer(request)

    # SIGTERM ends a Python process without calling its exit handlers; chromedriver's browsers would live on.

    def _watch_sigterm(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        previous = signal.getsignal(signal.SIGTERM)
        # A program with a handler of its own closes its grids itself.
        if previous is signal.SIG_DFL or isinstance(getattr(previous, "__self__", None), Engine):
            self._previous_sigterm = previous
            signal.signal(signal.SIGTERM, self._on_sigterm)

    def _forget_sigterm(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTERM) == self._on_sigterm:
            signal.signal(signal.SIGTERM, self._previous_sigterm)

    def _on_sigterm(self, _number: int, _frame: FrameType | None) -> None:
        """Kill the browsers, then let the previous handler end this process: an earlier grid's, or the default.

        Takes no lock: the interrupted code may hold it.
        """
        self.processes.end_all(signal.SIGKILL, timeout_seconds=3)
        self.processes.remove_folder()
        signal.signal(signal.SIGTERM, self._previous_sigterm)
        os.kill(os.getpid(), signal.SIGTERM)
