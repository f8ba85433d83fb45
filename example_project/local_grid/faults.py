"""Faults of the API: error answers, malformed answers, and connections that break or hang."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from typing import TYPE_CHECKING

from .web import Request, Response, Takeover, html_response, json_response, text_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from .options import GridOptions

_HTML_502 = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_HTML_500 = "<html><body><h1>Internal Server Error</h1><p>Something <b>went wrong</b></p></body></html>"
_HTML_LOGIN = "<!doctype html><title>Log in</title><form action='/login'><input name='user'></form>"
_HALF = b'{"data": {"test_id": "Z17EF-OPUKH-BDAE8-YEPXU", "name": "a te'


def unauthorized() -> Response:
    """Return the API's documented answer: a bare JSON string."""
    return json_response(401, "HTTP Basic: Access denied.")


def not_found(status: int = 404) -> Response:
    return json_response(status, {"message": "Either resource not found or already deleted", "status": "fail"})


def page_not_found() -> Response:
    return text_response(404, "404 page not found")


def _redirect(location: str) -> Response:
    return Response(302, b"", headers=(("Location", location),))


# Connections taken over


def _hang(_connection: socket.socket, closing: threading.Event) -> None:
    closing.wait()


def _hang_body(connection: socket.socket, closing: threading.Event) -> None:
    _send(connection, _head(len(_HALF) * 2) + _HALF)
    closing.wait()


def _truncated_body(connection: socket.socket, _closing: threading.Event) -> None:
    _send(connection, _head(len(_HALF) * 2) + _HALF)


def _dribble(connection: socket.socket, closing: threading.Event) -> None:
    """Send one byte at a time without end, so that no single read times out."""
    _send(connection, _head(100_000))
    while not closing.wait(0.1) and _send(connection, b" "):
        pass


def _huge(connection: socket.socket, closing: threading.Event) -> None:
    """Send an endless JSON string, chunk after chunk."""
    _send(connection, b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{"data": "')
    chunk = b"a" * 65536
    while not closing.is_set() and _send(connection, chunk):
        pass


def _reset(connection: socket.socket, _closing: threading.Event) -> None:
    # With a linger time of zero close() sends RST instead of FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _garbage(connection: socket.socket, _closing: threading.Event) -> None:
    _send(connection, b"\x00\xff this is not HTTP \r\n\r\n")


def _head(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()


def _send(connection: socket.socket, data: bytes) -> bool:
    with contextlib.suppress(OSError):
        connection.sendall(data)
        return True
    return False


_ANSWERS: dict[str, Response | Takeover] = {
    "unauthorized": unauthorized(),
    "unauthorized_plain": text_response(401, "HTTP Basic: Access denied."),
    "forbidden": json_response(403, {"message": "Forbidden! Operation not allowed.", "status": "fail"}),
    "not_found": not_found(),
    "server_error": json_response(500, {"status": "error", "message": "Internal Server Error", "data": None}),
    "server_error_html": html_response(500, _HTML_500),
    "bad_gateway_html": html_response(502, _HTML_502),
    "html_page": html_response(200, _HTML_LOGIN),
    "truncated_json": Response(200, _HALF),
    "empty": Response(200),
    "wrong_shape": json_response(200, [{"data": "a list, not an object"}, None, 3]),
    "deep_json": Response(200, b"[" * 100_000),
    "hang": _hang,
    "hang_body": _hang_body,
    "truncated_body": _truncated_body,
    "dribble": _dribble,
    "huge": _huge,
    "reset": _reset,
    "garbage": _garbage,
}
_OF_REQUESTS: dict[str, Callable[[Request, str], Response]] = {
    "unavailable": lambda _, seconds: text_response(503, "try later", ("Retry-After", seconds)),
    "throttled": lambda _, seconds: json_response(429, {"message": "Too Many Requests"}, ("Retry-After", seconds)),
    "redirect_other_host": lambda request, _: _redirect(
        f"http://localhost:{request.host.rpartition(':')[2]}/elsewhere{request.path}"
    ),
    "redirect_loop": lambda request, _: _redirect(request.path),
}
"""Answers that depend on the request, or on how long a client is to wait."""

FAULT_NAMES = tuple(sorted([*_ANSWERS, *_OF_REQUESTS]))


class Faults:
    """The fault that is on, if any, and for how many more requests."""

    def __init__(self, options: GridOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._left: int | None = None
        self._paths = re.compile("")
        self.name: str | None = None

    def switch(self, name: str | None, times: int | None = None, paths: str = "") -> None:
        """Switch to a fault for the next `times` requests (None: until changed) whose path `paths` finds."""
        if name is not None and name not in FAULT_NAMES:
            raise ValueError(f"no fault {name!r}; there are {', '.join(FAULT_NAMES)}")
        with self._lock:
            self.name, self._left, self._paths = name, times, re.compile(paths)

    def take(self, request: Request) -> Response | Takeover | None:
        """Return the fault's answer to this request, None if it has none."""
        with self._lock:
            name = self.name
            if name is None or not self._paths.search(request.path):
                return None
            if self._left is not None:
                self._left -= 1
                if self._left <= 0:
                    self.name = None
                if self._left < 0:
                    return None
        if name in _ANSWERS:
            return _ANSWERS[name]
        return _OF_REQUESTS[name](request, str(self._options.retry_after))
