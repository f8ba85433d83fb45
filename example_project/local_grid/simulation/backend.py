"""The simulated browsers of a grid, one per session."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from local_grid.backends import Answer, BrowserSession, WebDriverError, value_answer
from local_grid.journal import new_session_id

from .browser import Browser
from .commands import answer

if TYPE_CHECKING:
    from local_grid.capabilities import WantedSession
    from local_grid.journal import LoggedMessage

# The first screen of every app; it stands in for the app's own.
_SAMPLE_APP = (
    "data:text/html,<title>Sample app</title><h1 aria-label='title'>Sample app</h1>"
    "<input id='name' aria-label='name'><button id='greet' aria-label='greet'>Greet</button>"
)


class SimulatedBackend:
    """Opens simulated browsers. Each runs one command at a time, as real ones do."""

    def __init__(self) -> None:
        self._browsers: dict[str, tuple[Browser, threading.Lock]] = {}

    def open(self, wanted: WantedSession) -> BrowserSession:
        is_app = wanted.kind == "app"
        browser = Browser(_SAMPLE_APP if is_app else "about:blank")
        session_id = new_session_id(wanted.kind)
        self._browsers[session_id] = browser, threading.Lock()
        capabilities = {
            "browserName": "" if is_app else wanted.browser,
            "browserVersion": wanted.browser_version,
            "platformName": wanted.platform,
            "acceptInsecureCerts": False,
            "pageLoadStrategy": "normal",
            "setWindowRect": True,
            "timeouts": dict(browser.timeouts),
            "unhandledPromptBehavior": "dismiss and notify",
            "localgrid:simulated": True,
        }
        if is_app:
            capabilities |= {"deviceName": wanted.device, "platformVersion": wanted.os_version}
        return BrowserSession(session_id, capabilities)

    def command(self, session_id: str, method: str, path: str, body: bytes) -> Answer:
        found = self._browsers.get(session_id)
        if found is None:
            return WebDriverError("invalid session id", f"no session {session_id}").answer()
        browser, lock = found
        with lock:
            return answer(browser, method, path, body)

    def console(self, session_id: str) -> tuple[LoggedMessage, ...]:
        found = self._browsers.get(session_id)
        return tuple(found[0].console) if found else ()

    def end(self, session_id: str) -> Answer:
        self._browsers.pop(session_id, None)
        return value_answer()

    def close(self) -> None:
        """Do nothing: a simulated browser has no process."""
