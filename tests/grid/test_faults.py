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
    ("unauthorized_object", 401, '"message": "Unauthorized"'),
    ("forbidden", 403, "Forbidden! Operation not allowed."),
    ("not_found", 404, "Either resource not found"),
    ("not_found_plain", 404, "404 page not found"),
    ("bad_request", 400, "Please provide a valid payload"),
    ("server_error", 500, '"data": null'),
    ("server_error_html", 500, "<h1>Internal Server Error</h1>"),
    ("bad_gateway_html", 502, "<h1>502 Bad Gateway</h1>"),
    ("throttled", 429, "Too Many Requests"),
    ("unavailable", 503, "try later"),
    ("truncated_json", 200, '{"data": {"test_id"'),
    ("empty", 200, ""),
    ("no_content", 204, ""),
    ("wrong_shape", 200, '[{"data": '),
    ("data_null", 200, '{"data": null'),
    ("deep_json", 200, "[[[[[[[["),
    ("html_page", 200, "<title>Log in</title>"),
]
BROKEN_CONNECTIONS = ["reset", "no_answer", "garbage", "truncated_body"]
HANGING_CONNECTIONS = ["hang", "hang_body", "dribble", "huge"]
REDIRECTS = ["redirect_loop", "redirect_other_host"]


def test_a_fault_replaces_the_answer_until_it_is_switched_off(grid: LocalGrid, call_api: CallApi) -> None:
    for fault, status, body in ERROR_ANSWERS:
        grid.fault = fault
        answer = call_api(grid, "/sessions/x")
        assert answer.status_code == status, fault
        assert body in answer.text, fault
        assert grid.api_requests[-1].status == status
    grid.fault = None
    assert call_api(grid, "/sessions/x").status_code == 404


def test_a_fault_breaks_the_connection(grid: LocalGrid, call_api: CallApi) -> None:
    for fault in BROKEN_CONNECTIONS:
        grid.fault = fault
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            call_api(grid, "/sessions/x")
        assert grid.api_requests[-1].status == 0
    grid.fault = None
    assert call_api(grid, "/sessions/x").status_code == 404


@pytest.mark.parametrize("fault", HANGING_CONNECTIONS)
def test_closing_the_grid_ends_hanging_answers(fault: str) -> None:
    outcome: list[object] = []

    def ask(url: str) -> None:
        try:
            with requests.get(url, timeout=30, stream=True) as answer:
                outcome.append(sum(len(chunk) for chunk in answer.iter_content(1024)))
        except requests.RequestException as error:
            outcome.append(error)

    with LocalGrid(backend="simulated") as grid:
        grid.fault = fault
        client = threading.Thread(target=ask, args=(f"{grid.api_url}/sessions/x",))
        client.start()
        grid.wait_for(lambda: grid.api_requests, timeout=20)
        assert client.is_alive()
        started = time.monotonic()
    assert time.monotonic() - started < 30
    client.join(5)
    assert outcome


def test_throttling_sends_retry_after(grid: LocalGrid, call_api: CallApi) -> None:
    grid.fault = "throttled"
    assert call_api(grid, "/sessions/x").headers["Retry-After"] == "1"
    grid.retry_after = 0.5
    assert call_api(grid, "/sessions/x").headers["Retry-After"] == "0.5"


def test_a_redirect_leads_to_another_host_or_round_in_a_loop(grid: LocalGrid, call_api: CallApi) -> None:
    grid.fault = "redirect_other_host"
    first = call_api(grid, "/sessions/x", allow_redirects=False)
    assert first.headers["Location"] == f"http://localhost:{grid.port}/elsewhere/automation/api/v1/sessions/x"
    grid.set_fault("redirect_other_host", times=1)
    assert call_api(grid, "/sessions/x").text == "another host"
    seen = grid.api_requests[-1]
    assert (seen.host, seen.has_authorization) == (f"localhost:{grid.port}", False)
    grid.fault = "redirect_loop"
    with pytest.raises(requests.TooManyRedirects):
        call_api(grid, "/sessions/x")


def test_a_fault_is_limited_to_some_requests_and_paths_and_to_the_api(grid: LocalGrid, call_api: CallApi) -> None:
    grid.set_fault("server_error", times=2, paths="/log/")
    assert call_api(grid, "/sessions/x").status_code == 404
    assert [call_api(grid, "/sessions/x/log/command").status_code for _ in range(3)] == [500, 500, 400]
    assert grid.fault is None
    grid.fault = "reset"
    assert requests.get(f"{grid.hub_url_plain}/status", timeout=10).status_code == 200


def test_every_fault_is_tested_and_no_other_accepted(grid: LocalGrid) -> None:
    tested = {*(name for name, _, _ in ERROR_ANSWERS), *BROKEN_CONNECTIONS, *HANGING_CONNECTIONS, *REDIRECTS}
    assert tested == set(FAULT_NAMES)
    with pytest.raises(ValueError, match="no fault 'nonsense'; there are bad_gateway_html, "):
        grid.fault = "nonsense"


def test_the_api_can_be_slow_without_delaying_the_end(call_api: CallApi) -> None:
    with (
        LocalGrid(backend="simulated", latency=0.1) as grid,
        socket.create_connection(("127.0.0.1", grid.port)) as one,
    ):
        started = time.monotonic()
        call_api(grid, "/sessions/x")
        assert time.monotonic() - started >= 0.1
        grid.latency = 3600
        one.sendall(b"GET /automation/api/v1/sessions/x HTTP/1.1\r\nHost: x\r\n\r\n")
        started = time.monotonic()
        grid.close()
        assert time.monotonic() - started < 30


def test_half_a_request_does_not_disturb_others(grid: LocalGrid, call_api: CallApi) -> None:
    with socket.create_connection(("127.0.0.1", grid.port)) as broken:
        broken.sendall(b"POST /wd/hub/session HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
        assert call_api(grid, "/sessions/x").status_code == 404


@pytest.mark.parametrize(
    "nonsense",
    [
        b"nonsense",
        b"GET //[ HTTP/1.1",
        b"GET / HTTP/1.1\r\nContent-Length: many",
        b"GET / HTTP/9.9",
        b"\xff / HTTP/1.1",
    ],
)
def test_a_malformed_request_is_a_bad_request(grid: LocalGrid, nonsense: bytes) -> None:
    with socket.create_connection(("127.0.0.1", grid.port), timeout=10) as wrong:
        wrong.sendall(nonsense + b"\r\n\r\n")
        assert re.match(rb"(HTTP/1\.[01] [45]\d\d|<!DOCTYPE)", wrong.recv(1000))
