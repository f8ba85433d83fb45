"""The hub: checks credentials, opens and ends sessions, handles LambdaTest's hooks, and logs commands."""

from __future__ import annotations

import contextlib
import functools
import hmac
import json
import re
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from .backends import Answer, Backend, WebDriverError, value_answer
from .bidi import is_upgrade, relay
from .capabilities import WantedSession, read_new_session
from .hooks import WrongHookError, read_hook
from .journal import Journal, LoggedCommand, Mark, now
from .web import Credentials, Request, Response, Takeover, json_response, text_response

if TYPE_CHECKING:
    from .finishing import Finisher
    from .hooks import Hook
    from .journal import SessionRecord
    from .options import GridOptions

_HUB_PATH = re.compile(r"(?:/wd/hub)?(?P<path>/(?:session(?:/.*)?|status))/?")
_SESSION_PATH = re.compile(r"/session/(?P<id>[^/]+)(?P<path>/.*)?")
_SCRIPT_PATHS = ("/execute/sync", "/execute/async", "/execute")
_USERINFO = re.compile(r"://[^/@\s\"]+@")
_LOGGED_BODY_CHARACTERS = 1500

# https://github.com/SpecFlowOSS/SpecFlow.Actions/pull/110 quotes the beginning; it is plain text, not JSON.
_UNAUTHORIZED = "401 Unauthorized !! Please include user & accessKey in capabilities or in the hub's URL"


