"""The whole table of a page: every session, and every attempt of a test that used one or was refused one. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from markupsafe import Markup

from pytest_lambdatest_session.report.html.table import Compact, Shown, as_json, script_texts, shown
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
    from pytest_lambdatest_session.report.html.view import Inline
    from pytest_lambdatest_session.report.registry import AttemptRecord, TrackedSession


def page_table(
    tracked_sessions: Sequence[TrackedSession], attempts: Collection[AttemptRecord], inline: Inline | None
) -> Iterator[Markup]:
    """Yield the table for `sessions.js`, in this order of sessions and attempts, as pieces of a script element's text.

    - `sessions`: `[id, LambdaTest's test id or "", session_view, [attempt, ...]]`, of those that used it the ones that
      need a look first; attempts and sessions are told by their places in these two lists;
    - `attempts`: `[node id, attempt_view, [session, ...], [use_view, ...], creation_failures_view]`;
    - `shared`: what the views refer to by numbers, see `Compact`.
    """
    compact = Compact()
    count, written = compact.count, compact.written
    session_views = [count(session_view(tracked, _shown_of(tracked))) for tracked in tracked_sessions]
    attempt_views = [count(attempt_view(attempt)) for attempt in attempts]
    use_views = iter([count(view) for attempt in attempts for view in _use_views(attempt, inline)])
    creation_failures_views = [count(creation_failures_view(attempt)) for attempt in attempts]
    session_places = {tracked: place for place, tracked in enumerate(tracked_sessions)}
    attempt_places = {attempt: place for place, attempt in enumerate(attempts)}

    def session_row(tracked: TrackedSession, view: Said) -> str:
        ids = f"{as_json(shown(tracked.id))},{as_json(shown(tracked.public['test_id'] or ''))}"
        used_by = [str(attempt_places[attempt]) for attempt in uses_by_priority(tracked)]
        return f"[{ids},{written(view)},[{','.join(used_by)}]]"

    def attempt_row(attempt: AttemptRecord, view: Said, creation_failures: Said) -> str:
        said = f"{as_json(shown(attempt.nodeid))},{written(view)}"
        used = [str(session_places[use.tracked]) for use in attempt.uses]
        uses = map(written, islice(use_views, len(attempt.uses)))
        return f"[{said},[{','.join(used)}],[{','.join(uses)}],{written(creation_failures)}]"

    yield Markup('{"sessions":[')
    yield from script_texts(map(session_row, tracked_sessions, session_views))
    yield Markup('],"attempts":[')
    yield from script_texts(map(attempt_row, attempts, attempt_views, creation_failures_views))
    yield Markup('],"shared":[')
    yield from script_texts(compact.shared)
    yield Markup("]}")


def _shown_of(tracked: TrackedSession) -> Shown:
    return Shown(tracked.id, tracked.public["test_id"])


def _use_views(attempt: AttemptRecord, inline: Inline | None) -> Iterator[Said]:
    commands = commands_of(attempt)
    for use, title in zip(attempt.uses, use_titles(attempt), strict=True):
        yield use_view(use, title, commands.get(use.tracked, []), inline, _shown_of(use.tracked))
