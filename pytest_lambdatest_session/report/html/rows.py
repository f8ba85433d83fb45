"""HTML of our cells in the rows of the results. Pure.

The words of status and time stand in them; links and details are drawn by the page's script from its table, once they
are to be seen. pytest-html escapes each row once more, so what stands in thousands of them is spelled short.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.formatting import severity_of, shown_status, status_text, verdict_text
from pytest_lambdatest_session.report.html.parts import NOTHING, duration, escaped
from pytest_lambdatest_session.report.priority import lacks_final_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_lambdatest_session.report.registry import AttemptRecord, TrackedSession

SORTABLE_COLUMNS = ("ltstatus", "ltduration")
"""Class and sort key of each; pytest-html reads keys of letters, digits and underscores only."""

SESSIONS_SHOWN = 8
"""Of a test that uses many sessions; the rest is folded."""

_OURS = re.compile(r'<t[dh]\b(?=[^>]*\bdata-lt-row="(\d*)")(?:[^>]*?\bcol-(lt\w+))?')


def header_cells() -> list[str]:
    return [
        '<th class="sortable" data-column-type="ltstatus" data-lt-row="">LambdaTest</th>',
        '<th class="sortable" data-column-type="ltduration" data-lt-row="">Session time</th>',
        '<th data-lt-row="">Session links</th>',
    ]


def empty_cells(marker: str) -> list[str]:
    """The cells of a row without sessions, or whose sessions are yet to be told: `marker` finds them again.

    pytest-html takes from them, each on one line, what it sorts by: the inner HTML, compared as text.
    """
    return [
        f'<td class="col-ltstatus" data-lt-row="{marker}"><!--9--></td>',
        f'<td class="col-ltduration" data-lt-row="{marker}"></td>',
        # A click into a cell of class col-links does not fold the row.
        f'<td class="col-links col-ltlinks" data-lt-row="{marker}"></td>',
    ]


def row_cells(attempt: AttemptRecord, place: str) -> dict[str, str]:
    """The cells of an attempt's row, `{class: cell}`; `place` is that of the attempt in the page's table.

    The cells have the same lines, one per session, so that they read across.
    """
    statuses, durations = cell_texts(attempt)
    # On the cell, since its content lets the mouse through: a click on it shall unfold the row.
    title = f' title="{escaped(verdict)}"' if (verdict := disagreement(attempt)) else ""
    return {
        "ltstatus": f"<td class=col-ltstatus{title}>{statuses}</td>",
        "ltduration": f"<td class=col-ltduration>{durations}</td>",
        "ltlinks": f'<td class="col-links col-ltlinks">{links(place)}</td>',
    }


def cell_texts(attempt: AttemptRecord) -> tuple[str, str]:
    """What stands in an attempt's cells of status and time, as HTML."""
    lines = list(_row_lines(attempt))
    statuses, durations = ("".join(_line(line[column], len(lines)) for line in lines) for column in range(2))
    return statuses, durations


def links(place: str) -> str:
    """What stands for the links of an attempt."""
    return f"<lt-links n={place}></lt-links>"


def details(place: str) -> str:
    """What stands for the details of an attempt."""
    return f"<lt-details n={place}></lt-details>"


def sort_keys(attempt: AttemptRecord) -> dict[str, str]:
    """What pytest-html shall sort a row by, as `{column: key}`."""
    return {"ltstatus": _status_key(attempt), "ltduration": _duration_key(attempt)}


def marker_of(cell: object) -> str | None:
    """The marker of one of our cells that is still empty, None of all others."""
    match = _OURS.match(str(cell))
    return None if match is None else match[1]


def column_of(cell: object) -> str | None:
    """The class of one of our cells in a row that is still empty, None of all others."""
    match = _OURS.match(str(cell))
    return None if match is None else match[2]


def _line(html: str, count: int) -> str:
    return html if count == 1 else f"<div>{html}</div>"


def _row_lines(attempt: AttemptRecord) -> Iterator[tuple[str, str]]:
    for use in attempt.uses[:SESSIONS_SHOWN]:
        session = use.tracked.public
        status = _badge(severity_of(shown_status(session)), escaped(status_text(session)))
        disagrees = " " + _badge("warn", "disagrees") if attempt.disagrees_with(use.tracked) else ""
        yield status + disagrees, duration(session)
    if rest := len(attempt.uses[SESSIONS_SHOWN:]):
        yield f"and {rest} more", NOTHING
    if attempt.creation_failures:
        times = len(attempt.creation_failures)
        yield _badge("bad", "refused" if times == 1 else f"refused {times} times"), NOTHING


def _badge(severity: str, html: str) -> str:
    return f"<b class=lt-{severity}>{html}</b>"


def disagreement(attempt: AttemptRecord) -> str:
    """How an attempt's first session that does so disagrees with pytest, "" if none does."""
    for use in attempt.uses:
        if attempt.disagrees_with(use.tracked):
            return verdict_text(use.tracked.public, attempt.outcome)
    return ""


def _status_key(attempt: AttemptRecord) -> str:
    """What went wrong first, then what is not final, then the rest by its words, then rows without sessions."""
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
