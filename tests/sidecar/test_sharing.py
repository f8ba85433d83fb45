"""A link is asked for twice at most, and why there is none is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from job_requests import share
from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.cloud.errors import CloudError, Forbidden, Unreachable
from pytest_lambdatest_session.credentials import Credentials
from pytest_lambdatest_session.sidecar.policy import Policy
from pytest_lambdatest_session.sidecar.sharing import ShareJob

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.sidecar.messages import Result
    from scripted_server import ScriptedServer

LINK = "https://automation.lambdatest.com/share/1"


@pytest.fixture
def told() -> list[Result]:
    return []


@pytest.fixture
def job(told: list[Result]) -> ShareJob:
    return ShareJob(share(), 100.0, Policy(), told.append)


def shared(url: str | None, failure: str | None) -> list[Result]:
    return [{"type": "shared", "session_id": "s", "url": url, "failure": failure}]


def test_the_link_is_told(api: ScriptedServer, told: list[Result]) -> None:
    api.will(api.json({"shareIdUrl": LINK}))
    job = ShareJob(share(share_url=api.base_url), 100.0, Policy(), told.append)
    client = Client(job.base_url, Credentials("me", "k3y"), timeout_seconds=5)
    job.handle(job.step(client), 100.1, finishing=True)
    client.close()
    assert job.is_over
    assert told == shared(LINK, None)
    (request,) = api.requests
    assert (request.method, request.path) == ("POST", "/automation/api/v1/generate-sharable-link")


@pytest.mark.parametrize(
    ("errors", "failure"),
    [([Forbidden("403")], "403"), ([Unreachable("blip"), Unreachable("dead")], "dead")],
    ids=["refused", "failed-twice"],
)
def test_why_there_is_no_link_is_told(
    job: ShareJob, told: list[Result], errors: list[CloudError], failure: str
) -> None:
    for error in errors:
        assert not job.is_over
        job.handle(error, 100.1, finishing=True)
    assert job.is_over
    assert told == shared(None, failure)


def test_after_a_failure_it_is_asked_again_a_little_later(job: ShareJob) -> None:
    job.handle(Unreachable("blip"), 100.1, finishing=True)
    assert job.due == pytest.approx(100.74)


@pytest.mark.parametrize(
    ("give_up", "failure"),
    [
        (lambda job: job.reason_at_end("dead", "silence"), "dead"),
        (lambda job: job.reason_at_end(None, "silence"), "no time was left (lambdatest_budget)"),
    ],
    ids=["trouble", "no-time"],
)
def test_at_the_end_it_says_what_kept_it(
    job: ShareJob, told: list[Result], give_up: Callable[[ShareJob], str], failure: str
) -> None:
    job.give_up(give_up(job))
    assert told == shared(None, failure)
