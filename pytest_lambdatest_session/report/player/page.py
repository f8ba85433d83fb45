"""One session's page as HTML: what is the same for all stands in a template, a style and a script, beside this file.

Texts get into it by a template that escapes them, and as JSON that the script puts in as texts. A content security
policy lets no other script run, and nothing be asked of the network but media. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_lambdatest_session.report.formatting import (
    escape_control_characters,
    session_facts,
    session_links,
    severity_of,
    shown_status,
    status_text,
    verdict_text,
)
from pytest_lambdatest_session.report.html.rendering import asset, render
from pytest_lambdatest_session.report.html.table import as_script_text
from pytest_lambdatest_session.report.last_commands import commands_of, took
from pytest_lambdatest_session.report.links import is_link
from pytest_lambdatest_session.report.priority import disagreement_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_lambdatest_session.report.log_rows import LogRow
    from pytest_lambdatest_session.report.registry import TrackedSession, Use

_NOT_SHOWN = ("Name", "LambdaTest test id")
"""Facts that the heading has, and the link to LambdaTest."""
_LINK_NAMES = {"video": "video", "screenshots": "screenshots"}
_TO_REPORT = "../../"


class Media(NamedTuple):
    """What there is to see, by names beside the page."""

    video: str = ""
    stills: tuple[str, ...] = ()


def duration_of(tracked: TrackedSession) -> float:
    """How long the time line is: as long as anybody saw something of the session."""
    ranges = [use.time_range for use in tracked.uses]
    return max([tracked.public["duration"] or 0.0, 1.0, *(one.end for one in ranges if one is not None)])


def page_of(tracked: TrackedSession, events: Sequence[LogRow], media: Media, report: str | None) -> str:
    """`report` is the address of the HTML report, from its own folder."""
    session = tracked.public
    disagreeing = disagreement_on(tracked)
    saved = {_LINK_NAMES.get(kind, f"{kind} log"): path for kind, path in session["artifacts"].items()}
    links = {"report": report or "", **dict(session_links(session)), **saved}
    script, style = asset("player/player.js"), asset("player/player.css")
    return render(
        "player/player.html",
        # In parts, between which a line may break.
        title=re.split(r"(?<=[_.:/-])|(?=\[)", escape_control_characters(session["name"] or "LambdaTest session")),
        status=status_text(session),
        severity=severity_of(shown_status(session)),
        disagreement=verdict_text(session, disagreeing.outcome) if disagreeing is not None else "",
        facts=[text for name, text in session_facts(session) if name not in _NOT_SHOWN],
        links=[(name, _from_page(url)) for name, url in links.items() if url and is_link(url)],
        missing=session["artifacts_missing"].items(),
        data=as_script_text(_data(tracked, events, media)),
        script=script,
        style=style,
        script_hash=_hash(script),
        style_hash=_hash(style),
    )


def _from_page(url: str) -> str:
    """An address as the page has it; those in a session's record are relative to the report."""
    return url if ":" in url.partition("/")[0] or url.startswith("/") else _TO_REPORT + url


def _data(tracked: TrackedSession, events: Sequence[LogRow], media: Media) -> dict[str, Any]:
    """What the script draws from: tests, and events as `[second, kind, text, error, 1 if bad, how long it took]`."""
    lag = tracked.video_lag
    return {
        "duration": duration_of(tracked),
        # By how many seconds the video starts later than the session, at most, and how many of them are not sure.
        "lag": lag.most,
        "uncertain": lag.most - lag.least,
        "video": media.video,
        "stills": media.stills,
        "tests": [_test(use, events) for use in tracked.uses],
        "events": [
            (
                *(row.offset, row.kind, escape_control_characters(row.text)),
                *(escape_control_characters(row.error), int(row.is_error)),
                took(row),
            )
            for row in events
        ],
    }


def _test(use: Use, events: Sequence[LogRow]) -> dict[str, Any]:
    attempt = use.attempt
    start, end = use.time_range or (None, None)
    commands = commands_of(attempt).get(use.tracked)
    outcome = attempt.outcome or "unfinished"
    return {
        "id": escape_control_characters(attempt.nodeid),
        "attempt": attempt.number,
        "outcome": outcome,
        "severity": severity_of(outcome),
        "start": start,
        "end": end,
        "failure": use.failure_offset if attempt.has_a_failure else None,
        "message": attempt.failure,
        # The clip, its name beside the page and the second of the session at which it starts.
        "clip": use.clip.rpartition("/")[2] if use.clip is not None else None,
        "clip_start": use.clip_offset,
        "last": events.index(commands[-1]) if commands else None,
    }


def _hash(text: str) -> str:
    """As a content security policy names what may stand in the page."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
