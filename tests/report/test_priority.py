"""A reader sees first what needs a look."""

from __future__ import annotations

from made_up_runs import MadeUpRun
from pytest_lambdatest_session.report.priority import by_priority, disagreement_on, needs_attention, uses_by_priority


def test_sessions_of_failed_tests_come_first_then_those_that_are_not_settled() -> None:
    run = MadeUpRun()
    for name in ("fine", "open", "red", "contradicted", "missing", "fine_too"):
        run.attempt(f"test_x.py::{name}", "failed" if name == "red" else "passed", name)
        run.says(name)
    run.says_not("open", "pending")
    run.says_not("missing", "not_found")
    run.says("contradicted", status="failed")
    assert [tracked.id for tracked in by_priority(run.registry.sessions.values())] == [
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
    assert [tracked.id for tracked in by_priority(run.registry.sessions.values())] == ["s2", "s1"]


def test_of_the_tests_of_a_session_those_that_failed_come_first() -> None:
    run = MadeUpRun()
    for name, outcome in (("a", "passed"), ("b", "failed"), ("c", "skipped"), ("d", "error")):
        run.attempt(name, outcome, "s1")  # type: ignore[arg-type]
    tracked = run.says("s1")
    assert [attempt.nodeid for attempt in uses_by_priority(tracked)] == ["b", "d", "a", "c"]
    assert needs_attention(tracked)
    assert disagreement_on(tracked) is None


def test_the_attempt_that_the_cloud_contradicts_is_found() -> None:
    run = MadeUpRun()
    run.attempt("a", "passed", "s1")
    red = run.attempt("b", "failed", "s1")
    tracked = run.says("s1", status="passed")
    assert disagreement_on(tracked) is red
