"""What the hub needs of a browser, whether real or simulated, and how W3C WebDriver words its answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .capabilities import WantedSession
    from .journal import LoggedMessage


@dataclass(frozen=True)
class Answer:
    """A WebDriver answer; the body is JSON, kept as bytes so that the real browser's is passed on as it came."""

    status: int
    body: bytes

    def value(self) -> Any:
        """Return the `value` member; None where there is none."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return None
        return parsed.get("value") if isinstance(parsed, dict) else None


@dataclass(frozen=True)
class BrowserSession:
    """A session that a backend has opened."""

    session_id: str
    capabilities: dict[str, Any]


@dataclass(frozen=True)
class BrowserLogs:
    """What a browser had to say by the end of its session."""

    console: tuple[LoggedMessage, ...] = ()
    network: tuple[LoggedMessage, ...] = ()


class WebDriverError(Exception):
    """A command that failed, in the words of the W3C's table of errors.

    https://www.w3.org/TR/webdriver2/#errors
    """

    _STATUS = {  # noqa: RUF012 -- a constant; a ClassVar would say no more
        "invalid session id": 404,
        "no such alert": 404,
        "no such cookie": 404,
        "no such element": 404,
        "no such frame": 404,
        "no such shadow root": 404,
        "no such window": 404,
        "stale element reference": 404,
        "unknown command": 404,
        "unknown method": 405,
        "javascript error": 500,
        "session not created": 500,
        "unknown error": 500,
        "unsupported operation": 500,
    }

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error

    def answer(self) -> Answer:
        value = {"error": self.error, "message": str(self), "stacktrace": ""}
        return Answer(self._STATUS.get(self.error, 400), json.dumps({"value": value}).encode())


class Backend(Protocol):
    """Opens, drives and ends browsers. Every method may be called from many threads."""

    def open(self, wanted: WantedSession) -> BrowserSession:
        """Start a browser; raise `WebDriverError` where it does not start."""

    def command(self, session_id: str, method: str, path: str, body: bytes) -> Answer:
        """Do one command; the path is what follows the session's id, with its slash."""

    def logs(self, session_id: str) -> BrowserLogs:
        """Collect what the browser logged; asked once, just before the end."""

    def end(self, session_id: str) -> Answer:
        """End the browser and remove what it left behind."""

    def close(self) -> None:
        """End everything that is left."""


def value_answer(value: Any = None) -> Answer:
    return Answer(200, json.dumps({"value": value}).encode())
