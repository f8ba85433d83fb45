"""Makes links to sessions' pages that open without a login and expire.

Each is made by LambdaTest's share service on request (https://www.lambdatest.com/support/docs/share-test-results/, read
in October 2026), and is for one session only. The account-wide token of LambdaTest's public video links is never used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.sidecar.jobs import Job

if TYPE_CHECKING:
    from pytest_lambdatest_session.cloud.client import Client
    from pytest_lambdatest_session.cloud.errors import CloudError
    from pytest_lambdatest_session.sidecar.jobs import Emit
    from pytest_lambdatest_session.sidecar.messages import Share
    from pytest_lambdatest_session.sidecar.policy import Policy

_TRIES = 2


class ShareJob(Job):
    def __init__(self, request: Share, now: float, policy: Policy, emit: Emit) -> None:
        super().__init__(request, now, policy, emit)
        self.base_url = request["share_url"]
        self._test_id = request["test_id"]
        self._days = request["days"]

    def step(self, client: Client) -> str:
        return client.share(self._test_id, self._kind, self._days)

    def succeeded(self, url: str, now: float) -> None:
        del now
        self._finish(url, None)

    def failed(self, error: CloudError, now: float) -> None:
        self._retry(error, now, _TRIES)

    def give_up(self, reason: str | None) -> None:
        self._finish(None, reason)

    def _finish(self, url: str | None, failure: str | None) -> None:
        self.is_over = True
        self._emit({"type": "shared", "session_id": self.session_id, "url": url, "failure": failure})
