"""What is asked next of a session, decided from one answer at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
from pytest_lambdatest_session.cloud.inquiry import Answer, Inquiry, Question
from pytest_lambdatest_session.cloud.pace import Pace
from pytest_lambdatest_session.credentials import Credentials

if TYPE_CHECKING:
    from pytest_lambdatest_session.cloud.endpoints import Kind

WEB = "https://api.lambdatest.com/automation/api/v1"
APP = "https://mobile-api.lambdatest.com/mobile-automation/api/v1"
URL = "https://x.org/"
RUNNING = SessionDetails("s", status="running", video_url=URL)
MARKED = SessionDetails("s", status="passed", video_url=URL)
COMPLETE = SessionDetails("s", status="passed", duration=3.0, video_url=URL)
LINKLESS = SessionDetails("s", status="completed", duration=3.0)


def inquiry(*, ended: bool = True, kind: Kind = "web", api_url: str | None = None) -> Inquiry:
    hub = "hub.lambdatest.com" if kind == "web" else "mobile-hub.lambdatest.com"
    return Inquiry(Question("s", hub, kind, Credentials("u", "k"), ended), 100.0, Pace(), api_url)


def learn(subject: Inquiry, outcome: SessionDetails | CloudError, now: float, *, last_chance: bool = False) -> Inquiry:
    subject.learn(outcome, now, is_last_chance=last_chance)
    return subject


def test_the_first_question_comes_when_the_cloud_has_settled() -> None:
    subject = inquiry()
    assert subject.due == 100.8
    assert subject.base_url == WEB
    assert subject.answer == Answer("pending", None, None, "web")


def test_a_complete_answer_is_final() -> None:
    subject = learn(inquiry(), COMPLETE, 101)
    assert subject.is_settled
    assert subject.answer == Answer("final", COMPLETE, None, "web")


def test_a_session_that_still_runs_is_asked_about_less_and_less_often() -> None:
    subject, waits = inquiry(), []
    for _ in range(8):
        now = subject.due
        learn(subject, RUNNING, now)
        waits.append(round(subject.due - now, 2))
    assert waits == [0.4, 0.64, 1.02, 1.64, 2.62, 4.19, 5.0, 5.0]
    assert not subject.is_settled
    assert subject.answer == Answer("pending", RUNNING, None, "web")


@pytest.mark.parametrize("details", [MARKED, LINKLESS], ids=["marked-before-quit", "links-to-come"])
def test_an_incomplete_answer_is_final_when_patience_ends(details: SessionDetails) -> None:
    subject = inquiry()
    while not subject.is_settled:
        now = subject.due
        learn(subject, details, now)
    assert now == 103.8
    assert subject.answer == Answer("final", details, None, "web")


def test_patience_begins_with_the_first_incomplete_answer() -> None:
    subject = learn(inquiry(), RUNNING, 110)
    learn(subject, MARKED, 120)
    learn(subject, RUNNING, 125)
    assert not learn(subject, MARKED, 130).is_settled
    assert learn(subject, MARKED, 133).is_settled


@pytest.mark.parametrize(
    ("error", "message"),
    [(Unauthorized("401 no"), "401 no"), (Forbidden("403 no"), "403 no")],
    ids=["401", "403"],
)
def test_a_refusal_settles_at_once(error: CloudError, message: str) -> None:
    subject = learn(inquiry(), error, 101)
    assert subject.is_settled
    assert subject.answer == Answer("unavailable", None, message, "web")


@pytest.mark.parametrize(
    "error",
    [Unreachable("x"), ServerError("x", 500), MalformedAnswer("x"), Redirected("x"), Throttled("x")],
    ids=lambda error: type(error).__name__,
)
def test_a_failure_is_shown_and_asked_again_as_long_as_tests_run(error: CloudError) -> None:
    subject = inquiry()
    for _ in range(50):
        learn(subject, error, subject.due)
    assert not subject.is_settled
    assert subject.answer == Answer("unavailable", None, "x", "web")
    assert learn(subject, COMPLETE, subject.due).answer == Answer("final", COMPLETE, None, "web")


def test_at_the_end_of_the_run_four_failures_are_enough() -> None:
    subject = inquiry()
    for _ in range(3):
        assert not learn(subject, ServerError("x", 500), subject.due, last_chance=True).is_settled
    assert learn(subject, ServerError("x", 500), subject.due, last_chance=True).is_settled


def test_failures_before_an_answer_are_forgotten() -> None:
    subject = inquiry()
    for outcome in (Unreachable("x"), Unreachable("x"), Unreachable("x"), RUNNING, Unreachable("x")):
        learn(subject, outcome, subject.due, last_chance=True)
    assert not subject.is_settled


def test_being_told_when_to_come_back_is_no_failure() -> None:
    subject = inquiry()
    for _ in range(9):
        learn(subject, Throttled("x", 1.0), subject.due, last_chance=True)
    assert not subject.is_settled


def test_a_failure_after_an_answer_keeps_what_is_known() -> None:
    subject = learn(learn(inquiry(), RUNNING, 101), Unreachable("x"), 102)
    assert subject.answer == Answer("pending", RUNNING, "x", "web")
    assert learn(subject, RUNNING, 103).answer == Answer("pending", RUNNING, None, "web")


def test_a_404_is_put_to_the_other_product_at_once() -> None:
    subject = learn(inquiry(), NotFound("404"), 101)
    assert (subject.base_url, subject.due, subject.is_away) == (APP, 101, True)
    assert subject.answer == Answer("not_found", None, "404", "web")


def test_a_session_that_the_other_product_knows_stays_there() -> None:
    subject = learn(learn(inquiry(), NotFound("404"), 101), RUNNING, 101.3)
    assert (subject.base_url, subject.is_away) == (APP, False)
    assert subject.answer == Answer("pending", RUNNING, None, "app")
    learn(subject, NotFound("404"), 102)
    assert subject.base_url == APP
    assert subject.due > 102.3
    assert learn(subject, COMPLETE, 103).answer == Answer("final", COMPLETE, None, "app")


def test_an_app_session_known_to_the_web_api_is_a_web_session() -> None:
    subject = learn(learn(inquiry(kind="app"), NotFound("404"), 101), COMPLETE, 101.3)
    assert subject.answer == Answer("final", COMPLETE, None, "web")


@pytest.mark.parametrize(
    "error",
    [NotFound("404 there"), Forbidden("403 there"), Unreachable("dead there")],
    ids=lambda error: type(error).__name__,
)
def test_whatever_the_other_product_says_the_session_is_asked_about_at_home_again(error: CloudError) -> None:
    subject = learn(learn(inquiry(), NotFound("404"), 101), error, 101.3)
    assert subject.base_url == WEB
    assert subject.due == pytest.approx(101.7)
    assert not subject.is_settled
    assert subject.answer.error == "404"


def test_the_other_product_is_asked_twice_in_all() -> None:
    subject, asked = inquiry(), []
    for _ in range(12):
        asked.append(subject.base_url)
        learn(subject, NotFound("404"), subject.due)
    assert [index for index, base_url in enumerate(asked) if base_url == APP] == [1, 5]


def test_a_session_not_found_for_half_a_minute_is_not_there() -> None:
    subject = inquiry()
    while not subject.is_settled:
        now = subject.due
        learn(subject, NotFound("404"), now)
    assert now - 100.8 == pytest.approx(30, abs=5)
    assert subject.answer == Answer("not_found", None, "404", "web")


def test_at_the_end_of_the_run_a_404_is_asked_again_as_long_as_there_is_time() -> None:
    subject = inquiry()
    for _ in range(99):
        learn(subject, NotFound("404"), subject.due, last_chance=True)
    assert not subject.is_settled


def test_an_api_without_a_sibling_is_asked_alone() -> None:
    subject = learn(inquiry(api_url="https://proxy.example.org/api"), NotFound("404"), 101)
    assert (subject.base_url, subject.is_away) == ("https://proxy.example.org/api", False)
    assert subject.due == 101.4


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        pytest.param(RUNNING, Answer("running", RUNNING, None, "web"), id="running"),
        pytest.param(MARKED, Answer("running", MARKED, None, "web"), id="marked-but-not-quit"),
        pytest.param(COMPLETE, Answer("final", COMPLETE, None, "web"), id="ended-by-the-cloud"),
        pytest.param(LINKLESS, Answer("final", LINKLESS, None, "web"), id="ended-without-links"),
        pytest.param(Unauthorized("401"), Answer("unavailable", None, "401", "web"), id="401"),
        pytest.param(Unreachable("dead"), Answer("unavailable", None, "dead", "web"), id="dead"),
    ],
)
def test_a_session_never_quit_is_looked_at_once(outcome: SessionDetails | CloudError, answer: Answer) -> None:
    subject = inquiry(ended=False)
    assert (subject.due, subject.answer.state) == (100.0, "running")
    learn(subject, outcome, 100.3)
    assert subject.is_settled
    assert subject.answer == answer


def test_a_session_never_quit_and_not_found_is_looked_for_in_the_other_product_too() -> None:
    subject = learn(inquiry(ended=False), NotFound("404"), 100.3)
    assert (subject.base_url, subject.is_settled) == (APP, False)
    assert learn(subject, NotFound("404"), 100.6).is_settled
    assert subject.answer == Answer("not_found", None, "404", "web")


def test_a_session_never_quit_and_not_found_without_a_sibling_is_done() -> None:
    subject = inquiry(ended=False, api_url="https://proxy.example.org/api")
    assert learn(subject, NotFound("404"), 100.3).is_settled


def test_the_end_of_the_run_brings_forward_what_rests() -> None:
    subject = inquiry()
    for _ in range(7):
        asked_at = subject.due
        learn(subject, RUNNING, asked_at)
    subject.bring_forward(asked_at + 1)
    assert subject.due == pytest.approx(asked_at + 0.4)
    learn(subject, RUNNING, asked_at + 1)
    assert subject.due == pytest.approx(asked_at + 1.4)


def test_the_end_of_the_run_lets_the_cloud_settle() -> None:
    subject = inquiry()
    subject.bring_forward(100.1)
    assert subject.due == 100.8


def test_the_end_of_the_run_does_not_postpone_a_look() -> None:
    subject = inquiry(ended=False)
    subject.bring_forward(101)
    assert subject.due == 100.0


def test_giving_up_without_a_reason_leaves_the_answer_as_it_is() -> None:
    subject = inquiry()
    subject.give_up(None)
    assert subject.is_settled
    assert subject.answer == Answer("pending", None, None, "web")


def test_giving_up_with_a_reason_keeps_what_is_known() -> None:
    subject = learn(inquiry(), RUNNING, 101)
    subject.give_up("dead")
    assert subject.answer == Answer("pending", RUNNING, "dead", "web")
