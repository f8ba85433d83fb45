"""An API on loopback that answers as its script says, and breaks HTTP in every way a network can."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Step = Callable[["Exchange"], None]


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Exchange:
    """One request on its way to an answer: what a step works with."""

    request: Request
    connection: socket.socket
    is_closing: threading.Event
    """Set when the test is over: whoever waits, waits for this."""
    keep: bool = True
    """Whether the connection may serve another request."""

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)


@dataclass
class ScriptedServer:
    """Answers requests with the steps of its script in turn, the last one again and again."""

    script: deque[Step] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    sent: int = 0
    """Bytes of endless bodies that went out before the client hung up."""

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context: ssl.SSLContext | None = None
        self._is_closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="scripted-server", daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def base_url(self) -> str:
        scheme = "https" if self._context else "http"
        return f"{scheme}://127.0.0.1:{self.port}/automation/api/v1"

    def will(self, *steps: Step) -> ScriptedServer:
        self.script = deque(steps)
        return self

    def speak_tls(self, certificate: Path, key: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)

    def close(self) -> None:
        self._is_closing.set()
        # On Linux closing alone does not wake the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                connection.close()

    # The steps.

    def details(self, **fields: object) -> Step:
        """Answer with a finished session."""
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
        """Send `data`, then break the connection so that the other side sees a reset."""

        def step(exchange: Exchange) -> None:
            exchange.send(data)
            exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            exchange.keep = False

        return step

    def hang(self, data: bytes = b"") -> Step:
        """Send `data` and nothing more, with the connection open."""

        def step(exchange: Exchange) -> None:
            exchange.send(data)
            exchange.is_closing.wait(30)
            exchange.keep = False

        return step

    def drip(self, data: bytes, then: bytes) -> Step:
        """Send `data`, then `then` byte by byte without end, each in time for a timeout between bytes."""

        def step(exchange: Exchange) -> None:
            exchange.send(data)
            position = 0
            while not exchange.is_closing.wait(0.02):
                exchange.send(then[position : position + 1])
                position = (position + 1) % len(then)

        return step

    def endless(self, head: bytes, megabytes: int) -> Step:
        """Send a body of so many megabytes, and count what went out."""

        def step(exchange: Exchange) -> None:
            exchange.send(head)
            chunk = b" " * 2**16
            for _ in range(megabytes * 16):
                exchange.send(chunk)
                self.sent += len(chunk)

        return step

    # The threads.

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), name="scripted-server", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._context is not None:
                plain, connection = connection, self._context.wrap_socket(connection, server_side=True)
                with self._lock:
                    self._open.discard(plain)
                    self._open.add(connection)
            keep = True
            while keep and (request := self._read(connection)) is not None:
                with self._lock:
                    self.requests.append(request)
                    step = self.script.popleft() if len(self.script) > 1 else self.script[0]
                exchange = Exchange(request, connection, self._is_closing)
                step(exchange)
                keep = exchange.keep
        except OSError:
            pass  # the client hung up, or the test is over
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    @staticmethod
    def _read(connection: socket.socket) -> Request | None:
        data = b""
        while b"\r\n\r\n" not in data:
            received = connection.recv(65536)
            if not received:
                return None
            data += received
        first, *lines = data.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        return Request(method, path, {name: value for name, _, value in (line.partition(": ") for line in lines)})
