"""What the terminal is told of sessions: a section in each failure, and one at the end of the run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import unquote

from pytest_lambdatest_session.report.attention import by_need, failed, uses_by_need
from pytest_lambdatest_session.report.moments import ending, video_at
from pytest_lambdatest_session.report.words import (
    clock_text,
    counted,
    counts_text,
    duration_text,
    shown_status,
    status_counts,
    status_text,
    tone_of,
    verdict_text,
    visible,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Entry, Ledger

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
    return "\n".join(map(visible, lines))


def _static_lines(attempt: AttemptRecord) -> Iterator[str]:
    for entry in attempt.entries:
        yield entry.id
        yield f"  session       {entry.public['url']}"
    yield from _refusal_lines(attempt)


def _final_lines(attempt: AttemptRecord) -> Iterator[str]:
    for entry in attempt.entries:
        yield f"{entry.id}  {_headline(entry, attempt)}"
        for name, value in _facts_and_links(entry):
            yield f"  {name:<13} {value}"
    yield from _refusal_lines(attempt)


def _headline(entry: Entry, attempt: AttemptRecord) -> str:
    session = entry.public
    parts = [shown_status(session)]
    if session["duration"] is not None:
        parts.append(duration_text(session["duration"]))
    span = entry.span_of(attempt)
    if span is not None and len(entry.attempts) > 1:
        parts.append(f"this test starts at {clock_text(span.start)}{ending(span)}")
    if attempt.disagrees_with(entry):
        parts.append(verdict_text(session, attempt.outcome))
    return ", ".join(parts)


def _facts_and_links(entry: Entry) -> Iterator[tuple[str, str]]:
    session = entry.public
    if session["error"]:
        yield "why", session["error"]
    if session["remark"] and session["remark"] != session["status"]:
        yield "remark", session["remark"]
    yield from _links(entry, with_logs=True)


def _links(entry: Entry, *, with_logs: bool) -> Iterator[tuple[str, str]]:
    session = entry.public
    if session["video_url"]:
        yield "video", session["video_url"]
    yield "session", session["url"]
    if session["artifacts"]:
        folder = unquote(next(iter(session["artifacts"].values())).rpartition("/")[0])
        yield "saved", f"{folder}/ ({', '.join(session['artifacts'])})"
    if session["share_url"]:
        yield "shared", f"{session['share_url']} (opens without a login until {session['shared_until']})"
    yield from session["links"].items()
    if with_logs:
        yield from ((f"{kind} log", url) for kind, url in session["logs"].items())


def _refusal_lines(attempt: AttemptRecord) -> Iterator[str]:
    for (hub, error), count in Counter((refusal["hub"], refusal["error"]) for refusal in attempt.refusals).items():
        yield f"no session: {hub} refused it ({error}){_times(count)}"


class Piece(NamedTuple):
    """A part of a line, in one colour if the terminal has any."""

    text: str
    colour: Colour = ""


def write_summary(terminal: pytest.TerminalReporter, ledger: Ledger, problems: Problems, verbosity: int = 0) -> None:
    """The section `LambdaTest sessions`: counts, a line per session of a failed test, each problem once.

    From `verbosity` 1 on all sessions and links but those to logs, from 2 on everything.
    """
    lines = list(summary_lines(ledger, problems, verbosity))
    if not lines:
        return
    terminal.write_sep("=", "LambdaTest sessions")
    for line in lines:
        for piece in line:
            terminal.write(piece.text, **({piece.colour: True} if piece.colour else {}))
        terminal.write("\n")


def summary_lines(ledger: Ledger, problems: Problems, verbosity: int) -> Iterator[list[Piece]]:
    for text in _count_lines(ledger):
        yield [Piece(visible(text))]
    groups = list(_groups(ledger, verbosity))
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
        yield [Piece(visible(f"! {problem}{_times(count)}"), "yellow")]


def _count_lines(ledger: Ledger) -> Iterator[str]:
    entries = ledger.entries.values()
    if entries:
        yield f"{counted(len(entries), 'session')}: {counts_text(status_counts(entry.public for entry in entries))}"
    if any(entry.public["state"] == "running" and not entry.note for entry in entries):
        yield "running: not quit before the reports were written; a quit in pytest_unconfigure or atexit comes too late"
    refusals = [refusal for attempt in ledger.attempts.values() for refusal in attempt.refusals] + ledger.refusals
    if refusals:
        hubs = ", ".join(sorted({refusal["hub"] for refusal in refusals}))
        yield f"{counted(len(refusals), 'session')} refused by {hubs}"


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
        remark = [Piece(f"  {visible(self.remark)}", "yellow")] if self.remark else []
        start = [Piece("  "), Piece(visible(self.status).ljust(widths.status), self.colour)]
        start.append(Piece(f"  {self.time:>{widths.time}}  "))
        for label, url in self.links:
            yield [*start, Piece(f"{visible(label):<{widths.label}}  {visible(url)}"), *remark]
            start = [Piece(" " * (widths.status + widths.time + 6))]
            remark = []


@dataclass
class _Group:
    """The sessions of one test, or a session's tests, with a line above that says which."""

    heading: list[Piece]
    rows: list[_Row] = field(default_factory=list)


