"""A browser that is not there: answers W3C WebDriver by itself, without JavaScript and without drawing."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import unquote

from .backends import Answer, BrowserLogs, BrowserSession, WebDriverError, value_answer
from .journal import new_session_id

if TYPE_CHECKING:
    from .capabilities import WantedSession


class SimulatedBackend:
    def __init__(self) -> None:
        self._urls: dict[str, str] = {}
        self._lock = threading.Lock()

    def open(self, wanted: WantedSession) -> BrowserSession:
        session_id = new_session_id(wanted.kind)
        with self._lock:
            self._urls[session_id] = "about:blank"
        capabilities = {
            "browserName": wanted.browser if wanted.kind == "web" else "",
            "browserVersion": wanted.browser_version or "1.0",
            "platformName": wanted.platform,
        }
        return BrowserSession(session_id, capabilities)

    def command(self, session_id: str, method: str, path: str, body: bytes) -> Answer:
        import json

        if path == "/url" and method == "POST":
            self._urls[session_id] = json.loads(body)["url"]
            return value_answer()
        url = self._urls[session_id]
        if path == "/url":
            return value_answer(url)
        if path == "/title":
            found = re.search(r"<title>(.*?)</title>", unquote(url), re.DOTALL)
            return value_answer(found[1] if found else "")
        return WebDriverError("unknown command", f"{method} {path}").answer()

    def logs(self, session_id: str) -> BrowserLogs:
        return BrowserLogs()

    def end(self, session_id: str) -> Answer:
        with self._lock:
            self._urls.pop(session_id, None)
        return value_answer()

    def close(self) -> None:
        pass
