"""A threaded HTTP/1.1 server on loopback: an application is a function from a request to a response.

The standard library's server polls, and leaves keep-alive connections open when it stops. The tests start and stop
many grids, so this one accepts, tracks and closes connections itself.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    import ssl
    from email.message import Message


@dataclass(frozen=True)
class Credentials:
    """User name and password of a Basic Authorization header. The password is not in the repr."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r})"


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    """The path with its query, or what else the request line has."""
    path: str
    query: dict[str, str]
    headers: Message
    """Names in any case."""
    body: bytes

    @property
    def host(self) -> str:
        return str(self.headers.get("host", ""))

    def credentials(self) -> Credentials | None:
        scheme, _, encoded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            decoded = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        username, _, password = decoded.partition(":")
        return Credentials(username, password)

    def json_object(self) -> dict[str, Any] | None:
        """Return the body if it is a JSON object, else None."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Takeover: TypeAlias = Callable[[socket.socket, threading.Event], "bool | None"]
"""Writes any bytes to the connection, or none; returns whether it may serve another request.

The event is set when the server closes.
"""

Application: TypeAlias = Callable[[Request], "Response | Takeover"]


def json_response(status: int, value: Any, *headers: tuple[str, str]) -> Response:
    return Response(status, json.dumps(value).encode(), "application/json; charset=utf-8", headers)


def text_response(status: int, text: str, *headers: tuple[str, str]) -> Response:
    return Response(status, text.encode(), "text/plain; charset=utf-8", headers)


def html_response(status: int, text: str) -> Response:
    return Response(status, text.encode(), "text/html; charset=utf-8")


class Server:
    """Serves one application on 127.0.0.1, a daemon thread per connection."""

    def __init__(self, application: Application, port: int = 0) -> None:
        self.application = application
        self.tls: ssl.SSLContext | None = None
        """Set before the first connection to speak HTTPS."""
        self.connection_count = 0
        """Connections accepted so far."""
        self.closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._acceptor = threading.Thread(target=self._accept, name="local-grid-accept", daemon=True)

    def start(self) -> None:
        self._acceptor.start()

    def close(self, timeout_seconds: float = 2.0) -> None:
        """Close the port and every connection, and wait for their threads."""
        self.closing.set()
        # Closing a socket does not wake accept() in another thread; a connection does.
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=timeout_seconds).close()
        if self._acceptor.is_alive():
            self._acceptor.join(timeout_seconds)
        self._listener.close()
        with self._lock:
            open_connections = dict(self._connections)
        for connection in open_connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in open_connections.values():
            thread.join(timeout_seconds)

    def _accept(self) -> None:
        while True:
            try:
                connection, address = self._listener.accept()
            except OSError:
                return
            if self.closing.is_set():
                connection.close()
                return
            thread = threading.Thread(
                target=self._serve, args=(connection, address), name="local-grid-connection", daemon=True
            )
            with self._lock:
                self._connections[connection] = thread
                self.connection_count += 1
            thread.start()

    def _serve(self, connection: socket.socket, address: tuple[str, int]) -> None:
        try:
            # Clients may hang up at any time, and refuse a certificate.
            with contextlib.suppress(OSError):
                if self.tls:
                    plain, connection = connection, self.tls.wrap_socket(connection, server_side=True)
                    with self._lock:
                        self._connections[connection] = self._connections.pop(plain)
                _Connection(connection, address, self)  # type: ignore[arg-type]
        finally:
            with self._lock:
                del self._connections[connection]
            connection.close()


class _Connection(BaseHTTPRequestHandler):
    """One keep-alive connection: reads requests and writes responses."""

    server: Server  # type: ignore[assignment]
    protocol_version = "HTTP/1.1"
    # Headers and body in two packets would wait for the client's delayed acknowledgement: 40 ms a command.
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
            return
        if not self.parse_request():
            self.wfile.flush()
            return
        try:
            request = self._read_request()
        except ValueError:
            # A malformed Content-Length or path.
            self.send_error(400)
            self.wfile.flush()
            return
        answer = self._answer(request)
        if isinstance(answer, Response):
            self._write(request, answer)
        else:
            self.close_connection = not answer(self.connection, self.server.closing)

    def _read_request(self) -> Request:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        return Request(
            method=self.command,
            target=self.path,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=self.headers,
            body=self.rfile.read(length) if length else b"",
        )

    def _answer(self, request: Request) -> Response | Takeover:
        try:
            return self.server.application(request)
        except Exception:  # noqa: BLE001 -- a bug in the application must reach the client as an answer
            if not self.server.closing.is_set():
                traceback.print_exc(file=sys.stderr)
            return text_response(500, "the server failed to answer; see its standard error")

    def _write(self, request: Request, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if response.body:
            self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if request.method != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class's name
        """Log nothing: the journal has every request."""
