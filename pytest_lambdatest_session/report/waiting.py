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
    Text = Callable[[int, int], str]
    """Makes a line of the same."""
    from pytest_lambdatest_session.problems import Problems


@contextmanager
def waiting_line(config: pytest.Config, problems: Problems, text: Text) -> Iterator[OnWait | None]:
    """Give what is to be called while the run waits, None where nobody wants to read it."""
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

    def __init__(self, terminal: pytest.TerminalReporter, problems: Problems, text: Text) -> None:
        self._terminal = terminal
        self._text = text
        self._problems = problems
        self._is_tty = bool(terminal.isatty)
        self._is_shown = False

    def show(self, count: int, seconds_left: float) -> None:
        # Called in the middle of the wait, which a broken output shall not end.
        with self._problems.guard():
            # At least one: it is said while there is something to wait for.
            text = self._text(count, max(1, math.ceil(seconds_left)))
            if not self._is_shown:
                # Pytest's own line of dots is left alone; the reporter knows of it except when xdist runs the tests.
                if self._terminal.currentfspath:
                    self._terminal.ensure_newline()
                else:
                    self._terminal.write("\n")
            if self._is_tty:
                self._rewrite(text)
            elif not self._is_shown:
                self._terminal.write_line(text)
                self._terminal.flush()
            self._is_shown = True

    def clear(self) -> None:
        if self._is_shown and self._is_tty:
            with self._problems.guard():
                self._rewrite("")
                self._terminal.rewrite("")
                self._terminal.flush()

    def _rewrite(self, text: str) -> None:
        # A line that is broken in two can't be rewritten.
        self._terminal.rewrite(text[: shutil.get_terminal_size().columns - 1], erase=True)
        self._terminal.flush()


def waiting_text(count: int, seconds: int) -> str:
    return f"waiting for {pluralize(count, 'LambdaTest session')}, {seconds} s left; Ctrl-C to stop waiting"


def saving_text(count: int, seconds: int) -> str:
    return f"saving LambdaTest artifacts: {pluralize(count, 'file')} to go, {seconds} s left; Ctrl-C to stop"
