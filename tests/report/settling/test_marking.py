"""Nothing is written to a session once nobody waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pytest_lambdatest_session.cloud.chores import Chores
from pytest_lambdatest_session.report.settling.marking import Marking

from ledgers import MadeUpRun
from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.credentials import Credentials
from pytest_lambdatest_session.problems import Problems
from scripted_server import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripted_server import Exchange

CREDENTIALS = Credentials("me", "s3cret")


def connect(base_url: str, credentials: Credentials) -> Client:
    return Client(base_url, credentials, timeout_seconds=5)


@pytest.fixture
def api() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.close()


def test_a_look_that_ends_after_the_waiting_is_followed_by_no_write(api: ScriptedServer) -> None:
    problems = Problems()
    chores = Chores(connect, "marking", threads=1, on_fault=problems.fault)

    def answer_too_late(exchange: Exchange) -> None:
        chores.end()
        api.details(status_ind="completed")(exchange)

    api.will(answer_too_late)
    run = MadeUpRun()
    run.attempt("test_sells", "passed", "s1")
    marking = Marking(
        run.ledger,
        chores,
        lambda _: CREDENTIALS,
        lambda text, _: text,
        problems,
        api_url=api.base_url,
        overwrite=False,
    )
    marking.begin_end()
    marking.wait(20)
    assert [request.method for request in api.requests] == ["GET"]
    assert list(problems) == [("1 session not marked: no time was left (lambdatest_budget)", 1)]
