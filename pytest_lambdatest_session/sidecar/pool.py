"""Runs jobs in threads, with one policy for all: who may ask when, what a failure means, and when to give up.

Threads are started when jobs wait and end with the process, which may be killed at any moment. Nothing is shared but
what the lock guards, and the lock is never held during a request.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from typing import TYPE_CHECKING, Any

from pytest_lambdatest_session.cloud.endpoints import host_of
from pytest_lambdatest_session.cloud.errors import (
    NO_CREDENTIALS,
    CloudError,
    Failed,
    MalformedAnswer,
    Refused,
    ServerError,
    Throttled,
    Unreachable,
)
from pytest_lambdatest_session.cloud.reasons import seconds_text
from pytest_lambdatest_session.sidecar.breaker import Breaker
from pytest_lambdatest_session.sidecar.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from pytest_lambdatest_session.cloud.client import Client
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.sidecar.jobs import Job

    Connect = Callable[[str, Credentials], Client]

_TICK_SECONDS = 0.2
# requests itself ends most requests in time; what it can't end, an answer that trickles, is given up a little later.
_GRACE_SECONDS = 0.3


class Pool:
    """Takes jobs from any thread and runs them until each is over.

    `connect` makes a client for an API's base address and an account, in the thread that uses it; `on_fault` hears of
    exceptions that are no `CloudError`.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        timeout_seconds: float,
        policy: Policy | None = None,
        on_fault: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self.policy = policy or Policy()
        self._connect = connect
        self._timeout_seconds = timeout_seconds
        self._on_fault = on_fault
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._waiting: list[tuple[float, int, Job]] = []
        """By when they are due."""
        self._due: list[tuple[int, int, Job]] = []
        """By rank."""
        self._parked: list[Job] = []
        """Due, but held until an answer to another job shows whether it is worth asking."""
        self._under_way: dict[threading.Thread, tuple[Job, float]] = {}
        """With the moment after which the step counts as failed."""
        self._breakers: dict[Hashable, Breaker] = {}
        self._rejections: dict[tuple[str, Credentials | None], str] = {}
        self._accepted: set[tuple[str, Credentials | None]] = set()
        self._threads = 0
        self._idle = 0
        self._alarm_at: float | None = None
        """When an idle thread wakes by itself, for the job that is due first; the others sleep until called."""
        self._finish_at: float | None = None
        self._finish_seconds = 0.0
        threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def add(self, job: Job) -> None:
        with self._changed:
            if self._finish_at is not None:
                job.hurry(time.monotonic())
            self._schedule(job)
            self._grow()

    def finish(self, seconds: float) -> None:
        """Hurry, since the run waits, and give up what is not over in so many seconds."""
        with self._changed:
            now = time.monotonic()
            self._finish_at = now + seconds
            self._finish_seconds = seconds
            for breaker in self._breakers.values():
                breaker.last_chance(now, self._finish_at)
            waiting = self._take_all()
            for job in (*waiting, *(job for job, _ in self._under_way.values())):
                job.hurry(now)
            for job in waiting:
                self._schedule(job)
            self._grow()

    # What follows, up to the threads' part, is called with the lock held.

    def _breaker(self, job: Job) -> Breaker:
        breaker = self._breakers.get(job.circuit)
        if breaker is None:
            breaker = self._breakers[job.circuit] = Breaker(self.policy)
            if self._finish_at is not None:
                breaker.last_chance(time.monotonic(), self._finish_at)
        return breaker

    def _schedule(self, job: Job) -> None:
        """Queue a job that no thread has in hand, unless there is nothing left to do for it."""
        if job.is_over:
            return
        breaker = self._breaker(job)
        # What makes it pointless to ask this API.
        obstacle = NO_CREDENTIALS if job.credentials is None else self._rejections.get((job.base_url, job.credentials))
        if breaker.is_given_up:
            obstacle = obstacle or breaker.reason
        if (obstacle is not None or breaker.is_open) and job.leave_detour(time.monotonic()):
            self._schedule(job)
        elif obstacle is not None:
            job.give_up(obstacle)
        else:
            due = max(job.due, breaker.open_until or job.due)
            heapq.heappush(self._waiting, (due, next(self._numbers), job))
            if self._alarm_at is None or due < self._alarm_at:
                self._changed.notify()

    def _take_all(self) -> list[Job]:
        jobs = [job for _, _, job in self._waiting] + [job for _, _, job in self._due] + self._parked
        self._waiting.clear()
        self._due.clear()
        self._parked.clear()
        return jobs

    def _grow(self, *, is_late: bool = False) -> None:
        """Start a thread if jobs wait, if only for their time, and no thread waits for them.

        While tests run one does, and a further one only where jobs are late: several keep each other waiting.
        """
        most = self.policy.threads if is_late or self._finish_at is not None else 1
        if self._idle or self._threads >= most or not (self._waiting or self._due):
            return
        try:
            threading.Thread(target=self._work, name="work", daemon=True).start()
        except RuntimeError:  # there are no more to be had; those that run will see to it
            return
        self._threads += 1

    def _next_due(self, now: float) -> Job | None:
        while self._waiting and self._waiting[0][0] <= now:
            _, number, job = heapq.heappop(self._waiting)
            heapq.heappush(self._due, (job.rank, number, job))
        while self._due:
            _, _, job = heapq.heappop(self._due)
            if not self._is_unproven(job) and self._breaker(job).admits(job, now):
                return job
            self._parked.append(job)
        return None

    def _is_unproven(self, job: Job) -> bool:
        """Return whether a request already under way will tell whether this API accepts this account."""
        key = (job.base_url, job.credentials)
        return key not in self._accepted and any(
            (other.base_url, other.credentials) == key for other, _ in self._under_way.values()
        )

    def _take_in(self, job: Job, outcome: Any) -> None:
        """Learn from a step; whatever waited for it is looked at again."""
        now = time.monotonic()
        breaker = self._breaker(job)
        if isinstance(outcome, Throttled) and outcome.retry_after_seconds is not None:
            breaker.hold(job, str(outcome), now, outcome.retry_after_seconds)
            if self._finish_at is not None:
                breaker.give_up_after(self._finish_at)
        elif isinstance(outcome, Failed):
            may_be_the_sessions = isinstance(outcome, (MalformedAnswer, ServerError))
            breaker.failed(job, str(outcome), now, of=job.session_id if may_be_the_sessions else None)
        else:
            breaker.succeeded(job)
        if isinstance(outcome, Refused):
            self._rejections[job.base_url, job.credentials] = str(outcome)
        elif not isinstance(outcome, Failed):
            self._accepted.add((job.base_url, job.credentials))
        if not job.is_over:  # given up meanwhile, that stands
            job.handle(outcome, now)
            self._schedule(job)
        if isinstance(outcome, Refused) or breaker.is_given_up or breaker.is_open:
            waiting = self._take_all()
        else:
            waiting, self._parked = self._parked, []
        for other in waiting:
            self._schedule(other)

    def _give_up_all(self) -> None:
        """End the waiting: jobs in a thread's hands are over as well, and what they bring is dropped."""
        now = time.monotonic()
        for job in self._take_all() + [job for job, _ in self._under_way.values()]:
            if not job.is_over:
                seconds = seconds_text(self._finish_seconds)
                silence = f"no answer from {host_of(job.base_url)} within lambdatest_budget, {seconds} s"
                is_silent = self._finish_seconds > 0 and job.due <= now
                job.give_up(job.reason_at_end(self._breaker(job).reason, silence if is_silent else None))

    # The threads' part.

    def _work(self) -> None:
        clients: dict[tuple[str, Credentials], Client] = {}
        me = threading.current_thread()
        while True:
            job = self._wait_for_job(me)
            outcome = self._step(job, clients)
            with self._changed:
                if me not in self._under_way:  # it took too long, and `_watch` said so
                    return
                del self._under_way[me]
                self._take_in(job, outcome)

    def _wait_for_job(self, me: threading.Thread) -> Job:
        with self._changed:
            while (job := self._next_due(time.monotonic())) is None:
                self._idle += 1
                self._sleep()
                self._idle -= 1
            if self._alarm_at is None and (self._waiting or self._due):
                self._changed.notify()
            self._under_way[me] = (job, time.monotonic() + self._seconds_for(job) + _GRACE_SECONDS)
            self._grow()
            return job

    def _seconds_for(self, job: Job) -> float:
        return job.seconds or self._timeout_seconds

    def _sleep(self) -> None:
        due = self._waiting[0][0] if self._waiting else None
        if due is None or (self._alarm_at is not None and self._alarm_at <= due):
            self._changed.wait()
            return
        self._alarm_at = due
        self._changed.wait(max(0.0, due - time.monotonic()))
        # Another thread may have set it to an earlier moment.
        self._alarm_at = None if self._alarm_at == due else self._alarm_at

    def _step(self, job: Job, clients: dict[tuple[str, Credentials], Client]) -> Any:
        assert job.credentials is not None  # noqa: S101 - see `_schedule`
        key = (job.base_url, job.credentials)
        try:
            if key not in clients:
                clients[key] = self._connect(*key)
            return job.step(clients[key])
        except CloudError as error:
            return error
        except Exception as error:  # noqa: BLE001 - no fault of ours leaves a session without answer
            self._on_fault(error)
            # Its text may quote anything.
            return Failed(f"{host_of(job.base_url)} can't be asked: {type(error).__name__} in this plugin")

    def _watch(self) -> None:
        """Fail the steps that take too long, and end the waiting when its time is over."""
        while True:
            with self._changed:
                now = time.monotonic()
                for thread, (job, until) in list(self._under_way.items()):
                    if now > until:
                        del self._under_way[thread]
                        self._threads -= 1
                        text = f"no whole answer in {seconds_text(self._seconds_for(job))} s (lambdatest_timeout)"
                        self._take_in(job, Unreachable(f"{host_of(job.base_url)} can't be asked: {text}"))
                        self._grow()
                if any(job.due < now - _TICK_SECONDS for _, _, job in (*self._due[:1], *self._waiting[:1])):
                    self._grow(is_late=True)
                seconds = _TICK_SECONDS
                if self._finish_at is not None:
                    seconds = min(seconds, self._finish_at - now)
                    if seconds <= 0:
                        self._give_up_all()
                        # What comes now is of the next part of the end, which has time of its own.
                        self._finish_at, seconds = None, _TICK_SECONDS
            time.sleep(seconds)
