"""The outcome of an attempt from the reports of its phases, in pytest's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from pytest_lambdatest_session.report.records import Outcome


CRASHED = "???"
"""The phase on the report of a test that ended its process, or the worker it ran in."""

_OWN_WORDS = ("passed", "failed", "skipped")


def outcome_after(report: pytest.TestReport, before: Outcome | None) -> Outcome | None:
    """Return the attempt's outcome once `report` is known, given what it was `before`.

    Subtests report several times in the call phase: what failed stays failed.
    """
    if report.outcome not in _OWN_WORDS:
        return "rerun"  # as pytest-rerunfailures has it; pytest-retry says "retried", or what the suite chose
    if before in ("failed", "rerun"):
        return before
    if report.when in ("call", CRASHED):
        return _outcome_of_call(report)
    if report.outcome == "failed":
        return "error"
    if report.outcome == "skipped":
        return _outcome_of_call(report)
    return before


def _outcome_of_call(report: pytest.TestReport) -> Outcome:
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.outcome == "skipped" else "xpassed"
    return report.outcome
