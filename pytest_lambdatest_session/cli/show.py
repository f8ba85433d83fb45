"""`show`: what LambdaTest says of some sessions, by the client, the words and the rules of the reports."""

from __future__ import annotations

import json
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TextIO

from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.cloud.endpoints import api_base_url
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.formatting import (
    escape_control_characters,
    meaning_of,
    pluralize,
    session_facts,
    session_links,
    status_text,
)
from pytest_lambdatest_session.report.registry import Registry
from pytest_lambdatest_session.sidecar.polling import PollJob
from pytest_lambdatest_session.sidecar.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_lambdatest_session.config import Settings
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.sidecar.messages import Poll

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
    registry = _asked(session_ids, hub, settings, credentials, problems)
    sessions = [tracked.public for tracked in registry.sessions.values()]
    for session in sessions:
        record = {**session, "tests": []}
        out.write((json.dumps(record, ensure_ascii=False) if as_json else "\n".join(_lines(session))) + "\n")
    err.writelines(f"{problem} ({pluralize(count, 'session')})\n" for problem, count in problems)
    return 0 if all(session["state"] in _FOUND for session in sessions) else 1


def _asked(
    session_ids: Sequence[str], hub: str, settings: Settings, credentials: Credentials, problems: Problems
) -> Registry:
    registry = Registry(settings.dashboard_url)
    for session_id in session_ids:
        # Nobody here saw it end: it is looked at, and not waited for.
        registry.merge([{"id": session_id, "hub": hub, "started_at": None, "ended_at": None}])
    answers: SimpleQueue[Any] = SimpleQueue()
    pool = Pool(
        lambda base_url, account: Client(
            base_url, account, timeout_seconds=settings.timeout_seconds, share_days=settings.share_days
        ),
        timeout_seconds=settings.timeout_seconds,
        on_fault=problems.fault,
    )
    for tracked in registry.sessions.values():
        request: Poll = {
            "type": "poll",
            "session_id": tracked.id,
            "base_url": api_base_url(tracked.hub, tracked.kind, settings.api_url),
            "kind": tracked.kind,
            "account": credentials.account,
            "rank": 0,
            "ended_at": None,
        }
        pool.add(PollJob(request, time.monotonic(), pool.policy, answers.put))
    # Each is asked about once, some at two APIs; many at a time, though an API may want fewer.
    pool.finish(settings.timeout_seconds * (2 + len(session_ids) // 4))
    left = len(registry.sessions)
    while left:
        answer = answers.get()
        if answer["done"]:
            if answer["error"] is not None:
                problems.add(answer["error"])
                # Nobody here knows that it runs.
                answer["state"] = "unavailable" if answer["state"] == "running" else answer["state"]
            registry.record_answer(registry.sessions[answer["session_id"]], answer)
            left -= 1
    return registry


def _lines(session: ReportedSession) -> Iterator[str]:
    yield f"{session['session_id']}  {escape_control_characters(status_text(session))}"
    told = (
        ("that is", meaning_of(status_text(session))),
        ("remark", None if session["remark"] == session["status"] else session["remark"]),
        *((name.lower(), text) for name, text in session_facts(session)),
        ("hub", session["hub"]),
        *session_links(session),
    )
    for name, text in told:
        if text and text != session["session_id"]:
            yield f"  {name:<18} {escape_control_characters(text)}"
