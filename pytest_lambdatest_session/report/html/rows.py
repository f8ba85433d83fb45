"""HTML of the results' rows: our cells in each, and what an expanded row shows. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.attention import is_unsettled
from pytest_lambdatest_session.report.html.parts import (
    NOTHING,
    badge,
    disagreement_badge,
    duration,
    escaped,
    full_links,
    joined,
    position,
    short_links,
)
from pytest_lambdatest_session.report.moments import ending
from pytest_lambdatest_session.report.words import (
    counted,
    duration_text,
    moment_text,
    shown_status,
    tone_of,
    verdict_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_lambdatest_session.capture.payload import CreationFailure
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Entry
    from pytest_lambdatest_session.report.records import ReportedSession

SORTABLE_COLUMNS = ("ltstatus", "ltduration")
"""Class and sort key of each; pytest-html reads keys of letters, digits and underscores only."""

_OURS = re.compile(r'<t[dh]\b(?=[^>]*\bdata-lt-row="(\d*)")(?:[^>]*?\bcol-(lt\w+))?')

# Of a test that uses many sessions; the rest is folded.
_SESSIONS_SHOWN = 8


def header_cells() -> list[str]:
    return [
        '<th class="sortable" data-column-type="ltstatus" data-lt-row="">LambdaTest</th>',
        '<th class="sortable" data-column-type="ltduration" data-lt-row="">Session time</th>',
        '<th data-lt-row="">Session links</th>',
    ]


def row_cells(attempt: AttemptRecord | None, marker: str) -> list[str]:
    """The cells of one row, each on one line as pytest-html's sorting wants.

    `marker` finds them again among the cells of other plugins; headers and rows without sessions have an empty one.
    The three cells have the same lines, one per session, so that they read across.
    """
    lines = list(_row_lines(attempt)) if attempt is not None else []
    statuses, durations, links = ("".join(f"<div>{line[place]}</div>" for line in lines) for place in range(3))
    title = _disagreement_title(attempt)
    return [
        # A comment in front is what pytest-html sorts by: it compares the cell's inner HTML as text.
        f'<td class="col-ltstatus" data-lt-row="{marker}"{title}><!--{_status_key(attempt)}-->{statuses}</td>',
        f'<td class="col-ltduration" data-lt-row="{marker}"><!--{_duration_key(attempt)}-->{durations}</td>',
        # A click into a cell of class col-links does not fold the row.
        f'<td class="col-links col-ltlinks" data-lt-row="{marker}">{links}</td>',
    ]


def marker_of(cell: object) -> str | None:
    """The marker of one of our cells, None of all others."""
    match = _OURS.match(str(cell))
    return None if match is None else match[1]


def column_of(cell: object) -> str | None:
    """The class of one of our cells in a row, None of all others."""
    match = _OURS.match(str(cell))
    return None if match is None else match[2]


def sort_keys(cells: list[str]) -> dict[str, str]:
    """What pytest-html stores for sorting, `{column: html}`: of the inner HTML of each cell the comment in front."""
    return {
        column: cell.partition(">")[2].partition("-->")[0] + "-->"
        for column in SORTABLE_COLUMNS
        for cell in cells
        if column_of(cell) == column
    }


def _row_lines(attempt: AttemptRecord) -> Iterator[tuple[str, str, str]]:
    for entry in attempt.entries[:_SESSIONS_SHOWN]:
        session = entry.public
        links = short_links(session, entry.span_of(attempt))
        yield f"{badge(session)}{disagreement_badge(entry, attempt)}", duration(session), links
    if rest := len(attempt.entries[_SESSIONS_SHOWN:]):
        yield f"and {rest} more", NOTHING, "in the details"
    if attempt.refusals:
        times = len(attempt.refusals)
        word = "refused" if times == 1 else f"refused {times} times"
        yield f'<b class="lt-badge lt-bad">{word}</b>', NOTHING, NOTHING


def _disagreement_title(attempt: AttemptRecord | None) -> str:
    """On the cell, since its content lets the mouse through: a click on it shall unfold the row."""
    for entry in attempt.entries if attempt is not None else ():
        if attempt is not None and attempt.disagrees_with(entry):
            return f' title="{escaped(verdict_text(entry.public, attempt.outcome))}"'
    return ""


def _status_key(attempt: AttemptRecord | None) -> str:
    """What went wrong first, then what is not settled, then the rest by its words, then rows without sessions."""
    if attempt is None:
        return "9"
    entries = attempt.entries
    words = "".join(shown_status(entry.public) for entry in entries)
    if attempt.refusals or any(_is_bad(entry, attempt) for entry in entries):
        rank = 0
    else:
        rank = 1 if any(is_unsettled(entry) for entry in entries) else 2
    return f"{rank}{''.join(character for character in words if character.isalnum())}"


def _is_bad(entry: Entry, attempt: AttemptRecord) -> bool:
    return tone_of(shown_status(entry.public)) == "bad" or attempt.disagrees_with(entry)


def _duration_key(attempt: AttemptRecord | None) -> str:
    """Padded, so that text compares as the number it is; a row without durations comes before all."""
    entries = attempt.entries if attempt is not None else []
    durations = [entry.public["duration"] for entry in entries if entry.public["duration"] is not None]
    return f"{sum(durations):012.3f}" if durations else ""


def detail_block(attempt: AttemptRecord) -> str:
    """What an expanded row shows of the attempt's sessions."""
    blocks = [_session_details(entry, attempt, place) for place, entry in enumerate(attempt.entries, 1)]
    first, rest = blocks[:_SESSIONS_SHOWN], blocks[_SESSIONS_SHOWN:]
    if rest:
        first.append(f"<details><summary>{counted(len(rest), 'more session')}</summary>{''.join(rest)}</details>")
    first += [_refusal_details(refusal) for refusal in attempt.refusals]
    return "".join(first)


