"""Writes pytest's outcome to a session, once LambdaTest knows that it ended.

Before that the session is looked at: right after its end LambdaTest may not know that it ended, and what it says then
would replace ours; and a verdict that is there already is the suite's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.cloud.endpoints import kind_asked, sibling_base_url
from pytest_lambdatest_session.cloud.errors import NotFound
from pytest_lambdatest_session.sidecar.jobs import Job
from pytest_lambdatest_session.sidecar.messages import STILL_RUNNING

if TYPE_CHECKING:
    from pytest_lambdatest_session.cloud.client import Client
    from pytest_lambdatest_session.cloud.details import SessionDetails
    from pytest_lambdatest_session.cloud.errors import CloudError
    from pytest_lambdatest_session.sidecar.jobs import Emit
    from pytest_lambdatest_session.sidecar.messages import Mark
    from pytest_lambdatest_session.sidecar.policy import Policy

_TRIES = 3


class MarkJob(Job):
    def __init__(self, request: Mark, now: float, policy: Policy, emit: Emit) -> None:
        super().__init__(request, now, policy, emit)
        self.due = now + self._initial_delay_seconds(request["ended_at"])
        self._verdicts = request["verdicts"]
        self._overwrite = request["overwrite"]
        self._may_write = False
        self._failure: str | None = None

    def hurry(self, now: float) -> None:
        """Nothing to do: it waits for LambdaTest to notice the end, and never long."""

    def step(self, client: Client) -> SessionDetails | None:
        verdict = self._verdict
        if not self._may_write or verdict is None:
            return client.session(self.session_id)
        client.mark(self.session_id, *verdict)
        return None

    def succeeded(self, details: SessionDetails | None, now: float) -> None:
        self._failure = None
        if details is None:
            self._finish(self._verdict)
        elif details.phase == "running":
            self._failure = STILL_RUNNING
            self.due = now + self._policy.backoff_seconds
        elif self._verdict is None or (_is_verdict(details.status) and not self._overwrite):
            self._finish(None)
        else:
            self._may_write = True
            self.due = now

    def failed(self, error: CloudError, now: float) -> None:
        self._failure = str(error)
        if isinstance(error, NotFound):
            # Not there yet, or a session of the other product.
            self.base_url = sibling_base_url(self.base_url) or self.base_url
            self.due = now + self._policy.backoff_seconds
        else:
            self._retry(error, now, _TRIES)

    def give_up(self, reason: str | None) -> None:
        self._failure = reason
        self._finish(None)

    def reason_at_end(self, trouble: str | None, silence: str | None) -> str | None:
        return self._failure or super().reason_at_end(trouble, silence)

    @property
    def _verdict(self) -> tuple[str, str] | None:
        verdict = self._verdicts.get(kind_asked(self.base_url, otherwise=self._kind))
        return None if verdict is None else (verdict[0], verdict[1])

    def _finish(self, written: tuple[str, str] | None) -> None:
        self.is_over = True
        self._emit({"type": "marked", "session_id": self.session_id, "written": written, "failure": self._failure})


def _is_verdict(status: str | None) -> bool:
    """Return whether a status is a verdict; `completed` is LambdaTest's word for a session that nobody marked."""
    return (status or "").casefold() not in ("", "completed", "stopped")
