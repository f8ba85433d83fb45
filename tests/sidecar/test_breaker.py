"""When an API is left alone, and when it is tried again; numbers stand for requests."""

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
        breaker.failed(0, "dead", 0)
    return breaker


def test_three_failures_in_a_row_open_it_of_which_one_sessions_count_as_one(breaker: Breaker) -> None:
    for _ in range(9):
        breaker.failed(1, "1", 0)
        breaker.failed(2, "2", 0)
        breaker.succeeded(3)
    for _ in range(9):
        breaker.failed(4, "500", 0, of="poisoned")
    breaker.failed(5, "500", 0, of="b")
    assert (breaker.is_open, breaker.admits(6, 0)) == (False, True)
    breaker.failed(6, "3", 0)
    assert (breaker.is_open, breaker.reason, breaker.admits(7, 29.9)) == (True, "3", False)


def test_each_probe_that_fails_doubles_the_cool_down_until_one_gets_an_answer(opened: Breaker) -> None:
    now, waits = 0.0, []
    for probe in range(6):
        assert opened.open_until is not None
        waits.append(opened.open_until - now)
        now = opened.open_until
        assert [opened.admits(probe, now), opened.admits(99, now)] == [True, False], "one at a time"
        opened.failed(probe, "still dead", now)
    assert waits == [30, 60, 120, 240, 300, 300]
    assert opened.admits(7, now + 300)
    opened.succeeded(7)
    assert opened.admits(8, now)
    for _ in range(3):
        assert not opened.is_open
        opened.failed(9, "dead", 100)
    assert opened.open_until == 130, "the cool-down is short again"


def test_what_was_asked_before_it_opened_may_close_it_and_keeps_it_open_no_longer(opened: Breaker) -> None:
    for late in range(1, 9):
        opened.failed(late, "late", 5)
    assert opened.open_until == 30
    assert opened.admits(10, 30)
    opened.succeeded(9)
    assert opened.admits(11, 30)
    opened.failed(10, "late", 31)
    assert not opened.is_open, "the probe's failure counts as one"


def test_a_time_asked_for_is_kept_even_if_others_got_answers(breaker: Breaker) -> None:
    breaker.hold(1, "429", 0, 7)
    breaker.hold(2, "429", 1, 2)
    breaker.succeeded(3)
    assert [breaker.admits(4, 6.9), breaker.admits(4, 7)] == [False, True], "of two times the later holds"
    breaker.hold(2, "429", 7, 2)
    assert not breaker.admits(5, 9), "one probes"
    breaker.hold(4, "429", 7, 3)
    assert [breaker.admits(5, 9.9), breaker.admits(5, 10)] == [False, True]
    breaker.succeeded(5)
    assert breaker.admits(6, 10)


@pytest.mark.parametrize("opens", ["before", "at the end"])
@pytest.mark.parametrize("succeeds", [True, False])
def test_at_the_end_of_the_run_an_open_one_has_one_probe_soon(breaker: Breaker, opens: str, succeeds: bool) -> None:
    if opens == "at the end":
        breaker.last_chance(5, deadline=15)
    for _ in range(3):
        breaker.failed(0, "dead", 4.6)
    if opens == "before":
        breaker.last_chance(5, deadline=15)
    assert not breaker.is_given_up
    assert [breaker.admits(1, 4.9), breaker.admits(1, 5)] == [False, True]
    if succeeds:
        breaker.succeeded(1)
    else:
        breaker.failed(1, "still dead", 6)
    assert breaker.is_given_up is not succeeds
    assert breaker.admits(2, 99) is succeeds


@pytest.mark.parametrize(("seconds", "is_given_up"), [(7, False), (60, True)])
def test_the_end_of_the_run_waits_for_a_time_asked_for_if_it_comes_before_its_own(
    breaker: Breaker, seconds: float, is_given_up: bool
) -> None:
    breaker.last_chance(5, deadline=15)
    assert not breaker.is_given_up
    breaker.hold(1, "429", 0, seconds)
    breaker.last_chance(5, deadline=15)
    assert breaker.is_given_up is is_given_up
    assert not breaker.admits(2, 6.9)
