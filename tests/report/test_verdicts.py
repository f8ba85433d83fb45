"""What pytest's outcomes make of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_lambdatest_session.report.failures import message_of
from pytest_lambdatest_session.report.marking import verdict_on
from pytest_lambdatest_session.report.registry import AttemptRecord

if TYPE_CHECKING:
    from pytest_lambdatest_session.report.records import Outcome


def attempts(*outcomes: Outcome | None) -> list[AttemptRecord]:
    return [attempt(f"test_{number}", 1, outcome) for number, outcome in enumerate(outcomes)]


def attempt(nodeid: str, number: int, outcome: Outcome | None) -> AttemptRecord:
    made = AttemptRecord(f"{nodeid}.{number}", nodeid, None, number)
    made.record_outcome(outcome)
    return made


def status_of(ones: list[AttemptRecord], kind: str = "web") -> str | None:
    verdict = verdict_on(ones, {}, "app" if kind == "app" else "web")
    return None if verdict is None else verdict[0]


@pytest.mark.parametrize(
    ("outcomes", "web", "app"),
    [
        (("passed", "failed", "error"), "failed", "failed"),
        (("passed", "rerun"), "failed", "failed"),
        (("passed", "error", "skipped"), "error", "failed"),
        (("skipped", "passed"), "passed", "passed"),
        (("xfailed",), "passed", "passed"),
        (("xpassed",), "passed", "passed"),
        (("skipped", "skipped"), "skipped", None),
        ((None,), None, None),
        ((), None, None),
    ],
)
def test_the_worst_of_its_tests_is_the_sessions(
    outcomes: tuple[Outcome, ...], web: str | None, app: str | None
) -> None:
    assert status_of(attempts(*outcomes)) == web
    assert status_of(attempts(*outcomes), "app") == app


def test_the_last_attempt_of_a_test_counts() -> None:
    first, last = attempt("test_a", 1, "rerun"), attempt("test_a", 2, "passed")
    assert status_of([last, first]) == "passed"


def test_the_reason_names_the_test_if_there_are_several() -> None:
    alone, several = attempts("failed"), attempts("passed", "failed", "failed")
    assert verdict_on(alone, {alone[0]: "boom"}, "web") == ("failed", "boom")
    reasons = dict.fromkeys(several, "boom")
    assert verdict_on(several, reasons, "web") == ("failed", "test_1: boom (and 1 more test)")
    assert verdict_on(attempts("passed"), {}, "web") == ("passed", "")


@pytest.mark.parametrize(
    ("longrepr", "message"),
    [
        (None, ""),
        ("a traceback\nE   RuntimeError: boom\nmore", "RuntimeError: boom"),
        (("test_x.py", 3, "Skipped: not here"), "Skipped: not here"),
    ],
    ids=["another plugin's", "text", "skipped"],
)
def test_a_report_without_a_traceback_has_a_message_too(longrepr: Any, message: str) -> None:
    report = pytest.TestReport("test_x.py::test", ("test_x.py", 3, "test"), {}, "failed", longrepr, "call")
    assert message_of(report) == message
