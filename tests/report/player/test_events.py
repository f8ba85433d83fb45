"""What happened in a session: the run's own commands and LambdaTest's logs in one order, each command once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from made_up_runs import MadeUpRun
from pytest_lambdatest_session.report.log_rows import LogRow
from pytest_lambdatest_session.report.player.events import events_of

if TYPE_CHECKING:
    from pytest_lambdatest_session.capture.payload import CommandPayload


def own(name: str, about: str, at: float, *, error: str | None = None, times: int = 1) -> CommandPayload:
    """`at` is in seconds from the session's start."""
    told = {"session": "s1", "name": name, "about": about, "at": 1000.0 + at, "seconds": 0.2}
    return {**told, "error": error, "times": times}  # type: ignore[typeddict-item]


def logged(name: str, about: str, at: float | None, *, text: str = "") -> LogRow:
    return LogRow(at, text or f"{name}  {about}".rstrip(), False, "command", name, about, 0.1)


def test_each_command_stands_once_in_the_order_of_time() -> None:
    """The run's clock and the cloud's differ by half a second; a wait asked thrice; what both saw is the run's."""
    run = MadeUpRun()
    attempt = run.attempt("test_x.py::test", "failed", "s1")
    attempt.commands = [
        own("get", "https://shop.example/", 1.0),
        own("find_element", "css selector #total", 2.0, times=3),
        own("text", "css selector #total", 4.0, error="StaleElementReferenceException"),
    ]
    events = events_of(
        run.registry.sessions["s1"],
        [
            logged("get", "https://shop.example/login", 0.2),
            logged("get", "https://shop.example/", 1.5),
            *(logged("find_element", "css selector #total", at) for at in (2.5, 3.0, 3.5)),
            logged("find_element", "css selector #price", 3.6),
            logged("text", "", 4.5),
            logged("text", "css selector #total", 9.0),
            logged("", "", 4.6, text="POST /print"),
            LogRow(None, "somewhere", False, "network"),
            LogRow(3.1, "boom", True, "console"),
            LogRow(None, "after the boom", False, "console"),
        ],
    )
    assert [(event.offset, event.text, event.error) for event in events] == [
        (None, "somewhere", ""),
        (0.2, "get  https://shop.example/login", ""),
        (1.0, "get  https://shop.example/", ""),
        (2.0, "find_element  css selector #total  (3 times)", ""),
        (3.1, "boom", ""),
        (None, "after the boom", ""),
        (3.6, "find_element  css selector #price", ""),
        (4.0, "text  css selector #total", "StaleElementReferenceException"),
        (4.6, "POST /print", ""),
        (9.0, "text  css selector #total", ""),
    ]


def test_of_a_session_whose_start_is_unknown_nothing_is_taken_for_the_same() -> None:
    run = MadeUpRun()
    attempt = run.attempt("test_x.py::test", "failed", "s1")
    tracked = run.registry.sessions["s1"]
    tracked.started_at = None
    attempt.commands = [own("get", "https://shop.example/", 1.0)]
    events = events_of(tracked, [logged("get", "https://shop.example/", 1.0)])
    assert [event.offset for event in events] == [None, 1.0]
