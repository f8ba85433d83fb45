"""HTML of the summary's block: all sessions, those that need a look first. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

from pytest_lambdatest_session.report.attention import (
    by_need,
    disagreement_on,
    failed,
    is_unsettled,
    needs_a_look,
    uses_by_need,
)
from pytest_lambdatest_session.report.html.parts import (
    asset,
    badge,
    disagreement_badge,
    duration,
    escaped,
    joined,
    login_note,
    position,
    short_links,
)
from pytest_lambdatest_session.report.words import counted, counts_text, meaning_of, status_counts, tone_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_lambdatest_session.capture.payload import CreationFailure
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Entry, Ledger

# With more sessions than the first of these, only those that need a look stand open, up to the second: the block should
# not push the results off the screen.
_ALL_OPEN, _OPEN_AT_MOST = 12, 10
_FILTER_FROM = 6
_STATUS_CHOICES = 12
# Of a session that many tests share; the rest is folded.
_TESTS_SHOWN = 6


def style() -> str:
    return f"<style>{asset('style.css')}</style>"


def sessions_table(ledger: Ledger, problems: Problems) -> str:
    """The summary's block of all sessions, those without a row included; "" if the run had nothing to do with any."""
    entries = by_need(ledger.entries.values())
    refusals = [refusal for attempt in ledger.attempts.values() for refusal in attempt.refusals] + ledger.refusals
    noted = list(problems)
    if not (entries or refusals or noted):
        return ""
    notes = "".join(f"<li>{escaped(problem)}{_times(count)}</li>" for problem, count in noted)
    return (
        '<section class="lt-sessions" aria-label="LambdaTest sessions"><h2>LambdaTest sessions</h2>'
        f'<p class="lt-counts">{_summary_line(entries, refusals)}</p>'
        + (f'<ul class="lt-problems">{notes}</ul>' if notes else "")
        + (_filter(entries) if len(entries) >= _FILTER_FROM else "")
        + _tables(entries)
        + _footnote(entries)
        # Last, so that it finds the rest in place; `currentScript` tells it whose block it is, if reports are merged.
        + f"<script>{asset('sessions.js')}</script></section>"
    )


def _summary_line(entries: Sequence[Entry], refusals: Sequence[CreationFailure]) -> str:
    sentences = []
    if entries:
        sentences.append(f"<strong>{counted(len(entries), 'session')}</strong>{_in_need(entries)}.")
        sentences.append(f"At LambdaTest: {escaped(counts_text(status_counts(entry.public for entry in entries)))}.")
    if refusals:
        hubs = ", ".join(sorted({refusal["hub"] for refusal in refusals}))
        sentences.append(f"<strong>{counted(len(refusals), 'session')} refused</strong> by {escaped(hubs)}.")
    builds = {entry.public["build_name"] for entry in entries} - {None}
    if len(builds) == 1:
        sentences.append(f"Build: {escaped(builds.pop() or '')}.")
    return " ".join(sentences)


def _in_need(entries: Sequence[Entry]) -> str:
    parts = []
    if of_failed := sum(entry.was_in_a_failure for entry in entries):
        parts.append(f"<strong>{of_failed:,} of failed tests</strong>")
    if disagreeing := sum(disagreement_on(entry) is not None for entry in entries):
        parts.append(f"<strong>{disagreeing:,} in disagreement</strong> with pytest")
    return f", {' and '.join(parts)}" if parts else ""


def _filter(entries: Sequence[Entry]) -> str:
    """The controls, for the script to bring to life: without it they stay hidden, and the table is whole."""
    choices = [
        ("", f"all sessions ({len(entries):,})"),
        *_group_choices(entries),
        *(
            (f"={word}", f"{word} ({count:,})")
            for word, count in status_counts(entry.public for entry in entries)[:_STATUS_CHOICES]
        ),
    ]
    options = "".join(f'<option value="{escaped(value)}">{escaped(name)}</option>' for value, name in choices)
    return (
        '<div class="lt-filter" hidden><label>Find <input type="search" autocomplete="off" '
        'placeholder="test, browser, name, …"></label> '
        f'<label>Show <select autocomplete="off">{options}</select></label> <output></output></div>'
    )


