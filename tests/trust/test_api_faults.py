"""Whatever the API does, a run ends as it would without this plugin, in time, and says once what was wrong.

What each fault is to the client is told in `tests/cloud/test_client.py`, what retries and the breaker make of it in
`tests/sidecar/test_pool.py`. Here each is a whole run.
"""

from __future__ import annotations

import gzip
import socket
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from stories import outcomes
from tails import seconds_of_the_tail, time_the_tail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scripted_server import ScriptedServer
    from stories import Run, Story

SUITE = """
@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    driver.quit()

@pytest.fixture
def broken(driver):
    yield driver
    raise RuntimeError("the fixture's own")

def test_green(driver):
    driver.title

def test_red(driver):
    assert driver.title == "another"

def test_error(broken):
    broken.title

@pytest.mark.xfail
def test_xfail(driver):
    assert 0
"""
OUTCOMES = {"passed": 2, "failed": 1, "errors": 1, "xfailed": 1}
EXIT_STATUS = pytest.ExitCode.TESTS_FAILED

BUDGET, TIMEOUT = 2, 1
OPTIONS = (f"--lambdatest-budget={BUDGET}", f"--lambdatest-timeout={TIMEOUT}")
# The bounds are ours, the rest is for a machine that does other things as well.
LONGEST_TAIL = BUDGET + TIMEOUT + 30


@pytest.fixture
def suite(story: Story) -> Story:
    time_the_tail(story)
    story.tests(SUITE)
    return story


def run_with_trouble(story: Story, *arguments: str) -> Run:
    """Run it, and see that nothing is different but for the report."""
    run = story.run(*OPTIONS, *arguments, timeout=90)
    assert run.result.ret == EXIT_STATUS, run.output
    assert outcomes(run) == OUTCOMES
    assert {row.result: row.test.partition("::")[2] for row in run.rows if row.result != "Passed"} == {
        "Failed": "test_red",
        "Error": "test_error::teardown",
        "XFailed": "test_xfail",
    }
    assert seconds_of_the_tail(run) < LONGEST_TAIL
    assert "INTERNALERROR" not in run.output
    assert "Traceback" not in run.output.partition("= LambdaTest sessions =")[2]
    assert len(run.records) == 4
    for record in run.records:
        assert record["url"].endswith(record["test_id"] or record["session_id"])
    red = next(record for record in run.records if record["tests"][0]["nodeid"].endswith("test_red"))
    assert red["url"] in run.output
    assert run.row("test_red").links["session"] == red["url"]
    assert run.properties["test_red"][0]["lambdatest_session_url"] == red["url"]
    return run


def problems_of(run: Run) -> list[str]:
    """The lines about trouble in our section of the terminal."""
    section = run.output.partition("= LambdaTest sessions =")[2]
    return [line.strip().removeprefix("! ") for line in section.splitlines() if line.strip().startswith("! ")]


FAULTS = [
    ("unauthorized", "unavailable", "401 from {api}: user name or access key not accepted; check LT_USERNAME and"),
    ("not_found", "not_found", "404 from {api}: session not known there; check that account and region are the hub's"),
    ("bad_gateway_html", "unavailable", "502 from {api}: no details; see the session in the dashboard"),
    ("throttled", "unavailable", "429 from {api}: asked too often; a larger lambdatest_budget gives it time"),
    ("html_page", "unavailable", "unusable answer from {api}: the answer is not JSON; check lambdatest_api_url"),
    ("dribble", "unavailable", "no whole answer in 1 s (lambdatest_timeout)"),
    ("reset", "unavailable", "{api} can't be asked: the connection broke"),
]


@pytest.mark.parametrize(("fault", "state", "reason"), FAULTS, ids=[fault for fault, _, _ in FAULTS])
def test_a_fault_of_the_api_changes_nothing_and_is_said_once(suite: Story, fault: str, state: str, reason: str) -> None:
    suite.grid.fault = fault
    suite.grid.retry_after = format_datetime(datetime.now(timezone.utc) + timedelta(minutes=1), usegmt=True)
    # None of them is waited for as long as that; a busy machine may need more than the others' budget.
    run = run_with_trouble(suite, "--lambdatest-budget=30")
    assert {record["state"] for record in run.records} == {state}
    (problem,) = problems_of(run)
    assert reason.format(api=f"127.0.0.1:{suite.grid.port}") in problem
    assert problem.endswith("(4 sessions)")
    assert {record["error"] for record in run.records} == {problem.removesuffix(" (4 sessions)")}
    # LambdaTest may lock an account out that is tried too often.
    assert fault != "unauthorized" or len(suite.grid.api_requests) <= 2


def test_many_faults_in_turn_end_as_none(suite: Story) -> None:
    """An API that comes to its senses within the budget leaves no trace of its trouble."""
    suite.grid.set_fault("not_found", times=3)
    run = run_with_trouble(suite, "--lambdatest-budget=30")
    assert {record["state"] for record in run.records} == {"final"}
    assert problems_of(run) == []