def _groups(ledger: Ledger, verbosity: int) -> Iterator[_Group]:
    listed: set[str] = set()
    for attempt in ledger.attempts.values():
        entries = [entry for entry in attempt.entries if failed(attempt) or attempt.disagrees_with(entry)]
        rows = [_row(entry, attempt, verbosity) for entry in entries]
        rows += _refusal_rows(attempt) if failed(attempt) else []
        listed.update(entry.id for entry in entries)
        if rows:
            yield _Group(_heading(attempt), rows)
    if verbosity > 0:
        yield from _other_groups((entry for entry in ledger.entries.values() if entry.id not in listed), verbosity)


def _other_groups(entries: Iterable[Entry], verbosity: int) -> Iterator[_Group]:
    """Sessions by the tests that used them: those that the same ones used stand together."""
    groups: dict[tuple[AttemptRecord, ...], _Group] = {}
    for entry in by_need(entries):
        uses = tuple(uses_by_need(entry))
        heading = _heading(uses[0], len(uses) - 1) if uses else [Piece("no test used it")]
        groups.setdefault(uses, _Group(heading)).rows.append(_row(entry, None, verbosity))
    yield from groups.values()


def _heading(attempt: AttemptRecord, others: int = 0) -> list[Piece]:
    outcome = attempt.outcome or "unfinished"
    number = f" (attempt {attempt.number})" if attempt.number > 1 else ""
    more = f" and {counted(others, 'more test')}" if others else ""
    return [
        Piece(outcome.upper(), _COLOURS[tone_of(outcome)]),
        Piece(f" {visible(attempt.nodeid)}{number}{more}"),
    ]


def _row(entry: Entry, attempt: AttemptRecord | None, verbosity: int) -> _Row:
    session = entry.public
    links = list(_links(entry, with_logs=verbosity > 1))
    if attempt is not None and session["video_url"] and len(entry.attempts) > 1:
        span = entry.span_of(attempt)
        name = f"video from {clock_text(span.start)}" if span is not None else "video"
        links[0] = (name, video_at(session["video_url"], span))
    return _Row(
        status=status_text(session),
        colour=_COLOURS[tone_of(shown_status(session))],
        time=duration_text(session["duration"]) if session["duration"] is not None else "-",
        links=links if verbosity > 0 else links[:1],
        remark=verdict_text(session, attempt.outcome) if attempt is not None and attempt.disagrees_with(entry) else "",
    )


def _refusal_rows(attempt: AttemptRecord) -> Iterator[_Row]:
    for (hub, error), count in Counter((refusal["hub"], refusal["error"]) for refusal in attempt.refusals).items():
        yield _Row("refused", "red", "-", [("by", f"{hub} ({error}){_times(count)}")])


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
