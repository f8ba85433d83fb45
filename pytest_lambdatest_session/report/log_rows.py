"""The rows of the cloud's logs, cut to a test's time. Pure.

A row's time is on the cloud's clock, and so is the session's start; what lies between the two is set against a test's
place in the session, which is on the run's clock at both ends. So neither clock needs to be right. The cloud gives the
start in whole seconds, and the command log by the millisecond. What lies between the hub's start and its answer is not
known: a second before and after the test still counts as its time.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_lambdatest_session.cloud.redact import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_lambdatest_session.report.video_offsets import TimeRange

_TEXT_LIMIT = 300
_MOST_ROWS = 2000
_TOLERANCE_SECONDS = 1.0
_ERRORS = ("SEVERE", "ERROR")
_OK = 400


class LogRow(NamedTuple):
    offset: float | None
    """Seconds from the session's start; None if the row does not say."""
    text: str
    is_error: bool


class SavedLogs(NamedTuple):
    """What the logs of one session hold, the last rows of each."""

    commands: list[LogRow]
    console_errors: list[LogRow]


def saved_logs(command_log: str, console_log: str, started_at: str | None) -> SavedLogs:
    """Read two logs as they were saved, "" if one was not; `started_at` is the session's start as in its record."""
    start = datetime.fromisoformat(started_at.replace("Z", "+00:00")).timestamp() if started_at else None
    rows = _rows(command_log)
    if start is not None:
        start += _fraction(rows, start)
    commands = [_command(row, value, start) for row, value in rows]
    console = [_message(row, value, start) for row, value in _rows(console_log)]
    return SavedLogs(commands, [row for row in console if row.is_error])


def within(rows: Iterable[LogRow], time_range: TimeRange | None) -> list[LogRow]:
    """Return the rows in a test's time; one that does not say when it was stays."""
    if time_range is None:
        return list(rows)
    earliest, latest = time_range.start - _TOLERANCE_SECONDS, time_range.end + _TOLERANCE_SECONDS
    return [row for row in rows if row.offset is None or earliest <= row.offset <= latest]


def _fraction(rows: list[tuple[dict[str, Any], dict[str, Any]]], start: float) -> float:
    """Return what the session's start in whole seconds leaves out, if the log has the command that started it."""
    for row, value in rows:
        if value.get("requestMethod") == "POST" and str(value.get("requestPath")).endswith("/session"):
            fraction = _offset(row, value, start)
            return fraction if fraction is not None and fraction < 1 else 0.0
    return 0.0


def _rows(text: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    try:
        body = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return []
    rows = body.get("data") if isinstance(body, dict) else body
    found = []
    for row in (rows if isinstance(rows, list) else [])[-_MOST_ROWS:]:
        if isinstance(row, dict):
            value = row.get("Value")
            found.append((row, value if isinstance(value, dict) else {}))
    return found


def _command(row: dict[str, Any], value: dict[str, Any], start: float | None) -> LogRow:
    path = re.sub(r"^(?:.*/)?session/[^/]+(?=/|$)", "", clean_text(value.get("requestPath"), _TEXT_LIMIT)) or "/session"
    # Ids of elements say nothing, and are as long as a line.
    path = re.sub(r"(?<=/element/)[^/]{8,}", "…", path)
    status = clean_text(value.get("responseStatus"), 10)
    took = clean_text(value.get("duration"), 20)
    text = f"{clean_text(value.get('requestMethod'), 10)} {path}"
    text += f"  {status}" if status else ""
    text += f"  {took} ms" if took else ""
    return LogRow(_offset(row, value, start), text, status.isdigit() and int(status) >= _OK)


def _message(row: dict[str, Any], value: dict[str, Any], start: float | None) -> LogRow:
    is_error = clean_text(value.get("level"), 20).upper() in _ERRORS
    return LogRow(_offset(row, value, start), clean_text(value.get("message"), _TEXT_LIMIT), is_error)


def _offset(row: dict[str, Any], value: dict[str, Any], start: float | None) -> float | None:
    for moment in (value.get("timestamp"), row.get("timestamp")):
        if isinstance(moment, (int, float)) and not isinstance(moment, bool) and start is not None:
            return max(0.0, moment / 1000 - start)
    return None
