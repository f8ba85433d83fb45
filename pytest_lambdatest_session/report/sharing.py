"""`lambdatest_share_days`: which sessions get a link that opens without a login, and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from pytest_lambdatest_session.capture.untouched import untouched
from pytest_lambdatest_session.cloud.endpoints import share_base_url
from pytest_lambdatest_session.report.asked import Asked, add_reasons
from pytest_lambdatest_session.report.priority import by_priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.registry import Registry, TrackedSession
    from pytest_lambdatest_session.sidecar.messages import Shared, ShareRequest


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
        self.asked: Asked[str, Shared] = Asked("lambdatest_budget", lambda result: result["session_id"])

    @property
    def _until(self) -> str:
        """The day on which the links expire."""
        today = datetime.fromtimestamp(untouched.now(), timezone.utc)
        return (today + timedelta(days=self._days)).date().isoformat()

    def wanted(self, is_ours: Callable[[TrackedSession], bool]) -> Iterator[tuple[TrackedSession, ShareRequest]]:
        """Return the sessions that need a link, and what to ask."""
        for tracked in by_priority(self._registry.sessions.values()):
            public = tracked.public
            if tracked.id in self.asked:
                continue
            if public["share_url"] is not None:
                # The API gave one with the details, as it does for builds.
                public["shared_until"] = public["shared_until"] or self._until
            elif public["state"] not in ("not_found", "unavailable") and is_ours(tracked) and self._has_key(tracked.id):
                self.asked.begin(tracked.id)
                share_url = share_base_url(tracked.hub, self._api_url)
                yield (
                    tracked,
                    {
                        "share_url": share_url,
                        "test_id": public["test_id"] or tracked.id,
                        "days": self._days,
                    },
                )

    def bind(self, failure: str | None) -> None:
        """Put the links into the sessions' records, and count what there is none for; `failure` is why no more came."""
        reasons = [self._put(session_id, result) for session_id, result in self.asked.results(failure)]
        add_reasons(self._problems, "session", "not shared", reasons)

    def _put(self, session_id: str, result: Shared | str) -> str | None:
        """Return why there is no link."""
        if isinstance(result, str) or result["url"] is None:
            return result if isinstance(result, str) else result["failure"]
        public = self._registry.sessions[session_id].public
        public["share_url"], public["shared_until"] = result["url"], self._until
        return None
