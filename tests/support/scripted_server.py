"""An API on loopback that sends the answers of its script, well-formed or broken in any way a network can."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_grid import web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from email.message import Message
    from pathlib import Path

    Step = Callable[["Exchange"], None]


@dataclass
class Request:
    method: str
    path: str
    """With the query."""
    headers: Message


@dataclass
class Exchange:
    """A request and the connection for its answer: the argument of a step."""

    request: Request
    connection: socket.socket
    is_closing: threading.Event
    """Set when the test is over; a step that waits waits for this."""
    keep: bool = True
    """Whether the connection may serve another request."""

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)


class ScriptedServer:
    """Answers each request with the next step of its script; the last step is repeated."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.sent = 0
        """Bytes of endless bodies sent before the client hung up."""
        self._script: deque[Step] = deque()
        self._lock = threading.Lock()
        self._server = web.Server(self._answer)
        self._server.start()

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def connections(self) -> int:
        return self._server.connection_count

    @property
    def base_url(self) -> str:
        scheme = "https" if self._server.tls else "http"
        return f"{scheme}://127.0.0.1:{self.port}/automation/api/v1"

    def will(self, *steps: Step) -> ScriptedServer:
        self._script = deque(steps)
        return self

    def speak_tls(self, certificate: Path, key: Path) -> None:
        self._server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._server.tls.load_cert_chain(certificate, key)

    def close(self) -> None:
        self._server.close()

    def _answer(self, received: web.Request) -> web.Takeover:
        request = Request(received.method, received.target, received.headers)
        with self._lock:
            self.requests.append(request)
            step = self._script.popleft() if len(self._script) > 1 else self._script[0]

        def take_over(connection: socket.socket, closing: threading.Event) -> bool:
            exchange = Exchange(request, connection, closing)
            step(exchange)
            return exchange.keep

        return take_over

    # Steps

    def details(self, **fields: object) -> Step:
        """Send the details of a session that has ended."""
        data = {
            "session_id": "s1",
            "status_ind": "passed",
            "duration": 3,
            "end_timestamp": "2026-10-20 10:00:00",
            "command_logs_url": "https://api.lambdatest.com/automation/api/v1/sessions/s1/log/command",
        }
        return self.json({"data": {**data, **fields}, "message": "ok", "status": "success"})

    def json(self, body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Step:
        return self.answer(json.dumps(body).encode(), status, headers)

    def answer(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Step:
        lines = {"Content-Length": str(len(body)), "Content-Type": "application/json", **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return self.raw(f"HTTP/1.1 {status} Some Words\r\n{head}\r\n".encode() + body)

    def raw(self, data: bytes, *, hang_up: bool = False) -> Step:
        def step(exchange: Exchange) -> None:
            exchange.send(data)
            exchange.keep = not hang_up

        return step

    def reset(self, data: bytes = b"") -> Step:
        """Send `data`, then reset the connection."""

        def step(exchange: Exchange) -> None:
            exchange.send(data)
            exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            exchange.keep = False

        return step

    def hang(self, data: bytes = b"") -> Step:
        """Send `data`, then nothing, and keep the connection open."""

        def step(exchange: Exchange) -> None:
            exchange.send(data)
            exchange.is_closing.wait(30)
            exchange.keep = False

        return step

    def drip(self, data: bytes, then: bytes) -> Step:
        """Send `data`, then repeat `then` without end, one byte at a time, so that no single read times out."""

        def step(exchange: Exchange) -> None:
            exchange.send(data)
            position = 0
            while not exchange.is_closing.wait(0.02):
                exchange.send(then[position : position + 1])
                position = (position + 1) % len(then)

        return step

    def endless(self, head: bytes, megabytes: int) -> Step:
        """Send `head` and a body of `megabytes`, and count the bytes in `sent`."""

        def step(exchange: Exchange) -> None:
            exchange.send(head)
            chunk = b" " * 2**16
            for _ in range(megabytes * 16):
                exchange.send(chunk)
                self.sent += len(chunk)

        return step
