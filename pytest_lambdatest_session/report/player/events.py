"""What happened in a session, in one order: what the run itself saw, and what LambdaTest logged. Pure."""

from __future__ import annotations

from collections import defaultdict
from math import inf
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.last_commands import command_text
from pytest_lambdatest_session.report.log_rows import LogRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_lambdatest_session.capture.payload import CommandPayload
    from pytest_lambdatest_session.report.registry import TrackedSession

# Between the clocks of the run and of the cloud, and between sending here and arriving there.
_TOLERANCE_SECONDS = 2.5


def events_of(tracked: TrackedSession, logged: Sequence[LogRow]) -> list[LogRow]:
    """All rows in the order of their times; what has none follows what stood before it in its log."""
    own = [command for use in tracked.uses for command in use.attempt.commands if command["session"] == tracked.id]
    seen = _seen_by_the_run(tracked, own, logged)
    placed = [(row.offset or 0.0, row) for row in (own_row(tracked, command) for command in own)]
    latest: dict[str, float] = defaultdict(float)
    for place, row in enumerate(logged):
        latest[row.kind] = row.offset if row.offset is not None else latest[row.kind]
        if place not in seen:
            placed.append((latest[row.kind], row))
    return [row for _, row in sorted(placed, key=lambda pair: pair[0])]


def own_row(tracked: TrackedSession, command: CommandPayload) -> LogRow:
    """A command that the run itself saw."""
    return LogRow(
        tracked.offset_at(command["at"]),
        command_text(command),
        bool(command["error"]),
        "command",
        seconds=command["seconds"],
        error=command["error"] or "",
    )


def _seen_by_the_run(tracked: TrackedSession, commands: Sequence[CommandPayload], logged: Sequence[LogRow]) -> set[int]:
    """The places of logged commands that are among those of the run, which knows more of them.

    A command is the nearest of its name. Of several that were alike only the first's time is known; the others are the
    next ones after it.
    """
    by_name: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for place, row in enumerate(logged):
        if row.name and row.offset is not None:
            by_name[row.name].append((row.offset, place))
    seen: set[int] = set()
    for command in commands:
        start, about = tracked.offset_at(command["at"]), command["about"]
        alike = [
            (offset, place)
            for offset, place in sorted(by_name[command["name"]])
            if place not in seen and about.startswith(logged[place].about)
        ]
        near = [at for at, _ in alike if start is not None and abs(at - start) <= _TOLERANCE_SECONDS]
        first = min(near, key=lambda at: abs(at - (start or 0.0)), default=inf)
        seen.update([place for at, place in alike if at >= first][: command["times"]])
    return seen
