"""Pytest's outcome is written once LambdaTest knows of the end, and never over a verdict of the suite's own.

And links are made, which takes two tries at most.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from job_requests import APP, WEB, mark, share
from pytest_lambdatest_session.cloud.details import SessionDetails
from pytest_lambdatest_session.cloud.errors import (
    CloudError,
    Forbidden,
    NotFound,
    Throttled,
    Unauthorized,
    Unreachable,
)
from pytest_lambdatest_session.sidecar.marking import MarkJob
from pytest_lambdatest_session.sidecar.policy import Policy
from pytest_lambdatest_session.sidecar.sharing import ShareJob

if TYPE_CHECKING:
    from pytest_lambdatest_session.sidecar.messages import Mark, Marked

RUNNING = SessionDetails("s", status="running")
COMPLETED = SessionDetails("s", status="completed", duration=3.0)
MARKED = SessionDetails("s", status="failed", duration=3.0)
DEAD, MISSING, NOWHERE = Unreachable("dead"), NotFound("404"), "https://proxy.example.org/api"


class Subject(MarkJob):
    """A job that is its own client, which says what it was told to; the clock goes to when it is due."""

    def __init__(self, request: Mark, *outcomes: SessionDetails | CloudError) -> None:
        self.outcomes = list(outcomes)
        self.written: list[tuple[str, str]] = []
        self.all_told: list[Marked] = []
        self.waits: list[float] = []
        super().__init__(request, 100.0, Policy(), self.all_told.append)  # type: ignore[arg-type]

    def session(self, _session_id: str) -> SessionDetails:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, CloudError):
            raise outcome
        return outcome

    def mark(self, _session_id: str, status: str, reason: str) -> None:
        if self.outcomes:
            self.session("")
        self.written.append((status, reason))

    def take_step(self) -> None:
        now = self.due
        client: Any = self
        outcome: object
        try:
            outcome = self.step(client)
        except CloudError as error:
            outcome = error
        self.handle(outcome, now)
        self.waits.append(round(self.due - now, 2))


def told(written: tuple[str, str] | None, failure: str | None = None) -> list[Marked]:
    return [{"type": "marked", "session_id": "s", "written": written, "failure": failure}]


BOOM, PASSED = ("failed", "boom"), ("passed", "")


@pytest.mark.parametrize(
    ("request_", "outcomes", "result", "waits"),
    [
        pytest.param(mark(verdict=BOOM), [COMPLETED], told(BOOM), [0], id="nobody-marked-it"),
        pytest.param(mark(), [MARKED], told(None), [], id="a-verdict-is-there"),
        pytest.param(mark(overwrite=True), [MARKED], told(PASSED), [0], id="overwritten"),
        pytest.param(mark(verdict=None), [COMPLETED], told(None), [], id="no-word-for-it"),
        pytest.param(mark(), [RUNNING, RUNNING, COMPLETED], told(PASSED), [0.4, 0.4, 0], id="listed-as-running"),
        pytest.param(mark(base_url=NOWHERE), [MISSING, COMPLETED], told(PASSED), [0.4, 0], id="no-sibling"),
        pytest.param(mark(), [Unauthorized("401")], told(None, "401"), [], id="refused"),
        pytest.param(
            mark(), [DEAD, Throttled("429"), COMPLETED, DEAD], told(None, "dead"), [0.64, 1.02, 0], id="fails"
        ),
    ],
)
def test_a_verdict_is_written_once_and_to_what_has_none(
    request_: Mark, outcomes: list[SessionDetails | CloudError], result: list[Marked], waits: list[float]
) -> None:
    subject = Subject(request_, *outcomes)
    while not subject.is_over:
        subject.take_step()
    assert subject.all_told == result
    assert subject.written == [one["written"] for one in result if one["written"] is not None]
    assert subject.waits[:-1] == waits, "written as soon as it was seen"


def test_nothing_is_asked_before_the_initial_delay() -> None:
    request = mark()
    request["ended_at"] = time.time() + 60
    subject = Subject(request)
    subject.hurry(100.1)
    assert subject.due == 100.8


@pytest.mark.parametrize(
    ("outcomes", "trouble", "failure"),
    [
        ([RUNNING], "trouble", "LambdaTest still lists it as running"),
        ([], "dead", "dead"),
        ([], None, "no time was left (lambdatest_budget)"),
    ],
)
def test_a_session_not_marked_by_the_end_says_why(
    outcomes: list[SessionDetails | CloudError], trouble: str | None, failure: str
) -> None:
    subject = Subject(mark(), *outcomes)
    if outcomes:
        subject.take_step()
    subject.give_up(subject.reason_at_end(trouble, "silence"))
    assert subject.all_told == told(None, failure)


def test_a_session_that_is_not_known_is_looked_for_in_the_other_product_and_back() -> None:
    subject, asked = Subject(mark(), MISSING, MISSING, COMPLETED), []
    while not subject.is_over:
        asked.append(subject.base_url)
        subject.take_step()
    assert asked == [WEB, APP, WEB, WEB]
    assert subject.all_told == told(PASSED)


@pytest.mark.parametrize(
    ("errors", "failure", "seconds"),
    [([Forbidden("403")], "403", 0), ([Unreachable("blip"), DEAD], "dead", 0.64)],
    ids=["refused", "failed-twice"],
)
def test_why_there_is_no_link_is_told(errors: list[CloudError], failure: str, seconds: float) -> None:
    all_told: list[Any] = []
    job = ShareJob(share(), 100.0, Policy(), all_told.append)
    for error in errors:
        assert not job.is_over
        job.handle(error, now := job.due)
    assert job.is_over
    assert all_told == [{"type": "shared", "session_id": "s", "url": None, "failure": failure}]
    assert now == pytest.approx(100.0 + seconds)


def test_the_end_of_the_run_does_not_wait_for_the_next_try_at_a_link() -> None:
    job = ShareJob(share(), 100.0, Policy(), lambda _: None)
    job.handle(DEAD, 100.0)
    for now in (100.2, 100.3):
        job.hurry(now)
        assert job.due == 100.2
