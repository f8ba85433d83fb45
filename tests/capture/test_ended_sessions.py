"""A session that was quit: who still uses it."""

from __future__ import annotations

from pytest_lambdatest_session.capture.uses import UseLog


def test_a_session_that_was_quit_is_used_by_no_further_test() -> None:
    """Selene asks the driver of the test before, which was quit, whether it is alive."""
    log = UseLog()
    log.begin("test_first", 1)
    log.started("first", "hub", 1.0)
    log.used("first", 1.0, created=True)
    log.ended("first", 2.0)
    log.end()
    attempt = log.begin("test_second", 1)
    assert log.sent("first", "getTitle", None, 3.0, "InvalidSessionIdException")
    log.started("second", "hub", 4.0)
    log.used("second", 4.0, created=True)
    assert list(attempt.uses) == ["second"]
    assert not attempt.commands()


def test_the_test_that_quits_its_session_may_go_on_with_it_by_mistake() -> None:
    log = UseLog()
    attempt = log.begin("test_it", 1)
    log.started("s", "hub", 1.0)
    log.used("s", 1.0, created=True)
    log.ended("s", 2.0)
    log.sent("s", "getTitle", None, 3.0, "InvalidSessionIdException")
    assert [(command, error) for _, command, _, _, _, error in attempt.commands()] == [
        ("getTitle", "InvalidSessionIdException")
    ]
