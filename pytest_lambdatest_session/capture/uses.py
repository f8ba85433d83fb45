"""Which attempt of which test used which WebDriver session. Pure bookkeeping: no pytest, no selenium, no I/O.

A test uses a session if, in its setup or call, it created the session or sent it any command other than quit. Commands
in teardown count for sessions that the test uses already: the quit of a shared driver falls into the teardown of
whichever test came last. A session that was quit is used by no further test: before selene opens a browser, it asks the
one that the test before has quit whether it is alive.
"""

from __future__ import annotations

import time
from collections import deque
from itertools import chain
from operator import itemgetter
from threading import get_ident
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_lambdatest_session.capture.carried import CarriedRefusal, CarriedSession, CarriedUse, Carry
    from pytest_lambdatest_session.capture.commands import SeenCommand

_COMMANDS_KEPT = 64
"""Of a running attempt: ten are shown, but a wait that polls twice a second for ten seconds fills forty."""
_SENT_AT: Final = 3
_ANSWERED_AT: Final = 4


# Plain classes: to make a dataclass of each takes longer than to load all of this module, at the start of every run.
class Use:
    """One attempt's use of one session."""

    __slots__ = ("commands", "created", "first_at")

    def __init__(self, at: float, *, created: bool) -> None:
        self.created = created
        self.first_at = at
        self.commands: deque[SeenCommand] = deque(maxlen=_COMMANDS_KEPT)
        """The last ones. They go with the attempt, unless it fails."""

    @property
    def last_at(self) -> float:
        """When the last command was answered, in seconds since the epoch."""
        return self.commands[-1][_ANSWERED_AT] if self.commands else self.first_at


class Attempt:
    """One run of one test: reruns make several of the same node id, counted from 1."""

    __slots__ = ("nodeid", "number", "refusals", "tears_down", "uses")

    def __init__(self, nodeid: str, number: int) -> None:
        self.nodeid = nodeid
        self.number = number
        self.tears_down = False
        self.uses: dict[str, Use] = {}
        """By session id, in the order of first use."""
        self.refusals: list[CarriedRefusal] = []

    def commands(self) -> list[SeenCommand]:
        """The last ones to each session that it uses, in the order in which they were sent."""
        seen = [use.commands.copy() for use in list(self.uses.values())]
        # Of one session they stand in that order, even if somebody sets the clock meanwhile.
        return list(*seen) if len(seen) == 1 else sorted(chain(*seen), key=itemgetter(_SENT_AT))


class _Session:
    __slots__ = ("ended_at", "hub", "id", "marked", "started_at")

    def __init__(self, session_id: str, hub: str, started_at: float | None) -> None:
        self.id = session_id
        self.hub = hub
        self.started_at = started_at
        self.ended_at: float | None = None
        self.marked = False

    def carried(self) -> CarriedSession:
        carried: CarriedSession = {
            "id": _plain(self.id),
            "hub": _plain(self.hub),
            "started_at": self.started_at,
            "ended_at": self.ended_at,
        }
        if self.marked:
            carried["marked"] = True
        return carried


class _Ignored:
    """Stands for every session that there is nothing to note about: of a host that is not captured, or long over."""


_IGNORED: Final = _Ignored()
_NOWHERE: Final = deque[object](maxlen=0).append


