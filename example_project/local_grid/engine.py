"""A running grid: its parts put together, and taken apart again in an order that leaves nothing behind."""

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
from .pages import Pages
from .processes import Workshop
from .public import PublicFiles
from .simulation import SimulatedBackend
from .web import Request, Response, Server, Takeover

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from .backends import Backend
    from .faults import Faults
    from .journal import Journal
    from .knobs import Knobs


class Engine:
    def __init__(
        self,
        knobs: Knobs,
        journal: Journal,
        faults: Faults,
        *,
        installation: Installation | None,
        ffmpeg: str | None,
        pages_dir: Path | None,
        port: int,
        finish_timeout_seconds: float,
    ) -> None:
        self._finish_timeout_seconds = finish_timeout_seconds
        # First, for the port may be taken, and then nothing shall be left behind.
        self.server = Server(self._answer, port)
        self.workshop = Workshop()
        simulated = SimulatedBackend()
        backends: dict[str, Backend] = {"web": simulated, "app": simulated}
        if installation:
            backends["web"] = ChromiumBackend(installation, self.workshop)
        self._backends = backends
        links = Links(f"http://127.0.0.1:{self.server.port}", knobs)
        faults.other_host = f"http://localhost:{self.server.port}"
        pages = Pages(pages_dir) if pages_dir else None
        self._finisher = Finisher(knobs, journal, self.workshop, pages, ffmpeg)
        self._hub = Hub(
            knobs, journal, backends, self._finisher.begin, self._finisher.before_end, self._finisher.finish
        )
        self._api = Api(
            knobs,
            journal,
            links,
            faults,
            stop_session=self._stop_session,
            on_change=self._finisher.finish,
            wait=self.server.closing.wait,
        )
        self._public = PublicFiles(journal, links, self._api)
        self._previous_sigterm: Any = signal.SIG_DFL

    def start(self) -> None:
        self._finisher.start()
        self.server.start()
        atexit.register(self.close)
        self._watch_sigterm()

    def close(self) -> None:
        """Stop. Sessions first, while there is a driver to end them; what they leave behind last."""
        deadline = time.monotonic() + self._finish_timeout_seconds
        try:
            self._hub.close()
            self._finisher.close(max(0.0, deadline - time.monotonic()))
            self.server.close()
            for backend in set(self._backends.values()):
                backend.close()
        finally:
            self.workshop.close()
            atexit.unregister(self.close)
            self._forget_sigterm()

    def frame_count(self, session_id: str) -> int:
        return self._finisher.frame_count(session_id)

    def _answer(self, request: Request) -> Response | Takeover:
        if self._hub.serves(request):
            return self._hub.answer(request)
        if self._api.serves(request):
            return self._api.answer(request)
        return self._public.answer(request)

    def _stop_session(self, session_id: str) -> None:
        self._hub.end(session_id, stopped=True)

    # SIGTERM ends a Python process without its exit handlers, and chromedriver's browsers would live on.

    def _watch_sigterm(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        previous = signal.getsignal(signal.SIGTERM)
        # Who handles the signal otherwise than by dying decides what becomes of the process, and of its grids.
        if previous is signal.SIG_DFL or isinstance(getattr(previous, "__self__", None), Engine):
            self._previous_sigterm = previous
            signal.signal(signal.SIGTERM, self._on_sigterm)

    def _forget_sigterm(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTERM) == self._on_sigterm:
            signal.signal(signal.SIGTERM, self._previous_sigterm)

    def _on_sigterm(self, _number: int, _frame: FrameType | None) -> None:
        """End the processes, without any lock, for the interrupted code may hold it; then die as asked.

        With several grids each hands on to the one before it.
        """
        self.workshop.end_all(signal.SIGKILL, timeout_seconds=3)
        self.workshop.remove_folder()
        signal.signal(signal.SIGTERM, self._previous_sigterm)
        os.kill(os.getpid(), signal.SIGTERM)
