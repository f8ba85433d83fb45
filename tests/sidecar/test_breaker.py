"""When an API is left alone, and when it is tried again."""

from __future__ import annotations

import pytest

from pytest_lambdatest_session.sidecar.breaker import Breaker
from pytest_lambdatest_session.sidecar.policy import Policy


@pytest.fixture
def breaker() -> Breaker:
    return Breaker(Policy())


@pytest.fixture
def opened(breaker: Breaker) -> Breaker:
    """Opened at second 0."""
    for _ in range(3):
        breaker.failed("dead", 0)
    return breaker


def test_three_failures_in_a_row_open_it_of_which_one_sessions_count_as_one(breaker: Breaker) -> None:
    for _ in range(9):
        breaker.failed("1", 0)
        breaker.failed("2", 0)
        breaker.succeeded()
    for _ in range(9):
        breaker.failed("500", 0, session_id="poisoned")
    breaker.failed("500", 0, session_id="b")
    assert (breaker.is_open, breaker.admit(0)) == (False, "go")
    breaker.failed("3", 0)
    assert (breaker.is_open, breaker.reason, breaker.admit(29.9)) == (True, "3", "wait")


def test_one_probe_goes_through_when_the_cool_down_is_over_and_its_success_closes_it(opened: Breaker) -> None:
    assert [opened.admit(30), opened.admit(31)] == ["probe", "wait"]
    opened.failed("dead", 31, probe=True)
    assert opened.admit(91) == "probe"
    opened.succeeded(probe=True)
    assert opened.admit(91) == "go"
    opened.failed("1", 100)
    assert not opened.is_open
    for _ in range(2):
        opened.failed("dead", 100)
    assert opened.open_until == 130, "the cool-down is short again"


def test_each_probe_that_fails_doubles_the_cool_down_up_to_five_minutes(opened: Breaker) -> None:
    now, waits = 0.0, []
    for _ in range(6):
        assert opened.open_until is not None
        waits.append(opened.open_until - now)
        now = opened.open_until
        assert opened.admit(now) == "probe"
        opened.failed("still dead", now, probe=True)
    assert waits == [30, 60, 120, 240, 300, 300]


def test_what_was_asked_before_it_opened_may_close_it_and_keeps_it_open_no_longer(opened: Breaker) -> None:
    for _ in range(9):
        opened.failed("late", 5)
    assert opened.open_until == 30
    assert opened.admit(30) == "probe"
    opened.succeeded()
    assert opened.admit(30) == "go"
    opened.failed("late", 31, probe=True)
    assert not opened.is_open, "the probe's failure counts as one"


def test_a_time_asked_for_is_kept_even_if_others_got_answers(breaker: Breaker) -> None:
    breaker.hold("429", 0, 7)
    breaker.hold("429", 1, 2)
    breaker.succeeded()
    assert [breaker.admit(6.9), breaker.admit(7)] == ["wait", "probe"], "of two times the later holds"
    breaker.hold("429", 7, 2)
    assert breaker.is_probing
    breaker.hold("429", 7, 3, probe=True)
    assert [breaker.admit(9.9), breaker.admit(10)] == ["wait", "probe"]
    breaker.succeeded(probe=True)
    assert breaker.admit(10) == "go"


@pytest.mark.parametrize("succeeds", [True, False])
def test_at_the_end_of_the_run_an_open_one_has_one_probe_at_once(opened: Breaker, succeeds: bool) -> None:
    opened.last_chance(5, deadline=15)
    assert opened.admit(5) == "probe"
    if succeeds:
        opened.succeeded(probe=True)
    else:
        opened.failed("still dead", 6, probe=True)
    assert opened.is_given_up is not succeeds
    assert opened.admit(99) == ("go" if succeeds else "wait")


def test_one_that_opens_at_the_end_of_the_run_has_one_probe_soon(breaker: Breaker) -> None:
    breaker.last_chance(5, deadline=15)
    for _ in range(3):
        breaker.failed("dead", 6)
    assert not breaker.is_given_up
    assert breaker.admit(6.4) == "probe"
    breaker.failed("dead", 6.5, probe=True)
    assert breaker.is_given_up


@pytest.mark.parametrize(("seconds", "is_given_up"), [(7, False), (60, True)])
def test_the_end_of_the_run_waits_for_a_time_asked_for_if_it_comes_before_its_own(
    breaker: Breaker, seconds: float, is_given_up: bool
) -> None:
    breaker.last_chance(5, deadline=15)
    assert not breaker.is_given_up
    breaker.hold("429", 0, seconds)
    breaker.last_chance(5, deadline=15)
    assert breaker.is_given_up is is_given_up
    assert breaker.admit(6.9) == "wait"
