"""The pytest hooks of a process that runs tests: what each attempt did with WebDriver sessions goes on its reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_lambdatest_session.capture.commands import (
    BIDI_ANSWERS,
    BIDI_ENDS,
    bidi_error,
    describe,
    error_of,
    kept_of,
    kept_of_bidi,
    marks_status,
)
from pytest_lambdatest_session.capture.playwright import PlaywrightHook, hub_at
from pytest_lambdatest_session.capture.selenium import (
    NEW_SESSION,
    QUIT,
    bidi_address,
    credentials_in,
    hub_of,
    new_session_id,
    webdriver_hook,
    websocket_hook,
)
from pytest_lambdatest_session.capture.tracker import Tracker
from pytest_lambdatest_session.capture.untouched import untouched

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from pluggy import Result

    from pytest_lambdatest_session.capture.commands import Clean
    from pytest_lambdatest_session.capture.payload import Payload, SessionPayload, Unreported
    from pytest_lambdatest_session.capture.playwright import Action
    from pytest_lambdatest_session.capture.selenium import Hub
    from pytest_lambdatest_session.capture.tracker import Attempt, CapturedSession
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.problems import Problems

    Annotate = Callable[[pytest.TestReport, Payload, str | None], None]
    """Puts what users read onto a report, given its payload, and which attempt's payload was on it before if any."""
    Journal = Callable[[SessionPayload, Attempt | None], None]
    """Is told of each session when it is met, with the attempt that did."""

PAYLOAD_ATTRIBUTE = "_lambdatest_payload"
ATTEMPT_ATTRIBUTE = "_lambdatest_attempt"
"""On a report that was logged: whose it was then, by the attempt's id."""


def payload_of(report: pytest.TestReport) -> Payload | None:
    """Return what the report carries, if it does and no hook of the suite has put something else there."""
    payload: Payload | None = getattr(report, PAYLOAD_ATTRIBUTE, None)
    return payload if isinstance(payload, dict) else None


