"""How long the end of a run took: from the last test to the terminal's summary, all writers of reports included."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stories import Run, Story

_CONFTEST = """
import time
import pytest

started = time.monotonic()

def pytest_runtest_logfinish():
    global started
    started = time.monotonic()

@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary():
    with open("tail.txt", "w") as file:
        file.write(str(time.monotonic() - started))
"""


def time_the_tail(story: Story) -> None:
    story.file("conftest.py", _CONFTEST)


def seconds_of_the_tail(run: Run) -> float:
    return float((run.folder / "tail.txt").read_text(encoding="utf-8"))
