"""The last WebDriver commands of a failed test: those that the run itself saw, so they need no API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.words import clock_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_lambdatest_session.capture.payload import CommandPayload
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Entry


def command_lines(attempt: AttemptRecord) -> Iterator[str]:
    """The last commands as lines of text, those of each session by themselves."""
    for entry, commands in by_session(attempt):
        if len(attempt.entries) > 1:
            yield entry.id
        for command in commands:
            yield f"{clock(entry, command):>7} {took(command):>8}  {command_text(command)}"
            if command["error"]:
                yield f"{'':18}{command['error']}"


def by_session(attempt: AttemptRecord) -> Iterator[tuple[Entry, list[CommandPayload]]]:
    for entry in attempt.entries:
        commands = [command for command in attempt.commands if command["session"] == entry.id]
        if commands:
            yield entry, commands


def clock(entry: Entry, command: CommandPayload) -> str:
    offset = entry.offset_at(command["at"])
    return "" if offset is None else clock_text(offset)


def took(command: CommandPayload) -> str:
    seconds = command["seconds"]
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def command_text(command: CommandPayload) -> str:
    times = f"  ({command['times']} times)" if command["times"] > 1 else ""
    return f"{command['name']}  {command['about']}".rstrip() + times
