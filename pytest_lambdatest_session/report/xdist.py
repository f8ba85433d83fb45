"""pytest-xdist: what passes between the controller and its workers besides reports, and what a dead worker leaves.

Workers capture; the controller asks, when it has credentials. A key that only a worker knows, from a hub's address,
never leaves that worker: then the worker asks, and sends the answers when it ends.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import pytest

from pytest_lambdatest_session.capture.recorder import payload_of
from pytest_lambdatest_session.capture.untouched import untouched
from pytest_lambdatest_session.cloud.errors import NO_CREDENTIALS
from pytest_lambdatest_session.report.journal import LOST_ATTRIBUTE, read_journal
from pytest_lambdatest_session.report.outcomes import CRASHED, outcome_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.capture.payload import Payload, Unreported
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.journal import Journal
    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.registry import Registry
    from pytest_lambdatest_session.report.updates import Updates

KEY = "lambdatest"


class WorkerInput(TypedDict):
    """From the controller to each worker, when it starts."""

    account: str | None
    """What tells the worker whether a session was opened by the account of the controller, see `fingerprint`."""
    salt: str
    journal: str


class WorkerOutput(TypedDict):
    """From each worker to the controller, when it ends in good order."""

    unreported: Unreported
    answers: list[ReportedSession]
    problems: list[tuple[str, int]]


class XdistController:
    """The hooks of xdist in the controller."""

    def __init__(self, registry: Registry, problems: Problems, account: Callable[[], Credentials | None]) -> None:
        self._registry = registry
        self._problems = problems
        self._account = account
        self._folder: Path | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        with self._problems.guard():
            account, salt = self._account(), untouched.token()
            worker_input: WorkerInput = {
                "account": None if account is None else account.fingerprint(salt),
                "salt": salt,
                "journal": str(self._journal_of(node)),
            }
            node.workerinput[KEY] = worker_input

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        with self._problems.guard():
            output = getattr(node, "workeroutput", {}).get(KEY)
            if output is not None:
                self._take(output, str(node.gateway.id))
            elif error is not None:
                self._take_journal(node)

    def close(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _take(self, output: WorkerOutput, worker: str) -> None:
        self._registry.merge_unreported(output["unreported"], worker)
        for told in output["answers"]:
            self._registry.update_from(told)
        for problem, times in output["problems"]:
            self._problems.add(problem, times)

    def _take_journal(self, node: Any) -> None:
        worker = str(node.gateway.id)
        for line in read_journal(self._journal_of(node)):
            self._registry.merge_lost(line, worker, f"its worker {worker} died")
            for tracked in self._registry.find_all([line["session"]["id"]]):
                if tracked.own_account:
                    self._registry.give_up(tracked, NO_CREDENTIALS)

    def _journal_of(self, node: Any) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="lambdatest-session-"))
        return self._folder / f"{node.gateway.id}.jsonl"


class XdistWorker:
    """The hooks of a worker, besides those of the recorder."""

    def __init__(
        self,
        config: pytest.Config,
        registry: Registry,
        updates: Callable[[], Updates],
        problems: Problems,
        *,
        unreported: Callable[[], Unreported],
        before_log: Callable[[pytest.TestReport], None],
        journal: Journal | None,
    ) -> None:
        self._config = config
        self._registry = registry
        self._updates = updates
        self._problems = problems
        self._unreported = unreported
        self._before_log = before_log
        self._journal = journal

    # Plain: before xdist's own sends the report, and after hooks of the suite that are in a hurry to change it.
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        with self._problems.guard():
            self._before_log(report)
            payload = payload_of(report)
            if payload is not None:
                self._updates().look_at(session["id"] for session in payload["sessions"])
                self._conclude(report, payload)
            elif report.when == CRASHED and self._journal:  # pragma: no cover - pytest-forked, tested with pytest 8
                setattr(report, LOST_ATTRIBUTE, self._journal.lost(report.nodeid, self._registry))

    def _conclude(self, report: pytest.TestReport, payload: Payload) -> None:
        attempt = self._registry.merge_attempt(payload, report.nodeid, self._config.workerinput["workerid"])  # type: ignore[attr-defined]
        if attempt is not None:
            attempt.log(report)
            attempt.record_outcome(outcome_after(report, attempt.outcome))
            self._updates().record_outcome(report, attempt)

    def pytest_runtest_logfinish(self) -> None:
        with self._problems.guard():
            if self._registry.sessions:
                self._updates().flush()

    # Last, after the suite's own, which may quit drivers; xdist's own is a wrapper, and sends the output after this.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        with self._problems.guard():
            unreported = self._unreported()
            self._registry.merge_unreported(unreported, self._config.workerinput["workerid"])  # type: ignore[attr-defined]
            if self._registry.sessions:
                self._updates().finish(interrupted=exitstatus == pytest.ExitCode.INTERRUPTED)
            answers = [tracked.public for tracked in self._registry.sessions.values() if tracked.was_asked_about]
            output: WorkerOutput = {"unreported": unreported, "answers": answers, "problems": list(self._problems)}
            self._config.workeroutput[KEY] = output  # type: ignore[attr-defined]
