"""What the terminal is told of sessions: a section in each failure, and one at the end of the run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import unquote

from pytest_lambdatest_session.report.formatting import (
    clock_text,
    counts_text,
    duration_text,
    escape_control_characters,
    pluralize,
    severity_of,
    shown_status,
    status_counts,
    status_text,
    verdict_text,
)
from pytest_lambdatest_session.report.priority import by_priority, failed, uses_by_priority
from pytest_lambdatest_session.report.video_offsets import ending, video_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry, TrackedSession

# A status longer than this (they are the cloud's own words) stands out of its column, and is not cut.
_WIDEST_STATUS = 28

Colour = Literal["red", "green", "yellow", ""]
_COLOURS: dict[str, Colour] = {"good": "green", "bad": "red", "plain": ""}


def static_text(attempt: AttemptRecord) -> str:
    """The section of a failure with what needs no API."""
    return _joined(_static_lines(attempt))


def final_text(attempt: AttemptRecord) -> str:
    """The section of a failure with what the cloud said."""
    return _joined(_final_lines(attempt))


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(map(escape_control_characters, lines))


def _static_lines(attempt: AttemptRecord) -> Iterator[str]:
    for tracked in attempt.sessions:
        yield tracked.id
        yield f"  session       {tracked.public['url']}"
    yield from _creation_failure_lines(attempt)


def _final_lines(attempt: AttemptRecord) -> Iterator[str]:
    for tracked in attempt.sessions:
        yield f"{tracked.id}  {_headline(tracked, attempt)}"
        for name, value in _facts_and_links(tracked):
            yield f"  {name:<13} {value}"
    yield from _creation_failure_lines(attempt)


def _headline(tracked: TrackedSession, attempt: AttemptRecord) -> str:
    session = tracked.public
    parts = [shown_status(session)]
    if session["duration"] is not None:
        parts.append(duration_text(session["duration"]))
    time_range = tracked.time_range_of(attempt)
    if time_range is not None and len(tracked.attempts) > 1:
        parts.append(f"this test starts at {clock_text(time_range.start)}{ending(time_range)}")
    if attempt.disagrees_with(tracked):
        parts.append(verdict_text(session, attempt.outcome))
    return ", ".join(parts)


def _facts_and_links(tracked: TrackedSession) -> Iterator[tuple[str, str]]:
    session = tracked.public
    if session["error"]:
        yield "why", session["error"]
    if session["remark"] and session["remark"] != session["status"]:
        yield "remark", session["remark"]
    yield from _links(tracked, with_logs=True)


def _links(tracked: TrackedSession, *, with_logs: bool) -> Iterator[tuple[str, str]]:
    session = tracked.public
    if session["video_url"]:
        yield "video", session["video_url"]
    yield "session", session["url"]
    if session["player"]:
        yield "player", unquote(session["player"])
    if session["artifacts"]:
        folder = unquote(next(iter(session["artifacts"].values())).rpartition("/")[0])
        yield "saved", f"{folder}/ ({', '.join(session['artifacts'])})"
    if session["share_url"]:
        yield "shared", f"{session['share_url']} (opens without a login until {session['shared_until']})"
    yield from session["links"].items()
    if with_logs:
        yield from ((f"{kind} log", url) for kind, url in session["logs"].items())


def _creation_failure_lines(attempt: AttemptRecord) -> Iterator[str]:
    for (hub, error), count in Counter(
        (creation_failure["hub"], creation_failure["error"]) for creation_failure in attempt.creation_failures
    ).items():
        yield f"no session: {hub} refused it ({error}){_times(count)}"


class Piece(NamedTuple):
    """A part of a line, in one colour if the terminal has any."""

    text: str
    colour: Colour = ""


def write_summary(
    terminal: pytest.TerminalReporter, registry: Registry, problems: Problems, verbosity: int = 0
) -> None:
    """The section `LambdaTest sessions`: counts, a line per session of a failed test, each problem once.

    From `verbosity` 1 on all sessions and links but those to logs, from 2 on everything.
    """
    lines = list(summary_lines(registry, problems, verbosity))
    if not lines:
        return
    terminal.write_sep("=", "LambdaTest sessions")
    for line in lines:
        for piece in line:
            terminal.write(piece.text, **({piece.colour: True} if piece.colour else {}))
        terminal.write("\n")


def summary_lines(registry: Registry, problems: Problems, verbosity: int) -> Iterator[list[Piece]]:
    for text in _count_lines(registry):
        yield [Piece(escape_control_characters(text))]
    groups = list(_groups(registry, verbosity))
    rows = [row for group in groups for row in group.rows]
    widths = _Widths(
        status=min(_WIDEST_STATUS, max((len(row.status) for row in rows), default=0)),
        time=max((len(row.time) for row in rows), default=0),
        label=max((len(label) for row in rows for label, _ in row.links), default=0),
    )
    for group in groups:
        yield group.heading
        for row in group.rows:
            yield from row.lines(widths)
    for problem, count in problems:
        yield [Piece(escape_control_characters(f"! {problem}{_times(count)}"), "yellow")]


def _count_lines(registry: Registry) -> Iterator[str]:
    tracked_sessions = registry.sessions.values()
    if tracked_sessions:
        counts = counts_text(status_counts(tracked.public for tracked in tracked_sessions))
        yield f"{pluralize(len(tracked_sessions), 'session')}: {counts}"
    if any(tracked.public["state"] == "running" and not tracked.note for tracked in tracked_sessions):
        yield "running: not quit before the reports were written; a quit in pytest_unconfigure or atexit comes too late"
    creation_failures = [
        creation_failure for attempt in registry.attempts.values() for creation_failure in attempt.creation_failures
    ] + registry.creation_failures
    if creation_failures:
        hubs = ", ".join(sorted({creation_failure["hub"] for creation_failure in creation_failures}))
        yield f"{pluralize(len(creation_failures), 'session')} refused by {hubs}"


class _Widths(NamedTuple):
    status: int
    time: int
    label: int


@dataclass
class _Row:
    """A session in the list: what it is in columns, with its first link, and further links below that."""

    status: str
    colour: Colour
    time: str
    links: list[tuple[str, str]]
    remark: str = ""

    def lines(self, widths: _Widths) -> Iterator[list[Piece]]:
        remark = [Piece(f"  {escape_control_characters(self.remark)}", "yellow")] if self.remark else []
        start = [Piece("  "), Piece(escape_control_characters(self.status).ljust(widths.status), self.colour)]
        start.append(Piece(f"  {self.time:>{widths.time}}  "))
        for label, url in self.links:
            yield [
                *start,
                Piece(f"{escape_control_characters(label):<{widths.label}}  {escape_control_characters(url)}"),
                *remark,
            ]
            start = [Piece(" " * (widths.status + widths.time + 6))]
            remark = []


@dataclass
class _Group:
    """The sessions of one test, or a session's tests, with a line above that says which."""

    heading: list[Piece]
    rows: list[_Row] = field(default_factory=list)


