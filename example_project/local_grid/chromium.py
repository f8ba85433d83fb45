"""Real browsers: one chromedriver per grid, and per session a Chromium with a new profile."""

from __future__ import annotations

import contextlib
import functools
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

import urllib3

from .backends import Answer, BrowserSession, WebDriverError
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
_MOST_CONNECTIONS = 100


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
        self._driver: urllib3.HTTPConnectionPool | None = None

    def open(self, wanted: WantedSession) -> BrowserSession:
        profile = self._processes.new_folder("profile-")
        always = browser_capabilities(wanted, self._installation.chromium, profile)
        value = self._ask("POST", "/session", json.dumps({"capabilities": {"alwaysMatch": always}}).encode()).value()
        if not isinstance(value, dict) or "sessionId" not in value:
            self._processes.discard(profile)
            message = value.get("message", "") if isinstance(value, dict) else ""
            raise WebDriverError("session not created", message or "chromedriver gave no session")
        self._profiles[value["sessionId"]] = profile
        return BrowserSession(value["sessionId"], value["capabilities"])

    def command(self, session_id: str, method: str, path: str, body: bytes) -> Answer:
        return self._ask(method, f"/session/{session_id}{path}", body)

    def console(self, session_id: str) -> tuple[LoggedMessage, ...]:
        entries = self.command(session_id, "POST", "/se/log", b'{"type": "browser"}').value()
        return tuple(map(_console_message, entries if isinstance(entries, list) else ()))

    def end(self, session_id: str) -> Answer:
        answer = self.command(session_id, "DELETE", "", b"")
        profile = self._profiles.pop(session_id, None)
        if profile:
            self._processes.discard(profile)
        return answer

    def close(self) -> None:
        """Close the connections to chromedriver; `Processes` ends it."""
        if self._driver:
            self._driver.close()

    def _ask(self, method: str, path: str, body: bytes) -> Answer:
        with self._starting:
            self._driver = self._driver or _start_driver(self._installation, self._processes)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        try:
            response = self._driver.urlopen(method, path, body or None, headers, retries=False)
        except urllib3.exceptions.HTTPError as error:
            return WebDriverError("unknown error", f"chromedriver did not answer: {error}").answer()
        return Answer(response.status, response.data)


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
    capabilities["goog:chromeOptions"] = options
    capabilities["goog:loggingPrefs"] = {"browser": "ALL", **(capabilities.get("goog:loggingPrefs") or {})}
    return capabilities


def _start_driver(installation: Installation, processes: Processes) -> urllib3.HTTPConnectionPool:
    """Start chromedriver on a free port, which it prints, and return connections to it."""
    process = processes.start([installation.chromedriver, "--port=0"])
    said = []
    for line in iter(process.stdout.readline if process.stdout else bytes, b""):
        said.append(line.decode(errors="replace"))
        if match := re.search(r"started successfully on port (\d+)", said[-1]):
            drain(process)
            return urllib3.HTTPConnectionPool("127.0.0.1", int(match[1]), _COMMAND_TIMEOUT_SECONDS, _MOST_CONNECTIONS)
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
    at = datetime.fromtimestamp(float(entry.get("timestamp", 0)) / 1000, timezone.utc)
    return LoggedMessage(str(entry.get("level", "")), str(entry.get("message", "")), at)
