"""`lambdatest_share_days`: which sessions get a link that opens without a login, and what came of it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from pytest_lambdatest_session.capture.untouched import untouched
from pytest_lambdatest_session.cloud.endpoints import share_base_url
from pytest_lambdatest_session.report.formatting import pluralize
from pytest_lambdatest_session.report.priority import by_priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.registry import Registry, TrackedSession
    from pytest_lambdatest_session.sidecar.messages import Shared, ShareRequest

_NO_TIME = "no time was left (lambdatest_budget)"


class Shares:
    """Links are asked for when all answers are there, those of failed tests first."""

    def __init__(
        self, registry: Registry, problems: Problems, days: int, api_url: str | None, has_key: Callable[[str], bool]
    ) -> None:
        self._registry = registry
        self._problems = problems
        self._days = days
        self._api_url = api_url
        self._has_key = has_key
        self._begun: dict[str, Shared | None] = {}
        self._bound: set[str] = set()

    @property
    def waiting(self) -> int:
        return sum(result is None for result in self._begun.values())

    @property
    def _until(self) -> str:
        """The day on which the links expire."""
        today = datetime.fromtimestamp(untouched.now(), timezone.utc)
        return (today + timedelta(days=self._days)).date().isoformat()

    def wanted(self, is_ours: Callable[[TrackedSession], bool]) -> Iterator[tuple[TrackedSession, ShareRequest]]:
        """Return the sessions that need a link, and what to ask."""
        for tracked in by_priority(self._registry.sessions.values()):
            public = tracked.public
            if tracked.id in self._begun:
                continue
            if public["share_url"] is not None:
                # The API gave one with the details, as it does for builds.
                public["shared_until"] = public["shared_until"] or self._until
            elif public["state"] not in ("not_found", "unavailable") and is_ours(tracked) and self._has_key(tracked.id):
                self._begun[tracked.id] = None
                share_url = share_base_url(tracked.hub, self._api_url)
                yield (
                    tracked,
                    {
                        "share_url": share_url,
                        "test_id": public["test_id"] or tracked.id,
                        "days": self._days,
                    },
                )

    def take(self, result: Shared) -> None:
        self._begun[result["session_id"]] = result

    def bind(self, failure: str | None) -> None:
        """Put the links into the sessions' records, and count what there is none for; `failure` is why no more came."""
        failures: Counter[str] = Counter()
        for session_id in [known for known in self._begun if known not in self._bound]:
            result = self._begun[session_id]
            if result is None or result["url"] is None:
                failures[failure or _NO_TIME if result is None else str(result["failure"])] += 1
            else:
                public = self._registry.sessions[session_id].public
                public["share_url"], public["shared_until"] = result["url"], self._until
        self._bound.update(self._begun)
        for reason, count in failures.items():
            self._problems.add(f"{pluralize(count, 'session')} not shared: {reason}")
