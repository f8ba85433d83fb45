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
    """Return the first attempt whose outcome the cloud's verdict contradicts."""
    for use in tracked.uses:
        if use.attempt.disagrees_with(tracked):
            return use.attempt
    return None


def is_left_running(tracked: TrackedSession) -> bool:
    """Return whether nobody quit it, though the process that opened it lived on: it costs minutes."""
    return tracked.public["state"] == "running" and not tracked.note


def needs_attention(tracked: TrackedSession) -> bool:
    """Return whether nobody quit it, a test that used it failed, or the cloud's verdict contradicts an outcome."""
    return is_left_running(tracked) or tracked.was_in_a_failure or disagreement_on(tracked) is not None


def lacks_final_answer(tracked: TrackedSession) -> bool:
    """Return whether the cloud was asked and gave no final answer."""
    return tracked.public["state"] in _NOT_FINAL


def by_priority(tracked_sessions: Iterable[TrackedSession]) -> list[TrackedSession]:
    """Return those that nobody quit, then others that need a look, then those without a final answer, then the rest.

    Each in the order of the run, and of those that nobody quit the ones of failed tests first.
    """
    return sorted(tracked_sessions, key=_rank_of)


def _rank_of(tracked: TrackedSession) -> int:
    if is_left_running(tracked):
        return 0 if tracked.was_in_a_failure else 1
    if needs_attention(tracked):
        return 2
    return 3 if lacks_final_answer(tracked) else 4


def uses_by_priority(tracked: TrackedSession) -> list[AttemptRecord]:
    """Return the attempts that used a session, those that failed or disagree first."""
    if len(tracked.uses) == 1:
        return tracked.attempts
    return sorted(tracked.attempts, key=lambda attempt: not (failed(attempt) or attempt.disagrees_with(tracked)))
