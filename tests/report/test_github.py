"""The job's summary on GitHub: rows for failed tests, and for those that LambdaTest contradicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from made_up_runs import MadeUpRun
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.github import GithubSummary

if TYPE_CHECKING:
    from pathlib import Path


def rows_of(run: MadeUpRun, folder: Path) -> list[str]:
    path = folder / "summary.md"
    GithubSummary(path, run.registry, Problems()).bind()
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("| test")]


def test_a_contradicted_test_says_so_and_a_session_without_an_answer_has_no_duration(tmp_path: Path) -> None:
    run = MadeUpRun()
    run.attempt("test_green", "passed", "s1")
    run.attempt("test_contradicted", "passed", "s2")
    run.attempt("test_red", "failed", "s3")
    run.says("s1", status="passed")
    run.says("s2", status="failed", duration=61.0)
    run.says_not("s3", "pending")
    contradicted, red = rows_of(run, tmp_path)
    assert contradicted.startswith("| test\\_contradicted passed | failed, 1 min 01 s, disagrees | [session](<")
    assert red.startswith("| test\\_red failed | pending | [session](<")


def test_where_nothing_failed_nothing_is_written(tmp_path: Path) -> None:
    run = MadeUpRun()
    run.attempt("test_green", "passed", "s1")
    run.says("s1", status="passed")
    GithubSummary(tmp_path / "summary.md", run.registry, Problems()).bind()
    assert list(tmp_path.iterdir()) == []
