"""Pytest's outcome is written once LambdaTest knows of the end, and never over a verdict of the suite's own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from job_requests import APP, WEB, mark
from pytest_lambdatest_session.cloud.details import SessionDetails
from pytest_lambdatest_session.cloud.errors import CloudError, NotFound, Throttled, Unauthorized, Unreachable
from pytest_lambdatest_session.sidecar.marking import MarkJob
from pytest_lambdatest_session.sidecar.policy import Policy

if TYPE_CHECKING:
    from pytest_lambdatest_session.cloud.client import Client
    from pytest_lambdatest_session.sidecar.messages import Mark, Marked, Result

RUNNING = SessionDetails("s", status="running")
COMPLETED = SessionDetails("s", status="completed", duration=3.0)
MARKED = SessionDetails("s", status="failed", duration=3.0)


class Requests(NamedTuple):
    """Answers a look with what it was told to, and keeps what is written."""

    outcomes: list[SessionDetails | CloudError]
    written: list[tuple[str, str]]

    def session(self, _session_id: str) -> SessionDetails:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, CloudError):
            raise outcome
        return outcome

    def mark(self, _session_id: str, status: str, reason: str) -> None:
        if self.outcomes and isinstance(outcome := self.outcomes.pop(0), CloudError):
            raise outcome
        self.written.append((status, reason))


class Subject(MarkJob):
    """A job, and what it told; the clock goes to when it is due."""

    def __init__(self, request: Mark, *outcomes: SessionDetails | CloudError) -> None:
        self.told: list[Marked] = []
        self.requests = Requests(list(outcomes), [])
        super().__init__(request, 100.0, Policy(), self._keep)
        self.waits: list[float] = []

    def _keep(self, result: Result) -> None:
        assert result["type"] == "marked"
        self.told.append(result)

    def step_on(self) -> None:
        now = self.due
        outcome: object
        try:
            outcome = self.step(as_client(self.requests))
        except CloudError as error:
            outcome = error
        self.handle(outcome, now, finishing=False)
        self.waits.append(round(self.due - now, 2))

    def run(self) -> Marked:
        """To its end, and return what it told."""
        while not self.is_over:
            self.step_on()
        (told,) = self.told
        return told


def as_client(requests: Requests) -> Client:
    return requests  # type: ignore[return-value]


def told(written: tuple[str, str] | None, failure: str | None = None) -> Marked:
    return {"type": "marked", "session_id": "s", "written": written, "failure": failure}


def test_a_session_that_nobody_marked_gets_the_verdict() -> None:
    subject = Subject(mark(verdict=("failed", "boom")), COMPLETED)
    assert subject.run() == told(("failed", "boom"))
    assert subject.requests.written == [("failed", "boom")]
    assert subject.waits[0] == 0, "written as soon as it was seen"


def test_a_verdict_that_is_there_is_left_alone() -> None:
    subject = Subject(mark(), MARKED)
    assert subject.run() == told(None)
    assert subject.requests.written == []


def test_a_verdict_that_is_there_is_replaced_where_that_is_wanted() -> None:
    assert Subject(mark(overwrite=True), MARKED).run() == told(("passed", ""))


def test_a_product_without_a_word_for_it_is_left_alone() -> None:
    assert Subject(mark(verdict=None), COMPLETED).run() == told(None)


def test_nothing_is_asked_before_the_cloud_has_settled() -> None:
    request = mark()
    request["ended_at"] = time.time() + 60
    subject = Subject(request)
    subject.hurry(100.1)
    assert subject.due == 100.8


def test_a_session_that_is_listed_as_running_is_looked_at_again() -> None:
    subject = Subject(mark(), RUNNING, RUNNING, COMPLETED)
    assert subject.run() == told(("passed", ""))
    assert subject.waits == [0.4, 0.4, 0.0, 0.0]


def test_a_session_still_listed_as_running_at_the_end_says_so() -> None:
    subject = Subject(mark(), RUNNING)
    subject.step_on()
    subject.give_up(subject.reason_at_end("trouble", "silence"))
    failure = "LambdaTest still lists it as running"
    assert subject.told == [told(None, failure)]


@pytest.mark.parametrize(("trouble", "failure"), [("dead", "dead"), (None, "no time was left (lambdatest_budget)")])
def test_a_session_not_looked_at_by_the_end_says_why(trouble: str | None, failure: str) -> None:
    subject = Subject(mark())
    subject.give_up(subject.reason_at_end(trouble, "silence"))
    assert subject.told == [told(None, failure)]


def test_a_session_that_is_not_known_is_looked_for_in_the_other_product() -> None:
    subject = Subject(mark(), NotFound("404"), COMPLETED)
    subject.step_on()
    assert subject.base_url == APP
    assert subject.run() == told(("passed", ""))
    subject = Subject(mark(), NotFound("404"), NotFound("404"))
    subject.step_on()
    subject.step_on()
    assert subject.base_url == WEB


def test_an_api_without_a_sibling_is_asked_again() -> None:
    subject = Subject(mark(base_url="https://proxy.example.org/api"), NotFound("404"), COMPLETED)
    assert subject.run() == told(("passed", ""))


def test_a_refusal_ends_it() -> None:
    assert Subject(mark(), Unauthorized("401")).run() == told(None, "401")


def test_three_failures_end_it() -> None:
    subject = Subject(mark(), Unreachable("dead"), Throttled("429"), COMPLETED, Unreachable("dead"))
    assert subject.run() == told(None, "dead")
    assert subject.waits[:2] == [0.64, 1.02]
