"""HTML of our cells in the rows of the results. Pure.

The words of status and time stand in them, and a link to each session; all links and details are drawn by the page's
script from its table, once they are to be seen.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup, escape

from pytest_lambdatest_session.report.formatting import (
    duration_text,
    severity_of,
    shown_status,
    status_text,
    verdict_text,
)
from pytest_lambdatest_session.report.html.rendering import macros
from pytest_lambdatest_session.report.html.table import shown
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
"""An address that may stand in an attribute without quotes."""

_PLACE = "@"
"""Stands in cells that are made once for all rows; what takes its place is a number of ours, or was escaped."""

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
    return [cell.replace(_PLACE, marker) for cell in _empty_cells()]


def row_cells(attempt: AttemptRecord, place: str) -> dict[str, str]:
    """Return the cells of an attempt's row, `{class: cell}`; `place` is that of the attempt in the page's table.

    The cells have the same lines, one per session, so that they read across.
    """
    status, duration_, around = _cells_saying(tuple(_row_lines(attempt)), disagreement(attempt))
    return {"ltstatus": status, "ltduration": duration_, "ltlinks": around.replace(_PLACE, links(attempt, place))}


def cell_texts(attempt: AttemptRecord) -> tuple[str, str]:  # pragma: no cover - pytest-html 3, tested with pytest 7
    """Return what stands in an attempt's cells of status and time, as HTML."""
    return _texts_of(tuple(_row_lines(attempt)))


def links(attempt: AttemptRecord, place: str) -> str:
    """Return what stands in an attempt's cell of links: one to each session, which the page's script replaces."""
    sessions = [_session_link(tracked.public) for tracked in attempt.sessions]
    texts = [place, *(str(escape(text)) for _, text in sessions)]
    return "".join(chain(*zip_longest(_link_parts(tuple(kind for kind, _ in sessions)), texts, fillvalue="")))


def _session_link(session: ReportedSession) -> tuple[str, str]:
    """The address of a session's page, or the session's id if there is none, after which of these it is."""
    url = session["url"]
    if not (url and is_link(url)):
        return "id", shown(session["session_id"])
    return "bare" if _BARE.fullmatch(url) else "quoted", url


def details(place: str) -> str:
    """What stands for the details of an attempt."""
    return _details().replace(_PLACE, place)


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

    badges: tuple[tuple[str, str], ...]
    """Of each its severity and its text."""
    duration: str
    text: str = ""


def _row_lines(attempt: AttemptRecord) -> Iterator[_Line]:
    for use in attempt.uses[:SESSIONS_SHOWN]:
        session = use.tracked.public
        badge = (severity_of(shown_status(session)), status_text(session))
        disagrees = (("warn", "disagrees"),) if attempt.disagrees_with(use.tracked) else ()
        yield _Line((badge, *disagrees), duration_text(session["duration"]))
    if rest := len(attempt.uses[SESSIONS_SHOWN:]):
        yield _Line((), "", f"and {rest} more")
    if times := len(attempt.creation_failures):
        yield _Line((("bad", "refused" if times == 1 else f"refused {times} times"),), "")


def disagreement(attempt: AttemptRecord) -> str:
    """Return how an attempt's first session that does so disagrees with pytest, "" if none does."""
    for use in attempt.uses:
        if attempt.disagrees_with(use.tracked):
            return verdict_text(use.tracked.public, attempt.outcome)
    return ""


# Templates take long, and of thousands of rows most say the same.


@cache
def _cells() -> Any:
    """Return the macros that make cells."""
    return macros("html/templates/rows.html").module


@cache
def _empty_cells() -> list[str]:
    return [str(_cells().empty(column, _PLACE)) for column in (*SORTABLE_COLUMNS, "ltlinks")]


@cache
def _details() -> str:
    return str(_cells().details(_PLACE))


@lru_cache(maxsize=1000)
def _texts_of(lines: tuple[_Line, ...]) -> tuple[str, str]:
    return str(_cells().statuses(lines)), str(_cells().durations(lines))


@lru_cache(maxsize=1000)
def _link_parts(kinds: tuple[str, ...]) -> list[str]:
    """Return what stands before, between and after the place and the sessions' texts."""
    return str(_cells().links(_PLACE, kinds, _PLACE)).split(_PLACE)


@lru_cache(maxsize=1000)
def _cells_saying(lines: tuple[_Line, ...], title: str) -> tuple[str, str, str]:
    """Return the cells of status, duration and links."""
    statuses, durations = map(Markup, _texts_of(lines))  # escaped by the templates
    cells = _cells()
    return str(cells.status(statuses, title)), str(cells.duration(durations)), str(cells.links_cell(_PLACE))


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
