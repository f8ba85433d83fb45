"""Which sessions have artifacts saved, under which names, and what is read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pytest_lambdatest_session.cloud.chores import Chores
from pytest_lambdatest_session.report.settling.artifacts import Artifacts, folder_name, text_reader

from ledgers import MadeUpRun
from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.problems import Problems

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_lambdatest_session.credentials import Credentials


def save(run: MadeUpRun, folder: Path) -> list[str]:
    """Save without credentials, so that nobody is asked; what the user is told."""
    faults: list[Exception] = []

    def connect(base_url: str, credentials: Credentials) -> Client:
        return Client(base_url, credentials, timeout_seconds=1)

    problems = Problems()
    Artifacts(
        run.ledger,
        Chores(connect, "artifacts", threads=2, on_fault=faults.append),
        folder,
        lambda _: None,
        frozenset,
        problems,
        api_url=None,
        of_all=True,
        budget_seconds=30,
        limit_bytes=10**6,
    ).save()
    assert faults == []
    return [problem for problem, _ in problems]


def test_of_very_many_sessions_a_thousand_are_saved_those_of_failed_tests_first(tmp_path: Path) -> None:
    run = MadeUpRun()
    for number in range(1001):
        run.attempt(f"test_{number}", "passed", f"s{number}")
        run.says(f"s{number}", status="passed")
    run.attempt("test_red", "failed", "red")
    run.says("red", status="failed")
    told = save(run, tmp_path / "artifacts")
    assert "artifacts were saved of 1,000 of 1,002 sessions" in told
    tried = {entry.id for entry in run.ledger.entries.values() if entry.public["artifacts_missing"]}
    assert len(tried) == 1000
    assert "red" in tried


def test_logs_that_another_machine_saved_are_not_read(tmp_path: Path) -> None:
    """A worker there tells of files that are not here."""
    run = MadeUpRun()
    run.attempt("test_red", "failed", "s1")
    entry = run.says("s1", status="failed")
    entry.public["artifacts"]["command"] = "artifacts/s1/command-log.json"
    save(run, tmp_path / "artifacts")
    assert entry.saved_logs is not None
    assert entry.saved_logs.commands == []


@pytest.mark.parametrize(
    ("session_id", "starts"),
    [
        ("a1b2-c3", "a1b2-c3"),
        ("../../etc/passwd", "_.._etc_passwd-"),
        ("..", "-"),
        ("C:\\session", "C__session-"),
        ("x" * 300, "x" * 80 + "-"),
        ("\ud800", "_-"),
    ],
)
def test_a_folder_is_named_as_its_session_as_far_as_that_is_a_name(session_id: str, starts: str) -> None:
    name = folder_name(session_id)
    assert name.startswith(starts)
    assert (name == session_id) is (starts == session_id)
    assert len(name) < 100


def test_names_that_had_to_be_changed_stay_apart() -> None:
    assert len({folder_name(session_id) for session_id in ("a/b", "a_b", "a\\b", "a:b")}) == 4


def test_only_short_texts_are_read_for_a_page_that_stands_by_itself(tmp_path: Path) -> None:
    for name, content in {"short.json": b"[1]", "odd.txt": b"\xff", "long.json": b" " * 70_000, "v.mp4": b"v"}.items():
        (tmp_path / name).write_bytes(content)
    read = text_reader(tmp_path)
    assert [read(name) for name in ("short.json", "odd.txt", "long.json", "v.mp4", "gone.json")] == [
        *("[1]", "\N{REPLACEMENT CHARACTER}"),
        *(None, None, None),
    ]
