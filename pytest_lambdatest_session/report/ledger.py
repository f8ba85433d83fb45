"""The one record per WebDriver session: what the run saw of it, which tests used it, and what the cloud said.

Belongs to the main thread. Follower threads never touch it; their answers are fetched and settled here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timezone
from typing import TYPE_CHECKING

from pytest_lambdatest_session.cloud.endpoints import dashboard_url, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pytest_lambdatest_session.capture.uses import CarriedRefusal, CarriedSession, CarriedUse, Carry
    from pytest_lambdatest_session.cloud.details import SessionDetails
    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.cloud.follower import Answer
    from pytest_lambdatest_session.report.records import Outcome, ReportedSession, SessionRecord, SessionUse, State

FAILED_OUTCOMES = ("failed", "error")


@dataclass(eq=False)
class Entry:
    """One WebDriver session."""

    id: str
    hub: str
    kind: Kind
    public: ReportedSession
    """What users see; one dict for the whole run, shared by all reports of this process, so it is final everywhere."""
    started_at: float | None = None
    """On the run's own clock, as are all times here but those in `details`."""
    ended_at: float | None = None
    details: SessionDetails | None = None
    uses: dict[AttemptRecord, CarriedUse] = field(default_factory=dict)
    was_in_a_failure: bool = False
    """Whether an attempt that used it failed."""

    @property
    def ended(self) -> bool:
        return self.ended_at is not None

    def record(self) -> SessionRecord:
        uses = [self._use_record(attempt, use) for attempt, use in self.uses.items()]
        return {**self.public, "tests": uses}

    def _use_record(self, attempt: AttemptRecord, use: CarriedUse) -> SessionUse:
        return {
            "nodeid": attempt.nodeid,
            "outcome": attempt.outcome,
            "attempt": attempt.number,
            "worker": attempt.worker,
            "offset": self.offset_of(use),
        }

    def offset_of(self, use: CarriedUse) -> float | None:
        """Seconds from the session's start to the use's first command.

        Both ends are on the run's clock, so a skewed clock does not matter. Only for a session that was attached to,
        whose start nobody here saw, the cloud's start time stands in, and a skew shows.
        """
        started_at = self.started_at
        if started_at is None and self.details is not None and self.details.started_at is not None:
            started_at = self.details.started_at.timestamp()
        return None if started_at is None else round(max(0.0, use["first_at"] - started_at), 3)


@dataclass(eq=False)
class AttemptRecord:
    """One attempt of one test that had to do with sessions."""

    nodeid: str
    worker: str | None
    number: int
    outcome: Outcome | None = None
    entries: list[Entry] = field(default_factory=list)
    """The sessions it used, in the order of first use."""
    refusals: list[CarriedRefusal] = field(default_factory=list)

    def conclude(self, outcome: Outcome | None) -> None:
        self.outcome = outcome
        if outcome in FAILED_OUTCOMES:
            for entry in self.entries:
                entry.was_in_a_failure = True

    def disagrees_with(self, entry: Entry) -> bool:
        """Whether the cloud's verdict on the session contradicts pytest's outcome of this attempt."""
        verdict = entry.details.verdict if entry.details is not None else None
        if verdict == "passed":
            return self.outcome in FAILED_OUTCOMES
        if verdict == "failed" and self.outcome == "passed":
            # On a shared session another test's failure explains the verdict.
            return not entry.was_in_a_failure
        return False


class Ledger:
    """All sessions of the run, in the order in which they were met."""

    def __init__(self, dashboard_template: str | None = None, *, checked: bool = True) -> None:
        self.entries: dict[str, Entry] = {}
        self.attempts: dict[tuple[str, str | None, int], AttemptRecord] = {}
        self.refusals: list[CarriedRefusal] = []
        self._template = dashboard_template
        self._checked = checked

    def learn(self, carry: Carry) -> list[Entry]:
        """Take in what a report carried; the sessions on it. Learning the same twice changes nothing."""
        return [self._learn_session(session) for session in carry["sessions"]]

    def learn_attempt(self, carry: Carry, nodeid: str, worker: str | None) -> AttemptRecord | None:
        """As `learn`, and which attempt used what; None if this attempt used nothing."""
        self.learn(carry)
        if not (carry["uses"] or carry["refusals"]):
            return None
        attempt = self.attempts.setdefault(
            (nodeid, worker, carry["attempt"]), AttemptRecord(nodeid, worker, carry["attempt"])
        )
        attempt.refusals = carry["refusals"]
        for use in carry["uses"]:
            self._learn_use(attempt, use)
        return attempt

    def settle(self, entry: Entry, answer: Answer | None) -> None:
        """Write into the public record what the cloud has said so far."""
        if answer is not None and answer.details is not None:
            entry.details = answer.details
            entry.kind = answer.kind
            _fill(entry.public, answer.details)
        entry.public["kind"] = entry.kind
        entry.public["state"] = self._state_of(entry, answer)
        entry.public["error"] = answer.error if answer is not None else None
        entry.public["url"] = self._url_of(entry)

    def _state_of(self, entry: Entry, answer: Answer | None) -> State:
        if not self._checked:
            return "unchecked"
        if answer is not None:
            return answer.state
        return "pending" if entry.ended else "running"

    def _url_of(self, entry: Entry) -> str:
        test_id = entry.details.test_id if entry.details is not None else None
        return dashboard_url(entry.kind, entry.id, test_id, self._template)

    def _learn_session(self, carried: CarriedSession) -> Entry:
        entry = self.entries.get(carried["id"])
        if entry is None:
            kind = kind_of(carried["hub"])
            public = _unknown_session(carried["id"], carried["hub"], kind)
            entry = self.entries[carried["id"]] = Entry(carried["id"], carried["hub"], kind, public)
        if entry.started_at is None:
            entry.started_at = carried["started_at"]
        if entry.ended_at is None:
            entry.ended_at = carried["ended_at"]
        if entry.details is None:
            self.settle(entry, None)
        return entry

    def _learn_use(self, attempt: AttemptRecord, use: CarriedUse) -> None:
        entry = self.entries[use["id"]]
        if attempt not in entry.uses:
            attempt.entries.append(entry)
        entry.uses[attempt] = use


def sessions_of(entries: Iterable[Entry]) -> list[ReportedSession]:
    return [entry.public for entry in entries]


def _unknown_session(session_id: str, hub: str, kind: Kind) -> ReportedSession:
    return {
        "session_id": session_id,
        "test_id": None,
        "hub": hub,
        "kind": kind,
        "state": "running",
        "error": None,
        "status": None,
        "remark": None,
        "duration": None,
        "started_at": None,
        "ended_at": None,
        "name": None,
        "build_name": None,
        "browser": None,
        "browser_version": None,
        "platform": None,
        "device": None,
        "url": "",
        "video_url": None,
        "screenshot_url": None,
        "logs": {},
    }


def _fill(public: ReportedSession, details: SessionDetails) -> None:
    public["test_id"] = details.test_id
    public["status"] = details.status
    public["remark"] = details.remark
    public["duration"] = details.duration
    public["started_at"] = _rfc3339(details.started_at)
    public["ended_at"] = _rfc3339(details.ended_at)
    public["name"] = details.name
    public["build_name"] = details.build_name
    public["browser"] = details.browser
    public["browser_version"] = details.browser_version
    public["platform"] = details.platform
    public["device"] = details.device
    public["video_url"] = details.video_url
    public["screenshot_url"] = details.screenshot_url
    public["logs"] = dict(details.logs)


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
