"""The pytest hooks of the process that writes reports: learn, follow, and bind before the writers run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.capture.recorder import CARRY_ATTRIBUTE
from pytest_lambdatest_session.report.outcomes import outcome_after
from pytest_lambdatest_session.report.properties import ANSWERS_ATTRIBUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from typing import Protocol

    from pytest_lambdatest_session.capture.carried import Carry
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Ledger
    from pytest_lambdatest_session.report.updates import Updates

    class Output(Protocol):
        """One place where people read about sessions."""

        def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
            """Take note of a report, before anybody else sees it logged, and give it what is known already."""

        def bind(self) -> None:
            """Bring everything attached up to date; called once, before the report writers run."""


INTERRUPTED = 2
_INTERRUPTED_LINE = "interrupted at the end of the run; the reports may lack what LambdaTest said"
CRASHED = "???"
"""xdist's phase for the test in which a worker died."""


class Controller:
    """Owns what the run knows about its sessions.

    `leftover` is what no report carried, asked for when the run ends; `reported` hears of sessions that a report did
    carry.
    """

    def __init__(
        self,
        config: pytest.Config,
        ledger: Ledger,
        updates: Updates,
        outputs: Sequence[Output],
        problems: Problems,
        *,
        leftover: Callable[[], Carry],
        reported: Callable[[Carry], None],
    ) -> None:
        self._config = config
        self._ledger = ledger
        self._updates = updates
        self._outputs = outputs
        self._problems = problems
        self._leftover = leftover
        self._reported = reported

    # Before LogXML, pytest-html and the others look at the report.
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        carry: Carry | None = report.__dict__.pop(CARRY_ATTRIBUTE, None)
        if carry is not None:
            with self._problems.guard():
                self._take(report, carry)
        elif report.when == CRASHED:
            with self._problems.guard():
                self._take_crash(report)

    # Between tests: what a test replaced for itself is gone by now.
    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self) -> None:
        with self._problems.guard():
            self._updates.flush()

    # A plain implementation would come after pytest-json-report, which is in a hurry too.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> Generator[None, None, None]:
        steps = [lambda: self._finish(interrupted=exitstatus == INTERRUPTED), self._call_user_hooks]
        for step in (*steps, *(output.bind for output in self._outputs)):
            self._problems.survive(step, _INTERRUPTED_LINE)
        return (yield)

    def _call_user_hooks(self) -> None:
        if not self._ledger.entries:
            return
        # Loaded by runs that had sessions.
        from pytest_lambdatest_session.report.user_hooks import call_user_hooks  # noqa: PLC0415

        call_user_hooks(self._config, self._ledger, self._problems)

    def _take(self, report: pytest.TestReport, carry: Carry) -> None:
        worker: str | None = getattr(report, "worker_id", None)
        self._reported(carry)
        attempt = self._ledger.learn_attempt(carry, report.nodeid, worker)
        for told in report.__dict__.pop(ANSWERS_ATTRIBUTE, ()):
            self._ledger.adopt(told)
        self._updates.look_at(session["id"] for session in carry["sessions"])
        if attempt is not None:
            attempt.conclude(outcome_after(report, attempt.outcome))
            self._updates.conclude(report, attempt)
            self._attach(report, attempt)

    def _take_crash(self, report: pytest.TestReport) -> None:
        worker = report.node.gateway.id
        for attempt in self._ledger.unfinished(report.nodeid, worker):
            attempt.conclude("failed")
            self._attach(report, attempt)

    def _attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        for output in self._outputs:
            with self._problems.guard():
                output.attach(report, attempt)

    def _finish(self, *, interrupted: bool) -> None:
        leftover = self._leftover()
        self._ledger.learn(leftover)
        self._ledger.refusals.extend(leftover["refusals"])
        self._updates.finish(interrupted=interrupted)
