"""The line that says, while the run waits at its end, for what and for how long."""

from __future__ import annotations

import math
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.formatting import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    OnWait = Callable[[int, float], None]
    """Called about once a second with how much is left to wait for, and the seconds left."""
    from pytest_lambdatest_session.problems import Problems


@contextmanager
def waiting_line(
    config: pytest.Config, problems: Problems, text: Callable[[int, float], str] | None = None
) -> Iterator[OnWait | None]:
    """Give what is to be called while the run waits, None where nobody wants to read it.

    `text` makes a line of how much is left and how many seconds.
    """
    terminal: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or config.getoption("verbose") < 0:
        yield None
        return
    line = WaitingLine(terminal, problems, text)
    try:
        yield line.show
    finally:
        line.clear()


class WaitingLine:
    """On a terminal one line that is rewritten, and gone afterwards; elsewhere one line at most."""

    def __init__(
        self,
        terminal: pytest.TerminalReporter,
        problems: Problems,
        text: Callable[[int, float], str] | None = None,
    ) -> None:
        self._terminal = terminal
        self._text = text or waiting_text
        self._problems = problems
        self._is_tty = bool(terminal.isatty)
        self._is_shown = False

    def show(self, count: int, seconds_left: float) -> None:
        # Called in the middle of the wait, which a broken output shall not end.
        with self._problems.guard():
            if not self._is_shown:
                self._begin_line()
            if self._is_tty:
                self._rewrite(self._text(count, seconds_left))
            elif not self._is_shown:
                self._terminal.write_line(self._text(count, seconds_left))
                self._terminal.flush()
            self._is_shown = True

    def clear(self) -> None:
        if self._is_shown and self._is_tty:
            with self._problems.guard():
                self._rewrite("")

    def _begin_line(self) -> None:
        """Leave pytest's own line of dots alone; the reporter knows of it except when xdist runs the tests."""
        if self._terminal.currentfspath:
            self._terminal.ensure_newline()
        else:
            self._terminal.write("\n")

    def _rewrite(self, text: str) -> None:
        # A line that is broken in two can't be rewritten.
        self._terminal.rewrite(text[: shutil.get_terminal_size().columns - 1], erase=True)
        if not text:
            self._terminal.rewrite("")
        self._terminal.flush()


def waiting_text(count: int, seconds_left: float) -> str:
    left = _whole(seconds_left)
    return f"waiting for {pluralize(count, 'LambdaTest session')}, {left} s left; Ctrl-C to stop waiting"


def saving_text(count: int, seconds_left: float) -> str:
    left = _whole(seconds_left)
    return f"saving LambdaTest artifacts: {pluralize(count, 'file')} to go, {left} s left; Ctrl-C to stop"


def _whole(seconds: float) -> int:
    """Return seconds that are left, at least one: it is said while there is something to wait for."""
    return max(1, math.ceil(seconds))
