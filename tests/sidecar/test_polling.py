"""What is asked next of a session, decided from one answer at a time."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

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
    from pytest_lambdatest_session.sidecar.messages import Polled

URL = "https://x.org/"
RUNNING = SessionDetails("s", status="running", video_url=URL)
MARKED = SessionDetails("s", status="passed", video_url=URL)
COMPLETE = SessionDetails("s", status="passed", duration=3.0, video_url=URL)
LINKLESS = SessionDetails("s", status="completed", duration=3.0)
MISSING, DEAD, BROKEN = NotFound("404"), Unreachable("x"), ServerError("x", 500)
ALONE = "https://proxy.example.org/api"
"""An API that has no sibling."""
IN_A_LONG_TIME = 4e9
"""By a clock that is ahead; the whole initial delay is waited for then, and no more."""


def told(
    state: str, details: SessionDetails | None = None, error: str | None = None, kind: Kind = "web"
) -> tuple[object, ...]:
    return state, None if details is None else fields_of(details), error, kind


class Subject(PollJob):
    """Keeps what it told."""

    def __init__(
        self, *, ended: bool = True, kind: Kind = "web", base_url: str | None = None, policy: Policy | None = None
    ) -> None:
        self.all_told: list[Polled] = []
        request = poll(base_url=base_url or (WEB if kind == "web" else APP), kind=kind, ended=ended)
        request["ended_at"] = IN_A_LONG_TIME if ended else None
        super().__init__(request, 100.0, policy or Policy(), self.all_told.append)  # type: ignore[arg-type]

    def take(self, outcome: SessionDetails | CloudError, now: float | None = None, *, finishing: bool = False) -> float:
        """Take in what came of a step, when it was due if nothing else is said, and return when that was."""
        now = self.due if now is None else now
        self._finishing |= finishing
        self.handle(outcome, now)
        assert self.is_over is self.all_told[-1]["done"]
        return now

    def until_over(self, outcome: SessionDetails | CloudError, *, finishing: bool = False) -> float:
        """Take in the same again and again, and return when it was over."""
        while not self.is_over:
            now = self.take(outcome, finishing=finishing)
        return now

    @property
    def last(self) -> tuple[object, ...]:
        """The last that it told, as `told` has it."""
        last = self.all_told[-1]
        return last["state"], last["details"], last["error"], last["kind"]


def test_the_first_request_comes_after_the_initial_delay() -> None:
    subject = Subject()
    assert (subject.due, subject.base_url, subject.all_told) == (100.8, WEB, [])
    ended_a_while_ago = PollJob(poll(ended_at=time.time() - 60), 100.0, Policy(), subject.all_told.append)  # type: ignore[arg-type]
    assert ended_a_while_ago.due == 100.0


def test_the_initial_delay_is_halved_as_long_as_lambdatest_knows_of_ends_by_then() -> None:
    policy = Policy()
    first, beside_it = Subject(policy=policy), Subject(policy=policy)
    assert (first.due, beside_it.due) == (100.8, 100.8)
    first.take(COMPLETE)
    tried, others = Subject(policy=policy), [Subject(policy=policy) for _ in range(2)]
    assert [round(one.due, 2) for one in (tried, *others)] == [100.4, 100.8, 100.8]
    beside_it.take(COMPLETE)
    others[0].take(DEAD)  # which says nothing of it
    tried.take(COMPLETE)
    tried_next, after_it = Subject(policy=policy), Subject(policy=policy)
    assert [tried_next.due, after_it.due] == pytest.approx([100.2, 100.4])
    # Too early: asked again when it would have been at first, and nobody is asked about that early again.
    assert [tried_next.take(RUNNING) and tried_next.due for _ in range(2)] == [100.8, pytest.approx(101.2)]
    after_it.take(COMPLETE)
    assert Subject(policy=policy).due == pytest.approx(100.4)


def test_the_initial_delay_grows_to_what_lambdatest_needs_to_notice_an_end() -> None:
    policy = Policy()
    late, failing, missing, hurried = (Subject(policy=policy) for _ in range(4))
    assert [late.take(RUNNING), late.take(RUNNING), late.take(COMPLETE)] == pytest.approx([100.8, 101.2, 101.84])
    # One at a time tries less, and is over as soon as ever.
    tried, other = Subject(policy=policy), Subject(policy=policy)
    assert [tried.due, other.due] == pytest.approx([100.92, 101.84])
    assert [tried.take(RUNNING), tried.take(COMPLETE)] == pytest.approx([100.92, 101.32])
    # These say nothing of how long an end takes to be noticed; an app's session is found at the second API.
    failing.take(DEAD)
    missing.take(MISSING)
    hurried.hurry(101)
    for one in (failing, missing, hurried):
        one.take(RUNNING, 102)
        one.take(COMPLETE, 109)
    slow, slower = Subject(policy=policy), Subject(policy=policy)
    assert [slow.due, slower.due] == pytest.approx([101.84, 101.84])
    slow.take(RUNNING)
    slow.take(COMPLETE)
    assert [Subject(policy=policy).due for _ in range(2)] == pytest.approx([101.12, 102.24])
    slow, other = Subject(policy=policy), Subject(policy=policy)
    slow.take(RUNNING)
    slow.take(COMPLETE, 140)
    slower.take(RUNNING)
    slower.take(COMPLETE)
    tried = Subject(policy=policy)
    assert [tried.due, Subject(policy=policy).due] == [102.5, 105.0], "no longer than that"
    tried.take(COMPLETE)
    other.take(COMPLETE)
    assert [Subject(policy=policy).due for _ in range(2)] == pytest.approx([101.12, 102.24])


def test_a_session_that_still_runs_is_asked_about_less_and_less_often() -> None:
    subject = Subject()
    waits = [round(-subject.take(RUNNING) + subject.due, 2) for _ in range(8)]
    assert waits == [0.4, 0.64, 1.02, 1.64, 2.62, 4.19, 5.0, 5.0]
    assert (subject.is_over, subject.last) == (False, told("pending", RUNNING))
    assert [round(Policy().backoff(step, 31.0), 2) for step in (0, 9, 99999)] == [0.4, 27.49, 60.0]


@pytest.mark.parametrize("details", [MARKED, LINKLESS], ids=["marked-before-quit", "links-to-come"])
def test_an_incomplete_answer_is_final_when_the_wait_for_the_rest_ends(details: SessionDetails) -> None:
    subject = Subject()
    assert subject.until_over(details) == 103.8
    assert subject.last == told("final", details)
    subject = Subject()
    for outcome, now in ((RUNNING, 110), (details, 120), (RUNNING, 125), (details, 130)):
        subject.take(outcome, now)
        assert not subject.is_over
    subject.take(details, 133)
    assert subject.is_over, "it began anew with the first incomplete answer"


def test_a_failure_is_shown_and_asked_again_as_long_as_tests_run() -> None:
    subject = Subject()
    for error in (DEAD, BROKEN, MalformedAnswer("x"), Redirected("x"), Throttled("x")) * 10:
        subject.take(error)
        assert (subject.is_over, subject.last) == (False, told("unavailable", None, "x"))
    subject.take(RUNNING)
    subject.take(DEAD)
    assert subject.last == told("pending", RUNNING, "x"), "what is known stays"
    subject.take(RUNNING)
    assert subject.last == told("pending", RUNNING)
    subject.take(COMPLETE)
    assert (subject.is_over, subject.last) == (True, told("final", COMPLETE))
    refused = Subject()
    refused.take(Forbidden("403 no"))
    assert (refused.is_over, refused.last) == (True, told("unavailable", None, "403 no"))


def test_at_the_end_of_the_run_four_failures_are_enough() -> None:
    """Those before an answer are forgotten, and being told when to come back is none."""
    subject = Subject()
    outcomes: list[SessionDetails | CloudError] = [*[DEAD] * 3, RUNNING, *[Throttled("x", 1.0)] * 9, *[BROKEN] * 2]
    for outcome in (*outcomes, Throttled("x")):
        subject.take(outcome, finishing=True)
        assert not subject.is_over
    subject.take(BROKEN, finishing=True)
    assert subject.is_over


def test_a_session_that_the_other_product_knows_stays_there() -> None:
    subject = Subject()
    subject.take(MISSING, 101)
    assert (subject.base_url, subject.due, subject.last) == (APP, 101, told("not_found", None, "404"))
    subject.take(RUNNING, 101.3)
    assert subject.last == told("pending", RUNNING, kind="app")
    subject.take(MISSING, 102)
    assert (subject.base_url, subject.due > 102.3) == (APP, True)
    subject.take(COMPLETE, 103)
    assert subject.last == told("final", COMPLETE, kind="app")
    subject = Subject(kind="app")
    subject.take(MISSING, 101)
    subject.take(COMPLETE, 101.3)
    assert subject.last == told("final", COMPLETE)


@pytest.mark.parametrize("error", [NotFound("404 there"), Forbidden("403 there"), Unreachable("dead there")], ids=str)
def test_whatever_the_other_product_says_the_session_is_asked_about_at_home_again(error: CloudError) -> None:
    subject = Subject()
    subject.take(MISSING, 101)
    subject.take(error, 101.3)
    assert (subject.base_url, round(subject.due, 2), subject.is_over) == (WEB, 101.7, False)
    assert subject.last == told("not_found", None, "404")


@pytest.mark.parametrize(("finishing", "seconds"), [(False, 30), (True, 4)], ids=["tests-run", "end-of-the-run"])
def test_a_session_not_found_for_so_long_is_not_there(finishing: bool, seconds: float) -> None:
    """An id that LambdaTest never knew must not cost the whole budget."""
    subject, asked = Subject(), []
    while not subject.is_over:
        asked.append(subject.base_url)
        now = subject.take(MISSING, finishing=finishing)
    assert now - 100.8 == pytest.approx(seconds)
    assert subject.last == told("not_found", None, "404")
    assert [index for index, base_url in enumerate(asked) if base_url == APP] == [1, 5], "twice in all"


def test_an_answer_starts_the_time_to_be_found_anew() -> None:
    subject = Subject()
    for outcome, now in ((RUNNING, 101), (MISSING, 104), (RUNNING, 105), (MISSING, 109), (MISSING, 112.9)):
        subject.take(outcome, now, finishing=True)
        assert not subject.is_over
    subject.take(MISSING, 113, finishing=True)
    assert subject.is_over
    missing_since_long = Subject()
    for _ in range(7):
        missing_since_long.take(MISSING)
    assert not missing_since_long.is_over
    missing_since_long.take(MISSING, finishing=True)
    assert missing_since_long.is_over, "asked about once more at the end of the run"


@pytest.mark.parametrize(
    ("outcome", "last"),
    [
        pytest.param(RUNNING, told("running", RUNNING), id="running"),
        pytest.param(MARKED, told("running", MARKED), id="marked-but-not-quit"),
        pytest.param(LINKLESS, told("final", LINKLESS), id="ended-without-links"),
        pytest.param(Unauthorized("401"), told("running", None, "401"), id="401"),
        pytest.param(DEAD, told("running", None, "x"), id="dead"),
    ],
)
def test_a_session_never_quit_is_looked_at_once(outcome: SessionDetails | CloudError, last: tuple[object, ...]) -> None:
    subject = Subject(ended=False)
    assert subject.due == 100.0
    subject.take(outcome)
    assert (subject.is_over, subject.last) == (True, last)


def test_a_session_never_quit_and_not_found_is_looked_for_in_the_other_product_too() -> None:
    subject = Subject(ended=False)
    subject.take(MISSING)
    assert (subject.base_url, subject.is_over) == (APP, False)
    subject.take(MISSING)
    assert (subject.is_over, subject.last) == (True, told("not_found", None, "404"))
    without_sibling, ended = Subject(ended=False, base_url=ALONE), Subject(base_url=ALONE)
    without_sibling.take(MISSING)
    ended.take(MISSING, 101)
    assert (without_sibling.is_over, ended.base_url, ended.due) == (True, ALONE, 101.4)


def test_the_end_of_the_run_brings_forward_what_rests_and_asks_once_before_the_initial_delay() -> None:
    subject, slow, failing, never_quit = Subject(), Subject(), Subject(), Subject(ended=False)
    for one in (subject, slow, failing, never_quit):
        one.hurry(100.3)
    assert (subject.due, never_quit.due) == (100.3, 100.0)
    # What was asked early is asked again when it would have been, and at once where the answer took longer.
    slow.take(RUNNING, 101.3)
    failing.take(BROKEN, 101.3)
    subject.take(RUNNING, 100.35)
    assert (slow.due, round(failing.due, 2), subject.due) == (101.3, 101.7, 100.8)
    subject.take(RUNNING, 100.85)
    assert subject.due == pytest.approx(101.25)
    for _ in range(7):
        asked_at = subject.take(RUNNING)
    subject.hurry(asked_at + 1)
    assert subject.due == pytest.approx(asked_at + 0.4)
    subject.take(RUNNING, asked_at + 1)
    assert subject.due == pytest.approx(asked_at + 1.4)


@pytest.mark.parametrize(
    ("ended", "outcome", "trouble", "last"),
    [
        pytest.param(True, None, "dead", told("unavailable", None, "dead"), id="never-answered"),
        pytest.param(True, None, None, told("unavailable", None, "silence"), id="silent"),
        pytest.param(False, None, "dead", told("running", None, "dead"), id="never-quit"),
        pytest.param(True, RUNNING, "dead", told("pending", RUNNING), id="details-are-there"),
        pytest.param(True, BROKEN, "dead", told("unavailable", None, "x"), id="a-reason-is-there"),
    ],
)
def test_giving_up_keeps_what_is_known_and_gives_a_reason_where_there_is_none(
    ended: bool, outcome: SessionDetails | CloudError | None, trouble: str | None, last: tuple[object, ...]
) -> None:
    subject = Subject(ended=ended)
    if outcome is not None:
        subject.take(outcome)
    subject.give_up(subject.reason_at_end(trouble, "silence"))
    assert (subject.is_over, subject.last) == (True, last)


def test_what_is_told_of_a_session_can_be_written_as_json() -> None:
    start = datetime(2026, 11, 24, 8, 24, 41, tzinfo=timezone(timedelta(hours=1)))
    fields = fields_of(SessionDetails("s", started_at=start, logs=(("command", URL),)))
    assert (fields["started_at"], fields["ended_at"]) == ("2026-11-24T07:24:41Z", None)
    assert fields["logs"] == {"command": URL}
