"""The whole table of a page: every session, and every attempt of a test that used one or was refused one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_lambdatest_session.report.attention import uses_by_need
from pytest_lambdatest_session.report.html.table import Compact, marks_of, of_session, shown
from pytest_lambdatest_session.report.html.view import (
    attempt_view,
    commands_of,
    refusals_view,
    session_view,
    use_titles,
    use_view,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_lambdatest_session.report.html.table import Said
    from pytest_lambdatest_session.report.html.view import Inline
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Entry


class _Told(NamedTuple):
    """What is said of an attempt."""

    attempt: AttemptRecord
    view: Said
    uses: list[Said]
    refusals: Said


def page_table(entries: Sequence[Entry], attempts: Iterable[AttemptRecord], inline: Inline | None) -> dict[str, Any]:
    """The table for `sessions.js`, in this order of sessions and attempts.

    - `sessions`: `[id, LambdaTest's test id or "", session_view, [attempt, ...]]`, of those that used it the ones that
      need a look first; attempts and sessions are told by their places in these two lists;
    - `attempts`: `[node id, attempt_view, [session, ...], [use_view, ...], refusals_view]`;
    - `shared`: what the views refer to by numbers, see `Compact`.
    """
    compact = Compact()
    marks = {entry: marks_of(entry.id, entry.public["test_id"]) for entry in entries}
    views = [compact.count(of_session(session_view(entry), marks[entry])) for entry in entries]
    told = [_told(attempt, marks, compact, inline) for attempt in attempts]
    session_places = {entry: place for place, entry in enumerate(entries)}
    attempt_places = {one.attempt: place for place, one in enumerate(told)}
    return {
        "sessions": [
            [
                shown(entry.id),
                shown(entry.public["test_id"] or ""),
                compact.written(view),
                [attempt_places[attempt] for attempt in uses_by_need(entry)],
            ]
            for entry, view in zip(entries, views, strict=True)
        ],
        "attempts": [
            [
                shown(one.attempt.nodeid),
                compact.written(one.view),
                [session_places[use.entry] for use in one.attempt.uses],
                [compact.written(use) for use in one.uses],
                compact.written(one.refusals),
            ]
            for one in told
        ],
        "shared": compact.shared,
    }


def _told(
    attempt: AttemptRecord, marks: dict[Entry, tuple[tuple[str, str], ...]], compact: Compact, inline: Inline | None
) -> _Told:
    commands = commands_of(attempt)
    views = (
        of_session(use_view(use, title, commands.get(use.entry, []), inline), marks[use.entry])
        for use, title in zip(attempt.uses, use_titles(attempt), strict=True)
    )
    return _Told(
        attempt,
        compact.count(attempt_view(attempt)),
        [compact.count(view) for view in views],
        compact.count(refusals_view(attempt)),
    )