def _groups(registry: Registry, verbosity: int) -> Iterator[_Group]:
    listed: set[str] = set()
    for attempt in registry.attempts.values():
        tracked_sessions = [
            tracked for tracked in attempt.sessions if failed(attempt) or attempt.disagrees_with(tracked)
        ]
        rows = [_row(tracked, attempt, verbosity) for tracked in tracked_sessions]
        rows += _creation_failure_rows(attempt) if failed(attempt) else []
        listed.update(tracked.id for tracked in tracked_sessions)
        if rows:
            yield _Group(_heading(attempt), rows)
    if verbosity > 0:
        yield from _other_groups(
            (tracked for tracked in registry.sessions.values() if tracked.id not in listed), verbosity
        )


def _other_groups(tracked_sessions: Iterable[TrackedSession], verbosity: int) -> Iterator[_Group]:
    """Sessions by the tests that used them: those that the same ones used stand together."""
    groups: dict[tuple[AttemptRecord, ...], _Group] = {}
    for tracked in by_priority(tracked_sessions):
        uses = tuple(uses_by_priority(tracked))
        heading = _heading(uses[0], len(uses) - 1) if uses else [Piece("no test used it")]
        groups.setdefault(uses, _Group(heading)).rows.append(_row(tracked, None, verbosity))
    yield from groups.values()


def _heading(attempt: AttemptRecord, others: int = 0) -> list[Piece]:
    outcome = attempt.outcome or "unfinished"
    number = f" (attempt {attempt.number})" if attempt.number > 1 else ""
    more = f" and {pluralize(others, 'more test')}" if others else ""
    return [
        Piece(outcome.upper(), _COLOURS[severity_of(outcome)]),
        Piece(f" {escape_control_characters(attempt.nodeid)}{number}{more}"),
    ]


def _row(tracked: TrackedSession, attempt: AttemptRecord | None, verbosity: int) -> _Row:
    session = tracked.public
    links = list(_links(tracked, with_logs=verbosity > 1))
    if attempt is not None and session["video_url"] and len(tracked.attempts) > 1:
        time_range = tracked.time_range_of(attempt)
        name = f"video from {clock_text(time_range.start)}" if time_range is not None else "video"
        links[0] = (name, video_at(session["video_url"], time_range))
    return _Row(
        status=status_text(session),
        colour=_COLOURS[severity_of(shown_status(session))],
        time=duration_text(session["duration"]) if session["duration"] is not None else "-",
        links=links if verbosity > 0 else links[:1],
        remark=verdict_text(session, attempt.outcome)
        if attempt is not None and attempt.disagrees_with(tracked)
        else "",
    )


def _creation_failure_rows(attempt: AttemptRecord) -> Iterator[_Row]:
    for (hub, error), count in Counter(
        (creation_failure["hub"], creation_failure["error"]) for creation_failure in attempt.creation_failures
    ).items():
        yield _Row("refused", "red", "-", [("by", f"{hub} ({error}){_times(count)}")])


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
