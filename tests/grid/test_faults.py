"""Faults of the API."""

from __future__ import annotations

import re
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
import requests

from local_grid import FAULT_NAMES, LocalGrid

if TYPE_CHECKING:
    from collections.abc import Callable

    CallApi = Callable[..., requests.Response]

ERROR_ANSWERS = [
    ("unauthorized", 401, '"HTTP Basic: Access denied."'),
    ("unauthorized_plain", 401, "HTTP Basic: Access denied."),
    ("forbidden", 403, "Forbidden! Operation not allowed."),
    ("not_found", 404, "Either resource not found"),
    ("server_error", 500, '"data": null'),
    ("server_error_html", 500, "<h1>Internal Server Error</h1>"),
    ("bad_gateway_html", 502, "<h1>502 Bad Gateway</h1>"),
    ("throttled", 429, "Too Many Requests"),
    ("unavailable", 503, "try later"),
    ("truncated_json", 200, '{"data": {"test_id"'),
    ("empty", 200, ""),
    ("wrong_shape", 200, '[{"data": '),
    ("deep_json", 200, "[[[[[[[["),
    ("html_page", 200, "<title>Log in</title>"),
]
BROKEN_CONNECTIONS = ["reset", "garbage", "truncated_body"]
HANGING_CONNECTIONS = ["hang", "hang_body", "dribble", "huge"]
REDIRECTS = ["redirect_loop", "redirect_other_host"]


def test_a_fault_replaces_the_answer_until_it_is_switched_off(grid: LocalGrid, call_api: CallApi) -> None:
    for fault, status, body in ERROR_ANSWERS:
        grid.fault = fault
        answer = call_api(grid, "/sessions/x")
        assert answer.status_code == grid.api_requests[-1].status == status, fault
        assert body in answer.text, fault
        assert answer.headers.get("Retry-After") == ("1" if fault in ("throttled", "unavailable") else None)
    for fault in BROKEN_CONNECTIONS:
        grid.fault = fault
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            call_api(grid, "/sessions/x")
        assert grid.api_requests[-1].status == 0
    grid.fault = "redirect_loop"
    with pytest.raises(requests.TooManyRedirects):
        call_api(grid, "/sessions/x")
    grid.fault = None
    assert call_api(grid, "/sessions/x").status_code == 404
    tested = {*(name for name, _, _ in ERROR_ANSWERS), *BROKEN_CONNECTIONS, *HANGING_CONNECTIONS, *REDIRECTS}
    assert tested == set(FAULT_NAMES)
    with pytest.raises(ValueError, match="no fault 'nonsense'; there are bad_gateway_html, "):
        grid.fault = "nonsense"


def test_a_fault_is_limited_to_some_requests_and_paths_and_to_the_api(grid: LocalGrid, call_api: CallApi) -> None:
    grid.set_fault("server_error", times=2, paths="/log/")
    assert call_api(grid, "/sessions/x").status_code == 404
    assert [call_api(grid, "/sessions/x/log/command").status_code for _ in range(3)] == [500, 500, 400]
    assert grid.fault is None
    grid.set_fault("redirect_other_host", times=1)
    assert call_api(grid, "/sessions/x").text == "another host"
    grid.fault = "reset"
    assert requests.get(f"{grid.hub_url_plain}/status", timeout=30).status_code == 200


def test_closing_the_grid_ends_hanging_and_slow_answers() -> None:
    outcomes: list[object] = []

    def ask(url: str) -> None:
        try:
            with requests.get(url, timeout=60, stream=True) as answer:
                outcomes.append(sum(len(chunk) for chunk in answer.iter_content(1024)))
        except requests.RequestException as error:
            outcomes.append(error)

    clients = []
    with LocalGrid(backend="simulated") as grid:
        for number, grid.fault in enumerate(HANGING_CONNECTIONS, 1):
            clients.append(threading.Thread(target=ask, args=(f"{grid.api_url}/sessions/x",)))
            clients[-1].start()
            grid.wait_for(lambda number=number: len(grid.api_requests) == number, timeout=20)  # type: ignore[misc]
        assert all(client.is_alive() for client in clients)
        grid.fault, grid.latency = None, 0.1
        started = time.monotonic()
        requests.get(f"{grid.api_url}/sessions/x", timeout=30)
        assert time.monotonic() - started >= 0.1
        grid.latency = 3600
        slow = socket.create_connection(("127.0.0.1", grid.port))
        slow.sendall(b"GET /automation/api/v1/sessions/x HTTP/1.1\r\nHost: x\r\n\r\n")
        started = time.monotonic()
    assert time.monotonic() - started < 30
    slow.close()
    for client in clients:
        client.join(20)
    assert len(outcomes) == len(HANGING_CONNECTIONS)


def test_a_malformed_request_is_a_bad_request_and_half_of_one_disturbs_no_other(
    grid: LocalGrid, call_api: CallApi
) -> None:
    for start in (b"nonsense", b"GET //[ HTTP/1.1", b"GET / HTTP/1.1\r\nContent-Length: many", b"GET / HTTP/9.9"):
        with socket.create_connection(("127.0.0.1", grid.port), timeout=20) as wrong:
            wrong.sendall(start + b"\r\n\r\n")
            assert re.match(rb"(HTTP/1\.[01] [45]\d\d|<!DOCTYPE)", wrong.recv(1000))
    with socket.create_connection(("127.0.0.1", grid.port)) as half:
        half.sendall(b"POST /wd/hub/session HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
        assert call_api(grid, "/sessions/x").status_code == 404
