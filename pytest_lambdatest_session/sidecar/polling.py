"""One session's way from its end to a final answer: what is asked next, where and when."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytest_lambdatest_session.cloud.endpoints import kind_asked, sibling_base_url
from pytest_lambdatest_session.cloud.errors import CloudError, NotFound, Throttled
from pytest_lambdatest_session.sidecar.jobs import Job

if TYPE_CHECKING:
    from pytest_lambdatest_session.cloud.client import Client
    from pytest_lambdatest_session.cloud.details import SessionDetails
    from pytest_lambdatest_session.sidecar.jobs import Emit
    from pytest_lambdatest_session.sidecar.messages import Poll, State
    from pytest_lambdatest_session.sidecar.policy import Policy

# A 404 is put to the other product's API at once, and again when that too has had time to notice the session.
_MISSES_PUT_TO_THE_SIBLING = (1, 4)
_OF_THIS_SIDE_ONLY = ("session_id", "withheld")


class PollJob(Job):
    """Asks about a session until the answer is final; about one that was not quit, once."""

    def __init__(self, request: Poll, now: float, policy: Policy, emit: Emit) -> None:
        super().__init__(request, now, policy, emit)
        self._ended = request["ended_at"] is not None
        self._started_at = now
        self._answered_at: float | None = None
        self._step = self._misses = 0
        self._finishing = False
        self._missing_since: float | None = None
        self._incomplete_since: float | None = None
        self._home = self.base_url
        self._sibling = sibling_base_url(self._home)
        self._state: State = "pending" if self._ended else "running"
        self._error: str | None = None
        self._details: dict[str, object] | None = None
        self._settled_at = now
        """When LambdaTest should have noticed that it ended."""
        self._delay: float | None = None
        """How long after its end it is asked about, in seconds; None if that is past, or says nothing of LambdaTest."""
        if self._ended:
            self._settled_at += self._initial_delay_seconds(request["ended_at"])
        if self._settled_at > now:
            delay = policy.initial_delay
            self._delay = delay.for_next()
            self.due = max(now, self._settled_at - delay.usual_seconds + self._delay)

    def step(self, client: Client) -> SessionDetails:
        return client.session(self.session_id)

    def handle(self, outcome: SessionDetails | CloudError, now: float) -> None:
        is_first = self._answered_at is None
        self._answered_at = now
        # Whatever keeps the sibling from answering, it was only a guess.
        if not isinstance(outcome, CloudError) or not self.leave_detour(now):
            super().handle(outcome, now)
        if isinstance(outcome, CloudError):
            self._delay = None  # what comes later may come for another reason
        elif self._delay is not None and not self._finishing:
            delay = self._policy.initial_delay
            if is_first:
                delay.answered(self._delay, had_ended=self.is_over)
            elif self.is_over:
                delay.noticed(now - self._settled_at + delay.usual_seconds, asked_after=self._delay)

    def leave_detour(self, now: float) -> bool:
        if self.base_url == self._home:
            return False
        self.base_url = self._home
        if self._ended:
            self._ask_again(now)
        else:
            self._finish()
        return True

    def hurry(self, now: float) -> None:
        self._finishing, self._step = True, 0
        # LambdaTest may know already; if not, it is asked when it would have been, and from then on as ever.
        self.due = min(self.due, now if self._answered_at is None else self._answered_at + self._policy.backoff_seconds)

    def give_up(self, reason: str | None) -> None:
        if reason is not None:
            self._error = reason
            self._become_unavailable()
        self._finish()

    def reason_at_end(self, trouble: str | None, silence: str | None) -> str | None:
        return None if self._details is not None or self._error is not None else trouble or silence

    def succeeded(self, details: SessionDetails, now: float) -> None:
        self._home, self._sibling = self.base_url, None
        self._failures = 0
        self._missing_since = None
        self._kind = kind_asked(self.base_url, self._kind)
        self._details, self._error = fields_of(details), None
        if not self._ended:
            self._state = "final" if details.has_ended and details.phase != "running" else "running"
            self._finish()
        elif self._is_final(details, now):
            self._state = "final"
            self._finish()
        else:
            self._state = "pending"
            self._ask_again(now)

    def _is_final(self, details: SessionDetails, now: float) -> bool:
        if details.phase != "incomplete":
            self._incomplete_since = None
            return details.phase == "complete"
        if self._incomplete_since is None:
            self._incomplete_since = now
        return now - self._incomplete_since >= self._policy.incomplete_seconds

    def failed(self, error: CloudError, now: float) -> None:
        self._error = str(error)
        if isinstance(error, NotFound):
            self._handle_missing(now)
            return
        self._become_unavailable()
        # Whoever says when to come back is not failing, and is given that time.
        if not (isinstance(error, Throttled) and error.retry_after_seconds is not None):
            self._failures += 1
        # While tests run there is time, and the breaker sees to it that a dead API is left alone.
        if not self._ended or (self._finishing and self._failures >= self._policy.tries):
            self._finish()
        else:
            self._ask_again(now)

    def _handle_missing(self, now: float) -> None:
        self._state = "not_found"
        self._misses += 1
        if self._missing_since is None:
            self._missing_since = now
        policy = self._policy
        limit = policy.missing_at_finish_seconds if self._finishing else policy.missing_seconds
        if self._sibling is not None and self._misses in _MISSES_PUT_TO_THE_SIBLING:
            self.base_url = self._sibling
            self.due = now
            self._tell()
        elif not self._ended or now - self._missing_since >= limit:
            self._finish()
        else:
            self._ask_again(now)
            # Not later than that: the end of the run waits for it.
            self.due = min(self.due, self._missing_since + limit)

    def _become_unavailable(self) -> None:
        # One that nobody quit is running as far as is known.
        if self._details is None and self._ended:
            self._state = "unavailable"

    def _ask_again(self, now: float) -> None:
        if self.due < self._settled_at and not self._failures:  # asked early, in a hurry
            self.due = max(self._settled_at, now)
        else:
            self.due = now + self._policy.backoff(self._step, now - self._started_at)
            self._step += 1
        if self._incomplete_since is not None:
            self.due = min(self.due, max(now, self._incomplete_since + self._policy.incomplete_seconds))
        self._tell()

    def _finish(self) -> None:
        self.is_over = True
        self._tell()

    def _tell(self) -> None:
        self._emit(
            {
                "type": "polled",
                "session_id": self.session_id,
                "state": self._state,
                "kind": self._kind,
                "error": self._error,
                "details": self._details,
                "done": self.is_over,
            }
        )


def fields_of(details: SessionDetails) -> dict[str, object]:
    """Return the fields of `ReportedSession` that the cloud fills."""
    fields = {name: getattr(details, name) for name in details.__slots__ if name not in _OF_THIS_SIDE_ONLY}
    times = {name: _rfc3339(fields[name]) for name in ("started_at", "ended_at")}
    return {**fields, **times, "logs": dict(details.logs)}


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
