"""The pytest hooks of the process that writes reports: learn, follow, and bind before the writers run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.capture.recorder import CARRY_ATTRIBUTE
from pytest_lambdatest_session.cloud.follower import Question
from pytest_lambdatest_session.report.annotate import SESSIONS_ATTRIBUTE, update_properties
from pytest_lambdatest_session.report.junit import bind_junit
from pytest_lambdatest_session.report.ledger import sessions_of
from pytest_lambdatest_session.report.outcomes import outcome_after
from pytest_lambdatest_session.report.sessions_file import write_sessions_file
from pytest_lambdatest_session.report.terminal import FailureSections, write_summary
from pytest_lambdatest_session.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from pytest_lambdatest_session.capture.uses import Carry
    from pytest_lambdatest_session.cloud.follower import Follower
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.html import HtmlReport
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Entry, Ledger

INTERRUPTED = 2


class Controller:
    """Owns what the run knows about its sessions.

    `follower` asks the API, or is None if nobody should. `credentials_of` gives the credentials for a session id.
    `leftover` is what no report carried, asked for when the run ends.
    """

    def __init__(
        self,
        config: pytest.Config,
        ledger: Ledger,
        follower: Follower | None,
        html: HtmlReport | None,
        problems: Problems,
        *,
        credentials_of: Callable[[str], Credentials | None],
        leftover: Callable[[], Carry],
        budget_seconds: float,
        sessions_file: Path | None,
    ) -> None:
        self._config = config
        self._ledger = ledger
        self._follower = follower
        self._html = html
        self._problems = problems
        self._credentials_of = credentials_of
        self._leftover = leftover
        self._budget_seconds = budget_seconds
        self._sessions_file = sessions_file
        self._failures = FailureSections()
        self._properties: list[tuple[list[tuple[str, object]], AttemptRecord]] = []

    # Before LogXML, pytest-html and the others look at the report.
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        carry: Carry | None = getattr(report, CARRY_ATTRIBUTE, None)
        if carry is not None:
            with self._problems.guard():
                self._take(report, carry)

    # A plain implementation would come after pytest-json-report, which is in a hurry too.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> Generator[None, None, None]:
        with self._problems.guard():
            self._finish(interrupted=exitstatus == INTERRUPTED)
        return (yield)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._config.get_verbosity() >= 0:
            with self._problems.guard():
                write_summary(terminalreporter, self._ledger, self._problems)

    def stop(self) -> None:
        if self._follower is not None:
            self._follower.stop()

    def _take(self, report: pytest.TestReport, carry: Carry) -> None:
        attempt = self._ledger.learn_attempt(carry, report.nodeid, getattr(report, "worker_id", None))
        for session in carry["sessions"]:
            self._follow_if_ended(self._ledger.entries[session["id"]])
        if attempt is None:
            return
        attempt.conclude(outcome_after(report, attempt.outcome))
        # From here on all reports share the ledger's own dicts, which the end of the run brings up to date.
        setattr(report, SESSIONS_ATTRIBUTE, sessions_of(attempt.entries))
        self._properties.append((report.user_properties, attempt))
        if report.failed:
            self._failures.attach(report, attempt)
        if self._html is not None:
            self._html.attach(report, attempt)

    def _follow_if_ended(self, entry: Entry) -> None:
        if self._follower is not None and entry.ended:
            self._follower.follow(self._question(entry))

    def _question(self, entry: Entry) -> Question:
        return Question(
            session_id=entry.id,
            hub_host=entry.hub,
            kind=entry.kind,
            credentials=self._credentials_of(entry.id),
            ended=entry.ended,
        )

    def _finish(self, *, interrupted: bool) -> None:
        leftover = self._leftover()
        self._ledger.learn(leftover)
        self._ledger.refusals.extend(leftover["refusals"])
        if self._ledger.entries:
            self._wait(0 if interrupted else self._budget_seconds)
            self._bind()
        if self._sessions_file is not None:
            self._write_sessions_file(self._sessions_file)

    def _wait(self, budget_seconds: float) -> None:
        """The one wait of the run: for sessions that ended. One that nobody quit is looked at, not waited for."""
        if self._follower is None:
            return
        for entry in self._ledger.entries.values():
            if entry.ended:
                self._follower.follow(self._question(entry))
            else:
                self._follower.look_once(self._question(entry))
        try:
            self._follower.drain(budget_seconds)
        except KeyboardInterrupt:
            # Whoever is tired of waiting still gets the reports; the tests are over, so the exit status stands.
            self._problems.add("interrupted while waiting for sessions; what was known by then is reported")

    def _bind(self) -> None:
        for entry in self._ledger.entries.values():
            self._ledger.settle(entry, self._follower.answer(entry.id) if self._follower is not None else None)
        if self._follower is not None:
            for problem in self._follower.problems():
                self._problems.add(f"{problem.message} ({counted(problem.sessions, 'session')})")
        for properties, attempt in self._properties:
            update_properties(properties, sessions_of(attempt.entries))
        self._failures.bind()
        bind_junit(self._config, {entry.id: entry.public for entry in self._ledger.entries.values()})
        if self._html is not None:
            self._html.bind()

    def _write_sessions_file(self, path: Path) -> None:
        try:
            write_sessions_file(path, [entry.record() for entry in self._ledger.entries.values()])
        except OSError as error:
            self._problems.add(f"the sessions file {path} could not be written: {error.strerror or error}")
