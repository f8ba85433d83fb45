"""LambdaTest's endpoint for Playwright: `/playwright?capabilities=<JSON>`, in front of Playwright's own server.

Each session has a `launch-server` of its own with this machine's Chromium. Messages pass as they are, except for
LambdaTest's actions, which are answered here and never reach the page; they are those of LambdaTest/playwright-sample.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import re
import socket
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .backends import Answer, BrowserSession, WebDriverError, value_answer
from .capabilities import read_new_session
from .chromium import drain, free_port
from .details import session_details
from .hooks import WrongHookError, read_hook
from .journal import new_test_id
from .web import Credentials, Request, text_response

if TYPE_CHECKING:
    import subprocess

    from .capabilities import WantedSession
    from .chromium import Installation
    from .hub import Hub
    from .journal import LoggedMessage
    from .links import Links
    from .options import GridOptions
    from .processes import Processes
    from .web import Response, Takeover

PATH = "/playwright"
_ACTION = re.compile(r"\s*(?:lambdatest_action\s*:\s*)?(\{.*\})\s*", re.DOTALL)
_MISSING = "this grid has no Playwright: it needs chromium, chromedriver, and the packages playwright and wsproto"


def is_available() -> bool:
    return all(importlib.util.find_spec(name) for name in ("playwright", "websocket", "wsproto"))


class PlaywrightBackend:
    """Opens and ends servers of Playwright; no WebDriver command reaches them."""

    def __init__(self, installation: Installation, processes: Processes) -> None:
        self._installation = installation
        self._processes = processes
        self._servers: dict[str, subprocess.Popen[bytes]] = {}

    def open(self, wanted: WantedSession) -> BrowserSession:  # noqa: ARG002 - there is one browser
        folder = self._processes.new_folder("playwright-")
        port = free_port()
        config = folder / "server.json"
        arguments = [*(["--no-sandbox"] if os.geteuid() == 0 else []), f"--remote-debugging-port={port}"]
        config.write_text(
            json.dumps(
                {
                    "executablePath": self._installation.chromium,
                    "args": arguments,
                    "headless": True,
                    "host": "127.0.0.1",
                    "artifactsDir": str(folder),
                }
            ),
            encoding="utf-8",
        )
        driver = importlib.import_module("playwright._impl._driver").compute_driver_executable()
        command = [*driver, "launch-server", "--browser", "chromium", "--config", str(config)]
        # Where Playwright makes its profile, by which the grid knows its browsers.
        server = self._processes.start(command, {**os.environ, "TMPDIR": str(folder)})
        said = (server.stdout.readline() if server.stdout else b"").decode(errors="replace").strip()
        if not said.startswith("ws://"):
            self._processes.end(server)
            raise WebDriverError("session not created", f"Playwright's server did not start: {said[:500]}")
        drain(server)
        session_id = new_test_id("web")
        self._servers[session_id] = server
        devtools = {"debuggerAddress": f"127.0.0.1:{port}"}
        return BrowserSession(session_id, {"browserName": "chrome", "address": said, "goog:chromeOptions": devtools})

    def command(self, session_id: str, method: str, path: str, body: bytes) -> Answer:  # noqa: ARG002 - as there
        return WebDriverError("unknown command", "this session is Playwright's").answer()

    def console(self, session_id: str) -> tuple[LoggedMessage, ...]:  # noqa: ARG002 - it passed by
        return ()

    def end(self, session_id: str) -> Answer:
        self._processes.end(self._servers.pop(session_id))
        return value_answer()

    def close(self) -> None:
        """Nothing is left: `Processes` ends the servers of sessions that have not ended."""


class PlaywrightEndpoint:
    """Connects clients with browsers, each connection a session."""

    def __init__(self, options: GridOptions, hub: Hub, links: Links) -> None:
        self.options = options
        self.hub = hub
        self._links = links

    def serves(self, request: Request) -> bool:
        return request.path == PATH

    def answer(self, request: Request) -> Response | Takeover:
        if not self.hub.drives("playwright"):
            return text_response(501, _MISSING)
        wanted = read_new_session({"capabilities": {"alwaysMatch": _capabilities_in(request.target)}}, request.host)
        named = Credentials(request.query.get("user", ""), request.query.get("key", ""))
        username = self.hub.authorised_user(named, wanted)
        if username is None:
            return text_response(401, "Unauthorized")
        try:
            session_id, capabilities = self.hub.open_session(wanted, username, "playwright")
        except WebDriverError as error:
            return text_response(503, str(error))
        return _Tunnel(self, request, session_id, capabilities["address"]).run

    def log(self, session_id: str, message: dict[str, Any], answer: dict[str, Any], started: float) -> None:
        """Put a message and its answer into the log of commands."""
        kind = message["guid"].partition("@")[0]
        body = json.dumps(message.get("params", {})).encode()
        result = json.dumps(answer.get("error") or answer.get("result") or {}).encode()
        status = 500 if "error" in answer else 200
        path = f"/session/{session_id}/{kind}/{message['method']}"
        self.hub.log_command(session_id, "POST", path, body, Answer(status, result), started)

    def act(self, session_id: str, text: str) -> str | None:
        """Do one of LambdaTest's actions, and return its answer; None if the text is none."""
        match = _ACTION.fullmatch(text) if "lambdatest_action" in text else None
        if match is None:
            return None
        action = json.loads(match[1])
        action = action.get("lambdatest_action", action)
        if action.get("action") == "getTestDetails":
            return self._details(session_id)
        with contextlib.suppress(WrongHookError):
            hook = read_hook("lambda-action", [action])
            if action.get("action") == "setTestName":
                hook = read_hook(f"lambda-name={action.get('arguments', {}).get('name', '')}", [])
            if hook is not None:
                self.hub.apply(session_id, hook)
            return json.dumps({"status": "success"})
        return json.dumps({"status": "failed"})

    def _details(self, session_id: str) -> str:
        if self.options.answer_actions_after is None:
            return json.dumps({"status": "failed", "message": "no details"})
        data = session_details(self.hub.record(session_id), self._links, final=False)
        return json.dumps({"data": data, "status": "success", "message": "Retrieved session details"})


