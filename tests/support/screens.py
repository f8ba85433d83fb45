"""What pytest takes for its terminal, and what stands on it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


class Screen(io.StringIO):
    def __init__(self, *, is_tty: bool) -> None:
        super().__init__()
        self._is_tty = is_tty

    def isatty(self) -> bool:
        return self._is_tty


def written_on(terminal: pytest.TerminalReporter) -> str:
    """Everything that a reporter on a `Screen` wrote, as it wrote it."""
    screen = terminal._tw._file
    assert isinstance(screen, Screen)
    return screen.getvalue()


def seen_on(terminal: pytest.TerminalReporter) -> list[str]:
    """What a reader sees of it: a return goes back to the start of the line, and what follows overwrites it."""
    return [_overwritten(line) for line in written_on(terminal).split("\n")]


def _overwritten(line: str) -> str:
    shown = ""
    for part in line.split("\r"):
        shown = part + shown[len(part) :]
    return shown.rstrip()
