"""`lambdatest_mark_status`: which sessions are to be marked, with what, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.asked import Asked, add_reasons
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
        self.asked: Asked[str, Marked] = Asked("lambdatest_budget", lambda result: result["session_id"])

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
        if tracked.id in self.asked or (tracked.was_marked_by_suite and not self._overwrite):
            return None
        verdicts: dict[Kind, tuple[str, str] | None] = {
            kind: verdict_on(tracked.attempts, self._reason_of, kind) for kind in _KINDS
        }
        if verdicts[tracked.kind] is None:
            return None
        self.asked.begin(tracked.id)
        return verdicts

    def bind(self, failure: str | None) -> None:
        """Put what was written into the sessions' records; of the rest say why, or `failure` where no result came."""
        reasons = [self._put(session_id, result) for session_id, result in self.asked.results(failure)]
        add_reasons(self._problems, "session", "not marked", reasons)

    def _put(self, session_id: str, result: Marked | str) -> str | None:
        """Return why nothing was written, if that needs to be said."""
        if isinstance(result, str):
            return result
        public = self._registry.sessions[session_id].public
        if result["written"] is not None and public["state"] == "final":
            # What was fetched may predate our update.
            public["status"], remark = result["written"]
            public["remark"] = remark or public["remark"]
        if result["failure"] == STILL_RUNNING:
            return f"{STILL_RUNNING}; raise lambdatest_budget ({self._budget_seconds:g} s)"
        return result["failure"]

    def _reason_of(self, attempt: AttemptRecord) -> str:
        return self._reasons.get(attempt, "")
