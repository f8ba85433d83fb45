"""`lambdatest_share_days`: which sessions get a link that opens without a login, and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from pytest_lambdatest_session.capture.untouched import untouched
from pytest_lambdatest_session.cloud.endpoints import share_base_url
from pytest_lambdatest_session.report.asked import Asked
from pytest_lambdatest_session.report.priority import by_priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.registry import Registry, TrackedSession
    from pytest_lambdatest_session.sidecar.messages import Shared, ShareRequest


class Shares(Asked):
    """Links are asked for when all answers are there, those of failed tests first."""

    def __init__(self, registry: Registry, problems: Problems, days: int, api_url: str | None) -> None:
        super().__init__(registry, problems)
        self._days = days
        self._api_url = api_url

    @property
    def _until(self) -> str:
        """The day on which the links expire."""
        today = datetime.fromtimestamp(untouched.now(), timezone.utc)
        return (today + timedelta(days=self._days)).date().isoformat()

    def wanted(self, is_ours: Callable[[TrackedSession], bool]) -> Iterator[tuple[TrackedSession, ShareRequest]]:
        """Return the sessions that need a link, and what to ask."""
        for tracked in by_priority(self._registry.sessions.values()):
            public = tracked.public
            if self.was_asked(tracked.id):
                continue
            if public["share_url"] is not None:
                # The API gave one with the details, as it does for builds.
                public["shared_until"] = public["shared_until"] or self._until
            elif public["state"] not in ("not_found", "unavailable") and is_ours(tracked):
                self.begin(tracked.id)
                share_url, test_id = share_base_url(tracked.hub, self._api_url), public["test_id"] or tracked.id
                yield tracked, {"share_url": share_url, "test_id": test_id, "days": self._days}

    def _put(self, tracked: TrackedSession, part: None, result: Shared | str) -> tuple[str, str] | None:
        del part
        if isinstance(result, str) or result["url"] is None:
            return "session", f"not shared: {result if isinstance(result, str) else result['failure']}"
        tracked.public["share_url"], tracked.public["shared_until"] = result["url"], self._until
        return None
