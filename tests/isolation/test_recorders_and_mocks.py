"""HTTP as suites record, mock, cache and forbid it: they meet their own requests, and LambdaTest's answers are real.

Each suite waits, with its replacement in place, until LambdaTest's API was asked about a browser of an earlier test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolated import skip_without

if TYPE_CHECKING:
    from isolated import Isolation

BROWSER = """
def test_browser():
    visit()
"""
LAST = """
def test_last():
    visit("last", title="another title")
"""


def test_vcr_records_and_replays_what_the_suite_asks_for(isolation: Isolation) -> None:
    skip_without("vcr", "vcrpy")
    isolation.grid.ready_after = 60
    isolation.tests(
        """
import http.server
import threading
import requests
import vcr

@pytest.fixture(scope="module")
def exchange_rates():
    class Rates(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"1.07")

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Rates)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/usd"
    server.shutdown()
    thread.join()
    server.server_close()

@pytest.fixture(scope="module")
def cassette(tmp_path_factory):
    return str(tmp_path_factory.mktemp("cassettes") / "rates.yaml")
"""
        + BROWSER
        + """
def test_records(exchange_rates, cassette):
    with vcr.use_cassette(cassette, record_mode="once") as tape:
        assert requests.get(exchange_rates).text == "1.07"
        until_asked()
        assert requests.get(exchange_rates).text == "1.07"
    assert [request.uri for request in tape.requests] == [exchange_rates] * 2
    with open(cassette) as file:
        assert "automation" not in file.read()

def test_replays(exchange_rates, cassette):
    with vcr.use_cassette(cassette, record_mode="none") as tape:
        assert requests.get(exchange_rates).text == "1.07"
        until_asked()
        assert requests.get(exchange_rates).text == "1.07"
        assert tape.all_played
"""
        + LAST
    )
    isolation.run()


def test_mocks_of_requests_see_the_requests_of_the_suite_alone(isolation: Isolation) -> None:
    skip_without("responses")
    skip_without("requests_mock", "requests-mock")
    isolation.story.use("requests_mock")
    isolation.grid.ready_after = 60
    isolation.tests(
        """
import re
import requests
import responses

BASKET = "https://basket.shop.example/v2/items"
"""
        + BROWSER
        + """
@responses.activate
def test_counts_calls():
    responses.get(BASKET, json=["pear"])
    assert requests.get(BASKET).json() == ["pear"]
    until_asked()
    assert [call.request.url for call in responses.calls] == [BASKET]

def test_answers_every_request(requests_mock):
    lookalike = {"name": "Ada", "status_ind": "passed", "duration": 4711, "end_timestamp": "2026-01-01 00:00:00"}
    requests_mock.get(re.compile(""), json={"data": lookalike})
    assert requests.get("https://accounts.shop.example/7").json()["data"]["name"] == "Ada"
    until_asked()
    assert [request.hostname for request in requests_mock.request_history] == ["accounts.shop.example"]
    assert "Authorization" not in requests_mock.last_request.headers
"""
        + LAST
    )
    run = isolation.run()
    assert 4711 not in [record["duration"] for record in run.records]


def test_a_cache_of_the_suite_holds_nothing_of_lambdatest(isolation: Isolation) -> None:
    skip_without("requests_cache", "requests-cache")
    isolation.story.file(
        "conftest.py",
        """
        import requests_cache

        requests_cache.install_cache("answers", backend="filesystem", expire_after=3600)
        """,
    )
    isolation.tests(
        """
import requests_cache

def test_red():
    visit(title="another title")

def test_green():
    visit("green")
    until_asked()
    cache = requests_cache.get_cache()
    assert cache is not None
    assert list(cache.urls()) == []
"""
    )
    run = isolation.run("--lambdatest-budget=5", "--durations=0")
    cached = list((run.folder / "answers").rglob("*.json"))
    assert cached == []


def test_sockets_are_disabled_for_all_tests_but_one(isolation: Isolation) -> None:
    skip_without("pytest_socket", "pytest-socket")
    isolation.story.use("socket")
    isolation.tests(
        """
import socket
import pytest_socket

@pytest.mark.enable_socket
def test_browser():
    visit()

def test_stays_offline():
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.socket()
    until_asked()
"""
    )
    isolation.run("--disable-socket")
