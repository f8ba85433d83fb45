"""What the pool works on: one job is one thing to be done for a session, in as many requests as that takes."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_lambdatest_session.cloud.errors import NO_TIME, CloudError, Refused
from pytest_lambdatest_session.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from pytest_lambdatest_session.cloud.client import Client
    from pytest_lambdatest_session.sidecar.messages import Result, SessionRequest
    from pytest_lambdatest_session.sidecar.policy import Policy

    Emit = Callable[[Result], None]

credentials_of = lru_cache(maxsize=64)(Credentials)
"""One object for all requests of an account."""


class Job(ABC):
    """One job. `step` runs in a thread of the pool; everything else is called with the pool's lock held."""

    seconds: float | None = None
    """How long one step may take; None for the timeout of a request."""

    def __init__(self, request: SessionRequest, now: float, policy: Policy, emit: Emit) -> None:
        self.session_id = request["session_id"]
        self.base_url = request["base_url"]
        self.rank = request["rank"]
        self.credentials = None if request["account"] is None else credentials_of(*request["account"])
        self.due = now
        """When the next step may run, on the monotonic clock."""
        self.is_over = False
        self._kind = request["kind"]
        self._policy = policy
        self._emit = emit
        self._failures = 0

    @property
    def circuit(self) -> Hashable:
        """Return what the breaker of this job protects: the API, for requests that say whether the API works."""
        return self.base_url

    @abstractmethod
    def step(self, client: Client) -> Any:
        """Send one request and return what `succeeded` needs; raises CloudError."""

    def handle(self, outcome: Any, now: float) -> None:
        """Take in what `step` returned or raised: set `due` for the next step, or be over."""
        if isinstance(outcome, Refused):
            self.give_up(str(outcome))
        elif isinstance(outcome, CloudError):
            self.failed(outcome, now)
        else:
            self.succeeded(outcome, now)

    @abstractmethod
    def succeeded(self, outcome: Any, now: float) -> None:
        """Take in what `step` returned."""

    @abstractmethod
    def failed(self, error: CloudError, now: float) -> None:
        """Take in what `step` raised, but for a refusal."""

    @abstractmethod
    def give_up(self, reason: str | None) -> None:
        """Be over with what is known; `reason`, if there is one, says why it is not all."""

    def leave_detour(self, now: float) -> bool:
        """Return to the session's own API if this one was only a guess; return whether it was."""
        del now
        return False

    def hurry(self, now: float) -> None:
        """Be due soon, since the run waits."""
        self.due = min(self.due, now)

    def reason_at_end(self, trouble: str | None, silence: str | None) -> str | None:
        """Return why it is not done when the time is over, given the API's last failure and that it said nothing."""
        del silence
        return trouble or NO_TIME.format("lambdatest_budget")

    def _initial_delay_seconds(self, ended_at: float | None) -> float:
        """Return how long LambdaTest may still need to notice a session's end."""
        delay = self._policy.initial_delay.usual_seconds
        # The end may have been on another machine's clock.
        return delay if ended_at is None else min(max(0.0, ended_at + delay - time.time()), delay)

    def _retry(self, error: CloudError, now: float, tries: int) -> None:
        """Try again after a failure, a limited number of times."""
        self._failures += 1
        if self._failures >= tries:
            self.give_up(str(error))
        else:
            self.due = now + self._policy.backoff(self._failures)
