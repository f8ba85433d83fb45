"""pytest-xdist: what passes between the controller and its workers besides reports, and what a dead worker leaves.

Workers capture; the controller asks, when it has credentials. A key that only a worker knows, from a hub's address,
never leaves that worker: then the worker asks, and sends the answers.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import pytest

from pytest_lambdatest_session.capture.recorder import CARRY_ATTRIBUTE
from pytest_lambdatest_session.credentials import credentials_from
from pytest_lambdatest_session.report.outcomes import outcome_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_lambdatest_session.capture.carried import CarriedSession, Carry
    from pytest_lambdatest_session.capture.uses import Attempt
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.ledger import Ledger
    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.updates import Updates

KEY = "lambdatest"


class WorkerInput(TypedDict):
    """From the controller to each worker, when it starts."""

    asks: bool
    journal: str


class WorkerOutput(TypedDict):
    """From each worker to the controller, when it ends in good order."""

    leftover: Carry
    answers: list[ReportedSession]
    problems: list[tuple[str, int]]


class _JournalLine(TypedDict):
    session: CarriedSession
    nodeid: str | None
    attempt: int


class XdistController:
    """The hooks of xdist in the controller."""

    def __init__(self, ledger: Ledger, problems: Problems) -> None:
        self._ledger = ledger
        self._problems = problems
        self._folder: Path | None = None
        self.workers_ask = credentials_from(os.environ) is None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        with self._problems.guard():
            worker_input: WorkerInput = {"asks": self.workers_ask, "journal": str(self._journal_of(node))}
            node.workerinput[KEY] = worker_input

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        with self._problems.guard():
            output = getattr(node, "workeroutput", {}).get(KEY)
            if output is not None:
                self._take(output)
            elif error is not None:
                self._take_journal(node)

    def close(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _take(self, output: WorkerOutput) -> None:
        self._ledger.learn(output["leftover"])
        self._ledger.refusals.extend(output["leftover"]["refusals"])
        for told in output["answers"]:
            self._ledger.adopt(told)
        for problem, times in output["problems"]:
            self._problems.add(problem, times)

    def _take_journal(self, node: Any) -> None:
        worker = str(node.gateway.id)
        for line in _read_journal(self._journal_of(node)):
            session = line["session"]
            carry: Carry = {"attempt": line["attempt"], "uses": [], "sessions": [session], "refusals": []}
            if line["nodeid"] is None:
                self._ledger.learn(carry)
            else:
                at = session["started_at"] or 0.0
                carry["uses"] = [{"id": session["id"], "created": True, "first_at": at, "last_at": at}]
                self._ledger.learn_lost_attempt(carry, line["nodeid"], worker)
            self._ledger.note(session["id"], f"its worker {worker} died")

    def _journal_of(self, node: Any) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="lambdatest-session-"))
        return self._folder / f"{node.gateway.id}.jsonl"


class Journal:
    """A line per session that a worker started, for the case that it dies and its reports with it.

    Holds no more than reports carry. A worker on another machine has no such folder: its journal is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, session: CarriedSession, attempt: Attempt | None) -> None:
        line: _JournalLine = {
            "session": session,
            "nodeid": attempt.nodeid if attempt is not None else None,
            "attempt": attempt.number if attempt is not None else 0,
        }
        if self._path.parent.is_dir():
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def _read_journal(path: Path) -> Iterator[_JournalLine]:
    if not path.is_file():
        return
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line: _JournalLine = json.loads(text)
        except ValueError:
            continue  # the worker died while it wrote
        yield line


class XdistWorker:
    """The hooks of a worker, besides those of the recorder. `updates` is None if the controller asks."""

    def __init__(
        self,
        config: pytest.Config,
        ledger: Ledger,
        updates: Updates | None,
        problems: Problems,
        *,
        leftover: Callable[[], Carry],
        reported: Callable[[Carry], None],
    ) -> None:
        self._config = config
        self._ledger = ledger
        self._updates = updates
        self._problems = problems
        self._leftover = leftover
        self._reported = reported

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        carry: Carry | None = getattr(report, CARRY_ATTRIBUTE, None)
        if carry is not None:
            with self._problems.guard():
                self._reported(carry)
                if self._updates is not None:
                    self._updates.look_at(session["id"] for session in carry["sessions"])
                self._conclude(report, carry)

    def _conclude(self, report: pytest.TestReport, carry: Carry) -> None:
        attempt = self._ledger.learn_attempt(carry, report.nodeid, self._config.workerinput["workerid"])  # type: ignore[attr-defined]
        if attempt is not None:
            attempt.conclude(outcome_after(report, attempt.outcome))
            if self._updates is not None:
                self._updates.conclude(report, attempt)

    def pytest_runtest_logfinish(self) -> None:
        if self._updates is not None:
            with self._problems.guard():
                self._updates.flush()

    # Plain: xdist's own wrapper sends the output after this.
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        with self._problems.guard():
            leftover = self._leftover()
            self._ledger.learn(leftover)
            answers = []
            if self._updates is not None:
                self._updates.finish(interrupted=exitstatus == pytest.ExitCode.INTERRUPTED)
                answers = [entry.public for entry in self._ledger.entries.values()]
            output: WorkerOutput = {"leftover": leftover, "answers": answers, "problems": list(self._problems)}
            self._config.workeroutput[KEY] = output  # type: ignore[attr-defined]
