"""What is asked next of a session, decided from one answer at a time."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

import pytest

from job_requests import APP, WEB, poll
from pytest_lambdatest_session.cloud.details import SessionDetails
from pytest_lambdatest_session.cloud.errors import (
    CloudError,
    Forbidden,
    MalformedAnswer,
    NotFound,
    Redirected,
    ServerError,
    Throttled,
    Unauthorized,
    Unreachable,
)
from pytest_lambdatest_session.sidecar.policy import Policy
from pytest_lambdatest_session.sidecar.polling import PollJob, fields_of

if TYPE_CHECKING:
    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.sidecar.messages import Polled, Result

URL = "https://x.org/"
RUNNING = SessionDetails("s", status="running", video_url=URL)
MARKED = SessionDetails("s", status="passed", video_url=URL)
COMPLETE = SessionDetails("s", status="passed", duration=3.0, video_url=URL)
LINKLESS = SessionDetails("s", status="completed", duration=3.0)
IN_A_LONG_TIME = 4e9
"""By a clock that is ahead; the whole initial delay is waited for then, and no more."""


class Answer(NamedTuple):
    state: str
    details: SessionDetails | None
    error: str | None
    kind: Kind


class Subject(PollJob):
    """Keeps what it told."""

    def __init__(self, *, ended: bool = True, kind: Kind = "web", base_url: str | None = None) -> None:
        self.told: list[Polled] = []
        request = poll(
            base_url=base_url or (WEB if kind == "web" else APP), kind=kind, ended=ended, ended_at=IN_A_LONG_TIME
        )
        if not ended:
            request["ended_at"] = None
        super().__init__(request, 100.0, Policy(), self._keep)

    def _keep(self, result: Result) -> None:
        assert result["type"] == "polled"
        assert result["session_id"] == "s"
        self.told.append(result)

    @property
    def is_final(self) -> bool:
        assert self.is_over == (bool(self.told) and self.told[-1]["done"])
        return self.is_over


def says(subject: Subject, answer: Answer) -> bool:
    """Whether the last thing it told is this."""
    last = subject.told[-1]
    details = None if answer.details is None else fields_of(answer.details)
    expected = (answer.state, details, answer.error, answer.kind)
    assert (last["state"], last["details"], last["error"], last["kind"]) == expected
    return True


def handle(subject: Subject, outcome: SessionDetails | CloudError, now: float, *, finishing: bool = False) -> Subject:
    subject.handle(outcome, now, finishing=finishing)
    return subject


def test_the_first_request_comes_after_the_initial_delay() -> None:
    subject = Subject()
    assert subject.due == 100.8
    assert (subject.base_url, subject.told) == (WEB, [])
    told: list[Result] = []
    ended_a_while_ago = PollJob(poll(ended_at=time.time() - 60), 100.0, Policy(), told.append)
    assert ended_a_while_ago.due == 100.0


def test_a_session_that_still_runs_is_asked_about_less_and_less_often() -> None:
    subject, waits = Subject(), []
    for _ in range(8):
        now = subject.due
        handle(subject, RUNNING, now)
        waits.append(round(subject.due - now, 2))
    assert waits == [0.4, 0.64, 1.02, 1.64, 2.62, 4.19, 5.0, 5.0]
    assert not subject.is_final
    assert says(subject, Answer("pending", RUNNING, None, "web"))


@pytest.mark.parametrize("details", [MARKED, LINKLESS], ids=["marked-before-quit", "links-to-come"])
def test_an_incomplete_answer_is_final_when_the_wait_for_the_rest_ends(details: SessionDetails) -> None:
    subject = Subject()
    while not subject.is_final:
        now = subject.due
        handle(subject, details, now)
    assert now == 103.8
    assert says(subject, Answer("final", details, None, "web"))


def test_the_wait_for_the_rest_begins_with_the_first_incomplete_answer() -> None:
    subject = handle(Subject(), RUNNING, 110)
    handle(subject, MARKED, 120)
    handle(subject, RUNNING, 125)
    assert not handle(subject, MARKED, 130).is_final
    assert handle(subject, MARKED, 133).is_final


def test_a_refusal_is_final() -> None:
    subject = handle(Subject(), Forbidden("403 no"), 101)
    assert subject.is_final
    assert says(subject, Answer("unavailable", None, "403 no", "web"))


def test_a_failure_is_shown_and_asked_again_as_long_as_tests_run() -> None:
    subject = Subject()
    for error in (Unreachable("x"), ServerError("x", 500), MalformedAnswer("x"), Redirected("x"), Throttled("x")) * 10:
        handle(subject, error, subject.due)
        assert says(subject, Answer("unavailable", None, "x", "web"))
    assert not subject.is_final
    assert says(handle(subject, COMPLETE, subject.due), Answer("final", COMPLETE, None, "web"))


def test_at_the_end_of_the_run_four_failures_are_enough() -> None:
    """Those before an answer are forgotten, and being told when to come back is none."""
    subject = Subject()
    outcomes: list[SessionDetails | CloudError] = [*[Unreachable("x")] * 3, RUNNING]
    for outcome in (*outcomes, *[Throttled("x", 1.0)] * 9, *[ServerError("x", 500)] * 2, Throttled("x")):
        assert not handle(subject, outcome, subject.due, finishing=True).is_final
    assert handle(subject, ServerError("x", 500), subject.due, finishing=True).is_final


def test_a_failure_after_an_answer_keeps_what_is_known() -> None:
    subject = handle(handle(Subject(), RUNNING, 101), Unreachable("x"), 102)
    assert says(subject, Answer("pending", RUNNING, "x", "web"))
    assert says(handle(subject, RUNNING, 103), Answer("pending", RUNNING, None, "web"))


def test_a_session_that_the_other_product_knows_stays_there() -> None:
    subject = handle(Subject(), NotFound("404"), 101)
    assert (subject.base_url, subject.due) == (APP, 101)
    assert says(subject, Answer("not_found", None, "404", "web"))
    handle(subject, RUNNING, 101.3)
    assert says(subject, Answer("pending", RUNNING, None, "app"))
    handle(subject, NotFound("404"), 102)
    assert subject.base_url == APP
    assert subject.due > 102.3
    assert says(handle(subject, COMPLETE, 103), Answer("final", COMPLETE, None, "app"))
    subject = handle(handle(Subject(kind="app"), NotFound("404"), 101), COMPLETE, 101.3)
    assert says(subject, Answer("final", COMPLETE, None, "web"))


@pytest.mark.parametrize(
    "error",
    [NotFound("404 there"), Forbidden("403 there"), Unreachable("dead there")],
    ids=lambda error: type(error).__name__,
)
def test_whatever_the_other_product_says_the_session_is_asked_about_at_home_again(error: CloudError) -> None:
    subject = handle(handle(Subject(), NotFound("404"), 101), error, 101.3)
    assert subject.base_url == WEB
    assert subject.due == pytest.approx(101.7)
    assert not subject.is_final
    assert subject.told[-1]["error"] == "404"


def test_the_other_product_is_asked_twice_in_all() -> None:
    subject, asked = Subject(), []
    for _ in range(12):
        asked.append(subject.base_url)
        handle(subject, NotFound("404"), subject.due)
    assert [index for index, base_url in enumerate(asked) if base_url == APP] == [1, 5]


@pytest.mark.parametrize(("finishing", "seconds"), [(False, 30), (True, 4)], ids=["tests-run", "end-of-the-run"])
def test_a_session_not_found_for_so_long_is_not_there(finishing: bool, seconds: float) -> None:
    """An id that LambdaTest never knew must not cost the whole budget."""
    subject = Subject()
    while not subject.is_final:
        now = subject.due
        handle(subject, NotFound("404"), now, finishing=finishing)
    assert now - 100.8 == pytest.approx(seconds)
    assert says(subject, Answer("not_found", None, "404", "web"))


def test_a_session_missing_since_long_is_asked_about_once_more_at_the_end_of_the_run() -> None:
    subject = Subject()
    for _ in range(7):
        handle(subject, NotFound("404"), subject.due)
    assert not subject.is_final
    assert handle(subject, NotFound("404"), subject.due, finishing=True).is_final


def test_an_answer_starts_the_time_to_be_found_anew() -> None:
    subject = handle(handle(Subject(), RUNNING, 101), NotFound("404"), 104)
    handle(subject, RUNNING, 105)
    assert not handle(subject, NotFound("404"), 109, finishing=True).is_final
    assert not handle(subject, NotFound("404"), 112.9, finishing=True).is_final
    assert handle(subject, NotFound("404"), 113, finishing=True).is_final


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        pytest.param(RUNNING, Answer("running", RUNNING, None, "web"), id="running"),
        pytest.param(MARKED, Answer("running", MARKED, None, "web"), id="marked-but-not-quit"),
        pytest.param(COMPLETE, Answer("final", COMPLETE, None, "web"), id="ended-by-the-cloud"),
        pytest.param(LINKLESS, Answer("final", LINKLESS, None, "web"), id="ended-without-links"),
        pytest.param(Unauthorized("401"), Answer("running", None, "401", "web"), id="401"),
        pytest.param(Unreachable("dead"), Answer("running", None, "dead", "web"), id="dead"),
    ],
)
def test_a_session_never_quit_is_looked_at_once(outcome: SessionDetails | CloudError, answer: Answer) -> None:
    subject = Subject(ended=False)
    assert subject.due == 100.0
    handle(subject, outcome, 100.3)
    assert subject.is_final
    assert says(subject, answer)


def test_a_session_never_quit_and_not_found_is_looked_for_in_the_other_product_too() -> None:
    subject = handle(Subject(ended=False), NotFound("404"), 100.3)
    assert (subject.base_url, subject.is_final) == (APP, False)
    assert handle(subject, NotFound("404"), 100.6).is_final
    assert says(subject, Answer("not_found", None, "404", "web"))


def test_an_api_without_a_sibling_is_asked_alone() -> None:
    alone = "https://proxy.example.org/api"
    subject = handle(Subject(base_url=alone), NotFound("404"), 101)
    assert (subject.base_url, subject.due) == (alone, 101.4)
    assert handle(Subject(ended=False, base_url=alone), NotFound("404"), 100.3).is_final


def test_the_end_of_the_run_brings_forward_what_rests_and_asks_once_before_the_initial_delay() -> None:
    subject, slow, failing, never_quit = Subject(), Subject(), Subject(), Subject(ended=False)
    for one in (subject, slow, failing, never_quit):
        one.hurry(100.3)
    assert (subject.due, never_quit.due) == (100.3, 100.0)
    # What was asked early is asked again when it would have been, and at once where the answer took longer.
    assert handle(slow, RUNNING, 101.3).due == 101.3
    assert handle(failing, ServerError("x", 500), 101.3).due == pytest.approx(101.7)
    assert handle(subject, RUNNING, 100.35).due == 100.8
    assert handle(subject, RUNNING, 100.85).due == pytest.approx(101.25)
    for _ in range(7):
        asked_at = subject.due
        handle(subject, RUNNING, asked_at)
    subject.hurry(asked_at + 1)
    assert subject.due == pytest.approx(asked_at + 0.4)
    handle(subject, RUNNING, asked_at + 1)
    assert subject.due == pytest.approx(asked_at + 1.4)


@pytest.mark.parametrize(
    ("ended", "outcome", "reason", "answer"),
    [
        (True, None, None, Answer("pending", None, None, "web")),
        (True, RUNNING, "dead", Answer("pending", RUNNING, "dead", "web")),
        (False, None, "dead", Answer("running", None, "dead", "web")),
    ],
    ids=["no-reason", "details-are-there", "never-quit"],
)
def test_giving_up_keeps_what_is_known(
    ended: bool, outcome: SessionDetails | None, reason: str | None, answer: Answer
) -> None:
    subject = Subject(ended=ended)
    if outcome is not None:
        handle(subject, outcome, 101)
    subject.give_up(reason)
    assert subject.is_final
    assert says(subject, answer)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        pytest.param(None, "trouble", id="never-answered"),
        pytest.param(RUNNING, None, id="details-are-there"),
        pytest.param(ServerError("500", 500), None, id="a-reason-is-there"),
    ],
)
def test_the_end_gives_a_reason_where_there_is_none(
    outcome: SessionDetails | CloudError | None, reason: str | None
) -> None:
    subject = Subject()
    if outcome is not None:
        handle(subject, outcome, 101)
    assert subject.reason_at_end("trouble", "silence") == reason
    assert subject.reason_at_end(None, "silence") == (None if reason is None else "silence")


def test_what_is_told_of_a_session_can_be_written_as_json() -> None:
    start = datetime(2026, 11, 24, 8, 24, 41, tzinfo=timezone(timedelta(hours=1)))
    fields = fields_of(SessionDetails("s", started_at=start, logs=(("command", URL),)))
    assert fields["started_at"] == "2026-11-24T07:24:41Z"
    assert fields["ended_at"] is None
    assert fields["logs"] == {"command": URL}


def test_an_old_session_is_asked_about_once_a_minute_at_least() -> None:
    assert [round(Policy().backoff(step, 31.0), 2) for step in (0, 9, 99999)] == [0.4, 27.49, 60.0]
