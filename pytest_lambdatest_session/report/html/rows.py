"""What is ours in the rows of the results: a marker for what the page's script draws, and keys to sort by. Pure."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.formatting import severity_of, shown_status
from pytest_lambdatest_session.report.priority import lacks_final_answer

if TYPE_CHECKING:
    from pytest_lambdatest_session.report.registry import AttemptRecord, TrackedSession

SORTABLE_COLUMNS = ("ltstatus", "ltduration")
"""Sort key of each; pytest-html reads keys of letters, digits and underscores only."""

SESSIONS_SHOWN = 8
"""Of a test that uses many sessions; the rest is folded."""

_MARKER = re.compile(r"<!--lt ([\w.]*)-->")


def header_cells() -> list[str]:
    status, duration = SORTABLE_COLUMNS
    return [
        f'<th class="sortable lt-head" data-column-type="{status}">LambdaTest</th>',
        f'<th class="sortable lt-head" data-column-type="{duration}">Session time</th>',
        '<th class="lt-head">Session links</th>',
    ]


def marker(place: str) -> str:
    """Return what the script replaces by cells or details: for the attempt at `place`, `<token of its table>.<number>`.

    While tests run, the attempt's id stands for its place. A comment, because it costs the browser nothing as long as
    nobody looks.
    """
    return f"<!--lt {place}-->"


def place_of(cell: object) -> str | None:
    """Return the place in a marker, None of all other cells."""
    match = _MARKER.fullmatch(str(cell))
    return None if match is None else match[1]


def sort_keys(attempt: AttemptRecord | None) -> dict[str, str | float]:
    """Return what pytest-html shall sort a row by, as `{column: key}`."""
    status, duration = SORTABLE_COLUMNS
    if attempt is None:
        return {status: "9", duration: -1}
    return {status: _status_key(attempt), duration: _duration_key(attempt)}


def _status_key(attempt: AttemptRecord) -> str:
    """Return a key that sorts what went wrong first, then what is not final, then the rest by its words."""
    tracked_sessions = attempt.sessions
    words = "".join(shown_status(tracked.public) for tracked in tracked_sessions[:SESSIONS_SHOWN])
    if attempt.creation_failures or any(_is_bad(tracked, attempt) for tracked in tracked_sessions):
        rank = 0
    else:
        rank = 1 if any(lacks_final_answer(tracked) for tracked in tracked_sessions) else 2
    return sys.intern(f"{rank}{''.join(filter(str.isalnum, words))}")


def _is_bad(tracked: TrackedSession, attempt: AttemptRecord) -> bool:
    return severity_of(shown_status(tracked.public)) == "bad" or attempt.disagrees_with(tracked)


def _duration_key(attempt: AttemptRecord) -> float:
    """Return the sum, or what comes before all."""
    durations = [use.tracked.public["duration"] for use in attempt.uses if use.tracked.public["duration"] is not None]
    return round(sum(durations), 3) if durations else -1
