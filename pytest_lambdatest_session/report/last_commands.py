"""The last WebDriver commands of a failed test: those that the run itself saw, so they need no API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.formatting import clock_text
from pytest_lambdatest_session.report.log_rows import LogRow

if TYPE_CHECKING:
    from pytest_lambdatest_session.capture.payload import CommandPayload
    from pytest_lambdatest_session.report.registry import AttemptRecord, TrackedSession


def commands_of(attempt: AttemptRecord) -> dict[TrackedSession, list[LogRow]]:
    """Return an attempt's last commands before it failed, by session."""
    if not attempt.commands:
        return {}
    rows = {
        tracked: [_row(tracked, command) for command in attempt.commands if command["session"] in tracked.names]
        for tracked in attempt.sessions
    }
    return {tracked: own for tracked, own in rows.items() if own}


def clock(tracked: TrackedSession, row: LogRow) -> str:
    return "" if row.offset is None else clock_text(tracked.video_lag.shown_second(row.offset))


def took(row: LogRow) -> str:
    """How long a command took: `8 ms` or `1.2 s`; "" if nobody says."""
    if row.seconds is None:
        return ""
    return f"{row.seconds * 1000:.0f} ms" if row.seconds < 1 else f"{row.seconds:.1f} s"


def _row(tracked: TrackedSession, command: CommandPayload) -> LogRow:
    name, about, times, error = command["name"], command["about"], command["times"], command["error"] or ""
    text = f"{name}  {about}".rstrip() + (f"  ({times} times)" if times > 1 else "")
    offset = tracked.offset_at(command["at"])
    return LogRow(offset, text, bool(error), "command", name, about, command["seconds"], error, times)
