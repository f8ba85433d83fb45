"""Which sessions, and which of their tests, a reader wants to see first. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.registry import FAILED_OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_lambdatest_session.report.registry import AttemptRecord, TrackedSession

_NOT_FINAL = ("running", "pending", "not_found", "unavailable")


def failed(attempt: AttemptRecord) -> bool:
    return attempt.outcome in FAILED_OUTCOMES


def disagreement_on(tracked: TrackedSession) -> AttemptRecord | None:
    """The first attempt whose outcome the cloud's verdict contradicts."""
    return next((attempt for attempt in tracked.attempts if attempt.disagrees_with(tracked)), None)


def needs_attention(tracked: TrackedSession) -> bool:
    """Whether a test that used it failed, or the cloud's verdict contradicts a test's outcome."""
    return tracked.was_in_a_failure or disagreement_on(tracked) is not None


def lacks_final_answer(tracked: TrackedSession) -> bool:
    """Whether the cloud was asked and gave no final answer."""
    return tracked.public["state"] in _NOT_FINAL


def by_priority(tracked_sessions: Iterable[TrackedSession]) -> list[TrackedSession]:
    """Those that need a look, then those without a final answer, then the rest, each in the order of the run."""
    return sorted(
        tracked_sessions, key=lambda tracked: 0 if needs_attention(tracked) else 1 if lacks_final_answer(tracked) else 2
    )


def uses_by_priority(tracked: TrackedSession) -> list[AttemptRecord]:
    """The attempts that used a session, those that failed or disagree first."""
    return sorted(tracked.attempts, key=lambda attempt: not (failed(attempt) or attempt.disagrees_with(tracked)))
