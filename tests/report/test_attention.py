"""A reader sees first what needs a look."""

from __future__ import annotations

from ledgers import MadeUpRun
from pytest_lambdatest_session.report.attention import by_need, disagreement_on, needs_a_look, uses_by_need


def test_sessions_of_failed_tests_come_first_then_those_that_are_not_settled() -> None:
    run = MadeUpRun()
    for name in ("fine", "open", "red", "contradicted", "missing", "fine_too"):
        run.attempt(f"test_x.py::{name}", "failed" if name == "red" else "passed", name)
        run.says(name)
    run.says_not("open", "pending")
    run.says_not("missing", "not_found")
    run.says("contradicted", status="failed")
    assert [entry.id for entry in by_need(run.ledger.entries.values())] == [
        "red",
        "contradicted",
        "open",
        "missing",
        "fine",
        "fine_too",
    ]


def test_a_session_that_nobody_asked_about_is_not_unsettled() -> None:
    run = MadeUpRun(checked=False)
    run.attempt("test_x.py::test", "passed", "s1")
    run.attempt("test_x.py::red", "error", "s2")
    assert [entry.id for entry in by_need(run.ledger.entries.values())] == ["s2", "s1"]


def test_of_the_tests_of_a_session_those_that_failed_come_first() -> None:
    run = MadeUpRun()
    for name, outcome in (("a", "passed"), ("b", "failed"), ("c", "skipped"), ("d", "error")):
        run.attempt(name, outcome, "s1")  # type: ignore[arg-type]
    entry = run.says("s1")
    assert [attempt.nodeid for attempt in uses_by_need(entry)] == ["b", "d", "a", "c"]
    assert needs_a_look(entry)
    assert disagreement_on(entry) is None


def test_the_attempt_that_the_cloud_contradicts_is_found() -> None:
    run = MadeUpRun()
    run.attempt("a", "passed", "s1")
    red = run.attempt("b", "failed", "s1")
    entry = run.says("s1", status="passed")
    assert disagreement_on(entry) is red