def _group_choices(entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    counts = Counter(group for entry in entries for group in _groups(entry))
    for group, name in (("f", "of failed tests"), ("d", "disagrees with pytest"), ("u", "no final answer")):
        if counts[group]:
            yield group, f"{name} ({counts[group]:,})"


def _groups(entry: Entry) -> str:
    """A letter for each group of the filter that a session is in."""
    return (
        ("f" if entry.was_in_a_failure else "")
        + ("d" if disagreement_on(entry) is not None else "")
        + ("u" if is_unsettled(entry) else "")
    )


def _tables(entries: Sequence[Entry]) -> str:
    if len(entries) <= _ALL_OPEN:
        return _table(entries, "All sessions")
    in_need = [entry for entry in entries if needs_a_look(entry)]
    shown = in_need[:_OPEN_AT_MOST]
    rest = entries[len(shown) :]
    return _table(shown, "Sessions that need a look") + (
        f"<details><summary>{_rest_title(rest, len(in_need) - len(shown), is_all=not shown)}</summary>"
        f"{_table(rest, 'Other sessions')}</details>"
        if rest
        else ""
    )


def _rest_title(rest: Sequence[Entry], in_need: int, *, is_all: bool) -> str:
    if is_all:
        return f"All {counted(len(rest), 'session')}"
    others = counted(len(rest), "more session")
    return others + (f", {in_need:,} of them of failed tests or in disagreement" if in_need else "")


def _table(entries: Sequence[Entry], label: str) -> str:
    if not entries:
        return ""
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Tests", "LambdaTest", "Time", "Links", "Browser"))
    rows = "".join(_table_row(entry) for entry in entries)
    return f'<table aria-label="{label}"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _table_row(entry: Entry) -> str:
    session = entry.public
    disagreeing = disagreement_on(entry)
    browser = joined(
        ", ", joined(" ", session["browser"], session["browser_version"]), session["device"], session["platform"]
    )
    return (
        f'<tr data-lt="{_groups(entry)}"><td>{_tests(entry)}{_name_line(entry)}</td>'
        f"<td>{badge(session)}{disagreement_badge(entry, disagreeing)}</td><td>{duration(session)}</td>"
        f"<td>{short_links(session)}</td><td>{escaped(browser)}</td></tr>"
    )


def _tests(entry: Entry) -> str:
    """The tests that used a session; of many those that failed, and how many others."""
    uses = uses_by_need(entry)
    if not uses:
        return "<i>no test used it</i>"
    shown = uses if len(uses) <= _TESTS_SHOWN else [use for use in uses if failed(use)][:_TESTS_SHOWN]
    rest = uses[len(shown) :]
    lines = "".join(_test_line(entry, attempt) for attempt in shown)
    if not rest:
        return lines
    outcomes = Counter(attempt.outcome or "unfinished" for attempt in rest)
    counts = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common())
    title = f"{counted(len(rest), 'more test' if shown else 'test')}: {counts}"
    others = "".join(_test_line(entry, attempt) for attempt in rest)
    return f"{lines}<details><summary>{title}</summary>{others}</details>"


def _test_line(entry: Entry, attempt: AttemptRecord) -> str:
    outcome = attempt.outcome or "unfinished"
    name = escaped(attempt.nodeid)
    if attempt.outcome == "failed":
        # pytest-html gives each row's body the node id as its id. An error's row has the phase in it, not known here.
        name = f'<a href="#{escaped(quote(attempt.nodeid, safe="/:", errors="replace"))}">{name}</a>'
    number = f" (attempt {attempt.number})" if attempt.number > 1 else ""
    return f'<div><b class="lt-{tone_of(outcome)}">{outcome}</b> {name}{number}{_where(entry, attempt)}</div>'


def _where(entry: Entry, attempt: AttemptRecord) -> str:
    """Where in the video a failure of a shared session is to be found."""
    span = entry.span_of(attempt) if failed(attempt) and len(entry.attempts) > 1 else None
    return "" if span is None else f" <i>from {position(entry.public, span.start)}</i>"


def _name_line(entry: Entry) -> str:
    """The session's name, unless it says no more than the test's; without one the hub may have put the id there."""
    name = entry.public["name"]
    if not name or name == entry.id or any(name in attempt.nodeid for attempt in entry.attempts):
        return ""
    return f"<div><i>{escaped(name)}</i></div>"


def _footnote(entries: Sequence[Entry]) -> str:
    """What words mean that a reader could take for more, and what the links ask for."""
    notes = [
        f"<strong>{word}</strong>: {meaning}."
        for word, _ in status_counts(entry.public for entry in entries)
        if (meaning := meaning_of(word)) is not None
    ]
    if note := login_note([entry.public for entry in entries]):
        notes.append(f"{note}.")
    return f'<p class="lt-quiet">{" ".join(notes)}</p>' if notes else ""


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
