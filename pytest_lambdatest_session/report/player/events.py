"""What happened in a session, in one order: what the run itself saw, and what LambdaTest logged. Pure."""

from __future__ import annotations

from collections import defaultdict
from math import inf
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.last_commands import commands_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_lambdatest_session.report.log_rows import LogRow
    from pytest_lambdatest_session.report.registry import TrackedSession

# Between the clocks of the run and of the cloud, and between sending here and arriving there.
_TOLERANCE_SECONDS = 2.5


def events_of(tracked: TrackedSession, logged: Sequence[LogRow]) -> list[LogRow]:
    """All rows in the order of their times; what has none follows what stood before it in its log."""
    own = [row for use in tracked.uses for row in commands_of(use.attempt).get(tracked, ())]
    seen = _seen_by_the_run(own, logged)
    placed = [(row.offset or 0.0, row) for row in own]
    latest: dict[str, float] = defaultdict(float)
    for place, row in enumerate(logged):
        latest[row.kind] = row.offset if row.offset is not None else latest[row.kind]
        if place not in seen:
            placed.append((latest[row.kind], row))
    return [row for _, row in sorted(placed, key=lambda pair: pair[0])]


def _seen_by_the_run(own: Sequence[LogRow], logged: Sequence[LogRow]) -> set[int]:
    """The places of logged commands that are among those of the run, which knows more of them.

    A command is the nearest of its name. Of several that were alike only the first's time is known; the others are the
    next ones after it.
    """
    by_name: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for place, row in enumerate(logged):
        if row.name and row.offset is not None:
            by_name[row.name].append((row.offset, place))
    seen: set[int] = set()
    for command in own:
        if command.offset is None:
            continue
        start, about = command.offset, command.about
        alike = [
            (offset, place)
            for offset, place in sorted(by_name[command.name])
            if place not in seen and about.startswith(logged[place].about)
        ]
        near = [(abs(offset - start), offset) for offset, _ in alike if abs(offset - start) <= _TOLERANCE_SECONDS]
        _, first = min(near, default=(0.0, inf))
        seen.update([place for offset, place in alike if offset >= first][: command.times])
    return seen
