"""What the sidecar was asked to do at the end of the run, and what came of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Generic, TypeVar

from pytest_lambdatest_session.report.formatting import pluralize
from pytest_lambdatest_session.sidecar.messages import NO_TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from pytest_lambdatest_session.problems import Problems

_Key = TypeVar("_Key", bound="Hashable")
_Result = TypeVar("_Result")


class Asked(Generic[_Key, _Result]):
    """Requests of one kind. `budget` is the setting that limits their time; `key_of` says which one a result is of."""

    def __init__(self, budget: str, key_of: Callable[[_Result], _Key]) -> None:
        self._key_of = key_of
        self._no_time = NO_TIME.format(budget)
        self._results: dict[_Key, _Result | None] = {}
        self._given: set[_Key] = set()

    def __contains__(self, key: _Key) -> bool:
        return key in self._results

    def begin(self, key: _Key) -> None:
        self._results[key] = None

    def take(self, result: _Result) -> None:
        self._results[self._key_of(result)] = result

    @property
    def waiting(self) -> int:
        return sum(result is None for result in self._results.values())

    def results(self, failure: str | None) -> Iterator[tuple[_Key, _Result | str]]:
        """Yield each result once; in place of one that did not come why, which is `failure` if there was one."""
        for key, result in self._results.items():
            if key not in self._given:
                self._given.add(key)
                yield key, result if result is not None else failure or self._no_time


def add_reasons(problems: Problems, thing: str, not_done: str, reasons: Iterable[str | None]) -> None:
    """Say how often something was not done, and why: one problem for each reason; None is none."""
    for reason, count in Counter(filter(None, reasons)).items():
        problems.add(f"{pluralize(count, thing)} {not_done}: {reason}")
