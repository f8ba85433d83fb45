"""Which attempt of which test used which WebDriver session. Pure: no pytest, no selenium, no I/O.

A test uses a session if, in its setup or call, it created the session or sent it any command other than quit. Commands
in teardown count for sessions that the test uses already: the quit of a shared driver falls into the teardown of
whichever test came last. A session that was quit is used by no further test: before selene opens a browser, it asks the
one that the test before has quit whether it is alive.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections import deque
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.capture.commands import SeenCommand
    from pytest_lambdatest_session.capture.payload import (
        CreationFailure,
        Payload,
        SessionPayload,
        UnloggedAttempt,
        Unreported,
        UsePayload,
    )

_COMMANDS_KEPT = 64
"""Of a running attempt: ten are shown, but a wait that polls twice a second for ten seconds fills forty."""
_SENT_AT: Final = 3


# Plain classes: to make a dataclass of each takes longer than to load all of this module, at the start of every run.
class Use:
    """One attempt's use of one session."""

    __slots__ = ("commands", "created", "first_at", "last_at")

    def __init__(self, at: float, *, created: bool) -> None:
        self.created = created
        self.first_at = at
        self.last_at = at
        """When the last command was answered."""
        self.commands: deque[SeenCommand] = deque(maxlen=_COMMANDS_KEPT)
        """The last ones. They go with the attempt, unless it fails."""

    def payload(self, session_id: str) -> UsePayload:
        id_ = plain(session_id)
        return {"id": id_, "created": self.created, "first_at": self.first_at, "last_at": self.last_at}


class Attempt:
    """One run of one test item: reruns make several, counted from 1."""

    __slots__ = (
        *("creation_failures", "id", "is_over", "nodeid", "number", "snapshots", "tears_down", "test", "uses"),
        "was_superseded",
    )

    def __init__(self, test: str, nodeid: str, number: int) -> None:
        self.id = f"{test}.{number}"
        self.test = test
        """The same for all attempts of the item. Its node id is not: two items may have the same one."""
        self.nodeid = nodeid
        self.number = number
        self.snapshots = 0
        self.tears_down = False
        self.is_over = False
        self.was_superseded = False
        """Whether the item was run again before any report of this attempt was made."""
        self.uses: dict[str, Use] = {}
        """By session id, in the order of first use."""
        self.creation_failures: list[CreationFailure] = []

    def is_later_than(self, attempt_id: str) -> bool:
        """Return whether this is the running attempt of an item of which the other was an earlier one."""
        return not self.is_over and attempt_id.rpartition(".")[0] == self.test

    def commands(self) -> list[SeenCommand]:
        """Return the last ones to each session that it uses, in the order in which they were sent."""
        seen = [use.commands.copy() for use in list(self.uses.values())]
        return list(*seen) if len(seen) == 1 else sorted(chain(*seen), key=itemgetter(_SENT_AT))


class CapturedSession:
    """What is known of a WebDriver session in the process that opened it."""

    __slots__ = ("ended_at", "has_temporary_id", "hub", "id", "marked", "own_account", "started_at", "told_id")

    def __init__(self, session_id: str, hub: str, started_at: float | None, *, has_temporary_id: bool = False) -> None:
        self.id = session_id
        self.has_temporary_id = has_temporary_id
        """Whether `id` stands in for the one that LambdaTest gave it."""
        self.told_id: str | None = None
        """That one, once it is known."""
        self.hub = sys.intern(plain(hub))  # one string for all sessions
        self.started_at = started_at
        self.ended_at: float | None = None
        self.marked = False
        self.own_account = False

    def payload(self) -> SessionPayload:
        payload: SessionPayload = {
            "id": plain(self.id),
            "hub": self.hub,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
        }
        if self.marked:
            payload["marked"] = True
        if self.own_account:
            payload["own_account"] = True
        if self.has_temporary_id:
            payload["told_id"] = None if self.told_id is None else plain(self.told_id)
        return payload


