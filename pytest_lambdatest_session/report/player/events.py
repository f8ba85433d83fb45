"""What happened in a session, in one order: what the run itself saw, and what LambdaTest logged. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from pytest_lambdatest_session.report.last_commands import command_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_lambdatest_session.capture.payload import CommandPayload
    from pytest_lambdatest_session.report.log_rows import LogRow
    from pytest_lambdatest_session.report.registry import TrackedSession

# Between the clocks of the run and of the cloud, and between sending here and arriving there.
_TOLERANCE_SECONDS = 2.5


class Event(NamedTuple):
    """A command, a line of the console or a request."""

    at: float | None
    """Seconds from the session's start; None if nobody says."""
    kind: str
    """`command`, `console` or `network`."""
    text: str
    error: str = ""
    """Of a command that failed here, what the test was told."""
    is_bad: bool = False
    seconds: float | None = None
    """How long it took."""


def events_of(tracked: TrackedSession, logged: Sequence[LogRow]) -> list[Event]:
    """All events in the order of their times; what has none follows what stood before it in its log."""
    own = [command for use in tracked.uses for command in use.attempt.commands if command["session"] == tracked.id]
    seen = _seen_by_the_run(tracked, own, logged)
    placed = [(event.at or 0.0, event) for event in (own_event(tracked, command) for command in own)]
    latest: dict[str, float] = defaultdict(float)
    for place, row in enumerate(logged):
        latest[row.kind] = row.offset if row.offset is not None else latest[row.kind]
        if place not in seen:
            placed.append((latest[row.kind], _logged_event(row)))
    return [event for _, event in sorted(placed, key=lambda pair: pair[0])]


def own_event(tracked: TrackedSession, command: CommandPayload) -> Event:
    """A command that the run itself saw."""
    error = command["error"] or ""
    at = tracked.offset_at(command["at"])
    return Event(at, "command", command_text(command), error, bool(error), command["seconds"])


def _logged_event(row: LogRow) -> Event:
    return Event(row.offset, row.kind, row.text, "", row.is_error, row.seconds)


def _seen_by_the_run(tracked: TrackedSession, commands: Sequence[CommandPayload], logged: Sequence[LogRow]) -> set[int]:
    """The places of logged commands that are among those of the run, which knows more of them."""
    by_name: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for place, row in enumerate(logged):
        if row.name and row.offset is not None:
            by_name[row.name].append((row.offset, place))
    for rows in by_name.values():
        rows.sort()
    seen: set[int] = set()
    for command in commands:
        start = tracked.offset_at(command["at"])
        if start is not None:
            seen.update(_same(command, start, by_name[command["name"]], logged, seen))
    return seen


def _same(
    command: CommandPayload, start: float, rows: list[tuple[float, int]], logged: Sequence[LogRow], seen: set[int]
) -> list[int]:
    """Which of `rows`, pairs of second and place, are a command that was sent at second `start`: the nearest one.

    Of several that were alike only the first's time is known; the others are the next ones after it.
    """

    def is_alike(place: int) -> bool:
        return place not in seen and command["about"].startswith(logged[place].about)

    earliest = bisect_left(rows, (start - _TOLERANCE_SECONDS, 0))
    latest = bisect_left(rows, (start + _TOLERANCE_SECONDS, 0))
    candidates = [index for index in range(earliest, latest) if is_alike(rows[index][1])]
    first = min(candidates, key=lambda index: abs(rows[index][0] - start), default=len(rows))
    return list(islice((place for _, place in rows[first:] if is_alike(place)), command["times"]))
