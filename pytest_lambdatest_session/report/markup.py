"""HTML for the report, from the ledger's records. Pure: strings in, strings out.

Nothing that pytest-html is given is escaped by it, so everything here is: ids, names and statuses come from the cloud,
node ids from the tests. Links were checked when they came in, `cloud.redact.safe_url`.
"""

from __future__ import annotations

from collections import Counter
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.words import clock_text, duration_text, shown_status, verdict_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Entry, Ledger
    from pytest_lambdatest_session.report.records import ReportedSession

SORTABLE_COLUMNS = ("ltstatus", "ltduration")
"""Class and sort key of each; pytest-html reads keys of letters, digits and underscores only."""

# From this many sessions on the table starts folded: it should not push the results off the first screen.
_FOLD_FROM = 12
_GOOD, _BAD = ("passed",), ("failed", "error", "timeout", "lambda-error", "lambda error")


def style() -> str:
    css = files("pytest_lambdatest_session.report").joinpath("style.css").read_text(encoding="utf-8")
    return f"<style>{css}</style>"


def header_cells() -> list[str]:
    return [
        '<th class="sortable" data-column-type="ltstatus" data-lt-row="">LambdaTest</th>',
        '<th class="sortable" data-column-type="ltduration" data-lt-row="">Session time</th>',
        '<th data-lt-row="">Session links</th>',
    ]


def row_cells(attempt: AttemptRecord | None, marker: str) -> list[str]:
    """The cells of one row, each on one line as pytest-html's sorting wants.

    `marker` finds them again among the cells of other plugins; headers and rows without sessions have an empty one.
    """
    entries = attempt.entries if attempt is not None else []
    status = "".join(f"<div>{_badge(entry.public)}{_disagreement(entry, attempt)}</div>" for entry in entries)
    if attempt is not None and not entries:
        status = '<div><span class="lt-badge lt-bad">refused</span></div>'
    durations = "".join(f"<div>{_duration(entry.public)}</div>" for entry in entries)
    links = "".join(f"<div>{_links(entry.public)}</div>" for entry in entries)
    return [
        # A comment in front is what pytest-html sorts by: it compares the cell's inner HTML as text.
        f'<td class="col-ltstatus" data-lt-row="{marker}"><!--{_status_key(entries)}-->{status}</td>',
        f'<td class="col-ltduration" data-lt-row="{marker}"><!--{_duration_key(entries)}-->{durations}</td>',
        # A click into a cell of class col-links does not fold the row.
        f'<td class="col-links col-ltlinks" data-lt-row="{marker}">{links}</td>',
    ]


def sort_keys(cells: list[str]) -> dict[str, str]:
    """What pytest-html stores for sorting: the inner HTML of each sortable cell, `{column: html}`."""
    return {
        column: cell.partition(">")[2].removesuffix("</td>")
        for column, cell in zip(SORTABLE_COLUMNS, cells, strict=False)
    }


def detail_block(attempt: AttemptRecord) -> str:
    """What an expanded row shows of the attempt's sessions."""
    title = f" of attempt {attempt.number}" if attempt.number > 1 else ""
    blocks = [_session_details(entry, attempt, title) for entry in attempt.entries]
    blocks += [
        f'<section class="lt-details"><h3>No LambdaTest session</h3><p>{escape(refusal["hub"])} refused it '
        f"({escape(refusal['error'])}).</p></section>"
        for refusal in attempt.refusals
    ]
    return "".join(blocks)


def _session_details(entry: Entry, attempt: AttemptRecord, title: str) -> str:
    session = entry.public
    facts = "".join(
        f"<div><dt>{name}</dt><dd>{escape(value, quote=True)}</dd></div>"
        for name, value in _facts(entry, attempt)
        if value
    )
    return (
        f'<section class="lt-details"><h3>LambdaTest session{title} {_badge(session)}'
        f"{_disagreement(entry, attempt)}</h3>"
        f'<p class="lt-links">{_links(session)}</p><dl>{facts}</dl></section>'
    )


