"""The interface between the hub and browsers, real or simulated, and W3C WebDriver's answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .capabilities import WantedSession
    from .journal import LoggedMessage


@dataclass(frozen=True)
class Answer:
    """A WebDriver answer; the body is JSON in bytes, which are forwarded unchanged from a real browser."""

    status: int
    body: bytes

    def value(self) -> Any:
        """Return the `value` member, None if there is none."""
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


class WebDriverError(Exception):
    """A command that failed, with an error code of the W3C's table.

    https://www.w3.org/TR/webdriver2/#errors
    """

    _STATUS = {  # noqa: RUF012 -- a constant; a ClassVar would say no more
        "invalid session id": 404,
        "no such cookie": 404,
        "no such element": 404,
        "stale element reference": 404,
        "unknown command": 404,
        "javascript error": 500,
        "session not created": 500,
        "unknown error": 500,
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
        """Start a browser; raise `WebDriverError` if it does not start."""

    def command(self, session_id: str, method: str, path: str, body: bytes) -> Answer:
        """Run a command and return its answer; `path` is what follows the session id, from the slash."""

    def console(self, session_id: str) -> tuple[LoggedMessage, ...]:
        """Return what the browser's console says; called once, before the session ends."""

    def end(self, session_id: str) -> Answer:
        """Quit the browser and remove its files."""

    def close(self) -> None:
        """Release what the backend holds."""


def value_answer(value: Any = None) -> Answer:
    return Answer(200, json.dumps({"value": value}).encode())
