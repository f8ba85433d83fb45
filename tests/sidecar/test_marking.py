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


DEAD, NOWHERE = Unreachable("dead"), "https://proxy.example.org/api"


@pytest.mark.parametrize(
    ("request_", "outcomes", "result", "waits"),
    [
        pytest.param(
            mark(verdict=("failed", "boom")), [COMPLETED], told(("failed", "boom")), [0], id="nobody-marked-it"
        ),
        pytest.param(mark(), [MARKED], told(None), [], id="a-verdict-is-there"),
        pytest.param(mark(overwrite=True), [MARKED], told(("passed", "")), [0], id="overwritten"),
        pytest.param(mark(verdict=None), [COMPLETED], told(None), [], id="no-word-for-it"),
        pytest.param(
            mark(), [RUNNING, RUNNING, COMPLETED], told(("passed", "")), [0.4, 0.4, 0], id="listed-as-running"
        ),
        pytest.param(
            mark(base_url=NOWHERE), [NotFound("404"), COMPLETED], told(("passed", "")), [0.4, 0], id="no-sibling"
        ),
        pytest.param(mark(), [Unauthorized("401")], told(None, "401"), [], id="refused"),
        pytest.param(
            mark(), [DEAD, Throttled("429"), COMPLETED, DEAD], told(None, "dead"), [0.64, 1.02, 0], id="failed"
        ),
    ],
)
def test_a_verdict_is_written_once_and_to_what_has_none(
    request_: Mark, outcomes: list[SessionDetails | CloudError], result: Marked, waits: list[float]
) -> None:
    subject = Subject(request_, *outcomes)
    assert subject.run() == result
    assert subject.requests.written == ([] if result["written"] is None else [result["written"]])
    assert subject.waits[:-1] == waits, "written as soon as it was seen"


def test_nothing_is_asked_before_the_initial_delay() -> None:
    request = mark()
    request["ended_at"] = time.time() + 60
    subject = Subject(request)
    subject.hurry(100.1)
    assert subject.due == 100.8


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
