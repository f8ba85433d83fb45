"""One session's way from its end to a final answer: what is asked next, where and when.

Pure bookkeeping: time is passed in, and whoever shares an inquiry among threads holds a lock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from pytest_lambdatest_session.cloud.endpoints import api_base_url, kind_asked, sibling_base_url
from pytest_lambdatest_session.cloud.errors import CloudError, NotFound, Refused, Throttled

if TYPE_CHECKING:
    from pytest_lambdatest_session.cloud.details import SessionDetails
    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.cloud.pace import Pace
    from pytest_lambdatest_session.credentials import Credentials

State = Literal["final", "running", "pending", "not_found", "unavailable"]

# A 404 is put to the other product's API at once, and again when that too has had time to learn of the
# session.
_MISSES_PUT_TO_THE_SIBLING = (1, 4)


@dataclass(frozen=True, slots=True)
class Question:
    """What has to be known to ask about a session."""

    session_id: str
    hub_host: str
    kind: Kind
    credentials: Credentials | None
    ended: bool
    """Whether it was quit; one that was not is looked at once, without waiting for its end."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a session now."""

    state: State
    details: SessionDetails | None
    error: str | None
    """One line for people where the state alone does not say it all: what happened, and what to do."""
    kind: Kind
    """The product whose API knew the session, which decides where its dashboard page is."""


class Inquiry:
    """`due` and `base_url` say when and where to ask next, until `is_settled`; `answer` is what is known."""

    def __init__(self, question: Question, now: float, pace: Pace, api_url: str | None = None) -> None:
        self._pace = pace
        self._started_at = now
        self._asked_at: float | None = None
        self._step = self._misses = self._failures = 0
        self._missing_since: float | None = None
        self._incomplete_since: float | None = None
        self._home = api_base_url(question.hub_host, question.kind, api_url)
        self._sibling = sibling_base_url(self._home)
        self.question = question
        self.base_url = self._home
        self.due = now + pace.settling_seconds if question.ended else now
        self.is_probe = False
        self.is_settled = False
        self.answer = Answer("pending" if question.ended else "running", None, None, question.kind)

    @property
    def is_away(self) -> bool:
        """Whether it is the sibling's turn."""
        return self.base_url != self._home

    def learn(self, outcome: SessionDetails | CloudError, now: float, *, is_last_chance: bool) -> None:
        """Take in what one question brought; `is_last_chance` when the end of the run waits."""
        self._asked_at = now
        # Not whether it is our SessionDetails: see `errors` about modules that are loaded twice.
        if not isinstance(outcome, CloudError):
            self._learn_details(outcome, now)
        elif self.is_away:
            # Whatever kept the sibling from answering, it was only a guess; home is where the session
            # should be.
            self.come_home(now)
        elif isinstance(outcome, NotFound):
            self._learn_missing(str(outcome), now, is_last_chance=is_last_chance)
        elif isinstance(outcome, Refused):
            self.give_up(str(outcome))
        else:
            # Whoever says when to come back is not failing, and is given that time.
            if not (isinstance(outcome, Throttled) and outcome.retry_after_seconds is not None):
                self._failures += 1
            self._learn_failure(str(outcome), now, is_last_chance=is_last_chance)

    def come_home(self, now: float) -> None:
        """Ask the API of the session's own hub again, after the sibling did not know it either."""
        self.base_url = self._home
        if self.question.ended:
            self._ask_again(now)
        else:
            self.is_settled = True

    def bring_forward(self, now: float) -> None:
        """Ask soon, and often again, since the end of the run waits."""
        self._step = 0
        soon = self._started_at + self._pace.settling_seconds if self.question.ended else now
        if self._asked_at is not None:
            soon = self._asked_at + self._pace.backoff_seconds
        self.due = min(self.due, soon)

    def give_up(self, reason: str | None) -> None:
        """Settle with what is known; `reason`, if there is one, says why it is not all."""
        self.is_settled = True
        if reason is not None:
            state: State = "unavailable" if self.answer.details is None else self.answer.state
            self.answer = replace(self.answer, state=state, error=reason)

    def _learn_details(self, details: SessionDetails, now: float) -> None:
        self._home, self._sibling = self.base_url, None
        self._failures = 0
        self._missing_since = None
        kind = kind_asked(self.base_url, self.question.kind)
        state: State = "pending"
        if not self.question.ended:
            self.is_settled = True
            state = "final" if details.has_ended and details.phase != "running" else "running"
        elif self._is_final(details, now):
            self.is_settled = True
            state = "final"
        else:
            self._ask_again(now)
        self.answer = Answer(state, details, None, kind)

    def _is_final(self, details: SessionDetails, now: float) -> bool:
        if details.phase != "incomplete":
            self._incomplete_since = None
            return details.phase == "complete"
        if self._incomplete_since is None:
            self._incomplete_since = now
        return now - self._incomplete_since >= self._pace.patience_seconds

    def _learn_missing(self, error: str, now: float, *, is_last_chance: bool) -> None:
        self.answer = replace(self.answer, state="not_found", error=error)
        self._misses += 1
        if self._missing_since is None:
            self._missing_since = now
        if self._sibling is not None and self._misses in _MISSES_PUT_TO_THE_SIBLING:
            self.base_url = self._sibling
            self.due = now
        elif not self.question.ended or (
            now - self._missing_since >= self._pace.missing_seconds and not is_last_chance
        ):
            self.is_settled = True
        else:
            self._ask_again(now)

    def _learn_failure(self, error: str, now: float, *, is_last_chance: bool) -> None:
        state: State = "unavailable" if self.answer.details is None else self.answer.state
        self.answer = replace(self.answer, state=state, error=error)
        # While tests run there is time, and the breaker sees to it that a dead API is left alone.
        if not self.question.ended or (is_last_chance and self._failures >= self._pace.tries):
            self.is_settled = True
        else:
            self._ask_again(now)

    def _ask_again(self, now: float) -> None:
        self.due = now + self._pace.backoff(self._step, now - self._started_at)
        if self._incomplete_since is not None:
            self.due = min(self.due, max(now, self._incomplete_since + self._pace.patience_seconds))
        self._step += 1
