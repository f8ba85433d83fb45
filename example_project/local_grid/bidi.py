"""WebDriver BiDi: the bytes of a client's WebSocket go to the browser's, and back, as they are."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from .web import Request, Takeover


def is_upgrade(request: Request) -> bool:
    return str(request.headers.get("upgrade", "")).lower() == "websocket"


def relay(request: Request, address: str, on_end: Callable[[], None]) -> Takeover:
    """Hand a request to open a WebSocket on to the one at `address`; call `on_end` when either side has closed it."""
    parts = urlsplit(address)
    headers = [("Host", parts.netloc), *((name, text) for name, text in request.headers.items() if name != "Host")]
    lines = [f"GET {parts.path} HTTP/1.1", *(f"{name}: {text}" for name, text in headers), "", ""]

    def take_over(client: socket.socket, _closing: threading.Event) -> None:
        with socket.create_connection((parts.hostname or "", parts.port or 80)) as browser:
            browser.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            browser.sendall("\r\n".join(lines).encode())
            back = threading.Thread(target=_pass_on, args=(browser, client), name="local-grid-bidi", daemon=True)
            back.start()
            _pass_on(client, browser)
            back.join()
        on_end()

    return take_over


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what comes until either is closed, and close the other."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for one in (source, sink):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
