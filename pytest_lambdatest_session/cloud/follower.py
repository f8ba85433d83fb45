"""Asks the cloud about sessions in the background while tests run, and waits at the end within one budget.

A few daemon threads take questions from one queue ordered by when they are due. They start with the first
question, grow in number only when work waits and nobody is idle, and end by themselves. Nothing else is
shared but what the lock guards, and the lock is never held during a request.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from pytest_lambdatest_session.cloud.breaker import Breaker
from pytest_lambdatest_session.cloud.endpoints import host_of
from pytest_lambdatest_session.cloud.errors import (
    NO_CREDENTIALS,
    CloudError,
    Failed,
    MalformedAnswer,
    Refused,
    ServerError,
    Throttled,
)
from pytest_lambdatest_session.cloud.inquiry import Answer, Inquiry, Question, State
from pytest_lambdatest_session.cloud.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.cloud.details import SessionDetails
    from pytest_lambdatest_session.credentials import Credentials

    OnWait = Callable[[int, float], None]
    """Called about once a second with how many sessions are still waited for, and the seconds left."""

__all__ = ["Answer", "Asker", "Connect", "Follower", "Pace", "Problem", "Question", "State"]

_TICK_SECONDS = 1.0
_FAREWELL_SECONDS = 0.1


class Asker(Protocol):
    """One API, asked with one account by one thread; `client.Client` is one."""

    def session(self, session_id: str) -> SessionDetails:
        """Return what the API says; raises CloudError."""
        ...

    def close(self) -> None: ...


class Connect(Protocol):
    def __call__(self, base_url: str, credentials: Credentials, /) -> Asker: ...


class Problem(NamedTuple):
    """What kept sessions from a final answer, once, in words for people."""

    message: str
    sessions: int


class Follower:
    """Follows sessions until their answers are final; every method may be called from any thread.

    `connect` makes an asker for an API's base address and an account, and is called in the follower's
    threads; `api_url` is the user's own API address, for all sessions; `on_fault` hears, in whatever
    thread, of exceptions that are no CloudError.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        api_url: str | None = None,
        pace: Pace | None = None,
        on_fault: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._connect = connect
        self._api_url = api_url
        self._pace = pace or Pace()
        self._on_fault = on_fault
        self._lock = threading.Lock()
        self._work_came = threading.Condition(self._lock)
        self._some_settled = threading.Condition(self._lock)
        self._numbers = itertools.count(1)
        self._answers: dict[str, Answer] = {}
        self._finals: dict[str, Answer] = {}  # those of them that are final, until they are forgotten
        self._inquiries: dict[str, Inquiry] = {}  # not settled yet
        self._queue: list[tuple[float, int, Inquiry]] = []
        self._parked: list[Inquiry] = []  # due, but its API is being probed
        self._breakers: dict[str, Breaker] = {}
        self._refusals: dict[tuple[str, Credentials | None], str] = {}
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._drain_deadline: float | None = None
        self._is_stopped = False

    def follow(self, question: Question) -> None:
        """Ask about a session until the answer is final; the same one again changes nothing."""
        with self._lock:
            self._accept(question)

    def look_once(self, question: Question) -> None:
        """Ask about a session that was never quit, once: there is no end to wait for."""
        self.follow(question)

    def answer(self, session_id: str) -> Answer | None:
        """Return what is known by now; None for a session that nobody asked about."""
        return self._answers.get(session_id)

    def finals(self) -> dict[str, Answer]:
        """The final answers that nobody has had forgotten, by session id."""
        return self._finals.copy()

    def forget(self, session_id: str) -> None:
        """Keep a final answer no longer. Whoever says so does not ask about the session again."""
        with self._lock:
            del self._finals[session_id], self._answers[session_id]

    def waiting(self) -> int:
        """Count the sessions whose answers are not final."""
        return len(self._inquiries)

    def problems(self) -> list[Problem]:
        """List what stands in the way of final answers now; a trouble that passed is none."""
        counts = Counter(answer.error for answer in list(self._answers.values()) if answer.error is not None)
        return [Problem(message, sessions) for message, sessions in counts.items()]

    def drain(self, budget_seconds: float, on_wait: OnWait | None = None) -> None:
        """Wait until every answer is final or given up, `budget_seconds` at most.

        After that answers stay as they are. An interrupt passes through, and `drain(0)` then ends the
        waiting with what is there.
        """
        deadline = time.monotonic() + budget_seconds
        if budget_seconds > 0:
            self._begin_drain(deadline)
        while (left_seconds := deadline - time.monotonic()) > 0:
            with self._lock:
                self._some_settled.wait_for(lambda: not self._inquiries, min(left_seconds, _TICK_SECONDS))
                waiting = len(self._inquiries)
            if not waiting:
                break
            if on_wait is not None:
                on_wait(waiting, max(0.0, deadline - time.monotonic()))
        self._end_drain(budget_seconds)

    def ask_now(self, question: Question, timeout_seconds: float) -> Answer:
        """Ask about a session and wait for its final answer, `timeout_seconds` at most.

        Without one it is followed further. An API that is known to be in trouble is not waited for, and
        neither is one for which a whole timeout passed without details of any session: a dead API costs one
        timeout, not one for each test.
        """
        with self._lock:
            inquiry = self._accept(question)
            if inquiry is None:
                return self._answers[question.session_id]
            breaker = self._breaker(inquiry.base_url)
            if not (breaker.is_open or breaker.is_waited_for_in_vain):
                self._some_settled.wait_for(lambda: inquiry.is_settled, timeout_seconds)
                breaker.is_waited_for_in_vain = not inquiry.is_settled and inquiry.answer.details is None
            answer = inquiry.answer
            if inquiry.is_settled or answer.details is not None or answer.error is not None:
                return answer
            reason = breaker.reason or f"no answer from {host_of(inquiry.base_url)} in {timeout_seconds:g} s"
            return replace(answer, error=reason)

    def stop(self) -> None:
        """Let the threads end. One that waits for an answer does so when its request does, unseen."""
        with self._lock:
            self._is_stopped = True
            self._work_came.notify_all()
            threads = list(self._threads)
        deadline = time.monotonic() + _FAREWELL_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    # What follows, up to the end of the run, is called with the lock held.

    def _accept(self, question: Question) -> Inquiry | None:
        """Take in a session that is new; None if its answer is settled."""
        if question.session_id not in self._answers:
            inquiry = Inquiry(question, time.monotonic(), self._pace, self._api_url)
            self._inquiries[question.session_id] = inquiry
            self._answers[question.session_id] = inquiry.answer
            self._schedule(inquiry)
            self._grow()
        return self._inquiries.get(question.session_id)

    def _breaker(self, base_url: str) -> Breaker:
        if base_url not in self._breakers:
            self._breakers[base_url] = Breaker(self._pace)
        return self._breakers[base_url]

    def _schedule(self, inquiry: Inquiry) -> None:
        """Queue an inquiry that is in no thread's hands, or settle it if there is nothing left to ask."""
        breaker = self._breaker(inquiry.base_url)
        obstacle = self._obstacle(inquiry, breaker)
        if inquiry.is_away and (obstacle is not None or breaker.is_open):
            inquiry.come_home(time.monotonic())
            self._schedule(inquiry)
            return
        if obstacle is not None and not inquiry.is_settled:
            inquiry.give_up(obstacle)
        if inquiry.is_settled:
            self._settle(inquiry)
            return
        when = max(inquiry.due, breaker.open_until or inquiry.due)
        heapq.heappush(self._queue, (when, next(self._numbers), inquiry))
        self._work_came.notify()

    def _obstacle(self, inquiry: Inquiry, breaker: Breaker) -> str | None:
        """Return what makes it pointless to ask this API, if anything does."""
        credentials = inquiry.question.credentials
        if credentials is None:
            return NO_CREDENTIALS
        return self._refusals.get((inquiry.base_url, credentials)) or (breaker.reason if breaker.is_given_up else None)

    def _schedule_anew(self) -> None:
        """Look again at all that waits, after something that concerns more than one inquiry."""
        waiting = [inquiry for _, _, inquiry in self._queue] + self._parked
        self._queue.clear()
        self._parked.clear()
        for inquiry in waiting:
            self._schedule(inquiry)

    def _settle(self, inquiry: Inquiry) -> None:
        inquiry.is_settled = True
        session_id = inquiry.question.session_id
        self._answers[session_id] = inquiry.answer
        if inquiry.answer.state == "final":
            self._finals[session_id] = inquiry.answer
        del self._inquiries[session_id]
        self._some_settled.notify_all()

    def _grow(self) -> None:
        """Start a thread if work waits, if only for its time, and nobody waits for it."""
        if not self._queue or self._idle or self._is_stopped or len(self._threads) >= self._pace.threads:
            return
        name = f"lambdatest-follower-{next(self._numbers)}"
        thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError:  # there are no more to be had; those that run will see to it
            self._threads.discard(thread)

    # The end of the run.

    def _begin_drain(self, deadline: float) -> None:
        with self._lock:
            now = time.monotonic()
            self._drain_deadline = deadline
            for breaker in self._breakers.values():
                breaker.last_chance(now, deadline)
            for inquiry in self._inquiries.values():
                inquiry.bring_forward(now)
            self._schedule_anew()
            self._grow()

    def _end_drain(self, budget_seconds: float) -> None:
        with self._lock:
            now = time.monotonic()
            self._queue.clear()
            self._parked.clear()
            for inquiry in list(self._inquiries.values()):
                if inquiry.answer.details is None and inquiry.answer.error is None:
                    inquiry.give_up(self._why_nothing_came(inquiry, now, budget_seconds))
                self._settle(inquiry)
            self._drain_deadline = None

    def _why_nothing_came(self, inquiry: Inquiry, now: float, budget_seconds: float) -> str | None:
        breaker = self._breaker(inquiry.base_url)
        if breaker.is_open:
            return breaker.reason
        if not budget_seconds or inquiry.due > now:
            return None
        return f"no answer from {host_of(inquiry.base_url)} within lambdatest_budget, {budget_seconds:g} s"

    # The threads' part.

    def _run(self) -> None:
        askers: dict[tuple[str, Credentials | None], Asker] = {}
        try:
            while (inquiry := self._next()) is not None:
                self._take_in(inquiry, self._ask(inquiry, askers))
            for asker in askers.values():
                asker.close()
        except Exception as error:  # noqa: BLE001 -- pytest would blame the test that happens to run
            self._on_fault(error)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _next(self) -> Inquiry | None:
        """Wait for an inquiry that is due; None when it is time for the thread to end."""
        with self._lock:
            while not self._is_stopped:
                inquiry = self._take_due(time.monotonic())
                if inquiry is not None:
                    self._grow()
                    return inquiry
                next_at = self._queue[0][0] if self._queue else time.monotonic() + self._pace.idle_seconds
                self._idle += 1
                was_called = self._work_came.wait(max(0.0, next_at - time.monotonic()))
                self._idle -= 1
                if not was_called and not self._queue:
                    # At once, as nobody may count on a thread that has made up its mind.
                    self._threads.discard(threading.current_thread())
                    break
            return None

    def _take_due(self, now: float) -> Inquiry | None:
        while self._queue and self._queue[0][0] <= now:
            _, _, inquiry = heapq.heappop(self._queue)
            breaker = self._breaker(inquiry.base_url)
            admission = breaker.admit(now)
            if admission != "wait":
                inquiry.is_probe = admission == "probe"
                return inquiry
            if breaker.is_probing and not inquiry.is_away:
                self._parked.append(inquiry)
            else:
                self._schedule(inquiry)
        return None

    def _ask(
        self, inquiry: Inquiry, askers: dict[tuple[str, Credentials | None], Asker]
    ) -> SessionDetails | CloudError:
        # Without credentials nothing is queued.
        credentials = cast("Credentials", inquiry.question.credentials)
        key = (inquiry.base_url, credentials)
        try:
            if key not in askers:
                askers[key] = self._connect(inquiry.base_url, credentials)
            return askers[key].session(inquiry.question.session_id)
        except CloudError as error:
            return error
        except Exception as error:  # noqa: BLE001 -- no fault of ours leaves a session without answer
            self._on_fault(error)
            # Its text may quote anything.
            return Failed(f"{host_of(inquiry.base_url)} can't be asked: {type(error).__name__} in this plugin")

    def _take_in(self, inquiry: Inquiry, outcome: SessionDetails | CloudError) -> None:
        with self._lock:
            now = time.monotonic()
            breaker = self._breaker(inquiry.base_url)
            was_open = breaker.is_open
            self._tell(breaker, inquiry, outcome, now)
            if isinstance(outcome, Refused):
                self._refusals[inquiry.base_url, inquiry.question.credentials] = str(outcome)
            if not inquiry.is_settled:  # given up meanwhile, its answer stands
                inquiry.learn(outcome, now, is_last_chance=self._drain_deadline is not None)
                self._answers[inquiry.question.session_id] = inquiry.answer
                self._schedule(inquiry)
            if isinstance(outcome, Refused) or was_open or breaker.is_given_up:
                self._schedule_anew()

    def _tell(self, breaker: Breaker, inquiry: Inquiry, outcome: SessionDetails | CloudError, now: float) -> None:
        if isinstance(outcome, Throttled) and outcome.retry_after_seconds is not None:
            breaker.hold(str(outcome), now, outcome.retry_after_seconds, probe=inquiry.is_probe)
            if self._drain_deadline is not None:
                breaker.give_up_after(self._drain_deadline)
        elif isinstance(outcome, Failed):
            may_be_the_sessions = isinstance(outcome, (MalformedAnswer, ServerError))
            session_id = inquiry.question.session_id if may_be_the_sessions else None
            breaker.failed(str(outcome), now, session_id=session_id, probe=inquiry.is_probe)
        else:
            breaker.succeeded(probe=inquiry.is_probe)
            breaker.is_waited_for_in_vain &= isinstance(outcome, CloudError)
