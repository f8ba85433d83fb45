"""Where our own failures go: a list that the end of the run prints, never an exception in somebody's test."""

from __future__ import annotations

from traceback import walk_tb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType


class Problems:
    """Each distinct problem once, in the order met, with the number of times. Safe to call from any thread."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self.clean: Callable[[str], str] = str
        """Masks what a problem should not quote. Most can't; those of the suite's own hooks hold whatever it raised."""

    def add(self, problem: str, times: int = 1) -> None:
        """Add one line for the user: what happened, and what to do."""
        problem = self.clean(problem)
        self._counts[problem] = self._counts.get(problem, 0) + times

    def fault(self, error: Exception) -> None:
        """Add a failure in this plugin, by its kind and place alone: a message could quote anything."""
        self.add(f"pytest-lambdatest-session failed inside ({place_of(error)}); please report this")

    def guard(self) -> AbstractContextManager[None]:
        """Return the one boundary around hook bodies: what fails inside becomes a line at the end of the run."""
        # Itself, as it notes nothing on entering; a generator would take ten times as long to enter and leave.
        return self

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self.fault(error)
        return True

    def survive(self, step: Callable[[], None], when_interrupted: str) -> bool:
        """Run a step of the end of the run, and say whether Ctrl-C ended it; that is then a problem in these words.

        The tests are over: neither a fault nor Ctrl-C in one step costs the steps after it, or changes the exit status.
        """
        try:
            with self:
                step()
        except KeyboardInterrupt:
            self.add(when_interrupted)
            return True
        return False

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(list(self._counts.items()))


def place_of(error: Exception) -> str:
    """Return the kind of an error and where it was raised, and nothing that its text quotes."""
    place = type(error).__name__
    for frame, line in walk_tb(error.__traceback__):
        place = f"{type(error).__name__} in {frame.f_code.co_name}, line {line}"
    return place
