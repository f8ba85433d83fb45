"""`lambdatest_mark_status`: which sessions are to be marked, with what, and what came of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.formatting import pluralize
from pytest_lambdatest_session.report.verdicts import first_line_of, verdict_on
from pytest_lambdatest_session.sidecar.messages import STILL_RUNNING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry, TrackedSession
    from pytest_lambdatest_session.sidecar.messages import Marked

_REASON_LIMIT = 250
_KINDS: tuple[Kind, ...] = ("web", "app")
_NO_TIME = "no time was left (lambdatest_budget)"


class Marks:
    """A session is marked when it ended and its tests are over."""

    def __init__(
        self,
        registry: Registry,
        clean: Callable[[str, int], str],
        problems: Problems,
        budget_seconds: float,
        *,
        overwrite: bool,
    ) -> None:
        self._registry = registry
        self._clean = clean
        self._problems = problems
        self._budget_seconds = budget_seconds
        self._overwrite = overwrite
        self._reasons: dict[AttemptRecord, str] = {}
        self._finished: set[AttemptRecord] = set()
        self._to_look_at: list[AttemptRecord] = []
        self._begun: dict[str, Marked | None] = {}
        """By session id, what came of it."""
        self._bound: set[str] = set()

    @property
    def waiting(self) -> int:
        return sum(result is None for result in self._begun.values())

    def record_outcome(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        """Note why an attempt did not pass, and that it is over."""
        if report.outcome != "passed" and attempt not in self._reasons:
            # Cleaned before it is cut: half a key is still half a key.
            self._reasons[attempt] = self._clean(first_line_of(report), _REASON_LIMIT)
        if report.when == "teardown":
            self._finished.add(attempt)
            self._to_look_at.append(attempt)

    def ready(self) -> Iterator[TrackedSession]:
        """Return sessions that ended and whose tests are over, since this was last asked."""
        attempts, self._to_look_at = self._to_look_at, []
        for attempt in attempts:
            for tracked in attempt.sessions:
                if tracked.ended and self._finished.issuperset(tracked.attempts):
                    yield tracked

    def remaining(self) -> Iterator[TrackedSession]:
        """Return all that ended: the tests are over, also those whose last report was never logged."""
        return (tracked for tracked in self._registry.sessions.values() if tracked.ended)

    def begin(self, tracked: TrackedSession) -> dict[Kind, tuple[str, str] | None] | None:
        """Return what to write, by product; None if nothing is, or it is under way."""
        if tracked.id in self._begun or (tracked.was_marked_by_suite and not self._overwrite):
            return None
        verdicts: dict[Kind, tuple[str, str] | None] = {
            kind: verdict_on(tracked.attempts, self._reason_of, kind) for kind in _KINDS
        }
        if verdicts[tracked.kind] is None:
            return None
        self._begun[tracked.id] = None
        return verdicts

    def take(self, result: Marked) -> None:
        self._begun[result["session_id"]] = result

    def bind(self, failure: str | None) -> None:
        """Put what was written into the sessions' records; of the rest say why, or `failure` where no result came."""
        failures: Counter[str] = Counter()
        for session_id in [known for known in self._begun if known not in self._bound]:
            result = self._begun[session_id]
            if result is None:
                failures[failure or _NO_TIME] += 1
            elif result["written"] is not None:
                self._put_into(self._registry.sessions[session_id], *result["written"])
            elif result["failure"] is not None:
                failures[result["failure"]] += 1
        self._bound.update(self._begun)
        for reason, count in failures.items():
            hint = f"; raise lambdatest_budget ({self._budget_seconds:g} s)" if reason == STILL_RUNNING else ""
            self._problems.add(f"{pluralize(count, 'session')} not marked: {reason}{hint}")

    def _reason_of(self, attempt: AttemptRecord) -> str:
        return self._reasons.get(attempt, "")

    @staticmethod
    def _put_into(tracked: TrackedSession, status: str, remark: str) -> None:
        """Overwrite the fetched status: it may predate our update."""
        public = tracked.public
        if public["state"] == "final":
            public["status"] = status
            public["remark"] = remark or public["remark"]
