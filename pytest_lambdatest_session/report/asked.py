"""What the sidecar was asked to do at the end of the run, and what came of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

from pytest_lambdatest_session.report.formatting import pluralize
from pytest_lambdatest_session.sidecar.messages import NO_TIME

if TYPE_CHECKING:
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.registry import Registry, TrackedSession


class Asked(ABC):
    """Requests of one kind: each is of a session, and of one of its files or tests where `part` is their field."""

    part: ClassVar = ""
    budget: ClassVar = "lambdatest_budget"
    """The setting that limits their time."""

    def __init__(self, registry: Registry, problems: Problems) -> None:
        self._registry = registry
        self._problems = problems
        self._results: dict[tuple[str, Any], Any] = {}
        self._bound: set[tuple[str, Any]] = set()

    def was_asked(self, session_id: str, part: object = None) -> bool:
        return (session_id, part) in self._results

    def begin(self, session_id: str, part: object = None) -> None:
        self._results[session_id, part] = None

    def take(self, result: Any) -> None:
        self._results[result["session_id"], result.get(self.part)] = result

    @property
    def waiting(self) -> int:
        return sum(result is None for result in self._results.values())

    def bind(self, failure: str | None) -> None:
        """Note each result once in the sessions' records, and say how often something was not done, and why.

        Of what did not come that is `failure`, if there was one.
        """
        missing = failure or NO_TIME.format(self.budget)
        new = [key for key in self._results if key not in self._bound]
        self._bound.update(new)
        said = Counter(
            self._put(self._registry.sessions[session_id], part, self._results[session_id, part] or missing)
            for session_id, part in new
        )
        for what, count in said.items():
            if what is not None:
                self._problems.add(f"{pluralize(count, what[0])} {what[1]}")

    @abstractmethod
    def _put(self, tracked: TrackedSession, part: Any, result: Any) -> tuple[str, str] | None:
        """Note a result, or why there is none; return what has to be said of it, as a noun and what is so."""
