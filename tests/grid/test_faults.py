"""The ways in which the API can be made to fail."""

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


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
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
    ],
)
def test_a_fault_is_a_bad_answer(grid: LocalGrid, call_api: CallApi, fault: str, status: int, body: str) -> None:
    grid.fault = fault
    answer = call_api(grid, "/sessions/x")
    assert answer.status_code == status
    assert body in answer.text
    assert grid.api_requests[-1].status == status
    grid.fault = None
    assert call_api(grid, "/sessions").status_code == 200


@pytest.mark.parametrize("fault", ["reset", "no_answer", "garbage", "truncated_body"])
def test_a_fault_breaks_the_connection(grid: LocalGrid, call_api: CallApi, fault: str) -> None:
    grid.fault = fault
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        call_api(grid, "/sessions/x")
    assert grid.api_requests[-1].status == 0
    grid.fault = None
    assert call_api(grid, "/sessions").status_code == 200


@pytest.mark.parametrize("fault", ["hang", "hang_body", "dribble", "huge"])
def test_a_hanging_api_lets_go_when_the_grid_closes(fault: str) -> None:
    """No client of a grid outlives it, whatever it waits for."""
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
        grid.wait_for(lambda: grid.api_requests, timeout=5)
        assert client.is_alive()
        started = time.monotonic()
    assert time.monotonic() - started < 3
    client.join(5)
    assert outcome


def test_throttling_says_how_long(grid: LocalGrid, call_api: CallApi) -> None:
    grid.fault = "throttled"
    assert call_api(grid, "/sessions/x").headers["Retry-After"] == "1"
    grid.retry_after = 0.5
    assert call_api(grid, "/sessions/x").headers["Retry-After"] == "0.5"


def test_a_redirect_leads_to_another_host_where_credentials_have_no_business(
    grid: LocalGrid, call_api: CallApi
) -> None:
    grid.fault = "redirect_other_host"
    first = call_api(grid, "/sessions/x", allow_redirects=False)
    assert first.headers["Location"] == f"http://localhost:{grid.port}/elsewhere/automation/api/v1/sessions/x"
    grid.set_fault("redirect_other_host", times=1)
    assert call_api(grid, "/sessions/x").text == "another host"
    seen = grid.api_requests[-1]
    assert (seen.host, seen.has_authorization) == (f"localhost:{grid.port}", False)


def test_a_redirect_can_lead_nowhere(grid: LocalGrid, call_api: CallApi) -> None:
    grid.fault = "redirect_loop"
    with pytest.raises(requests.TooManyRedirects):
        call_api(grid, "/sessions/x")


def test_a_fault_can_last_for_some_requests(grid: LocalGrid, call_api: CallApi) -> None:
    grid.set_fault("server_error", times=2)
    assert [call_api(grid, "/sessions").status_code for _ in range(3)] == [500, 500, 200]
    assert grid.fault is None


def test_a_fault_can_concern_some_paths(grid: LocalGrid, call_api: CallApi) -> None:
    grid.set_fault("server_error", paths="/log/")
    assert call_api(grid, "/sessions").status_code == 200
    assert call_api(grid, "/sessions/x/log/command").status_code == 500


def test_an_unknown_fault_is_a_mistake(grid: LocalGrid) -> None:
    with pytest.raises(ValueError, match="no fault 'nonsense'; there are bad_gateway_html, "):
        grid.fault = "nonsense"
    assert "hang" in FAULT_NAMES


def test_faults_do_not_reach_the_hub(grid: LocalGrid) -> None:
    grid.fault = "reset"
    assert requests.get(f"{grid.hub_url_plain}/status", timeout=10).status_code == 200


def test_the_api_can_be_slow(grid: LocalGrid, call_api: CallApi) -> None:
    grid.latency = 0.2
    started = time.monotonic()
    call_api(grid, "/sessions")
    assert 0.2 <= time.monotonic() - started < 2


def test_a_slow_api_does_not_delay_the_end() -> None:
    with (
        LocalGrid(backend="simulated", latency=3600) as grid,
        socket.create_connection(("127.0.0.1", grid.port)) as one,
    ):
        one.sendall(b"GET /automation/api/v1/sessions HTTP/1.1\r\nHost: x\r\n\r\n")
        started = time.monotonic()
        grid.close()
        assert time.monotonic() - started < 3


def test_half_a_request_does_not_disturb_others(grid: LocalGrid, call_api: CallApi) -> None:
    with socket.create_connection(("127.0.0.1", grid.port)) as broken:
        broken.sendall(b"POST /wd/hub/session HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
        assert call_api(grid, "/sessions").status_code == 200


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
def test_nonsense_is_a_bad_request(grid: LocalGrid, nonsense: bytes) -> None:
    with socket.create_connection(("127.0.0.1", grid.port), timeout=10) as wrong:
        wrong.sendall(nonsense + b"\r\n\r\n")
        assert re.match(rb"(HTTP/1\.[01] [45]\d\d|<!DOCTYPE)", wrong.recv(1000))
