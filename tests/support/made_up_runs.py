"""A registry as a run would have filled it: sessions, tests that used them, and the cloud's answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pytest_lambdatest_session.cloud.details import SessionDetails
from pytest_lambdatest_session.report.registry import Registry
from pytest_lambdatest_session.sidecar.polling import fields_of

if TYPE_CHECKING:
    from pytest_lambdatest_session.capture.payload import Payload
    from pytest_lambdatest_session.report.records import Outcome, State
    from pytest_lambdatest_session.report.registry import AttemptRecord, TrackedSession

HUB = "hub.lambdatest.com"
STARTED = datetime(2026, 11, 24, 7, 24, 41, tzinfo=timezone.utc)
API = "https://api.lambdatest.com/automation/api/v1"


def details_of(session_id: str, **differences: Any) -> SessionDetails:
    """What the cloud says of a session that ended well: a browser, a minute, a video and four logs."""
    usual = SessionDetails(
        session_id=session_id,
        test_id=f"T-{session_id}",
        status="completed",
        remark="completed",
        duration=60.0,
        started_at=STARTED,
        ended_at=STARTED,
        browser="chrome",
        browser_version="156.0",
        platform="win10",
        build_name="Nightly",
        video_url=f"https://automation.lambdatest.com/public/video?testID=T-{session_id}",
        logs=tuple(
            (kind, f"{API}/sessions/{session_id}/log/{kind}") for kind in ("command", "console", "network", "selenium")
        ),
    )
    return replace(usual, **differences)


class MadeUpRun:
    """Sessions and attempts are told in the order in which a run would meet them."""

    def __init__(self, *, checked: bool = True) -> None:
        self.registry = Registry(checked=checked)
        self._test = ""

    def attempt(
        self,
        nodeid: str,
        outcome: Outcome | None,
        *session_ids: str,
        number: int = 1,
        at: float = 0.0,
        refused: tuple[str, ...] = (),
        hub: str = HUB,
    ) -> AttemptRecord:
        """An attempt that used sessions from second `at` on, and whose hub refused others with these errors."""
        test = f"{len(self.registry.attempts):016x}" if number == 1 else self._test
        self._test = test
        payload: Payload = {
            "attempt": f"{test}.{number}",
            "test": test,
            "number": number,
            "snapshot": 1,
            "uses": [
                {"id": id_, "created": False, "first_at": 1000.0 + at, "last_at": 1000.0 + at} for id_ in session_ids
            ],
            "sessions": [{"id": id_, "hub": HUB, "started_at": 1000.0, "ended_at": 1060.0} for id_ in session_ids],
            "creation_failures": [{"hub": hub, "error": error} for error in refused],
        }
        attempt = self.registry.merge_attempt(payload, nodeid, None)
        assert attempt is not None
        attempt.record_outcome(outcome)
        return attempt

    def unused(self, session_id: str) -> TrackedSession:
        """A session that no test used."""
        (tracked,) = self.registry.merge([{"id": session_id, "hub": HUB, "started_at": 1000.0, "ended_at": None}])
        return tracked

    def says(self, session_id: str, **differences: Any) -> TrackedSession:
        """The cloud's final answer about a session."""
        return self._record_answer(session_id, "final", details_of(session_id, **differences), None)

    def says_not(self, session_id: str, state: State, error: str | None = None) -> TrackedSession:
        """What is known of a session without a final answer."""
        return self._record_answer(session_id, state, None, error)

    def _record_answer(
        self, session_id: str, state: State, details: SessionDetails | None, error: str | None
    ) -> TrackedSession:
        assert state != "unchecked"
        tracked = self.registry.sessions[session_id]
        self.registry.record_answer(
            tracked,
            {
                "type": "polled",
                "session_id": session_id,
                "state": state,
                "kind": tracked.kind,
                "error": error,
                "details": None if details is None else fields_of(details),
                "done": True,
            },
        )
        return tracked
