"""The job's summary on GitHub: counts, and rows for failed tests and for those that LambdaTest contradicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from made_up_runs import MadeUpRun
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.github import GithubSummary

if TYPE_CHECKING:
    from pathlib import Path


def lines_of(run: MadeUpRun, folder: Path, **failures: str) -> list[str]:
    """The summary of a run whose tests failed with these messages."""
    path = folder / "summary.md"
    summary = GithubSummary(path, run.registry, Problems())
    for attempt in run.registry.attempts.values():
        attempt.failure = failures.get(attempt.nodeid, "")
    summary.bind()
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def test_totals_and_each_failure_with_its_first_line(tmp_path: Path) -> None:
    run = MadeUpRun()
    run.attempt("test_green", "passed", "s1")
    run.attempt("test_contradicted", "passed", "s2")
    run.attempt("test_red", "failed", "s3")
    run.attempt("test_refused", "error", refused=("SessionNotCreatedException",))
    run.attempt("test_chat", "failed", "s4", "s5")
    run.says("s4", name="Ada")
    run.says("s5")
    run.says("s1", status="passed")
    run.says("s2", status="failed", duration=61.0)
    run.says_not("s3", "pending")
    lines = lines_of(run, tmp_path, test_red="assert '***' | 1\nmore", test_refused="no\x1b[2J")
    assert lines[:5] == [
        "### LambdaTest sessions",
        "",
        "5 sessions: 1 failed, 1 pending, 2 completed, 1 passed",
        "",
        "| Test | Failure | Session | Links |",
    ]
    contradicted, red, refused, ada, other = lines[6:11]
    marked = "marked failed at LambdaTest, passed in pytest, 1 min 01 s"
    assert contradicted.startswith(f"| test\\_contradicted passed |  | {marked} | [session](<")
    assert red.startswith(r"| test\_red failed | assert '\*\*\*' \| 1 | pending | [session](<")
    assert refused == r"| test\_refused error | no\\x1b\[2J | refused | |"
    assert ada.startswith(r"| test\_chat failed |  | Ada: completed, 1 min 00 s | [session](<")
    assert "| session 2 of 2: completed, 1 min 00 s |" in other


def test_where_nothing_failed_there_are_totals_alone(tmp_path: Path) -> None:
    run = MadeUpRun()
    assert lines_of(run, tmp_path) == []
    run.attempt("test_green", "passed", "s1")
    run.says("s1", status="passed")
    assert lines_of(run, tmp_path) == ["### LambdaTest sessions", "", "1 session: 1 passed", ""]


def test_a_run_whose_only_session_was_refused_has_no_totals(tmp_path: Path) -> None:
    run = MadeUpRun()
    run.attempt("test_refused", "error", refused=("SessionNotCreatedException",))
    assert lines_of(run, tmp_path)[:3] == [
        "### LambdaTest sessions",
        "",
        "| Test | Failure | Session | Links |",
    ]
