"""The whole table of a page: every session, and every attempt of a test that used one or was refused one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_lambdatest_session.report.html.table import Compact, shown, shown_of
from pytest_lambdatest_session.report.html.view import (
    attempt_view,
    commands_of,
    creation_failures_view,
    session_view,
    use_titles,
    use_view,
)
from pytest_lambdatest_session.report.priority import uses_by_priority

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_lambdatest_session.report.html.table import Said
    from pytest_lambdatest_session.report.html.view import Inline, Shown
    from pytest_lambdatest_session.report.registry import AttemptRecord, TrackedSession


class _Told(NamedTuple):
    """What is said of an attempt."""

    attempt: AttemptRecord
    view: Said
    uses: list[Said]
    creation_failures: Said


def page_table(
    tracked_sessions: Sequence[TrackedSession], attempts: Iterable[AttemptRecord], inline: Inline | None
) -> dict[str, Any]:
    """Return the table for `sessions.js`, in this order of sessions and attempts.

    - `sessions`: `[id, LambdaTest's test id or "", session_view, [attempt, ...]]`, of those that used it the ones that
      need a look first; attempts and sessions are told by their places in these two lists;
    - `attempts`: `[node id, attempt_view, [session, ...], [use_view, ...], creation_failures_view]`;
    - `shared`: what the views refer to by numbers, see `Compact`.
    """
    compact = Compact()
    shown_by = {tracked: shown_of(tracked.id, tracked.public["test_id"]) for tracked in tracked_sessions}
    views = [compact.count(session_view(tracked, shown_by[tracked])) for tracked in tracked_sessions]
    told = [_told(attempt, shown_by, compact, inline) for attempt in attempts]
    session_places = {tracked: place for place, tracked in enumerate(tracked_sessions)}
    attempt_places = {one.attempt: place for place, one in enumerate(told)}
    return {
        "sessions": [
            [
                shown(tracked.id),
                shown(tracked.public["test_id"] or ""),
                compact.written(view),
                [attempt_places[attempt] for attempt in uses_by_priority(tracked)],
            ]
            for tracked, view in zip(tracked_sessions, views, strict=True)
        ],
        "attempts": [
            [
                shown(one.attempt.nodeid),
                compact.written(one.view),
                [session_places[use.tracked] for use in one.attempt.uses],
                [compact.written(use) for use in one.uses],
                compact.written(one.creation_failures),
            ]
            for one in told
        ],
        "shared": compact.shared,
    }


def _told(
    attempt: AttemptRecord,
    shown_by: dict[TrackedSession, Shown],
    compact: Compact,
    inline: Inline | None,
) -> _Told:
    commands = commands_of(attempt)
    views = (
        use_view(use, title, commands.get(use.tracked, []), inline, shown_by[use.tracked])
        for use, title in zip(attempt.uses, use_titles(attempt), strict=True)
    )
    return _Told(
        attempt,
        compact.count(attempt_view(attempt)),
        [compact.count(view) for view in views],
        compact.count(creation_failures_view(attempt)),
    )
