"""Records of sessions and of requests to the API; thread-safe."""

from __future__ import annotations

import random
import string
import threading
import time
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .capabilities import Kind, WantedSession

T = TypeVar("T")


@dataclass(frozen=True)
class ApiRequest:
    """One request to the REST API, with the status of its answer."""

    method: str
    path: str
    query: dict[str, str]
    status: int
    """0 if a fault sent no complete answer."""
    authorised: bool
    username: str | None
    session_id: str | None
    """The session id or test id in the path."""


@dataclass(frozen=True)
class LoggedCommand:
    """One WebDriver command. Bodies are cut to a readable length; access keys are replaced."""

    method: str
    path: str
    request_body: str
    response_body: str
    status: int
    duration_seconds: float
    at: datetime


@dataclass(frozen=True)
class LoggedMessage:
    """One line of the browser's console."""

    level: str
    message: str
    at: datetime


@dataclass(frozen=True)
class Mark:
    """A status that was set on a session."""

    status: str
    reason: str
    source: str
    """"hook" (lambda-status and its kin), "api" (PATCH) or "grid"."""


@dataclass(frozen=True)
class SessionRecord:
    """One session, as it is now: a snapshot."""

    session_id: str
    test_id: str
    kind: Kind
    username: str
    name: str
    build: str
    build_id: int
    browser: str
    browser_version: str
    platform: str
    device: str
    os_version: str
    backend: str
    """Which of the grid's backends has it: "web", "app" or "playwright"."""
    created_at: datetime
    created: float
    """On the monotonic clock."""
    ended_at: datetime | None = None
    ended: float | None = None
    marks: tuple[Mark, ...] = ()
    recording: bool = False
    """Whether the session is or was recorded; `video` is set once it is encoded."""
    video: Path | None = None
    screenshots: tuple[Path, ...] = ()
    commands: tuple[LoggedCommand, ...] = ()
    console: tuple[LoggedMessage, ...] = ()

    @property
    def mark(self) -> Mark | None:
        return self.marks[-1] if self.marks else None

    @property
    def duration_seconds(self) -> float | None:
        return None if self.ended is None else self.ended - self.created

    def is_final(self, ready_after_seconds: float) -> bool:
        return self.ended is not None and time.monotonic() >= self.ended + ready_after_seconds


class Journal:
    """Keeps records of sessions and of API requests; every change wakes `wait_for`."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._sessions: dict[str, SessionRecord] = {}
        self._ids_by_test_id: dict[str, str] = {}
        self._commands: dict[str, list[LoggedCommand]] = {}
        self._builds: dict[tuple[str, str], int] = {}
        self._requests: list[ApiRequest] = []

    # Sessions

    def open_session(self, session_id: str, wanted: WantedSession, username: str, **seen: str) -> SessionRecord:
        """Add a session that has just started and return its record; `seen` overrides what was asked for."""
        with self._changed:
            build = wanted.build or "untitled"
            record = SessionRecord(
                session_id=session_id,
                test_id=seen.get("test_id") or new_test_id(wanted.kind),
                kind=wanted.kind,
                username=username,
                name=wanted.name or session_id,
                build=build,
                build_id=self._builds.setdefault((username, build), 48_112_300 + len(self._builds)),
                browser=seen.get("browser", wanted.browser),
                browser_version=seen.get("browser_version", wanted.browser_version),
                platform=seen.get("platform", wanted.platform),
                device=wanted.device,
                os_version=wanted.os_version,
                backend=seen.get("backend", wanted.kind),
                created_at=now(),
                created=time.monotonic(),
            )
            self._sessions[session_id] = record
            self._ids_by_test_id[record.test_id] = session_id
            self._commands[session_id] = []
            self._changed.notify_all()
            return record

    def update(self, session_id: str, **changes: Any) -> SessionRecord:
        with self._changed:
            record = self._sessions[session_id] = replace(self._sessions[session_id], **changes)
            self._changed.notify_all()
            return record

    def end_session(self, session_id: str, **changes: Any) -> bool:
        """Set the session's end. Return False if it had ended before."""
        with self._changed:
            if self._sessions[session_id].ended is not None:
                return False
            self.update(session_id, ended_at=now(), ended=time.monotonic(), **changes)
            return True

    def add_mark(self, session_id: str, mark: Mark) -> None:
        with self._changed:
            self.update(session_id, marks=(*self._sessions[session_id].marks, mark))

    def add_command(self, session_id: str, command: LoggedCommand) -> None:
        with self._changed:
            self._commands[session_id].append(command)
            self._changed.notify_all()

    def find(self, any_id: str) -> SessionRecord | None:
        """Return the session with this session id or test id, without its commands; None if there is none."""
        with self._changed:
            return self._sessions.get(self._ids_by_test_id.get(any_id, any_id))

    def snapshot(self, session_id: str) -> SessionRecord:
        with self._changed:
            return replace(self._sessions[session_id], commands=tuple(self._commands[session_id]))

    def sessions(self) -> dict[str, SessionRecord]:
        """Return every session with its commands, oldest first."""
        with self._changed:
            return {session_id: self.snapshot(session_id) for session_id in self._sessions}

    # Requests to the API

    def add_request(self, request: ApiRequest) -> None:
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()

    def requests(self) -> list[ApiRequest]:
        with self._changed:
            return list(self._requests)

    def wait_for(self, predicate: Callable[[], T], timeout_seconds: float) -> T:
        """Wait until `predicate` returns something true, and return that; raise `TimeoutError` if it does not.

        `predicate` is called after every change, and 20 times a second, since some answers (whether a session is
        final) depend on the clock. No lock is held meanwhile, so that it may send requests to the grid.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            if answer := predicate():
                return answer
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError(f"did not happen on the grid within {timeout_seconds} s")
            with self._changed:
                self._changed.wait(min(remaining, 0.05))


def new_session_id(kind: Kind) -> str:
    """Return an id in the form of chromedriver (32 hex digits) or, for an app, of Appium (a UUID with dashes)."""
    return str(uuid.uuid4()) if kind == "app" else uuid.uuid4().hex


def new_test_id(kind: Kind) -> str:
    """Return an id in LambdaTest's form: Z17EF-OPUKH-BDAE8-YEPXU, for an app APPTES and 20 letters."""
    if kind == "app":
        return "APPTES" + "".join(random.choices(string.ascii_letters + string.digits, k=20))
    letters = string.ascii_uppercase + string.digits
    return "-".join("".join(random.choices(letters, k=5)) for _ in range(4))


def now() -> datetime:
    return datetime.now(timezone.utc)
