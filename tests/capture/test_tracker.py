"""Which attempt used which session: the rules, one by one."""

from __future__ import annotations

import sys
import threading

from pytest_lambdatest_session.capture.uses import UseLog


def test_a_session_is_used_by_the_attempt_that_created_it() -> None:
    log = UseLog()
    attempt = log.begin("test_it", 1)
    log.started("s", "hub", 5.0)
    log.used("s", 5.0, created=True)
    carry = log.carry(attempt)
    assert carry["uses"] == [{"id": "s", "created": True, "first_at": 5.0, "last_at": 5.0}]
    assert carry["sessions"] == [{"id": "s", "hub": "hub", "started_at": 5.0, "ended_at": None}]


def test_commands_in_setup_and_call_are_uses_and_the_last_one_is_kept() -> None:
    log = UseLog()
    log.started("s", "hub", 1.0)
    attempt = log.begin("test_it", 1)
    log.used("s", 2.0)
    assert (attempt.uses["s"].first_at, attempt.uses["s"].last_at) == (2.0, 2.0)
    log.sent("s", "getTitle", None, 3.0, None)
    ((*_, answered_at, _),) = attempt.commands()
    assert (attempt.uses["s"].first_at, attempt.uses["s"].last_at) == (2.0, answered_at)


def test_a_command_in_teardown_is_a_use_only_of_a_session_used_before() -> None:
    log = UseLog()
    log.started("mine", "hub", 1.0)
    log.started("theirs", "hub", 1.0)
    attempt = log.begin("test_it", 1)
    log.used("mine", 2.0)
    log.tear_down()
    log.sent("mine", "getTitle", None, 3.0, None)
    log.sent("theirs", "getTitle", None, 3.0, None)
    assert list(attempt.uses) == ["mine"]
    assert [session_id for session_id, *_ in attempt.commands()] == ["mine"]


def test_a_teardown_without_a_setup_concerns_nobody() -> None:
    log = UseLog()
    log.tear_down()
    log.end()
    assert log.current() is None


def test_a_session_nobody_spoke_of_is_reported_as_unknown_until_it_is_started_or_ignored() -> None:
    log = UseLog()
    attempt = log.begin("test_it", 1)
    assert not log.used("s", 1.0)
    log.ignore("s")
    assert log.used("s", 1.0)
    log.ended("s", 2.0)
    assert not log.has_news_of(attempt)


def test_of_a_test_without_sessions_there_is_no_news() -> None:
    log = UseLog()
    assert not log.has_news_of(log.begin("test_it", 1))


def test_an_end_is_carried_until_a_report_with_it_was_logged() -> None:
    """Some plugins drop the teardown report of an attempt: the next report that is logged has the end as well."""
    log = UseLog()
    log.started("s", "hub", 1.0)
    first = log.carry(log.begin("test_it", 1))
    log.ended("s", 2.0)
    dropped = log.carry(log.begin("test_it", 1))
    second = log.carry(log.begin("test_it", 1))
    assert dropped == second
    log.reported(first["sessions"])
    assert log.leftover()["sessions"] == second["sessions"], "what was reported is older than what is known"
    log.reported(second["sessions"])
    assert log.leftover()["sessions"] == []
    assert not log.has_news_of(log.begin("test_it", 1))


def test_a_second_quit_does_not_move_the_end() -> None:
    log = UseLog()
    log.started("s", "hub", 1.0)
    log.ended("s", 2.0)
    log.ended("s", 9.0)
    assert log.leftover()["sessions"][0]["ended_at"] == 2.0


def test_a_second_mark_by_the_suite_is_no_news() -> None:
    log = UseLog()
    log.started("s", "hub", 1.0)
    log.marked("s")
    marked = log.leftover()["sessions"]
    assert [session["marked"] for session in marked] == [True]
    log.reported(marked)
    log.marked("s")
    assert log.leftover()["sessions"] == []


def test_a_thread_books_to_the_attempt_begun_last_and_a_runners_thread_to_its_own() -> None:
    log = UseLog()
    log.started("main", "hub", 1.0)
    log.started("plain", "hub", 1.0)
    log.started("own", "hub", 1.0)
    attempt = log.begin("test_it", 1)
    others = []

    def runner() -> None:
        others.append(log.begin("test_it", 1))
        log.used("own", 2.0)
        log.end()

    def in_thread(target: object) -> None:
        thread = threading.Thread(target=target)  # type: ignore[arg-type]
        thread.start()
        thread.join()

    in_thread(lambda: log.used("plain", 2.0))
    in_thread(runner)
    log.used("main", 3.0)
    assert list(attempt.uses) == ["plain", "main"]
    assert list(others[0].uses) == ["own"]


def test_only_what_leaves_nothing_to_decide_is_booked_at_once() -> None:
    """The wrapper around `execute` asks nobody about sessions that stand in `booking`."""
    log = UseLog()
    for session_id in ("used", "unused", "theirs"):
        log.started(session_id, "hub", 1.0)
    log.ignore("theirs")
    attempt = log.begin("test_it", 1)
    assert set(log.booking) == {"theirs"}
    log.used("used", 2.0)
    assert set(log.booking) == {"used", "theirs"}
    for session_id in log.booking:
        log.booking[session_id]((session_id, "getTitle", None, 3.0, 4.0, None))
    assert [session_id for session_id, *_ in attempt.commands()] == ["used"]
    seen = []

    def runner() -> None:
        log.begin("test_other", 1)
        seen.append(set(log.booking))
        log.end()
        seen.append(set(log.booking))

    thread = threading.Thread(target=runner)
    thread.start()
    thread.join()
    assert seen == [{"theirs"}, {"used", "theirs"}], "with two attempts it depends on the thread"
    log.end()
    assert set(log.booking) == {"theirs"}
    log.started("theirs", "hub", 5.0)
    assert not log.booking


