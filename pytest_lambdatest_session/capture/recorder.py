"""The pytest hooks of a process that runs tests: what each attempt did with WebDriver sessions goes on its reports."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_lambdatest_session.capture.commands import (
    FINDS,
    NEEDS_A_LOOK,
    about_of,
    describe,
    error_of,
    found,
    marks_status,
)
from pytest_lambdatest_session.capture.uses import UseLog
from pytest_lambdatest_session.capture.webdriver import (
    NEW_SESSION,
    QUIT,
    WebDriverHook,
    credentials_in,
    hub_of,
    new_session_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from pytest_lambdatest_session.capture.carried import CarriedSession, Carry
    from pytest_lambdatest_session.capture.commands import Clean
    from pytest_lambdatest_session.capture.uses import Attempt
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.problems import Problems

CARRY_ATTRIBUTE = "lambdatest_carry"


class Recorder:
    """Watches `WebDriver.execute` from `install` on, and the phases of each test from `start` on.

    Its own hooks are those that have to know of every test. What looks at reports, `ReportMaking`, is for
    `when_watching`: in a process that never imports selenium there is nothing to look for.
    """

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self._log = UseLog()
        self._captures: Callable[[str], bool] = _any_host
        self._annotate: Callable[[pytest.TestReport, Carry], None] = _no_annotation
        self._on_start: Callable[[CarriedSession, Attempt | None], None] = _nobody_hears
        self._clean: Clean | None = None
        self._with_values = False
        self._attempts_so_far = pytest.StashKey[int]()
        self._credentials: dict[str, Credentials] = {}
        self._accounts: dict[Credentials, Credentials] = {}
        self._is_watching = False
        self._when_watching: Callable[[], None] = _nothing_to_do
        self._hook = WebDriverHook(self, problems.fault, self._log, self._watch)

    def start(
        self,
        captures: Callable[[str], bool],
        annotate: Callable[[pytest.TestReport, Carry], None],
        on_start: Callable[[CarriedSession, Attempt | None], None] | None = None,
        *,
        clean: Clean | None = None,
        with_values: bool = False,
    ) -> None:
        """Go on with the settings known, and forget what they leave out of the sessions seen so far.

        `captures` tells the hub hosts that matter; `annotate` puts what users read onto a report, given the report and
        what it carries; `on_start` hears at once of each new session, with the attempt that started it. The report of
        a failure carries the last commands in words that passed `clean`, typed values `with_values` only; without a
        `clean` it carries none.
        """
        self._captures, self._annotate = captures, annotate
        self._clean, self._with_values = clean, with_values
        self._log.keep_only(captures)
        if on_start is not None:
            self._on_start = on_start
            for session in self.leftover()["sessions"]:
                on_start(session, None)

    def install(self) -> None:
        self._hook.install()

    def when_watching(self, then: Callable[[], None]) -> None:
        """Call `then` as soon as there is a `WebDriver.execute` to watch: now, or when somebody imports it."""
        self._when_watching = then
        if self._is_watching:
            self._watch()

    def _watch(self) -> None:
        # In this order, as another thread may be in `when_watching`.
        self._is_watching = True
        then, self._when_watching = self._when_watching, _nothing_to_do
        # Up to now no report was looked at, which ends attempts.
        self._log.forget_finished()
        then()

    def uninstall(self) -> None:
        self._hook.uninstall()

    def credentials_of(self, session_id: str) -> Credentials | None:
        """The credentials that opened a session, if this process saw it happen."""
        return self._credentials.get(session_id)

    def secrets(self) -> set[str]:
        """What must not be shown of the credentials that this process has seen."""
        return {secret for credentials in list(self._accounts) for secret in credentials.secrets}

    def leftover(self) -> Carry:
        """What no report has carried yet; at the end of the run, what none could."""
        return self._log.leftover()

    def reported(self, carry: Carry) -> None:
        """A report with this on it was logged."""
        self._log.reported(carry["sessions"])

    # The observer of WebDriver.execute

    def saw(
        self,
        driver: Any,
        command: Any,
        params: object,
        started_at: float,
        response: Any,
        error: BaseException | None,
    ) -> None:
        """What the wrapper did not book by itself, since it is special, failed, or is the first of its kind."""
        if command == NEW_SESSION:
            self._saw_new_session(driver, params, response, error)
            return
        session_id = driver.session_id
        if not session_id:
            return
        if command == QUIT:
            self._saw_quit(session_id, started_at, error)
            return
        about = found(params, response) if command in FINDS else params
        if command in NEEDS_A_LOOK:
            about = about_of(command, params, with_values=self._with_values)
            if error is None and marks_status(command, params):
                self._log.marked(session_id)
        failure = None if error is None else error_of(error)
        if not self._log.sent(session_id, command, about, started_at, failure):
            self._meet(driver, session_id, None)
            self._log.sent(session_id, command, about, started_at, failure)

    def _saw_new_session(self, driver: Any, params: object, response: Any, error: BaseException | None) -> None:
        session_id = new_session_id(response)
        if session_id is not None:
            # The session starts when the hub answers, not when it was asked: it may have queued for minutes.
            now = time.time()
            self._meet(driver, session_id, now, credentials_in(params))
            self._log.used(session_id, now, created=True)
            return
        hub = hub_of(driver)
        if hub is not None and self._captures(hub.host):
            self._log.refused(hub.host, "no session id in the answer" if error is None else type(error).__name__)

    def _saw_quit(self, session_id: str, at: float, error: BaseException | None) -> None:
        # A quit that failed proves nothing: the session may live on until the hub's idle timeout.
        if error is None:
            self._log.ended(session_id, at)

    def _meet(
        self, driver: Any, session_id: str, started_at: float | None, credentials: Credentials | None = None
    ) -> None:
        hub = hub_of(driver)
        if hub is None or not self._captures(hub.host):
            self._log.ignore(session_id)
            return
        session = self._log.started(session_id, hub.host, started_at)
        self._on_start(session, self._log.current())
        learned = hub.credentials or credentials
        if learned is not None:
            # One object for all sessions that the same account opened.
            self._credentials[session_id] = self._accounts.setdefault(learned, learned)

    # The hooks

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        number = item.stash.get(self._attempts_so_far, 0) + 1
        item.stash[self._attempts_so_far] = number
        with self.problems.guard():
            self._log.begin(item.nodeid, number)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        self._log.tear_down()

    def report_made(self, report: pytest.TestReport, when: str) -> None:
        """Put onto the report what the attempt did so far; that of its teardown is its last."""
        attempt = self._log.current()
        if attempt is not None and self._log.has_news_of(attempt):
            with self.problems.guard():
                self._put_on(report, attempt)
        if when == "teardown":
            with self.problems.guard():
                self._log.end()

    def _put_on(self, report: pytest.TestReport, attempt: Attempt) -> None:
        carry = self._log.carry(attempt)
        if report.failed and self._clean is not None:
            carry["commands"] = describe(attempt.commands(), self._clean, with_values=self._with_values)
        setattr(report, CARRY_ATTRIBUTE, carry)
        self._annotate(report, carry)


class ReportMaking:
    """The recorder's hook on reports, to be registered when the recorder is watching."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    # Innermost, so that the wrappers of users and of other plugins find on the report what we put there.
    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        self._recorder.report_made(report, call.when)
        return report


def _nothing_to_do() -> None:
    """Stands in until there is something to do, and when it was done."""


def _any_host(host: str) -> bool:  # noqa: ARG001 - decided later
    return True


def _no_annotation(report: pytest.TestReport, carry: Carry) -> None:
    """Stands in until there is a ledger."""


def _nobody_hears(session: CarriedSession, attempt: Attempt | None) -> None:
    """Stands in where nobody keeps a journal."""
