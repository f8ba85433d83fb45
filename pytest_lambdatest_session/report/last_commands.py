"""The last WebDriver commands of a failed test: those that the run itself saw, so they need no API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.formatting import clock_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_lambdatest_session.capture.payload import CommandPayload
    from pytest_lambdatest_session.report.registry import AttemptRecord, TrackedSession


def by_session(attempt: AttemptRecord) -> Iterator[tuple[TrackedSession, list[CommandPayload]]]:
    for tracked in attempt.sessions:
        commands = [command for command in attempt.commands if command["session"] in tracked.names]
        if commands:
            yield tracked, commands


def clock(tracked: TrackedSession, command: CommandPayload) -> str:
    offset = tracked.offset_at(command["at"])
    return "" if offset is None else clock_text(tracked.video_lag.shown_second(offset))


def seconds_text(seconds: float) -> str:
    """How long a command took: `8 ms` or `1.2 s`."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def command_text(command: CommandPayload) -> str:
    times = f"  ({command['times']} times)" if command["times"] > 1 else ""
    return f"{command['name']}  {command['about']}".rstrip() + times
