"""The whole table of a page: every session, and every attempt of a test that used one or was refused one. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from markupsafe import Markup

from pytest_lambdatest_session.report.html.table import Compact, as_script_text, shown, shown_of
from pytest_lambdatest_session.report.html.view import (
    attempt_view,
    creation_failures_view,
    session_view,
    use_titles,
    use_view,
)
from pytest_lambdatest_session.report.last_commands import commands_of
from pytest_lambdatest_session.report.priority import uses_by_priority

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pytest_lambdatest_session.report.html.table import Said
    from pytest_lambdatest_session.report.html.view import Inline, Shown
    from pytest_lambdatest_session.report.registry import AttemptRecord, TrackedSession


def page_table(
    tracked_sessions: Sequence[TrackedSession], attempts: Collection[AttemptRecord], inline: Inline | None
) -> Markup:
    """Return the table for `sessions.js`, in this order of sessions and attempts, as the text of a script element.

    - `sessions`: `[id, LambdaTest's test id or "", session_view, [attempt, ...]]`, of those that used it the ones that
      need a look first; attempts and sessions are told by their places in these two lists;
    - `attempts`: `[node id, attempt_view, [session, ...], [use_view, ...], creation_failures_view]`;
    - `shared`: what the views refer to by numbers, see `Compact`.
    """
    compact = Compact()
    views = [compact.count(session_view(tracked, _shown_of(tracked))) for tracked in tracked_sessions]
    use_views = iter([compact.count(view) for attempt in attempts for view in _use_views(attempt, inline)])
    attempt_views = [compact.count(attempt_view(attempt)) for attempt in attempts]
    creation_failures_views = [compact.count(creation_failures_view(attempt)) for attempt in attempts]
    attempt_places = {attempt: place for place, attempt in enumerate(attempts)}
    sessions_text = _rows(
        [
            shown(tracked.id),
            shown(tracked.public["test_id"] or ""),
            compact.written(view),
            [attempt_places[attempt] for attempt in uses_by_priority(tracked)],
        ]
        for tracked, view in zip(tracked_sessions, views, strict=True)
    )
    session_places = {tracked: place for place, tracked in enumerate(tracked_sessions)}
    attempts_text = _rows(
        [
            shown(attempt.nodeid),
            compact.written(view),
            [session_places[use.tracked] for use in attempt.uses],
            [compact.written(use) for use in islice(use_views, len(attempt.uses))],
            compact.written(creation_failures),
        ]
        for attempt, view, creation_failures in zip(attempts, attempt_views, creation_failures_views, strict=True)
    )
    return Markup('{{"sessions":[{}],"attempts":[{}],"shared":{}}}').format(
        sessions_text, attempts_text, as_script_text(compact.shared)
    )


def _rows(rows: Iterator[list[object]]) -> Markup:
    """Return rows as the text of a script, so many at a time: as lists they take several times the room."""
    return Markup(",").join(as_script_text(some)[1:-1] for some in iter(lambda: list(islice(rows, 1000)), []))


def _shown_of(tracked: TrackedSession) -> Shown:
    return shown_of(tracked.id, tracked.public["test_id"])


def _use_views(attempt: AttemptRecord, inline: Inline | None) -> Iterator[Said]:
    commands = commands_of(attempt)
    for use, title in zip(attempt.uses, use_titles(attempt), strict=True):
        yield use_view(use, title, commands.get(use.tracked, []), inline, _shown_of(use.tracked))