def _session_details(entry: Entry, attempt: AttemptRecord, place: int) -> str:
    session = entry.public
    count = len(attempt.entries)
    title = f" {place} of {count}" if count > 1 else ""
    title += f", attempt {attempt.number}" if attempt.number > 1 else ""
    disagrees = attempt.disagrees_with(entry)
    facts = "".join(f"<dt>{name}</dt><dd>{escaped(value)}</dd>" for name, value in _facts(entry, attempt) if value)
    return (
        f'<section class="lt-details"><h3>LambdaTest session{title} {badge(session)}'
        f"{disagreement_badge(entry, attempt)}</h3>"
        + (f"<p>{escaped(verdict_text(session, attempt.outcome))}</p>" if disagrees else "")
        + "".join(f"<p>{name}: {escaped(value)}</p>" for name, value in _explanations(session) if value)
        + f'<p class="lt-links">{full_links(session, entry.span_of(attempt))}</p><dl>{facts}</dl></section>'
    )


def _explanations(session: ReportedSession) -> Iterator[tuple[str, str | None]]:
    yield "Why", session["error"]
    yield "Remark", None if session["remark"] == session["status"] else session["remark"]


def _facts(entry: Entry, attempt: AttemptRecord) -> Iterator[tuple[str, str | None]]:
    session = entry.public
    span = entry.span_of(attempt)
    yield "This test starts at", position(session, span.start) + ending(span) if span is not None else None
    yield "Session time", duration_text(session["duration"]) if session["duration"] is not None else None
    yield "Browser", joined(" ", session["browser"], session["browser_version"])
    yield "Device", session["device"]
    yield "Platform", session["platform"]
    yield "Started", moment_text(session["started_at"]) if session["started_at"] else None
    yield "Name", session["name"]
    yield "Build", session["build_name"]
    yield "Session id", session["session_id"]
    yield "LambdaTest test id", session["test_id"]


def _refusal_details(refusal: CreationFailure) -> str:
    return (
        f'<section class="lt-details"><h3>No LambdaTest session <b class="lt-badge lt-bad">refused</b></h3>'
        f"<p>{escaped(refusal['hub'])} refused it ({escaped(refusal['error'])}).</p></section>"
    )