class Tracker:
    """Takes notes while tests run, in whatever thread they run, and hands them out to be put on reports.

    Without a lock: a command may be sent from a finalizer, in the middle of anything here.
    """

    def __init__(self) -> None:
        self._sessions: dict[str, CapturedSession | None] = {}
        """None stands for a session of a host that is not captured."""
        self._changed: dict[str, CapturedSession] = {}
        """Those that began, ended or were marked since the last payload was made."""
        # Runners that run tests in threads begin each attempt in its own thread. A plain thread that a test starts has
        # none and counts for the attempt begun last. (Context variables would not do: threads do not inherit them.)
        self._attempts: dict[int, Attempt] = {}
        """By thread the attempt begun last, until the next begins."""
        self._latest: Attempt | None = None
        self._unlogged: dict[str, Attempt] = {}
        """Those that used sessions, until one of their reports is logged."""
        self._creation_failures: list[CreationFailure] = []
        self._ignored_hubs: dict[str, None] = {}

    # Attempts

    def begin(self, test: str, nodeid: str, number: int) -> Attempt:
        attempt = Attempt(test, plain(nodeid), number)
        before = self._attempts.get(get_ident())
        if before is not None and before.test == test and not before.snapshots:
            before.was_superseded = True
        self._attempts[get_ident()] = self._latest = attempt
        return attempt

    def tear_down(self) -> None:
        """Mark this thread's attempt as in teardown: sessions first seen from here on are not attributed to it."""
        attempt = self._attempts.get(get_ident())
        if attempt is not None:
            attempt.tears_down = True

    def end(self) -> None:
        attempt = self._attempts.get(get_ident())
        if attempt is not None:
            attempt.is_over = True
            self._forget_latest()

    def forget_finished(self) -> None:
        """End attempts that are in teardown: their reports were not looked at, so nothing has ended them."""
        for attempt in list(self._attempts.values()):
            attempt.is_over |= attempt.tears_down
        self._forget_latest()

    def _forget_latest(self) -> None:
        if self._latest is not None and self._latest.is_over:
            running = (attempt for attempt in list(self._attempts.values()) if not attempt.is_over)
            self._latest = next(running, None)

    def close(self) -> None:
        """End all attempts: what is sent from now on belongs to no test."""
        self._attempts.clear()
        self._latest = None

    def current(self) -> Attempt | None:
        """Return the attempt that a command sent now counts for."""
        attempt = self._attempts.get(get_ident())
        return self._latest if attempt is None or attempt.is_over else attempt

    def last_here(self) -> Attempt | None:
        """Return the attempt begun last in this thread, whether or not it is over."""
        return self._attempts.get(get_ident())

    def logged(self, attempt_id: str) -> None:
        """Forget an attempt of which a report was logged."""
        self._unlogged.pop(attempt_id, None)

    # Sessions

    def start(self, session_id: str, hub: str, at: float | None, *, has_temporary_id: bool = False) -> CapturedSession:
        session = CapturedSession(session_id, hub, at, has_temporary_id=has_temporary_id)
        self._sessions[session_id] = self._changed[session_id] = session
        return session

    def ignore(self, session_id: str, hub: str | None = None) -> None:
        """Take no notice of a session of a host that is not captured, except of the host if it is a remote one."""
        self._sessions[session_id] = None
        if hub is not None:
            self._ignored_hubs[hub] = None

    def knows(self, session_id: str) -> bool:
        """Return whether a session was started or ignored."""
        return session_id in self._sessions

    def keep_only(self, captures: Callable[[str], bool]) -> None:
        """Treat sessions of other hubs as if they had been ignored from the start."""
        for session in self.tracked():
            if not captures(session.hub):
                self._changed.pop(session.id, None)
                self.ignore(session.id, session.hub)
        self._creation_failures = [failure for failure in self._creation_failures if captures(failure["hub"])]

    def tracked(self) -> list[CapturedSession]:
        """Return the sessions of captured hosts."""
        return [session for session in list(self._sessions.values()) if session is not None]

    def use(self, session_id: str, at: float, *, created: bool = False) -> Use | None:
        """Return the current attempt's use of a session, its first one included; None if it does not use it."""
        attempt, session = self.current(), self._sessions.get(session_id)
        if attempt is None or session is None:
            return None
        use = attempt.uses.get(session_id)
        if use is None and not attempt.tears_down and session.ended_at is None:
            use = attempt.uses[session_id] = Use(at, created=created)
            self._unlogged[attempt.id] = attempt
        return use

    def is_used(self, session_id: str) -> bool:
        """Return whether the current attempt uses a session."""
        attempt = self.current()
        return attempt is not None and session_id in attempt.uses

    def sent(self, session_id: str, command: str, kept: object, at: float, until: float, error: str | None) -> None:
        """Note a command that was sent and answered at these times."""
        use = self.use(session_id, at)
        if use is not None:
            use.last_at = until
            use.commands.append((session_id, command, kept, at, until, error))

    def end_session(self, session_id: str, at: float) -> None:
        session = self._sessions.get(session_id)
        if session is not None and session.ended_at is None:
            session.ended_at = at
            self._changed[session_id] = session

    def identify(self, session_id: str, told_id: str) -> CapturedSession | None:
        """Note the id of a session that was started with a temporary one, and return the session."""
        session = self._sessions.get(session_id)
        if session is not None:
            session.told_id = told_id
            self._changed[session_id] = session
        return session

    def mark_session(self, session_id: str) -> None:
        """Note that the suite itself marked the session's status."""
        session = self._sessions.get(session_id)
        if session is not None and not session.marked:
            session.marked = True
            self._changed[session_id] = session

    def fail_creation(self, hub: str, error: str) -> None:
        """Note that a hub did not create a session."""
        attempt = self.current()
        failure: CreationFailure = {"hub": plain(hub), "error": plain(error)}
        if attempt is None:
            self._creation_failures.append(failure)
        else:
            attempt.creation_failures.append(failure)
            self._unlogged[attempt.id] = attempt

    # Payloads

    def has_news_of(self, attempt: Attempt) -> bool:
        """Return whether the attempt's next report has anything to carry; that of most tests has nothing."""
        return bool(attempt.uses or attempt.creation_failures or self._changed)

    def payload(self, attempt: Attempt) -> Payload:
        """Return what the attempt's next report carries."""
        ids = dict.fromkeys((*list(self._changed), *list(attempt.uses)))
        sessions = [self._changed.pop(session_id, None) or self._sessions[session_id] for session_id in ids]
        attempt.snapshots += 1
        return self._payload(attempt, [session.payload() for session in sessions if session is not None])

    def _payload(self, attempt: Attempt, sessions: list[SessionPayload]) -> Payload:
        return {
            "attempt": attempt.id,
            "test": attempt.test,
            "number": attempt.number,
            "snapshot": attempt.snapshots,
            "uses": [use.payload(session_id) for session_id, use in attempt.uses.copy().items()],
            "sessions": sessions,
            "creation_failures": list(attempt.creation_failures),
        }

    def changed(self) -> list[SessionPayload]:
        """Return the sessions that changed since the last payload was made."""
        return [session.payload() for session in list(self._changed.values())]

    def unreported(self) -> Unreported:
        """Return all that is known, for when tests are over: some plugins hide or drop reports, and what is on them."""
        return {
            "sessions": [session.payload() for session in self.tracked()],
            "creation_failures": list(self._creation_failures),
            "attempts": [self._unlogged_attempt(attempt) for attempt in list(self._unlogged.values())],
            "ignored_hubs": [plain(hub) for hub in list(self._ignored_hubs)],
        }

    def _unlogged_attempt(self, attempt: Attempt) -> UnloggedAttempt:
        outcome: Literal["rerun", "unreported"] | None = "unreported" if attempt.is_over else None
        if attempt.was_superseded:
            outcome = "rerun"
        return {"payload": self._payload(attempt, []), "nodeid": attempt.nodeid, "outcome": outcome}


def plain(text: str) -> str:
    """Return an exact `str` that can be sent: subclasses and lone surrogates abort an xdist run."""
    if type(text) is str and text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()