def _capabilities_in(target: str) -> dict[str, Any]:
    """Return the JSON after `capabilities=`, quoted or not, whatever follows it."""
    text = unquote(target.partition("capabilities=")[2])
    with contextlib.suppress(ValueError):
        found = json.JSONDecoder().raw_decode(text.lstrip())[0]
        if isinstance(found, dict):
            return found
    return {}


class _Tunnel:
    """One client's connection, and that to its browser behind it."""

    def __init__(self, endpoint: PlaywrightEndpoint, request: Request, session_id: str, address: str) -> None:
        self._endpoint = endpoint
        self._request = request
        self._session_id = session_id
        self._address = address
        self._sent: dict[Any, tuple[dict[str, Any], float]] = {}
        self._lock = threading.Lock()
        self._events: Any = importlib.import_module("wsproto.events")
        wsproto = importlib.import_module("wsproto")
        self._protocol: Any = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        self._closed: type[Exception] = wsproto.utilities.LocalProtocolError
        self._client: Any = None
        self._browser: Any = None

    def run(self, client: socket.socket, _closing: threading.Event) -> bool:
        """Pass messages both ways until one end closes; then the session has ended."""
        self._client = client
        websocket = importlib.import_module("websocket")
        self._browser = websocket.create_connection(
            self._address, timeout=30, suppress_origin=True, user_agent=self._request.headers.get("user-agent", "")
        )
        self._browser.settimeout(None)
        headers = [(name.encode(), value.encode()) for name, value in self._request.headers.items()]
        self._protocol.initiate_upgrade_connection(headers, self._request.target)
        self._write(self._events.AcceptConnection())
        answers = threading.Thread(target=self._pass_answers, name="local-grid-playwright", daemon=True)
        answers.start()
        try:
            self._pass_messages()
        finally:
            self._endpoint.hub.end(self._session_id)
            with contextlib.suppress(OSError, websocket.WebSocketException):
                self._browser.shutdown()
            answers.join(2)
        return False

    def _pass_messages(self) -> None:
        parts: list[str] = []
        with contextlib.suppress(OSError):
            while data := self._client.recv(2**16):
                with self._lock:
                    self._protocol.receive_data(data)
                for event in self._protocol.events():
                    if isinstance(event, self._events.TextMessage):
                        parts.append(event.data)
                        if event.message_finished:
                            self._take("".join(parts))
                            parts.clear()
                    elif isinstance(event, self._events.Ping):
                        self._write(event.response())
                    elif isinstance(event, self._events.CloseConnection):
                        self._write(event.response())
                        return

    def _take(self, text: str) -> None:
        message = json.loads(text)
        started = time.monotonic()
        said = message.get("params", {}).get("arg", {})
        value = said.get("value", {}).get("s", "") if isinstance(said, dict) else ""
        answer = self._endpoint.act(self._session_id, value)
        if answer is None:
            self._sent[message["id"]] = message, started
            self._browser.send(text)
            return
        told = {"id": message["id"], "result": {"value": {"s": answer}}}
        self._endpoint.log(self._session_id, message, told, started)
        delay = self._endpoint.options.answer_actions_after
        event = self._events.TextMessage(json.dumps(told))
        if not delay:
            self._write(event)
            return
        later = threading.Timer(delay, self._write, [event])
        later.daemon = True
        later.start()

    def _pass_answers(self) -> None:
        websocket = importlib.import_module("websocket")
        with contextlib.suppress(OSError, websocket.WebSocketException):
            while text := self._browser.recv():
                self._log_answer(text)
                self._write(self._events.TextMessage(text))
        # The browser is gone: so is the session.
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_RDWR)

    def _log_answer(self, text: str) -> None:
        if text.startswith('{"id"'):
            answer = json.loads(text)
            message, started = self._sent.pop(answer["id"], (None, 0.0))
            if message is not None:
                self._endpoint.log(self._session_id, message, answer, started)

    def _write(self, event: Any) -> None:
        with self._lock, contextlib.suppress(OSError, self._closed):
            self._client.sendall(self._protocol.send(event))
