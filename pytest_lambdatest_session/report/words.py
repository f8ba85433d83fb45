"""The words in which the outputs speak of a session; the same in the terminal and in HTML. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_lambdatest_session.report.ledger import AttemptRecord
    from pytest_lambdatest_session.report.records import ReportedSession

_MINUTE, _HOUR = 60, 3600
_STATE_WORDS = {
    "running": "running",
    "pending": "pending",
    "not_found": "not found",
    "unavailable": "unavailable",
    "unchecked": "not asked",
}


def shown_status(session: ReportedSession) -> str:
    """The cloud's word where it is final, else the word for why there is none."""
    if session["state"] == "final":
        return session["status"] or "ended"
    return _STATE_WORDS[session["state"]]


def verdict_text(session: ReportedSession, attempt: AttemptRecord) -> str:
    """Who says what, where the cloud's status and pytest's outcome disagree."""
    return f"disagrees: the cloud says {session['status']}, pytest {attempt.outcome}"


def duration_text(seconds: float) -> str:
    """`7 s`, `2 min 05 s` or `1 h 02 min`."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"


def clock_text(seconds: float) -> str:
    """A position in a video, as players show it: `01:23`, `1:02:03`."""
    whole = int(seconds)
    minutes = f"{whole % _HOUR // _MINUTE:02}:{whole % _MINUTE:02}"
    return minutes if whole < _HOUR else f"{whole // _HOUR}:{minutes}"


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
