"""Which sessions, and which of their tests, a reader wants to see first. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.ledger import FAILED_OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_lambdatest_session.report.ledger import AttemptRecord, Entry

_UNSETTLED = ("running", "pending", "not_found", "unavailable")


def failed(attempt: AttemptRecord) -> bool:
    return attempt.outcome in FAILED_OUTCOMES


def disagreement_on(entry: Entry) -> AttemptRecord | None:
    """The first attempt whose outcome the cloud's verdict contradicts."""
    return next((attempt for attempt in entry.attempts if attempt.disagrees_with(entry)), None)


def needs_a_look(entry: Entry) -> bool:
    """Whether a test that used it failed, or the cloud's verdict contradicts a test's outcome."""
    return entry.was_in_a_failure or disagreement_on(entry) is not None


def is_unsettled(entry: Entry) -> bool:
    """Whether the cloud was asked and gave no final answer."""
    return entry.public["state"] in _UNSETTLED


def by_need(entries: Iterable[Entry]) -> list[Entry]:
    """Those that need a look, then those without a final answer, then the rest, each in the order of the run."""
    return sorted(entries, key=lambda entry: 0 if needs_a_look(entry) else 1 if is_unsettled(entry) else 2)


def uses_by_need(entry: Entry) -> list[AttemptRecord]:
    """The attempts that used a session, those that failed or disagree first."""
    return sorted(entry.attempts, key=lambda attempt: not (failed(attempt) or attempt.disagrees_with(entry)))