class Recorder:
    """Watches `WebDriver.execute` from `install` on, and the phases of each test from `start` on.

    Its own hooks are those that have to know of every test. What looks at reports, `ReportMaking`, is for
    `when_watching`: in a process that never imports selenium there is nothing to look for.
    """

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self._tracker = Tracker()
        self._captures: Callable[[str], bool] | None = None
        self._annotate: Annotate | None = None
        self._journal: Journal | None = None
        self._clean: Clean | None = None
        self._with_values = False
        self._has_own_account: Callable[[Credentials | None], bool] | None = None
        self._last_attempt = pytest.StashKey[str]()
        """Its id, of an item that was begun before."""
        self._credentials: dict[str, Credentials] = {}
        self._accounts: dict[Credentials, Credentials] = {}
        self._is_watching = False
        self._when_watching: Callable[[], None] | None = None
        self._bidi_sessions: dict[str, str] = {}
        """By the address of its WebSocket the id of a session."""
        self._playwright = PlaywrightHook(self, problems.fault, self._watch)
        self._hooks = (
            webdriver_hook(self.saw, problems.fault, self._watch),
            websocket_hook(self.saw_bidi, problems.fault),
            self._playwright,
        )

    def start(
        self,
        captures: Callable[[str], bool],
        annotate: Annotate,
        journal: Journal | None = None,
        *,
        has_own_account: Callable[[Credentials | None], bool] | None = None,
        clean: Clean | None = None,
        with_values: bool = False,
    ) -> None:
        """Go on with the settings known, and forget what they leave out of the sessions seen so far.

        `captures` tells the hub hosts that matter; `has_own_account` whether no other process has the credentials that
        opened a session, given those if they are known. The report of a failure carries the last commands in words that
        passed `clean`, typed values `with_values` only; without a `clean` it carries none.
        """
        self._captures, self._annotate, self._journal = captures, annotate, journal
        self._clean, self._with_values = clean, with_values
        self._playwright.with_values = with_values
        self._has_own_account = has_own_account
        self._tracker.keep_only(captures)
        for tracked in self._tracker.tracked():
            self._note_account(tracked)
        if journal is not None:
            for session in self._tracker.changed():
                journal(session, None)

    def install(self) -> None:
        for hook in self._hooks:
            hook.install()

    def when_watching(self, then: Callable[[], None]) -> None:
        """Call `then` as soon as there is something to watch: now, or when somebody imports selenium or Playwright."""
        self._when_watching = then
        if self._is_watching:
            self._begin_watching()

    def _watch(self) -> None:
        if not self._is_watching:
            self._begin_watching()

    def _begin_watching(self) -> None:
        # In this order, as another thread may be in `when_watching`.
        self._is_watching = True
        then, self._when_watching = self._when_watching, None
        # Up to now no report was looked at, which ends attempts.
        self._tracker.forget_finished()
        if then is not None:
            then()

    def uninstall(self) -> None:
        for hook in self._hooks:
            hook.uninstall()
        self._tracker.close()

    def credentials_of(self, session_id: str) -> Credentials | None:
        """Return the credentials that opened a session, if this process saw it happen."""
        return self._credentials.get(session_id)

    def secrets(self) -> set[str]:
        """Return what must not be shown of the credentials that this process has seen."""
        return {secret for credentials in list(self._accounts) for secret in credentials.secrets}

    def changed(self) -> list[SessionPayload]:
        """Return the sessions that changed since the last payload was made."""
        return self._tracker.changed()

    def unreported(self) -> Unreported:
        """Return all that this process knows of sessions, for the end of the run."""
        return self._tracker.unreported()

    # What is told of WebDriver.execute

    def saw(
        self, driver: Any, command: Any, params: object, started_at: float, response: Any, error: BaseException | None
    ) -> None:
        if command == NEW_SESSION:
            self._saw_new_session(driver, params, response, error)
            return
        session_id = driver.session_id
        if not session_id or not isinstance(command, str):
            # A generator is a command of BiDi, which selenium hands on to the WebSocket.
            return
        if command == QUIT:
            # One that failed proves nothing: the session may live on until the hub's idle timeout.
            if error is None:
                self._tracker.end_session(session_id, started_at)
            return
        if not self._tracker.knows(session_id):
            self._meet(driver, session_id, None)
        if error is None and marks_status(command, params):
            self._tracker.mark_session(session_id)
        kept = kept_of(command, params, response, with_values=self._with_values)
        failure = None if error is None else error_of(error)
        self._tracker.sent(session_id, command, kept, started_at, untouched.now(), failure)

    def _saw_new_session(self, driver: Any, params: object, response: Any, error: BaseException | None) -> None:
        session_id = new_session_id(response)
        if session_id is not None:
            # The session starts when the hub answers, not when it was asked: it may have queued for minutes.
            now = untouched.now()
            self._meet(driver, session_id, now, credentials_in(params))
            self._tracker.use(session_id, now, created=True)
            address = bidi_address(response)
            if address is not None:
                self._bidi_sessions[address] = session_id
            return
        hub = self._captured_hub(hub_of(driver))
        if hub is not None:
            why = "no session id in the answer" if error is None else type(error).__name__
            self._tracker.fail_creation(hub.host, why)

    # What is told of BiDi's WebSocket

    def saw_bidi(
        self,
        connection: Any,
        method: Any,
        params: object,
        started_at: float,
        response: Any,
        error: BaseException | None,
    ) -> None:
        session_id = self._bidi_sessions.get(getattr(connection, "url", ""))
        if session_id is None or not isinstance(method, str):
            return
        failure = bidi_error(response, error)
        if method in BIDI_ENDS and failure is None:
            self._tracker.end_session(session_id, started_at)
        elif method not in BIDI_ANSWERS or self._tracker.is_used(session_id):
            kept = kept_of_bidi(method, params, with_values=self._with_values)
            self._tracker.sent(session_id, method, kept, started_at, untouched.now(), failure)

    # What is told of Playwright's browsers, in the thread that drives them; a key stands for a session from its start

    def connected(self, address: object) -> str | None:
        """Return the session's key; None if it is none of LambdaTest's."""
        hub = self._captured_hub(hub_at(address))
        if hub is None:
            return None
        key, now = f"unknown-{untouched.token()}", untouched.now()
        self._start(key, hub, now, hub.credentials, has_temporary_id=True)
        self._tracker.use(key, now, created=True)
        return key

    def not_connected(self, address: object, error: BaseException) -> None:
        """Note that no session was created."""
        hub = self._captured_hub(hub_at(address))
        if hub is not None:
            self._tracker.fail_creation(hub.host, type(error).__name__)

    def identified(self, key: str, session_id: str) -> None:
        """Note the session's id, which LambdaTest has told."""
        session = self._tracker.identify(key, session_id)
        if session is not None:
            if key in self._credentials:
                self._credentials[session_id] = self._credentials[key]
            self._note_down(session)

    def acts(self, key: str, at: float) -> None:
        """Note that something was sent to a context or page."""
        self._tracker.use(key, at)

    def acted(self, key: str, action: Action, until: float, error: str | None) -> None:
        """Note the answer to it."""
        self._tracker.sent(key, action.name, action.about, action.at, until, error)

    def marked(self, key: str) -> None:
        self._tracker.mark_session(key)

    def disconnected(self, key: str) -> None:
        self._tracker.end_session(key, untouched.now())

    # Sessions that are met

    def _captured_hub(self, hub: Hub | None) -> Hub | None:
        """Return the hub if its sessions are captured, which all are before the settings are read."""
        if hub is None or (self._captures is not None and not self._captures(hub.host)):
            return None
        if hub.credentials is not None:  # shown nowhere from now on, be there a session or not
            self._accounts.setdefault(hub.credentials, hub.credentials)
        return hub

    def _meet(
        self, driver: Any, session_id: str, started_at: float | None, credentials: Credentials | None = None
    ) -> None:
        known = hub_of(driver)
        hub = self._captured_hub(known)
        if hub is not None:
            self._start(session_id, hub, started_at, hub.credentials or credentials)
        else:
            # Selenium's drivers of local browsers have the service that they started.
            is_remote = known is not None and getattr(driver, "service", None) is None
            self._tracker.ignore(session_id, known.host if known is not None and is_remote else None)

    def _start(
        self,
        session_id: str,
        hub: Hub,
        started_at: float | None,
        credentials: Credentials | None,
        *,
        has_temporary_id: bool = False,
    ) -> None:
        session = self._tracker.start(session_id, hub.host, started_at, has_temporary_id=has_temporary_id)
        if credentials is not None:  # one object for all that are equal
            self._credentials[session_id] = self._accounts.setdefault(credentials, credentials)
        self._note_account(session)
        self._note_down(session)

    def _note_down(self, session: CapturedSession) -> None:
        """Write a session down for the case that this process dies."""
        if self._journal is not None:
            attempt = self._tracker.current()
            self._journal(session.payload(), None if attempt is None or attempt.tears_down else attempt)

    def _note_account(self, session: CapturedSession) -> None:
        if self._has_own_account is not None:
            session.own_account = self._has_own_account(self.credentials_of(session.id))

    # The hooks

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        with self.problems.guard():
            test, _, number = item.stash.get(self._last_attempt, f"{untouched.token()}.0").rpartition(".")
            item.stash[self._last_attempt] = self._tracker.begin(test, item.nodeid, int(number) + 1).id

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        self._tracker.tear_down()

    def report_made(self, report: pytest.TestReport, when: str) -> None:
        """Put onto the report what the attempt did so far; that of its teardown is its last."""
        attempt = self._tracker.current()
        if attempt is not None and self._tracker.has_news_of(attempt):
            with self.problems.guard():
                self._put_on(report, attempt)
        if when == "teardown":
            with self.problems.guard():
                self._tracker.end()

    def report_logged(self, report: pytest.TestReport) -> None:
        """Bring the payload up to date with what the report is by now: hooks may have changed it since it was made.

        A report that is logged again while a later attempt of its test runs, as pytest-retry does, is that attempt's.
        """
        payload = payload_of(report)
        logged_as: str | None = getattr(report, ATTEMPT_ATTRIBUTE, None)
        attempt_id = payload["attempt"] if payload is not None else logged_as
        if attempt_id is None:
            return
        attempt = self._tracker.last_here()
        if attempt is not None and attempt.id == attempt_id:
            if report.failed and "commands" not in (payload or ()):
                setattr(report, PAYLOAD_ATTRIBUTE, self._payload(report, attempt))
        elif attempt is not None and logged_as is not None and attempt.is_later_than(attempt_id):
            self._put_on(report, attempt, instead_of=attempt_id)
            attempt_id = attempt.id
        self._tracker.logged(attempt_id)
        setattr(report, ATTEMPT_ATTRIBUTE, attempt_id)

    def _put_on(self, report: pytest.TestReport, attempt: Attempt, instead_of: str | None = None) -> None:
        payload = self._payload(report, attempt)
        setattr(report, PAYLOAD_ATTRIBUTE, payload)
        if self._annotate is not None:  # pragma: no branch - no report is made before the settings are read
            self._annotate(report, payload, instead_of)

    def _payload(self, report: pytest.TestReport, attempt: Attempt) -> Payload:
        payload = self._tracker.payload(attempt)
        if report.failed and self._clean is not None:
            payload["commands"] = describe(attempt.commands(), self._clean, with_values=self._with_values)
        return payload


class ReportMaking:
    """The recorder's hook on reports, to be registered when the recorder is watching."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    # Innermost, so that the wrappers of users and of other plugins find on the report what we put there.
    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, Result[pytest.TestReport], None]:
        made = yield
        if made.excinfo is None:
            self._recorder.report_made(made.get_result(), call.when)
