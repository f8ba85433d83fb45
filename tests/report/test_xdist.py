"""What the controller makes of a worker that went: of its output, or of the journal that it left."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_lambdatest_session.capture.tracker import Attempt
from pytest_lambdatest_session.cloud.errors import NO_CREDENTIALS
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.journal import Journal
from pytest_lambdatest_session.report.registry import Registry
from pytest_lambdatest_session.report.xdist import KEY, XdistController

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CRASH = "Not properly terminated"


class Run:
    """A controller with a worker, as much of it as the hooks are given."""

    def __init__(self) -> None:
        self.registry, self.problems = Registry(), Problems()
        self.controller = XdistController(self.registry, self.problems, lambda: None)
        self.node: Any = SimpleNamespace(gateway=SimpleNamespace(id="gw0"), workerinput={})
        self.controller.pytest_configure_node(self.node)
        self.journal: str = self.node.workerinput[KEY]["journal"]


@pytest.fixture
def run() -> Iterator[Run]:
    made = Run()
    yield made
    made.controller.close()


def session(session_id: str) -> Any:
    return {"id": session_id, "hub": "hub.lambdatest.com", "started_at": 1000.0, "ended_at": None}


def test_a_line_that_a_dying_worker_did_not_finish_costs_no_other(run: Run, tmp_path: Path) -> None:
    journal = Journal.at(tmp_path.joinpath(run.journal))
    journal(session("of no test"), None)
    journal(session("of a test"), Attempt("a", "test_x.py::test_dies", 1))
    with tmp_path.joinpath(run.journal).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"session": session("half")})[:-20])
    journal.close()
    run.controller.pytest_testnodedown(run.node, CRASH)
    assert list(run.problems) == []
    assert {tracked.id: [one.nodeid for one in tracked.attempts] for tracked in run.registry.sessions.values()} == {
        "of no test": [],
        "of a test": ["test_x.py::test_dies"],
    }
    assert {tracked.public["error"] for tracked in run.registry.sessions.values()} == {"its worker gw0 died"}


def test_a_session_whose_account_died_with_its_worker_is_not_asked_for(run: Run, tmp_path: Path) -> None:
    journal = Journal.at(tmp_path.joinpath(run.journal))
    journal(session("of the run's account"), None)
    journal(session("of its own") | {"own_account": True}, None)
    journal.close()
    run.controller.pytest_testnodedown(run.node, CRASH)
    assert {tracked.id: tracked.public["error"] for tracked in run.registry.sessions.values()} == {
        "of the run's account": "its worker gw0 died",
        "of its own": f"its worker gw0 died; {NO_CREDENTIALS}",
    }


@pytest.mark.parametrize("error", [None, CRASH], ids=["ended", "died"])
def test_a_worker_that_told_nothing_leaves_nothing(run: Run, error: str | None) -> None:
    """On a machine without this plugin, or dead before it opened a browser."""
    run.controller.pytest_testnodedown(run.node, error)
    assert list(run.problems) == []
    assert run.registry.sessions == {}


def test_a_worker_on_another_machine_has_no_folder_for_its_journal_and_keeps_none(tmp_path: Path) -> None:
    journal = Journal.at(tmp_path / "elsewhere" / "gw0.jsonl")
    journal(session("s1"), None)
    journal.close()
    assert list(tmp_path.iterdir()) == []
