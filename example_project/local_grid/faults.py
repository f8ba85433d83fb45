"""Faults of the API: error answers, malformed answers, and connections that break or hang."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from typing import TYPE_CHECKING, TypeAlias

from .web import Request, Response, Takeover, html_response, json_response, text_response

if TYPE_CHECKING:
    from collections.abc import Callable

_HTML_502 = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_HTML_500 = "<html><body><h1>Internal Server Error</h1><p>Something <b>went wrong</b></p></body></html>"
_HTML_LOGIN = "<!doctype html><title>Log in</title><form action='/login'><input name='user'></form>"
_HALF = b'{"data": {"test_id": "Z17EF-OPUKH-BDAE8-YEPXU", "name": "a te'


def unauthorized() -> Response:
    """Return the API's documented answer: a bare JSON string."""
    return json_response(401, "HTTP Basic: Access denied.")


def forbidden() -> Response:
    return json_response(403, {"message": "Forbidden! Operation not allowed.", "status": "fail"})


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


def _no_answer(_connection: socket.socket, _closing: threading.Event) -> None:
    """Close the connection without an answer."""


def _garbage(connection: socket.socket, _closing: threading.Event) -> None:
    _send(connection, b"\x00\xff this is not HTTP \r\n\r\n")


def _head(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()


def _send(connection: socket.socket, data: bytes) -> bool:
    with contextlib.suppress(OSError):
        connection.sendall(data)
        return True
    return False


_Fault: TypeAlias = "Callable[[Faults, Request], Response | Takeover]"

_FAULTS: dict[str, _Fault] = {
    "unauthorized": lambda _faults, _request: unauthorized(),
    "unauthorized_plain": lambda _faults, _request: text_response(401, "HTTP Basic: Access denied."),
    "unauthorized_object": lambda _faults, _request: json_response(
        401, {"status": "fail", "message": "Unauthorized", "data": None}
    ),
    "forbidden": lambda _faults, _request: forbidden(),
    "not_found": lambda _faults, _request: not_found(),
    "not_found_plain": lambda _faults, _request: page_not_found(),
    "bad_request": lambda _faults, _request: json_response(
        400, {"message": "Please provide a valid payload", "status": "fail"}
    ),
    "server_error": lambda _faults, _request: json_response(
        500, {"status": "error", "message": "Internal Server Error", "data": None}
    ),
    "server_error_html": lambda _faults, _request: html_response(500, _HTML_500),
    "bad_gateway_html": lambda _faults, _request: html_response(502, _HTML_502),
    "unavailable": lambda faults, _request: text_response(503, "try later", ("Retry-After", faults.retry_after)),
    "throttled": lambda faults, _request: json_response(
        429, {"message": "Too Many Requests", "status": "fail"}, ("Retry-After", faults.retry_after)
    ),
    "html_page": lambda _faults, _request: html_response(200, _HTML_LOGIN),
    "truncated_json": lambda _faults, _request: Response(200, _HALF),
    "empty": lambda _faults, _request: Response(200),
    "no_content": lambda _faults, _request: Response(204),
    "wrong_shape": lambda _faults, _request: json_response(200, [{"data": "a list, not an object"}, None, 3]),
    "data_null": lambda _faults, _request: json_response(
        200, {"data": None, "message": "Retrieve session was successful", "status": "success"}
    ),
    "deep_json": lambda _faults, _request: Response(200, b"[" * 100_000),
    "redirect_other_host": lambda faults, request: _redirect(faults.redirect_target(request)),
    "redirect_loop": lambda _faults, request: _redirect(request.path),
    "hang": lambda _faults, _request: _hang,
    "hang_body": lambda _faults, _request: _hang_body,
    "truncated_body": lambda _faults, _request: _truncated_body,
    "dribble": lambda _faults, _request: _dribble,
    "huge": lambda _faults, _request: _huge,
    "reset": lambda _faults, _request: _reset,
    "no_answer": lambda _faults, _request: _no_answer,
    "garbage": lambda _faults, _request: _garbage,
}

FAULT_NAMES = tuple(sorted(_FAULTS))


class Faults:
    """The fault that is on, if any, and for how many more requests."""

    def __init__(self) -> None:
        self.retry_after: str = "1"
        self.other_host = ""
        """Target of `redirect_other_host`: scheme, host and port."""
        self._lock = threading.Lock()
        self._name: str | None = None
        self._left: int | None = None
        self._paths = re.compile("")

    @property
    def name(self) -> str | None:
        return self._name

    def switch(self, name: str | None, times: int | None = None, paths: str = "") -> None:
        """Switch to a fault for the next `times` requests (None: until changed) whose path `paths` finds."""
        if name is not None and name not in _FAULTS:
            raise ValueError(f"no fault {name!r}; there are {', '.join(FAULT_NAMES)}")
        with self._lock:
            self._name, self._left, self._paths = name, times, re.compile(paths)

    def take(self, request: Request) -> Response | Takeover | None:
        """Return the fault's answer to this request, None if it has none."""
        with self._lock:
            name = self._name
            if name is None or not self._paths.search(request.path):
                return None
            if self._left is not None:
                self._left -= 1
                if self._left <= 0:
                    self._name = None
                if self._left < 0:
                    return None
        return _FAULTS[name](self, request)

    def redirect_target(self, request: Request) -> str:
        return f"{self.other_host}/elsewhere{request.path}"