def _facts(entry: Entry, attempt: AttemptRecord) -> Iterator[tuple[str, str | None]]:
    session = entry.public
    offset = entry.offset_of(entry.uses[attempt])
    yield "Why", session["error"]
    yield "Remark", None if session["remark"] == session["status"] else session["remark"]
    yield "Duration", duration_text(session["duration"]) if session["duration"] is not None else None
    yield "This test starts at", clock_text(offset) if offset is not None else None
    yield "Browser", _joined(session["browser"], session["browser_version"])
    yield "Device", session["device"]
    yield "Platform", session["platform"]
    yield "Name", session["name"]
    yield "Build", session["build_name"]
    yield "Started", session["started_at"]
    yield "Session id", session["session_id"]
    yield "Test id", session["test_id"]


def sessions_table(ledger: Ledger, problems: Problems) -> str:
    """The summary's table of all sessions, those without a row included; "" if the run had none."""
    entries = list(ledger.entries.values())
    if not entries and not list(problems):
        return ""
    folded = "" if len(entries) >= _FOLD_FROM else " open"
    rows = "".join(_table_row(entry) for entry in entries)
    notes = "".join(f"<li>{escape(problem, quote=True)}{_times(count)}</li>" for problem, count in problems)
    return (
        f'<details class="lt-sessions"{folded}><summary>LambdaTest sessions: {_counts(entries)}</summary>'
        + (f'<ul class="lt-problems">{notes}</ul>' if notes else "")
        + "<table><thead><tr><th>Status</th><th>Time</th><th>Links</th><th>Tests</th><th>Browser</th>"
        f"<th>Name</th></tr></thead><tbody>{rows}</tbody></table></details>"
    )


def _counts(entries: list[Entry]) -> str:
    counts = Counter(shown_status(entry.public) for entry in entries)
    words = ", ".join(f"{count} {escape(word, quote=True)}" for word, count in counts.most_common())
    return f"{len(entries)}" + (f" ({words})" if words else "")


def _table_row(entry: Entry) -> str:
    session = entry.public
    disagreements = "".join(_disagreement(entry, attempt) for attempt in _first_disagreeing(entry))
    return (
        f"<tr><td>{_badge(session)}{disagreements}</td><td>{_duration(session)}</td>"
        f"<td>{_links(session)}</td><td>{_tests(entry)}</td>"
        f"<td>{escape(_joined(session['browser'], session['browser_version'], session['platform']), quote=True)}</td>"
        f"<td>{escape(session['name'] or '', quote=True)}</td></tr>"
    )


def _first_disagreeing(entry: Entry) -> list[AttemptRecord]:
    return [attempt for attempt in entry.uses if attempt.disagrees_with(entry)][:1]


def _tests(entry: Entry) -> str:
    if not entry.uses:
        return "<i>no test used it</i>"
    lines = [
        f'<div><span class="lt-outcome lt-{_tone(attempt.outcome)}">{attempt.outcome or "unfinished"}</span> '
        f"{escape(attempt.nodeid, quote=True)}{f' (attempt {attempt.number})' if attempt.number > 1 else ''}</div>"
        for attempt in entry.uses
    ]
    return "".join(lines)


def _badge(session: ReportedSession) -> str:
    word = shown_status(session)
    return f'<span class="lt-badge lt-{_tone(word)}">{escape(word, quote=True)}</span>'


def _tone(word: str | None) -> str:
    folded = (word or "").lower()
    if folded in _GOOD:
        return "good"
    return "bad" if folded in _BAD else "plain"


def _disagreement(entry: Entry, attempt: AttemptRecord | None) -> str:
    if attempt is None or not attempt.disagrees_with(entry):
        return ""
    why = escape(verdict_text(entry.public, attempt), quote=True)
    return f' <span class="lt-badge lt-warn" title="{why}">disagrees</span>'


def _duration(session: ReportedSession) -> str:
    return "" if session["duration"] is None else duration_text(session["duration"])


def _links(session: ReportedSession) -> str:
    named = [("session", session["url"]), ("video", session["video_url"]), *session["logs"].items()]
    return " ".join(
        f'<a href="{escape(url, quote=True)}" target="_blank" rel="noopener noreferrer">{escape(name, quote=True)}</a>'
        for name, url in named
        if url
    )


def _status_key(entries: Iterable[Entry]) -> str:
    words = " ".join(shown_status(entry.public) for entry in entries)
    return "".join(character for character in words if character.isalnum() or character == " ")


def _duration_key(entries: Iterable[Entry]) -> str:
    """Padded, so that text compares as the number it is; a row without sessions comes before all."""
    durations = [entry.public["duration"] for entry in entries if entry.public["duration"] is not None]
    return f"{sum(durations):012.3f}" if durations else ""


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