class UseLog:
    """Takes notes while tests run, in whatever thread they run, and hands them out to be put on reports."""

    def __init__(self) -> None:
        self._sessions: dict[str, _Session | _Ignored] = {}
        # Runners that run tests in threads begin each attempt in its own thread. A plain thread that a test starts has
        # none and books to the attempt begun last. (Context variables would not do: threads do not inherit them.)
        self._attempts: dict[int, Attempt] = {}
        self._latest: Attempt | None = None
        self.booking: dict[str, Callable[[SeenCommand], object]] = {}
        """By session id, what books a command that was answered, where there is nothing to decide: sessions that the
        only attempt that runs has used before, and those of hosts that are not captured. One dict for the whole run."""
        self._booked: set[str] = set()
        """Those of `booking` that an attempt uses."""
        self._unreported: dict[str, _Session] = {}
        self._refusals: list[CarriedRefusal] = []

    def begin(self, nodeid: str, number: int) -> Attempt:
        attempt = Attempt(_plain(nodeid), number)
        self._attempts[get_ident()] = self._latest = attempt
        self._unbook()
        return attempt

    def tear_down(self) -> None:
        """The attempt of this thread tears down: sessions that it meets from now on are not its own."""
        attempt = self._attempts.get(get_ident())
        if attempt is not None:
            attempt.tears_down = True

    def end(self) -> None:
        attempt = self._attempts.pop(get_ident(), None)
        if self._latest is attempt:
            self._latest = next(iter(self._attempts.values()), None)
        self._rebook()
        for session_id in list(attempt.uses) if attempt is not None else ():
            self._let_go(session_id)

    def close(self) -> None:
        """Forget who is at work: what is sent from now on belongs to nobody."""
        self._attempts.clear()
        self._latest = None
        self.booking.clear()

    def forget_finished(self) -> None:
        """Drop the attempts that tear down: nobody told of their end, and they come to use nothing any more."""
        for thread, attempt in list(self._attempts.items()):
            if attempt.tears_down:
                self._attempts.pop(thread, None)
        if self._latest is not None and self._latest.tears_down:
            self._latest = next(iter(self._attempts.values()), None)
        self._rebook()

    # Without a lock: a command may be sent from a finalizer, in the middle of anything here. Whoever books looks
    # afterwards whether another attempt has begun meanwhile.

    def _rebook(self) -> None:
        self._unbook()
        attempt = self._latest
        if attempt is not None:
            for session_id in list(attempt.uses):
                self._book_at_once(session_id, attempt)

    def _book_at_once(self, session_id: str, attempt: Attempt) -> None:
        self.booking[session_id] = attempt.uses[session_id].commands.append
        self._booked.add(session_id)
        # With several it depends on the thread, see `current`.
        if len(self._attempts) != 1 or self._latest is not attempt:
            self._unbook()

    def _unbook(self) -> None:
        for session_id in list(self._booked):
            self._booked.discard(session_id)
            self.booking.pop(session_id, None)

    def current(self) -> Attempt | None:
        return self._attempts.get(get_ident(), self._latest)

    def started(self, session_id: str, hub: str, at: float | None) -> CarriedSession:
        self._sessions[session_id] = session = _Session(session_id, hub, at)
        self.booking.pop(session_id, None)
        self._unreported[session_id] = session
        return session.carried()

    def ignore(self, session_id: str) -> None:
        """Sessions of other hosts cost one look each."""
        self._sessions[session_id] = _IGNORED
        self.booking[session_id] = _NOWHERE

    def keep_only(self, captures: Callable[[str], bool]) -> None:
        """Treat sessions of other hubs as if they had been ignored from the start."""
        for session in list(self._unreported.values()):
            if not captures(session.hub):
                del self._unreported[session.id]
                self.ignore(session.id)
        self._refusals = [refusal for refusal in self._refusals if captures(refusal["hub"])]

    def sent(self, session_id: str, command: str, about: object, at: float, error: str | None) -> bool:
        """Book one command that was answered just now; False if nobody said yet whose session this is."""
        if not self.used(session_id, at):
            return False
        attempt = self.current()
        use = None if attempt is None else attempt.uses.get(session_id)
        if use is not None:
            use.commands.append((session_id, command, about, at, time.time(), error))
        return True

    def used(self, session_id: str, at: float, *, created: bool = False) -> bool:
        """Book a use of a session; False if nobody said yet whose session this is."""
        session = self._sessions.get(session_id)
        if session is None:
            return False
        attempt = self.current()
        if attempt is None or isinstance(session, _Ignored):
            return True
        if session_id not in attempt.uses and not attempt.tears_down and session.ended_at is None:
            attempt.uses[session_id] = Use(at, created=created)
            self._book_at_once(session_id, attempt)
        return True

    def ended(self, session_id: str, at: float) -> None:
        session = self._sessions.get(session_id)
        if isinstance(session, _Session) and session.ended_at is None:
            session.ended_at = at
            self._unreported[session_id] = session

    def marked(self, session_id: str) -> None:
        session = self._sessions.get(session_id)
        if isinstance(session, _Session) and not session.marked:
            session.marked = True
            self._unreported[session_id] = session

    def refused(self, hub: str, error: str) -> None:
        attempt = self.current()
        refusal: CarriedRefusal = {"hub": _plain(hub), "error": _plain(error)}
        (self._refusals if attempt is None else attempt.refusals).append(refusal)

    def has_news_of(self, attempt: Attempt) -> bool:
        """Whether the attempt's next report has anything to carry; of most tests it has nothing."""
        return bool(attempt.uses or attempt.refusals or self._unreported)

    def carry(self, attempt: Attempt) -> Carry:
        """What the attempt's next report should carry, if there is news of it."""
        used = [self._sessions[session_id] for session_id in attempt.uses]
        sessions = {session.id: session for session in used if isinstance(session, _Session)} | self._unreported
        return {
            "attempt": attempt.number,
            "uses": [_carried_use(session_id, use) for session_id, use in attempt.uses.items()],
            "sessions": [session.carried() for session in sessions.values()],
            "refusals": list(attempt.refusals),
        }

    def reported(self, sessions: Iterable[CarriedSession]) -> None:
        """A report with these sessions on it was logged; one that is hidden or dropped never gets here."""
        for carried in sessions:
            session = self._unreported.get(carried["id"])
            if session is not None and session.carried() == carried:
                del self._unreported[carried["id"]]
                self._let_go(session.id)

    def _let_go(self, session_id: str) -> None:
        """Keep nothing of a session that was quit and reported, unless an attempt that used it still runs."""
        session = self._sessions[session_id]
        is_over = isinstance(session, _Session) and session.ended_at is not None and session_id not in self._unreported
        if is_over and not any(session_id in attempt.uses for attempt in list(self._attempts.values())):
            self._sessions[session_id] = _IGNORED

    def leftover(self) -> Carry:
        """What no report carried: sessions of no test, and quits after the last report."""
        return {
            "attempt": 0,
            "uses": [],
            "sessions": [session.carried() for session in self._unreported.values()],
            "refusals": list(self._refusals),
        }


def _carried_use(session_id: str, use: Use) -> CarriedUse:
    return {
        "id": _plain(session_id),
        "created": use.created,
        "first_at": use.first_at,
        "last_at": use.last_at,
    }


def _plain(text: str) -> str:
    """An exact `str` that can be sent: subclasses and lone surrogates abort an xdist run."""
    if type(text) is str and text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()
