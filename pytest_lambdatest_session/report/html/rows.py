"""HTML of our cells in the rows of the results. Pure.

The words of status and time stand in them, and a link to each session; all links and details are drawn by the page's
script from its table, once they are to be seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from pytest_lambdatest_session.report.formatting import severity_of, shown_status, status_text, verdict_text
from pytest_lambdatest_session.report.html.parts import duration
from pytest_lambdatest_session.report.html.rendering import macros
from pytest_lambdatest_session.report.links import is_link
from pytest_lambdatest_session.report.priority import lacks_final_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.registry import AttemptRecord, TrackedSession

SORTABLE_COLUMNS = ("ltstatus", "ltduration")
"""Class and sort key of each; pytest-html reads keys of letters, digits and underscores only."""

SESSIONS_SHOWN = 8
"""Of a test that uses many sessions; the rest is folded."""

_BARE = re.compile("[!#-&(-;=?-_a-~]+")
_OURS = re.compile(r'<t[dh]\b(?=[^>]*\bdata-lt-row="(\d*)")(?:[^>]*?\bcol-(lt\w+))?')


def header_cells() -> list[str]:
    header = _cells().header
    return [
        str(header(title, key))
        for title, key in zip(("LambdaTest", "Session time", "Session links"), (*SORTABLE_COLUMNS, None), strict=True)
    ]


def empty_cells(marker: str) -> list[str]:
    """Return the cells of a row without sessions, or whose sessions are yet to be told: `marker` finds them again.

    pytest-html takes from them, each on one line, what it sorts by: the inner HTML, compared as text.
    """
    return [str(_cells().empty(column, marker)) for column in (*SORTABLE_COLUMNS, "ltlinks")]


def row_cells(attempt: AttemptRecord, place: str) -> dict[str, str]:
    """Return the cells of an attempt's row, `{class: cell}`; `place` is that of the attempt in the page's table.

    The cells have the same lines, one per session, so that they read across.
    """
    statuses, durations = cell_texts(attempt)
    cells = _cells()
    return {
        "ltstatus": str(cells.status(Markup(statuses), disagreement(attempt))),  # noqa: S704 - it was escaped above
        "ltduration": str(cells.duration(Markup(durations))),  # noqa: S704 - it was escaped above
        "ltlinks": str(cells.links_cell(links(attempt, place))),
    }


def cell_texts(attempt: AttemptRecord) -> tuple[str, str]:
    """Return what stands in an attempt's cells of status and time, as HTML."""
    lines = list(_row_lines(attempt))
    return str(_cells().statuses(lines)), str(_cells().durations(lines))


def links(attempt: AttemptRecord, place: str) -> Markup:
    """Return what stands in an attempt's cell of links: one to each session, which the page's script replaces."""
    made: Markup = _cells().links(place, [_session_link(tracked.public) for tracked in attempt.sessions])
    return made


def details(place: str) -> str:
    """What stands for the details of an attempt."""
    return str(_cells().details(place))


def sort_keys(attempt: AttemptRecord) -> dict[str, str]:
    """Return what pytest-html shall sort a row by, as `{column: key}`."""
    return {"ltstatus": _status_key(attempt), "ltduration": _duration_key(attempt)}


def marker_of(cell: object) -> str | None:
    """Return the marker of one of our cells that is still empty, None of all others."""
    match = _OURS.match(str(cell))
    return None if match is None else match[1]


def column_of(cell: object) -> str | None:
    """Return the class of one of our cells in a row that is still empty, None of all others."""
    match = _OURS.match(str(cell))
    return None if match is None else match[2]


class _Line(NamedTuple):
    """What a row's cells say of one session."""

    badges: list[tuple[str, str]]
    """Of each its severity and its text."""
    duration: str
    text: str = ""


class _SessionLink(NamedTuple):
    """The address of a session's page, or the session's id if there is none."""

    text: str
    is_link: bool
    is_bare: bool = False
    """Whether it may stand in an attribute without quotes."""


def _session_link(session: ReportedSession) -> _SessionLink:
    url = session["url"]
    if url and is_link(url):
        return _SessionLink(url, is_link=True, is_bare=_BARE.fullmatch(url) is not None)
    return _SessionLink(session["session_id"], is_link=False)


def _row_lines(attempt: AttemptRecord) -> Iterator[_Line]:
    for use in attempt.uses[:SESSIONS_SHOWN]:
        session = use.tracked.public
        badges: list[tuple[str, str]] = [(severity_of(shown_status(session)), status_text(session))]
        if attempt.disagrees_with(use.tracked):
            badges.append(("warn", "disagrees"))
        yield _Line(badges, duration(session))
    if rest := len(attempt.uses[SESSIONS_SHOWN:]):
        yield _Line([], "", f"and {rest} more")
    if times := len(attempt.creation_failures):
        yield _Line([("bad", "refused" if times == 1 else f"refused {times} times")], "")


def disagreement(attempt: AttemptRecord) -> str:
    """Return how an attempt's first session that does so disagrees with pytest, "" if none does."""
    for use in attempt.uses:
        if attempt.disagrees_with(use.tracked):
            return verdict_text(use.tracked.public, attempt.outcome)
    return ""


def _cells() -> Any:
    """Return the macros that make cells."""
    return macros("html/templates/rows.html").module


def _status_key(attempt: AttemptRecord) -> str:
    """Return a key that sorts what went wrong first, then what is not final, then the rest by its words."""
    tracked_sessions = attempt.sessions
    words = "".join(shown_status(tracked.public) for tracked in tracked_sessions[:SESSIONS_SHOWN])
    if attempt.creation_failures or any(_is_bad(tracked, attempt) for tracked in tracked_sessions):
        rank = 0
    else:
        rank = 1 if any(lacks_final_answer(tracked) for tracked in tracked_sessions) else 2
    return f"{rank}{''.join(character for character in words if character.isalnum())}"


def _is_bad(tracked: TrackedSession, attempt: AttemptRecord) -> bool:
    return severity_of(shown_status(tracked.public)) == "bad" or attempt.disagrees_with(tracked)


def _duration_key(attempt: AttemptRecord) -> str:
    """Padded, so that text compares as the number it is; a row without durations comes before all."""
    durations = [use.tracked.public["duration"] for use in attempt.uses if use.tracked.public["duration"] is not None]
    return f"{sum(durations):012.3f}" if durations else ""