def test_429_is_waited_for_within_the_budget(suite: Story) -> None:
    suite.grid.set_fault("throttled", times=1)
    suite.grid.retry_after = 1
    run = run_with_trouble(suite, "--lambdatest-budget=30")
    assert {record["state"] for record in run.records} == {"final"}
    assert problems_of(run) == []


# Where nobody answers


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_an_api_that_is_not_there(suite: Story) -> None:
    suite.set_environment(LT_API_BASE_URL=f"http://127.0.0.1:{closed_port()}/automation/api/v1")
    (problem,) = problems_of(run_with_trouble(suite))
    assert "connection refused; check the network and lambdatest_api_url" in problem


def test_an_api_with_a_wrong_certificate(
    suite: Story, new_server: Callable[[], ScriptedServer], certificate: tuple[Path, Path]
) -> None:
    server = new_server()
    server.will(server.details()).speak_tls(*certificate)
    suite.set_environment(LT_API_BASE_URL=server.base_url.replace("127.0.0.1", "localhost"))
    (problem,) = problems_of(run_with_trouble(suite))
    assert "TLS: self-signed certificate; check REQUESTS_CA_BUNDLE" in problem
    assert server.requests == [], "nothing was sent over it"


# What is answered in a way that the grid can't


def test_a_body_that_is_no_answer(suite: Story, new_server: Callable[[], ScriptedServer]) -> None:
    server = new_server()
    server.will(server.answer(gzip.compress(b" " * 10**6) * 100, headers={"Content-Encoding": "gzip"}))
    suite.set_environment(LT_API_BASE_URL=server.base_url)
    (problem,) = problems_of(run_with_trouble(suite))
    assert "compressed, though that was declined" in problem


ODD = "a\0b\ud800c\ufffe\x1b[31md\u202ee"
ODD_FIELDS = ("name", "remark", "platform", "browser", "build_name", "test_id")
SHAPES: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("answer is null", lambda _: None),
    ("answer is a number", lambda _: 7),
    ("data is a text", lambda answer: {**answer, "data": "none"}),
    ("data is a list of two", lambda answer: {**answer, "data": [answer["data"]] * 2}),
    ("data is empty", lambda answer: {**answer, "data": {}}),
    ("every field is a list", lambda answer: {**answer, "data": {name: [[]] for name in answer["data"]}}),
    ("every field is an object", lambda answer: {**answer, "data": {name: {"a": {}} for name in answer["data"]}}),
    ("every field is true", lambda answer: {**answer, "data": dict.fromkeys(answer["data"], True)}),
    (
        "every field is a number out of all bounds",
        lambda answer: {**answer, "data": dict.fromkeys(answer["data"], 10**400)},
    ),
    ("odd characters", lambda answer: {**answer, "data": {**answer["data"], **dict.fromkeys(ODD_FIELDS, ODD)}}),
    ("every field is long", lambda answer: {**answer, "data": dict.fromkeys(answer["data"], "x" * 10_000)}),
]


def test_every_level_in_a_wrong_shape(suite: Story) -> None:
    """One session each, so that one run meets all; odd characters are shown as such."""
    shapes = [change for _, change in SHAPES]
    given: dict[str, Callable[[dict[str, Any]], Any]] = {}

    def rewrite(answer: dict[str, Any]) -> Any:
        session_id = answer["data"]["session_id"]
        return given.setdefault(session_id, shapes[len(given) % len(shapes)])(answer)

    suite.grid.rewrite_answer = rewrite
    suite.tests(f"""
@pytest.mark.parametrize("n", range({len(shapes)}))
def test_n(n):
    with open_browser() as driver:
        driver.title
""")
    run = suite.run(*OPTIONS, timeout=90)
    assert run.result.ret == pytest.ExitCode.OK
    assert outcomes(run) == {"passed": len(shapes)}
    assert {record["state"] for record in run.records} <= {"unavailable", "final", "pending"}
    assert len(given) >= 3
    for session_id, shape in given.items():
        record = run.record(session_id)
        if shape is dict(SHAPES)["odd characters"]:
            assert (record["state"], record["name"]) == ("final", "a\u2400b\ufffdc\ufffd\u241b[31md\ufffde")
    assert all("failed inside" not in problem for problem in problems_of(run))


# What goes where


def test_another_host_gets_nothing_not_even_the_question(
    suite: Story, new_server: Callable[[], ScriptedServer]
) -> None:
    api, other = new_server(), new_server()
    other.will(other.details())
    api.will(api.answer(b"", 302, {"Location": f"{other.base_url}/sessions/1"}))
    suite.set_environment(LT_API_BASE_URL=api.base_url)
    (problem,) = problems_of(run_with_trouble(suite))
    assert f"302 from 127.0.0.1:{api.port}" in problem
    assert "set lambdatest_api_url to the final address" in problem
    assert all("Authorization" in request.headers for request in api.requests)
    assert (other.requests, other.connections) == ([], 0)
