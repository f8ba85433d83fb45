"""Which attempt used which session: the rules, one by one."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from pytest_lambdatest_session.capture.recorder import Recorder
from pytest_lambdatest_session.capture.tracker import Tracker
from pytest_lambdatest_session.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.capture.tracker import Attempt


@pytest.fixture
def tracker() -> Tracker:
    return Tracker()


def begin(tracker: Tracker, test: str = "a", number: int = 1) -> Attempt:
    return tracker.begin(test, f"test_{test}", number)


def send(tracker: Tracker, session_id: str, at: float) -> None:
    tracker.sent(session_id, "getTitle", None, at, at + 0.5, None)


def in_thread(function: Callable[[], object]) -> None:
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def test_a_command_in_teardown_is_a_use_only_of_a_session_used_before(tracker: Tracker) -> None:
    tracker.start("mine", "hub", 1.0)
    tracker.start("theirs", "hub", 1.0)
    attempt = begin(tracker)
    send(tracker, "mine", 2.0)
    tracker.tear_down()
    send(tracker, "mine", 3.0)
    send(tracker, "theirs", 3.0)
    assert list(attempt.uses) == ["mine"]
    assert (attempt.uses["mine"].first_at, attempt.uses["mine"].last_at) == (2.0, 3.5)
    assert [at for _, _, _, at, _, _ in attempt.commands()] == [2.0, 3.0]


def test_a_session_that_was_quit_is_used_by_no_further_test(tracker: Tracker) -> None:
    """Selene asks the driver of the test before, whether it is alive; that test may go on by mistake."""
    first = begin(tracker, "first")
    tracker.start("s", "hub", 1.0)
    tracker.use("s", 1.0, created=True)
    tracker.end_session("s", 2.0)
    tracker.sent("s", "getTitle", None, 3.0, 3.5, "InvalidSessionIdException")
    tracker.end()
    second = begin(tracker, "second")
    send(tracker, "s", 4.0)
    assert [(command, error) for _, command, _, _, _, error in first.commands()] == [
        ("getTitle", "InvalidSessionIdException")
    ]
    assert (second.uses, second.commands()) == ({}, [])


def test_a_session_of_another_host_is_known_and_nobodys(tracker: Tracker) -> None:
    attempt = begin(tracker)
    assert not tracker.knows("s")
    tracker.ignore("s")
    assert tracker.knows("s")
    send(tracker, "s", 1.0)
    tracker.end_session("s", 2.0)
    tracker.mark_session("s")
    assert not tracker.has_news_of(attempt)
    assert tracker.unreported() == {"sessions": [], "creation_failures": [], "attempts": [], "ignored_hubs": []}


def test_a_session_of_no_test_is_on_the_next_payload_and_told_at_the_end(tracker: Tracker) -> None:
    """The report with that payload may be dropped by another plugin. A second quit and a second mark are no news."""
    tracker.start("s", "hub", 1.0)
    attempt = begin(tracker)
    assert tracker.has_news_of(attempt)
    tracker.mark_session("s")
    tracker.end_session("s", 2.0)
    told = tracker.changed()
    assert [(session["started_at"], session["marked"], session["ended_at"]) for session in told] == [(1.0, True, 2.0)]
    payload = tracker.payload(attempt)
    assert payload["sessions"] == told
    tracker.mark_session("s")
    tracker.end_session("s", 9.0)
    assert not tracker.has_news_of(attempt)
    assert tracker.changed() == tracker.payload(attempt)["sessions"] == []
    assert (payload["snapshot"], tracker.payload(attempt)["snapshot"]) == (1, 3)
    assert tracker.unreported()["sessions"] == told


def test_a_thread_counts_for_the_latest_attempt_a_runners_for_its_own(tracker: Tracker) -> None:
    for session_id in ("main", "plain", "own"):
        tracker.start(session_id, "hub", 1.0)
    attempt = begin(tracker)
    others = []

    def runner() -> None:
        others.append(begin(tracker, "other"))
        send(tracker, "own", 2.0)
        tracker.end()

    in_thread(lambda: send(tracker, "plain", 2.0))
    in_thread(runner)
    send(tracker, "main", 3.0)
    assert list(attempt.uses) == ["plain", "main"]
    assert list(others[0].uses) == ["own"]


def test_attempts_whose_end_nobody_told_end_once_they_tear_down(tracker: Tracker) -> None:
    """Before selenium is there, reports are not looked at: that of the teardown tells of the end."""
    tracker.tear_down()
    tracker.end()
    assert tracker.current() is None, "a teardown without a setup concerns nobody"
    tracker.start("s", "hub", 1.0)
    begin(tracker, "over")
    tracker.tear_down()
    running: list[Any] = []
    in_thread(lambda: running.append(begin(tracker, "running")))
    tracker.forget_finished()
    (attempt,) = running
    assert tracker.current() == attempt
    send(tracker, "s", 2.0)
    assert list(attempt.uses) == ["s"]
    attempt.tears_down = True
    tracker.forget_finished()
    assert tracker.current() is None, "that begun last may be over"


def test_threads_may_send_commands_while_tests_begin_and_end(tracker: Tracker) -> None:
    sessions = [f"s{number}" for number in range(20)]
    for session_id in sessions:
        tracker.start(session_id, "hub", 1.0)
    is_over = threading.Event()
    faults: list[BaseException] = []

    def sender() -> None:
        try:
            while not is_over.is_set():
                for session_id in sessions:
                    send(tracker, session_id, 1.0)
        except RuntimeError as fault:
            faults.append(fault)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=sender) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        for number in range(300):
            attempt = begin(tracker, f"{number}")
            tracker.payload(attempt)
            tracker.tear_down()
            tracker.end()
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    assert faults == []


def test_an_attempt_that_ends_leaves_a_later_one_of_another_thread_alone(tracker: Tracker) -> None:
    """And of several sessions the commands stand in the order of sending."""
    for session_id in ("a", "b"):
        tracker.start(session_id, "hub", 1.0)
    begin(tracker, "first")
    others: list[Any] = []
    in_thread(lambda: others.append(begin(tracker, "second")))
    tracker.end()
    for at, session_id in enumerate("abab"):
        send(tracker, session_id, at)
    assert [(seen[0], seen[3]) for seen in others[0].commands()] == [("a", 0), ("b", 1), ("a", 2), ("b", 3)]


def test_what_is_not_captured_goes_when_that_is_known(tracker: Tracker) -> None:
    """Sessions are opened before the settings are read, in a conftest."""
    for session_id, hub in (("mine", "hub.lambdatest.com"), ("theirs", "127.0.0.1")):
        tracker.start(session_id, hub, 1.0)
        tracker.fail_creation(hub, "SessionNotCreatedException")
    tracker.keep_only(lambda host: host == "hub.lambdatest.com")
    attempt = begin(tracker)
    for session_id in ("mine", "theirs"):
        send(tracker, session_id, 2.0)
    assert list(attempt.uses) == ["mine"]
    assert [session["id"] for session in tracker.unreported()["sessions"]] == ["mine"]
    assert [failure["hub"] for failure in tracker.unreported()["creation_failures"]] == ["hub.lambdatest.com"]


def test_between_tests_and_after_the_run_a_command_belongs_to_nobody(tracker: Tracker) -> None:
    tracker.start("s", "hub", 1.0)
    attempts = [begin(tracker)]
    tracker.end()
    send(tracker, "s", 2.0)
    attempts.append(begin(tracker, "b"))
    tracker.close()
    send(tracker, "s", 2.0)
    assert [attempt.uses for attempt in attempts] == [{}, {}]


def test_failed_creations_are_their_attempts_or_of_no_test(tracker: Tracker) -> None:
    tracker.fail_creation("hub", "early")
    attempt = begin(tracker)
    tracker.fail_creation("hub", "SessionNotCreatedException")
    payload = tracker.payload(attempt)
    assert payload["creation_failures"] == [{"hub": "hub", "error": "SessionNotCreatedException"}]
    assert tracker.unreported()["creation_failures"] == [{"hub": "hub", "error": "early"}]


def test_an_attempt_that_no_report_was_logged_of_is_told_at_the_end(tracker: Tracker) -> None:
    tracker.start("s", "hub", 1.0)
    for number in (1, 2, 3, 4):
        attempt = begin(tracker, number=number)
        send(tracker, "s", 2.0)
        if number != 1:
            tracker.payload(attempt)
        if number == 2:
            tracker.end()
        if number == 3:
            tracker.logged(attempt.id)
    told = tracker.unreported()["attempts"]
    assert [(one["payload"]["number"], one["outcome"]) for one in told] == [
        (1, "rerun"),  # no report of it was made, and the test went on
        (2, "unreported"),
        (4, None),
    ]


def test_what_is_carried_consists_of_exact_builtins_that_can_be_sent() -> None:
    class Odd(str):
        __slots__ = ()

    tracker = Tracker()
    attempt = begin(tracker)
    tracker.start(Odd("s\ud800"), Odd("hub"), 1.0)
    tracker.use("s\ud800", 1.0, created=True)
    payload = tracker.payload(attempt)
    (session,) = payload["sessions"]
    assert session == {"id": "s?", "hub": "hub", "started_at": 1.0, "ended_at": None}
    assert {type(session["id"]), type(session["hub"])} == {str}
    assert payload["uses"] == [{"id": "s?", "created": True, "first_at": 1.0, "last_at": 1.0}]


class Socket:
    url = "ws://127.0.0.1:1/session/s1"


def test_bidi_of_a_session_that_nobody_captured_is_no_use() -> None:
    recorder = Recorder(Problems())
    recorder.saw_bidi(Socket(), "script.evaluate", {"expression": "1"}, 1.0, {}, None)
    recorder.saw_bidi(Socket(), "session.end", {}, 2.0, {}, None)
    known = recorder.unreported()
    assert (known["sessions"], known["attempts"]) == ([], [])