class Hub:
    """Answers WebDriver commands; tells the finisher when a session starts, before it ends and after."""

    def __init__(
        self, options: GridOptions, journal: Journal, backends: dict[str, Backend], finisher: Finisher
    ) -> None:
        self._options = options
        self._journal = journal
        self._backends = backends
        self._finisher = finisher
        self._sockets: dict[str, str] = {}
        """Address of a browser's WebSocket for BiDi, by session id."""
        self._opening = threading.Lock()
        self._closed = False

    def serves(self, request: Request) -> bool:
        return _HUB_PATH.fullmatch(request.path) is not None

    def answer(self, request: Request) -> Response | Takeover:
        match = _HUB_PATH.fullmatch(request.path)
        path = match["path"] if match else ""
        if path == "/status":
            return json_response(200, {"value": {"ready": True, "message": "the local grid is ready"}})
        if path == "/session":
            return self._new_session(request)
        session = _SESSION_PATH.fullmatch(path)
        if session is None:
            return _response(WebDriverError("unknown command", f"no command {path}").answer())
        if is_upgrade(request) and session["id"] in self._sockets:
            return relay(request, self._sockets[session["id"]], functools.partial(self._end_if_lost, session["id"]))
        return _response(self._command(request, session["id"], session["path"] or ""))

    def end(self, session_id: str) -> Answer:
        """End a session and return the answer for its client."""
        record = self._journal.find(session_id)
        if record is None:
            raise KeyError(session_id)
        backend = self._backends[record.backend]
        console = backend.console(session_id)
        # Of two threads that end a session at the same time only one goes on.
        if not self._journal.end_session(session_id, console=console):
            return value_answer()
        self._finisher.before_end(session_id)
        answer = backend.end(session_id)
        self._finisher.finish(session_id)
        return answer

    def close(self) -> None:
        """Refuse new sessions and end those that were not quit."""
        with self._opening:
            self._closed = True
        left = [record.session_id for record in self._journal.sessions().values() if record.ended is None]
        mark = Mark("timeout", "the grid was closed before this session was quit", "grid")
        threads = [threading.Thread(target=self._end_leftover, args=(one, mark), daemon=True) for one in left]
        for thread in threads:
            # While the interpreter shuts down no thread starts; the browsers are killed later anyway.
            with contextlib.suppress(RuntimeError):
                thread.start()
        for thread in threads:
            if thread.ident:
                thread.join(5)

    def _end_leftover(self, session_id: str, mark: Mark) -> None:
        record = self._journal.find(session_id)
        if record and not record.marks:
            self._journal.add_mark(session_id, mark)
        self.end(session_id)

    # New sessions

    def _new_session(self, request: Request) -> Response:
        started = time.monotonic()
        wanted = read_new_session(request.json_object() or {}, request.host)
        username = self.authorised_user(request.credentials(), wanted)
        if username is None:
            return text_response(401, _UNAUTHORIZED)
        try:
            session_id, capabilities = self.open_session(wanted, username, wanted.kind)
        except WebDriverError as error:
            return _response(error.answer())
        if "webSocketUrl" in capabilities:
            self._sockets[session_id] = capabilities["webSocketUrl"]
            capabilities = {**capabilities, "webSocketUrl": f"ws://{request.host}/session/{session_id}"}
        if self._options.echo_capabilities:
            capabilities = {**capabilities, "LT:Options": wanted.vendor_options, "se:remoteUrl": wanted.remote_url}
        value = {"sessionId": session_id, "capabilities": capabilities}
        answer = Answer(200, json.dumps({"value": value}).encode())
        self._log(session_id, request, "/session", answer, started)
        return _response(answer)

    def drives(self, backend: str) -> bool:
        return backend in self._backends

    def record(self, session_id: str) -> SessionRecord:
        return self._journal.snapshot(session_id)

    def open_session(self, wanted: WantedSession, username: str, backend: str) -> tuple[str, dict[str, Any]]:
        """Open a session; return its id and what its browser says of itself, or raise `WebDriverError`."""
        if self._closed:
            raise WebDriverError("session not created", "the local grid is closing")
        opened = self._backends[backend].open(wanted)
        seen = {**_seen(opened.capabilities), "backend": backend}
        if backend == "playwright":
            seen["test_id"] = opened.session_id  # they are the same there
        record = self._journal.open_session(opened.session_id, wanted, username, **seen)
        self._finisher.begin(record, opened.capabilities, wanted.record_video)
        with self._opening:
            closed_meanwhile = self._closed
        if closed_meanwhile:
            self.end(opened.session_id)
        return opened.session_id, opened.capabilities

    def authorised_user(self, sent: Credentials | None, wanted: WantedSession) -> str | None:
        """Return the user name if header or capabilities have an account's credentials, else None."""
        candidates = [Credentials(wanted.username, wanted.access_key)]
        if sent:
            # Selenium copies the URL's userinfo into the header without unquoting it.
            candidates += [sent, Credentials(unquote(sent.username), unquote(sent.password))]
        return next((one.username for one in candidates if is_authorised(self._options.accounts, one)), None)

    # Commands of a session

    def _command(self, request: Request, session_id: str, path: str) -> Answer:
        record = self._journal.find(session_id)
        if record is None or record.session_id != session_id:
            return WebDriverError("invalid session id", f"no session {session_id}").answer()
        if record.ended is not None:
            # As chromedriver: a second quit is no error.
            is_quit = request.method == "DELETE" and not path
            return value_answer() if is_quit else WebDriverError("invalid session id", "it has already quit").answer()
        started = time.monotonic()
        if request.method == "DELETE" and not path:
            # Logged first: the session's page is written when it ends.
            self._log(session_id, request, "", value_answer(), started)
            return self.end(session_id)
        answer = self._hook(request, session_id, path)
        if answer is None:
            answer = self._backends[record.backend].command(session_id, request.method, path, request.body)
        self._log(session_id, request, path, answer, started)
        if _has_ended(request, path, answer):
            self._end_lost(session_id, answer)
        return answer

    def _end_lost(self, session_id: str, answer: Answer) -> None:
        """End a session whose browser closed its last window, or crashed."""
        if answer.status != 200:
            self._journal.add_mark(session_id, Mark("error", "the browser is gone", "grid"))
        self.end(session_id)

    def _end_if_lost(self, session_id: str) -> None:
        """End a session whose browser was closed by BiDi, which says so by closing its WebSocket."""
        record = self._journal.find(session_id)
        if record and record.ended is None:
            answer = self._backends[record.kind].command(session_id, "GET", "/window", b"")
            if answer.status != 200:
                self.end(session_id)

    def _hook(self, request: Request, session_id: str, path: str) -> Answer | None:
        """Return the answer to a command that is a hook of LambdaTest's, None for any other command."""
        if path not in _SCRIPT_PATHS or b"lambda-" not in request.body:
            return None
        body = request.json_object() or {}
        try:
            hook = read_hook(str(body.get("script", "")), body.get("args") or [])
        except WrongHookError as error:
            return WebDriverError("invalid argument", str(error)).answer()
        if hook is None:
            return None
        self.apply(session_id, hook)
        return value_answer()

    def apply(self, session_id: str, hook: Hook) -> None:
        """Do what a hook says."""
        if hook.status is not None:
            self._journal.add_mark(session_id, Mark(hook.status, hook.reason, "hook"))
        if hook.name is not None:
            self._journal.update(session_id, name=hook.name)

    def _log(self, session_id: str, request: Request, path: str, answer: Answer, started: float) -> None:
        full_path = path if path == "/session" else f"/session/{session_id}{path}"
        self.log_command(session_id, request.method, full_path, request.body, answer, started)

    def log_command(self, session_id: str, method: str, path: str, body: bytes, answer: Answer, started: float) -> None:
        command = LoggedCommand(
            method=method,
            path=path,
            request_body=self._loggable(body),
            response_body=self._loggable(answer.body),
            status=answer.status,
            duration_seconds=time.monotonic() - started,
            at=now(),
        )
        self._journal.add_command(session_id, command)

    def _loggable(self, body: bytes) -> str:
        """Return a body for the log: cut to 1500 characters, access keys replaced."""
        text = body[: 2 * _LOGGED_BODY_CHARACTERS].decode(errors="replace")
        for key in self._options.accounts.values():
            for spelling in {key, quote(key, safe=""), json.dumps(key)[1:-1]}:
                text = text.replace(spelling, "****")
        text = _USERINFO.sub("://****@", text)
        if len(text) <= _LOGGED_BODY_CHARACTERS:
            return text
        return f"{text[:_LOGGED_BODY_CHARACTERS]}… ({len(body)} bytes)"


def is_authorised(accounts: dict[str, str], given: Credentials) -> bool:
    expected = accounts.get(given.username)
    return expected is not None and hmac.compare_digest(expected.encode(), given.password.encode())


def _has_ended(request: Request, path: str, answer: Answer) -> bool:
    if answer.status == 200:
        return request.method == "DELETE" and path == "/window" and answer.value() == []
    return answer.status == 404 and b'"invalid session id"' in answer.body


def _seen(capabilities: dict[str, Any]) -> dict[str, str]:
    """Return what the browser says of itself, which may differ from what was asked for."""
    names = {"browser": "browserName", "browser_version": "browserVersion", "platform": "platformName"}
    return {name: str(capabilities[theirs]) for name, theirs in names.items() if capabilities.get(theirs) is not None}


def _response(answer: Answer) -> Response:
    return Response(answer.status, answer.body, "application/json; charset=utf-8", (("Cache-Control", "no-cache"),))
