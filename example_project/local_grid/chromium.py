"""Real browsers: one chromedriver per grid, and per session a Chromium with a new profile."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .backends import Answer, BrowserLogs, BrowserSession, WebDriverError
from .journal import LoggedMessage

if TYPE_CHECKING:
    from pathlib import Path

    from .capabilities import WantedSession
    from .processes import Processes

_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
)

# Longer than any page load or script timeout that a client is likely to set.
_COMMAND_TIMEOUT_SECONDS = 330


@dataclass(frozen=True)
class Installation:
    """Paths of the browser and its driver."""

    chromium: str
    chromedriver: str


def find_installation() -> Installation | None:
    """Return Chromium and chromedriver from the path, None unless both are there."""
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next((path for path in map(shutil.which, names) if path), None)
    chromedriver = shutil.which("chromedriver")
    return Installation(chromium, chromedriver) if chromium and chromedriver else None


@functools.lru_cache
def major_version(installation: Installation) -> str:
    """Return the major version of chromedriver, which is Chromium's and is printed ten times as fast."""
    command = [installation.chromedriver, "--version"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        output = subprocess.run(command, capture_output=True, timeout=10, check=True, text=True).stdout
        if match := re.search(r" (\d+)\.", output):
            return match[1]
    return "of unknown version"


class ChromiumBackend:
    """Forwards commands to chromedriver, which is started with the first session."""

    def __init__(self, installation: Installation, processes: Processes) -> None:
        self._installation = installation
        self._processes = processes
        self._profiles: dict[str, Path] = {}
        self._starting = threading.Lock()
        self._driver: _Driver | None = None

    def open(self, wanted: WantedSession) -> BrowserSession:
        profile = self._processes.new_folder("profile-")
        always = browser_capabilities(wanted, self._installation.chromium, profile)
        body = json.dumps({"capabilities": {"alwaysMatch": always}}).encode()
        try:
            value = self._running_driver().request("POST", "/session", body).value()
        except OSError as error:
            self._processes.discard(profile)
            raise WebDriverError("session not created", f"chromedriver did not answer: {error}") from error
        if not isinstance(value, dict) or "sessionId" not in value:
            self._processes.discard(profile)
            message = value.get("message", "") if isinstance(value, dict) else ""
            raise WebDriverError("session not created", message or "chromedriver gave no session")
        self._profiles[value["sessionId"]] = profile
        return BrowserSession(value["sessionId"], value["capabilities"])

    def command(self, session_id: str, method: str, path: str, body: bytes) -> Answer:
        try:
            return self._running_driver().request(method, f"/session/{session_id}{path}", body)
        except OSError as error:
            return WebDriverError("unknown error", f"chromedriver did not answer: {error}").answer()

    def logs(self, session_id: str) -> BrowserLogs:
        return BrowserLogs(
            console=tuple(map(_console_message, self._log_entries(session_id, "browser"))),
            network=tuple(
                message
                for entry in self._log_entries(session_id, "performance")
                if (message := _network_message(entry))
            ),
        )

    def end(self, session_id: str) -> Answer:
        answer = self.command(session_id, "DELETE", "", b"")
        profile = self._profiles.pop(session_id, None)
        if profile:
            self._processes.discard(profile)
        return answer

    def close(self) -> None:
        """Close the connections to chromedriver; `Processes` ends it."""
        if self._driver:
            self._driver.close_connections()

    def _running_driver(self) -> _Driver:
        if self._driver is None:
            with self._starting:
                if self._driver is None:
                    self._driver = _start_driver(self._installation, self._processes)
        return self._driver

    def _log_entries(self, session_id: str, kind: str) -> list[dict[str, Any]]:
        body = json.dumps({"type": kind}).encode()
        value = self.command(session_id, "POST", "/se/log", body).value()
        return value if isinstance(value, list) else []


def browser_capabilities(wanted: WantedSession, chromium: str, profile: Path) -> dict[str, Any]:
    """Return the capabilities for chromedriver: the client's, and the flags that Chromium needs here."""
    capabilities = dict(wanted.browser_capabilities)
    options = dict(capabilities.get("goog:chromeOptions") or {})
    asked = [str(argument) for argument in options.get("args") or []]
    flags = list(_FLAGS)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Chromium refuses to start as root, the usual user of containers, with its sandbox on.
        flags.append("--no-sandbox")
    if not any(argument.lstrip("-").startswith("window-size") for argument in asked):
        flags.append("--window-size=1280,800")
    options["args"] = [*asked, *flags, f"--user-data-dir={profile}"]
    options["binary"] = chromium
    logging = {"browser": "ALL", **({"performance": "ALL"} if wanted.record_network else {})}
    capabilities["goog:chromeOptions"] = options
    capabilities["goog:loggingPrefs"] = {**logging, **(capabilities.get("goog:loggingPrefs") or {})}
    return capabilities


class _Driver:
    """A running chromedriver and keep-alive connections to it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def request(self, method: str, path: str, body: bytes) -> Answer:
        """Send a command and return its answer; send it again if a keep-alive connection was closed meanwhile."""
        connection, kept = self._take()
        try:
            return self._ask(connection, method, path, body)
        except (http.client.HTTPException, ConnectionError) as error:
            connection.close()
            if not kept:
                raise ConnectionError(str(error)) from error
        connection = self._connect()
        try:
            return self._ask(connection, method, path, body)
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            raise ConnectionError(str(error)) from error

    def close_connections(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes) -> Answer:
        connection.request(method, path, body or None, {"Content-Type": "application/json; charset=utf-8"})
        response = connection.getresponse()
        answer = Answer(response.status, response.read())
        with self._lock:
            self._idle.append(connection)
        return answer

    def _take(self) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            if self._idle:
                return self._idle.pop(), True
        return self._connect(), False

    def _connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_COMMAND_TIMEOUT_SECONDS)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _start_driver(installation: Installation, processes: Processes) -> _Driver:
    """Start chromedriver on a free port, which it prints."""
    process = processes.start([installation.chromedriver, "--port=0"])
    said = []
    for line in iter(process.stdout.readline if process.stdout else bytes, b""):
        said.append(line.decode(errors="replace"))
        if match := re.search(r"started successfully on port (\d+)", said[-1]):
            drain(process)
            return _Driver(int(match[1]))
    raise WebDriverError("session not created", "chromedriver did not start: " + "".join(said)[-500:])


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def drain(process: subprocess.Popen[bytes]) -> None:
    """Read a process's output in the background: a full pipe would block it."""

    def read() -> None:
        with contextlib.suppress(ValueError, OSError):
            while process.stdout and process.stdout.readline():
                pass

    threading.Thread(target=read, name="local-grid-output", daemon=True).start()


def _console_message(entry: dict[str, Any]) -> LoggedMessage:
    return LoggedMessage(str(entry.get("level", "")), str(entry.get("message", "")), _time(entry))


def _network_message(entry: dict[str, Any]) -> LoggedMessage | None:
    """Return a log line for a devtools event that is a request or a response, None for any other."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        event = json.loads(entry["message"])["message"]
        params = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            request = params["request"]
            return LoggedMessage("REQUEST", f"{request['method']} {request['url'][:2000]}", _time(entry))
        if event["method"] == "Network.responseReceived":
            response = params["response"]
            return LoggedMessage("RESPONSE", f"{response['status']} {response['url'][:2000]}", _time(entry))
    return None


def _time(entry: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(float(entry.get("timestamp", 0)) / 1000, timezone.utc)
