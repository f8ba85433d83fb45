"""`lambdatest_mark_status`: which sessions are to be marked, with what, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.asked import Asked
from pytest_lambdatest_session.report.failures import message_of
from pytest_lambdatest_session.report.formatting import pluralize
from pytest_lambdatest_session.sidecar.messages import STILL_RUNNING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pytest

    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.records import Outcome
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry, TrackedSession
    from pytest_lambdatest_session.sidecar.messages import Marked

_REASON_LIMIT = 250
_KINDS: tuple[Kind, ...] = ("web", "app")
# In this order the worst that any of a session's tests came to is the session's.
_STATUSES: tuple[tuple[str, tuple[Outcome, ...]], ...] = (
    ("failed", ("failed", "rerun")),
    ("error", ("error",)),
    ("passed", ("passed", "xfailed", "xpassed")),
    ("skipped", ("skipped",)),
)
# The app API documents no other words.
_OF_APPS = {"failed": "failed", "error": "failed", "passed": "passed"}


class Marks(Asked):
    """A session is marked when it ended and its tests are over."""

    def __init__(
        self,
        registry: Registry,
        problems: Problems,
        clean: Callable[[str, int], str],
        budget_seconds: float,
        *,
        overwrite: bool,
    ) -> None:
        super().__init__(registry, problems)
        self._clean = clean
        self._budget_seconds = budget_seconds
        self._overwrite = overwrite
        self._reasons: dict[AttemptRecord, str] = {}
        self._finished: set[AttemptRecord] = set()
        self._to_look_at: list[AttemptRecord] = []

    def record_outcome(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        """Note why an attempt did not pass, and that it is over."""
        if report.outcome != "passed" and attempt not in self._reasons:
            # Cleaned before it is cut: half a key is still half a key.
            self._reasons[attempt] = self._clean(message_of(report).partition("\n")[0], _REASON_LIMIT)
        if report.when == "teardown":
            self._finished.add(attempt)
            self._to_look_at.append(attempt)

    def ready(self) -> Iterator[TrackedSession]:
        """Return sessions whose tests are over, since this was last asked."""
        attempts, self._to_look_at = self._to_look_at, []
        for attempt in attempts:
            yield from (tracked for tracked in attempt.sessions if self._finished.issuperset(tracked.attempts))

    def verdicts_on(self, tracked: TrackedSession) -> dict[Kind, tuple[str, str] | None] | None:
        """Return what to write now, by product; None if nothing is, or it is under way."""
        if not tracked.ended or self.was_asked(tracked.id) or (tracked.was_marked_by_suite and not self._overwrite):
            return None
        verdicts = {kind: verdict_on(tracked.attempts, self._reasons, kind) for kind in _KINDS}
        if verdicts[tracked.kind] is None:
            return None
        self.begin(tracked.id)
        return verdicts

    def _put(self, tracked: TrackedSession, part: None, result: Marked | str) -> tuple[str, str] | None:
        del part
        failure = result if isinstance(result, str) else result["failure"]
        public = tracked.public
        if not isinstance(result, str) and result["written"] is not None and public["state"] == "final":
            # What was fetched may predate our update.
            public["status"], remark = result["written"]
            public["remark"] = remark or public["remark"]
        if failure == STILL_RUNNING:
            failure += f"; raise lambdatest_budget ({self._budget_seconds:g} s)"
        return None if failure is None else ("session", f"not marked: {failure}")


def verdict_on(
    attempts: Iterable[AttemptRecord], reasons: Mapping[AttemptRecord, str], kind: Kind
) -> tuple[str, str] | None:
    """Return status and reason that the attempts make of the session they used; None if there is nothing to say.

    Of a test that was run again in the same session the last attempt counts.
    """
    last = {attempt.test: attempt for attempt in sorted(attempts, key=lambda one: one.number)}
    for status, outcomes in _STATUSES:
        ones = [attempt for attempt in last.values() if attempt.outcome in outcomes]
        if ones:
            word = status if kind == "web" else _OF_APPS.get(status)
            reason = reasons.get(ones[0], "")
            if reason and len(last) > 1:
                others = f" (and {pluralize(len(ones) - 1, 'more test')})" if len(ones) > 1 else ""
                reason = f"{ones[0].nodeid}: {reason}{others}"
            return None if word is None else (word, reason)
    return None