def test_attempts_whose_end_nobody_told_are_forgotten_once_they_tear_down() -> None:
    """Before selenium is there, reports are not looked at: that of the teardown tells of the end."""
    log = UseLog()
    log.started("s", "hub", 1.0)
    log.begin("test_over", 1)
    log.tear_down()
    running = []

    def runner() -> None:
        running.append(log.begin("test_running", 1))

    thread = threading.Thread(target=runner)
    thread.start()
    thread.join()
    log.forget_finished()
    assert log.current() is running[0]
    log.used("s", 2.0)
    assert list(running[0].uses) == ["s"]
    assert set(log.booking) == {"s"}, "it is the only one that runs"


def test_between_tests_the_attempt_begun_last_may_be_one_that_is_over() -> None:
    log = UseLog()
    log.begin("test_over", 1)
    log.tear_down()
    log.forget_finished()
    assert log.current() is None


def test_threads_may_send_commands_while_tests_begin_and_end() -> None:
    log = UseLog()
    sessions = [f"s{number}" for number in range(20)]
    for session_id in sessions:
        log.started(session_id, "hub", 1.0)
    is_over = threading.Event()
    faults: list[BaseException] = []

    def sender() -> None:
        try:
            while not is_over.is_set():
                for session_id in sessions:
                    log.sent(session_id, "getTitle", None, 1.0, None)
        except RuntimeError as fault:
            faults.append(fault)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=sender) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        for number in range(300):
            log.begin(f"test_{number}", 1)
            log.tear_down()
            log.end()
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    assert faults == []
    assert not log.booking


def test_the_commands_of_several_sessions_stand_in_the_order_in_which_they_were_sent() -> None:
    log = UseLog()
    attempt = log.begin("test_it", 1)
    for session_id in ("a", "b"):
        log.started(session_id, "hub", 1.0)
    for at, session_id in enumerate("abab"):
        log.used(session_id, at)
        log.sent(session_id, "getTitle", None, at, None)
    assert [(session_id, sent_at) for session_id, _, _, sent_at, _, _ in attempt.commands()] == [
        ("a", 0),
        ("b", 1),
        ("a", 2),
        ("b", 3),
    ]


def test_an_attempt_that_ends_leaves_alone_one_that_began_after_it_in_another_thread() -> None:
    log = UseLog()
    log.started("s", "hub", 1.0)
    log.begin("test_first", 1)
    others = []
    runner = threading.Thread(target=lambda: others.append(log.begin("test_second", 1)))
    runner.start()
    runner.join()
    log.end()
    log.used("s", 2.0)
    assert list(others[0].uses) == ["s"]


def test_what_is_not_captured_goes_when_that_is_known() -> None:
    """Sessions are opened before the settings are read, in a conftest."""
    log = UseLog()
    for session_id, hub in (("mine", "hub.lambdatest.com"), ("theirs", "127.0.0.1")):
        log.started(session_id, hub, 1.0)
        log.refused(hub, "SessionNotCreatedException")
    log.keep_only(lambda host: host == "hub.lambdatest.com")
    attempt = log.begin("test_it", 1)
    assert log.used("mine", 2.0)
    assert log.used("theirs", 2.0), "it is known, and nobody's"
    assert list(attempt.uses) == ["mine"]
    assert [session["id"] for session in log.leftover()["sessions"]] == ["mine"]
    assert [refusal["hub"] for refusal in log.leftover()["refusals"]] == ["hub.lambdatest.com"]


def test_between_tests_a_command_belongs_to_nobody() -> None:
    log = UseLog()
    log.started("s", "hub", 1.0)
    attempt = log.begin("test_it", 1)
    log.end()
    assert log.used("s", 2.0)
    assert attempt.uses == {}
    assert log.current() is None


def test_refusals_are_carried_by_their_attempt_and_left_over_without_one() -> None:
    log = UseLog()
    log.refused("hub", "early")
    attempt = log.begin("test_it", 1)
    log.refused("hub", "SessionNotCreatedException")
    carry = log.carry(attempt)
    assert carry["refusals"] == [{"hub": "hub", "error": "SessionNotCreatedException"}]
    assert log.leftover()["refusals"] == [{"hub": "hub", "error": "early"}]


def test_what_is_carried_consists_of_exact_builtins_that_can_be_sent() -> None:
    class Odd(str):
        __slots__ = ()

    log = UseLog()
    attempt = log.begin("test_it", 1)
    log.started(Odd("s\ud800"), Odd("hub"), 1.0)
    log.used("s\ud800", 1.0, created=True)
    carry = log.carry(attempt)
    (session,) = carry["sessions"]
    assert type(session["id"]) is str
    assert session["id"] == carry["uses"][0]["id"] == "s?"
    assert type(session["hub"]) is str
