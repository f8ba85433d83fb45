"""The pytest hooks of the process that writes reports: merge payloads, and render before the writers run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.capture.recorder import ATTEMPT_ATTRIBUTE, PAYLOAD_ATTRIBUTE, payload_of
from pytest_lambdatest_session.capture.untouched import untouched
from pytest_lambdatest_session.report.journal import LOST_ATTRIBUTE
from pytest_lambdatest_session.report.outcomes import CRASHED, outcome_after
from pytest_lambdatest_session.report.properties import SESSIONS_ATTRIBUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from typing import Protocol

    from pytest_lambdatest_session.capture.payload import Payload, SessionPayload, Unreported
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.journal import Journal, JournalLine
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry
    from pytest_lambdatest_session.report.updates import Updates

    class Output(Protocol):
        """One place where people read about sessions."""

        def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
            """Take note of a report, before anybody else sees it logged, and give it what is known already.

            Called again for a report whose outcome changed while it was logged.
            """

        def bind(self) -> None:
            """Bring everything attached up to date, before the report writers run.

            Called again if the suite ended sessions after that.
            """


INTERRUPTED = 2
_INTERRUPTED_LINE = "interrupted at the end of the run; the reports may lack what LambdaTest said"
_LOST_NOTE = "the process of its test died"


class Controller:
    """Owns what the run knows about its sessions. `updates` is called when there is one.

    `before_log` brings a report's payload up to date, `unreported` gives what this process knows, for the end of the
    run, and `changed` what it knows of sessions that changed since reports were made.
    """

    def __init__(
        self,
        config: pytest.Config,
        registry: Registry,
        updates: Callable[[], Updates],
        outputs: Sequence[Output],
        problems: Problems,
        *,
        unreported: Callable[[], Unreported],
        changed: Callable[[], list[SessionPayload]],
        before_log: Callable[[pytest.TestReport], None],
        journal: Journal | None,
    ) -> None:
        self._config = config
        self._registry = registry
        self._updates = updates
        self._outputs = outputs
        self._problems = problems
        self._unreported = unreported
        self._changed = changed
        self._before_log = before_log
        self._journal = journal
        self._process = untouched.getpid()
        self._exit_status = 0

    # Before LogXML, pytest-html and the others look at the report; and after the terminal's own hook, which makes a
    # test with failed subtests a failed one.
    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, None, None]:
        logged_as = getattr(report, ATTEMPT_ATTRIBUTE, None)
        with self._problems.guard():
            self._before_log(report)
        # As by pytest-parallel, which logs the report in this process's parent as well.
        if untouched.getpid() != self._process:  # pragma: no cover - a forked process, tested with pytest 8
            yield
            return
        attempt, outcome = self._take_guarded(report), report.outcome
        attempt_id = report.__dict__.pop(ATTEMPT_ATTRIBUTE, None)
        if logged_as not in (None, attempt_id) and logged_as in self._registry.attempts:
            self._registry.attempts[logged_as].detach(report.user_properties)
        yield
        if attempt_id is not None:
            setattr(report, ATTEMPT_ATTRIBUTE, attempt_id)
        if attempt is not None and report.outcome != outcome:
            with self._problems.guard():
                self._before_log(report)
            self._take_guarded(report)

    # Between tests: what a test replaced for itself is gone by now.
    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self) -> None:
        with self._problems.guard():
            if self._registry.sessions:
                self._updates().flush()

    # A plain implementation would come after pytest-json-report, which is in a hurry too.
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> Generator[None, None, None]:
        if untouched.getpid() == self._process:  # pragma: no branch - a forked process, tested with pytest 8
            self._exit_status = exitstatus
            self._survive(self._finish, self._call_user_hooks, *(output.bind for output in self._outputs))
        yield

    def finish_again(self) -> None:
        """Take in sessions that the suite's own hooks ended since, if any, and bring the outputs up to date."""
        if untouched.getpid() != self._process:  # pragma: no cover - a forked process, tested with pytest 8
            return
        changed = self._changed()
        ended = {known for known in self._registry.find_all(session["id"] for session in changed) if known.ended}
        if any(tracked.ended and tracked not in ended for tracked in self._registry.merge(changed)):
            self._survive(self._finish, *(output.bind for output in self._outputs))

    def _survive(self, *steps: Callable[[], None]) -> None:
        for step in steps:
            self._problems.survive(step, _INTERRUPTED_LINE)

    def _call_user_hooks(self) -> None:
        if not self._registry.sessions:
            return
        # Loaded by runs that had sessions.
        from pytest_lambdatest_session.report.user_hooks import call_user_hooks  # noqa: PLC0415

        call_user_hooks(self._config, self._registry, self._problems)

    def _take_guarded(self, report: pytest.TestReport) -> AttemptRecord | None:
        attempt: AttemptRecord | None = None
        with self._problems.guard():
            attempt = self._take(report)
        return attempt  # noqa: RET504 - None where that failed

    def _take(self, report: pytest.TestReport) -> AttemptRecord | None:
        payload = payload_of(report)
        report.__dict__.pop(PAYLOAD_ATTRIBUTE, None)
        lost: list[JournalLine] | None = report.__dict__.pop(LOST_ATTRIBUTE, None)
        if payload is not None:
            attempt = self._merge(report, payload)
        elif report.when == CRASHED:
            return self._take_crash(report, lost)
        else:
            attempt = self._registry.attempts.get(getattr(report, ATTEMPT_ATTRIBUTE, ""))
        if attempt is not None:
            self._log(report, attempt)
        return attempt

    def _merge(self, report: pytest.TestReport, payload: Payload) -> AttemptRecord | None:
        worker: str | None = getattr(report, "worker_id", None)
        attempt = self._registry.merge_attempt(payload, report.nodeid, worker)
        if worker is not None:
            for told in getattr(report, SESSIONS_ATTRIBUTE, ()):
                self._registry.update_from(told)
        self._updates().look_at(session["id"] for session in payload["sessions"])
        return attempt

    def _take_crash(self, report: pytest.TestReport, lost: list[JournalLine] | None) -> AttemptRecord | None:
        worker: str | None = getattr(report, "worker_id", None)
        node = getattr(report, "node", None)
        if worker is None and node is not None:
            attempts = self._registry.unfinished(report.nodeid, node.gateway.id)
        else:  # pragma: no cover - pytest-forked, tested with pytest 8
            if lost is None:
                lost = self._journal.lost(report.nodeid, self._registry) if self._journal is not None else []
            found = [self._registry.merge_lost(line, worker, _LOST_NOTE) for line in lost]
            attempts = list(dict.fromkeys(attempt for attempt in found if attempt is not None))
        for attempt in attempts:
            self._log(report, attempt)
        return None

    def _log(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        attempt.log(report)
        attempt.record_outcome(outcome_after(report, attempt.outcome))
        with self._problems.guard():
            self._updates().record_outcome(report, attempt)
        for output in self._outputs:
            with self._problems.guard():
                output.attach(report, attempt)

    def _finish(self) -> None:
        self._registry.merge_unreported(self._unreported(), None)
        if self._registry.sessions:
            self._updates().finish(interrupted=self._exit_status == INTERRUPTED)


class LateQuits:
    """The hooks that run after the suite's own `pytest_sessionfinish`, which may quit drivers."""

    def __init__(self, controller: Controller, problems: Problems) -> None:
        self._controller = controller
        self._problems = problems

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        self._look()

    # Just before pytest-html writes, and before the terminal's section.
    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_html_results_summary(self) -> None:
        self._look()

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self) -> None:
        self._look()

    def _look(self) -> None:
        with self._problems.guard():
            self._controller.finish_again()
