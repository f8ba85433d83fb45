"""`show`: what LambdaTest says of some sessions, by the client, the words and the rules of the reports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.cloud.follower import Follower
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.ledger import Ledger
from pytest_lambdatest_session.report.settling.asking import Asking
from pytest_lambdatest_session.report.words import duration_text, meaning_of, moment_text, status_text, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_lambdatest_session.config import Settings
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.report.records import ReportedSession

_FOUND = ("final", "running", "pending")


def show(
    session_ids: Sequence[str],
    hub: str,
    settings: Settings,
    credentials: Credentials,
    out: TextIO,
    err: TextIO,
    *,
    as_json: bool,
) -> int:
    """Print each session once, in the order given; 0 if all were found, else 1."""
    problems = Problems()
    ledger = _asked(session_ids, hub, settings, credentials, problems)
    sessions = [entry.public for entry in ledger.entries.values()]
    for session in sessions:
        if as_json:
            out.write(json.dumps({**session, "tests": []}, ensure_ascii=False) + "\n")
        else:
            out.write("\n".join(_lines(session)) + "\n")
    err.writelines(f"{problem}\n" for problem, _ in problems)
    return 0 if all(session["state"] in _FOUND for session in sessions) else 1


def _asked(
    session_ids: Sequence[str], hub: str, settings: Settings, credentials: Credentials, problems: Problems
) -> Ledger:
    ledger = Ledger(settings.dashboard_url)
    for session_id in session_ids:
        # Nobody here saw it end: it is looked at, and not waited for.
        ledger.learn([{"id": session_id, "hub": hub, "started_at": None, "ended_at": None}])
    follower = Follower(
        lambda base_url, credentials: Client(
            base_url, credentials, timeout_seconds=settings.timeout_seconds, share_days=settings.share_days
        ),
        api_url=settings.api_url,
        on_fault=problems.fault,
    )
    asking = Asking(ledger, lambda: follower, lambda _: credentials, problems)
    try:
        # Each is asked about once, some at two APIs; many at a time, though an API may want fewer.
        asking.wait(settings.timeout_seconds * (2 + len(session_ids) // 4))
    finally:
        follower.stop()
    return ledger


def _lines(session: ReportedSession) -> Iterator[str]:
    yield f"{session['session_id']}  {visible(status_text(session))}"
    for name, value in _facts(session):
        if value:
            yield f"  {name:<13} {visible(value)}"


def _facts(session: ReportedSession) -> Iterator[tuple[str, str | None]]:
    yield "why", session["error"]
    yield "that is", meaning_of(status_text(session))
    yield "remark", None if session["remark"] == session["status"] else session["remark"]
    yield "time", None if session["duration"] is None else duration_text(session["duration"])
    yield "started", moment_text(session["started_at"]) if session["started_at"] else None
    yield "browser", " ".join(part for part in (session["browser"], session["browser_version"]) if part)
    yield "device", session["device"]
    yield "platform", session["platform"]
    yield "name", session["name"]
    yield "build", session["build_name"]
    yield "test id", session["test_id"]
    yield "video", session["video_url"]
    yield "session", session["url"]
    yield "screenshots", session["screenshot_url"]
    yield from ((f"{kind} log", url) for kind, url in session["logs"].items())
