"""What rows, details and summary share of a session. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_lambdatest_session.report.records import ReportedSession


def video_of(session: ReportedSession) -> str | None:
    """Return the saved copy, if there is one: it opens without a login, and for good."""
    return session["artifacts"].get("video") or session["video_url"]


def logs_of(session: ReportedSession) -> dict[str, str]:
    """`{kind: link}`, of the saved copies where there are some."""
    saved = {kind: path for kind, path in session["artifacts"].items() if kind not in ("video", "screenshots")}
    return {**session["logs"], **saved}


def login_note(sessions: Sequence[ReportedSession]) -> str | None:
    """Return what has to be said of the links to logs, if there are some that lead to the cloud."""
    for session in sessions:
        if not session["logs"].keys() <= session["artifacts"].keys():
            some_are_saved = any(session["artifacts"] for session in sessions)
            return f"Logs {'that were not saved ' if some_are_saved else ''}ask for a LambdaTest login"
    return None


def join_nonempty(separator: str, *parts: str | None) -> str:
    return separator.join(part for part in parts if part)
