"""HTML of the summary's block: what is to be said of all sessions, and the table from which its script draws each.

Those that need a look come first. Pure.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.formatting import counts_text, meaning_of, pluralize, status_counts
from pytest_lambdatest_session.report.html.page import page_table
from pytest_lambdatest_session.report.html.parts import asset, escaped, login_note
from pytest_lambdatest_session.report.html.table import as_script
from pytest_lambdatest_session.report.html.view import groups_of
from pytest_lambdatest_session.report.priority import by_priority, disagreement_on, is_left_running, needs_attention

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_lambdatest_session.capture.payload import CreationFailure
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.html.view import Inline
    from pytest_lambdatest_session.report.registry import Registry, TrackedSession

# With more sessions than the first of these, only those that need a look stand open, up to the second: the block should
# not push the results off the screen.
_ALL_OPEN, _OPEN_AT_MOST = 12, 10
_FILTER_FROM = 6
_STATUS_CHOICES = 12


def style() -> str:
    return f"<style>{asset('style.css')}{asset('failure_details.css')}</style>"


def sessions_block(registry: Registry, problems: Problems, token: str, inline: Inline | None = None) -> str:
    """Return the summary's block, with all that its script draws; "" if the run had nothing to do with sessions.

    `token` tells the page's table from those of other runs, as reports may be merged. `inline` is for a page that
    stands by itself: it gives the text of a saved log that is short enough to be in it.
    """
    tracked_sessions = by_priority(registry.sessions.values())
    creation_failures = [
        creation_failure for attempt in registry.attempts.values() for creation_failure in attempt.creation_failures
    ] + registry.creation_failures
    noted = list(problems)
    if not (tracked_sessions or creation_failures or noted):
        return ""
    notes = "".join(f"<li>{escaped(problem)}{_times(count)}</li>" for problem, count in noted)
    return (
        '<section class="lt-sessions" aria-label="LambdaTest sessions"><h2>LambdaTest sessions</h2>'
        f'<p class="lt-counts">{_summary_line(tracked_sessions, creation_failures)}</p>'
        + (f'<ul class="lt-problems">{notes}</ul>' if notes else "")
        + (_filter(tracked_sessions) if len(tracked_sessions) >= _FILTER_FROM else "")
        + _tables(tracked_sessions)
        + _footnote(tracked_sessions)
        + as_script(page_table(tracked_sessions, registry.attempts.values(), inline), token)
        # Last, so that it finds the rest in place; `currentScript` tells it whose block it is, if reports are merged.
        + f"<script>{asset('sessions.js')}</script></section>"
    )


def _summary_line(tracked_sessions: Sequence[TrackedSession], creation_failures: Sequence[CreationFailure]) -> str:
    sentences = []
    if tracked_sessions:
        sentences.append(f"<strong>{pluralize(len(tracked_sessions), 'session')}</strong>{_in_need(tracked_sessions)}.")
        sentences.append(
            f"At LambdaTest: {escaped(counts_text(status_counts(tracked.public for tracked in tracked_sessions)))}."
        )
    if creation_failures:
        hubs = ", ".join(sorted({creation_failure["hub"] for creation_failure in creation_failures}))
        sentences.append(f"<strong>{pluralize(len(creation_failures), 'session')} refused</strong> by {escaped(hubs)}.")
    builds = {tracked.public["build_name"] for tracked in tracked_sessions} - {None}
    if len(builds) == 1:
        sentences.append(f"Build: {escaped(builds.pop() or '')}.")
    return " ".join(sentences)


def _in_need(tracked_sessions: Sequence[TrackedSession]) -> str:
    parts = []
    if of_failed := sum(tracked.was_in_a_failure for tracked in tracked_sessions):
        parts.append(f"<strong>{of_failed:,} of failed tests</strong>")
    if disagreeing := sum(disagreement_on(tracked) is not None for tracked in tracked_sessions):
        parts.append(f"<strong>{disagreeing:,} in disagreement</strong> with pytest")
    if running := sum(map(is_left_running, tracked_sessions)):
        parts.append(f"<strong>{running:,} that nobody quit</strong>")
    return f", {', '.join(parts)}" if parts else ""


def _filter(tracked_sessions: Sequence[TrackedSession]) -> str:
    """Return the controls, for the script to bring to life."""
    choices = [
        ("", f"all sessions ({len(tracked_sessions):,})"),
        *_group_choices(tracked_sessions),
        *(
            (f"={word}", f"{word} ({count:,})")
            for word, count in status_counts(tracked.public for tracked in tracked_sessions)[:_STATUS_CHOICES]
        ),
    ]
    options = "".join(f'<option value="{escaped(value)}">{escaped(name)}</option>' for value, name in choices)
    return (
        '<div class="lt-filter" hidden><label>Find <input type="search" autocomplete="off" '
        'placeholder="test, browser, name, …"></label> '
        f'<label>Show <select autocomplete="off">{options}</select></label> <output></output></div>'
    )


def _group_choices(tracked_sessions: Sequence[TrackedSession]) -> Iterator[tuple[str, str]]:
    counts = Counter(group for tracked in tracked_sessions for group in groups_of(tracked))
    for group, name in (("f", "of failed tests"), ("d", "disagrees with pytest"), ("u", "no final answer")):
        if counts[group]:
            yield group, f"{name} ({counts[group]:,})"


def _tables(tracked_sessions: Sequence[TrackedSession]) -> str:
    """Return the places where the script draws tables: one that stands open, and one that is folded."""
    if not tracked_sessions:
        return ""
    if len(tracked_sessions) <= _ALL_OPEN:
        return f'<div data-lt-open="{len(tracked_sessions)}" aria-label="All sessions"></div>'
    in_need = [tracked for tracked in tracked_sessions if needs_attention(tracked)]
    is_open = min(len(in_need), _OPEN_AT_MOST)
    title = _rest_title(len(tracked_sessions) - is_open, len(in_need) - is_open, is_all=not is_open)
    return (
        f'<div data-lt-open="{is_open}" aria-label="Sessions that need a look"></div>'
        f'<details><summary>{title}</summary><div data-lt-rest aria-label="Other sessions"></div></details>'
    )


def _rest_title(rest: int, in_need: int, *, is_all: bool) -> str:
    if is_all:
        return f"All {pluralize(rest, 'session')}"
    others = pluralize(rest, "more session")
    return others + (f", {in_need:,} of which need a look" if in_need else "")


def _footnote(tracked_sessions: Sequence[TrackedSession]) -> str:
    """Return what words mean that a reader could take for more, and what the links ask for."""
    notes = [
        f"<strong>{word}</strong>: {meaning}."
        for word, _ in status_counts(tracked.public for tracked in tracked_sessions)
        if (meaning := meaning_of(word)) is not None
    ]
    if note := login_note([tracked.public for tracked in tracked_sessions]):
        notes.append(f"{note}.")
    return f'<p class="lt-quiet">{" ".join(notes)}</p>' if notes else ""


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
