"""The one record per WebDriver session: what the run saw of it, which tests used it, and what the cloud said.

Belongs to the main thread, which records here what the sidecar has answered.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from pytest_lambdatest_session.cloud.endpoints import dashboard_url, kind_of
from pytest_lambdatest_session.cloud.status import verdict_of
from pytest_lambdatest_session.report.formatting import epoch_seconds
from pytest_lambdatest_session.report.video_offsets import UNMEASURED, TimeRange, lag_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pytest

    from pytest_lambdatest_session.capture.payload import (
        CommandPayload,
        CreationFailure,
        Payload,
        SessionPayload,
        Unreported,
    )
    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.report.journal import JournalLine
    from pytest_lambdatest_session.report.log_rows import LogRow
    from pytest_lambdatest_session.report.records import Outcome, ReportedSession, SessionRecord, SessionUse, State
    from pytest_lambdatest_session.report.video_offsets import VideoLag, VideoRange
    from pytest_lambdatest_session.sidecar.messages import Polled

FAILED_OUTCOMES = ("failed", "error")
_UNIDENTIFIED = "LambdaTest tells a Playwright session's id to an open page, and told none"
_OUTCOMES_AFTER_A_FAILURE = (*FAILED_OUTCOMES, "rerun", "xfailed")
_REPEATED = ("status", "remark", "build_name", "browser", "browser_version", "platform", "device")


# Plain classes: to make a dataclass of each takes longer than to load all of this module, at the start of every run.
class TrackedSession:
    """One WebDriver session."""

    __slots__ = (
        *("ended_at", "hub", "id", "kind", "note", "own_account", "public", "started_at", "uses"),
        *("console_errors", "stand_in", "was_asked_about", "was_in_a_failure", "was_marked_by_suite"),
    )

    def __init__(self, session_id: str, hub: str, kind: Kind, public: ReportedSession) -> None:
        self.id = session_id
        self.stand_in: str | None = None
        """What stands, or stood, for the id: that of a Playwright session is told later, or never."""
        self.hub = hub
        self.kind = kind
        self.public = public
        """What users see: one dict for the whole run, shared by all reports, so that it is final everywhere at once."""
        self.started_at: float | None = None
        """Seconds since the epoch on the run's own clock; those in `public` are on the cloud's."""
        self.ended_at: float | None = None
        self.was_asked_about = False
        self.note: str | None = None
        """What happened to it on this side, such as that its worker died."""
        self.uses: list[Use] = []
        """By the attempts that used it, in the order of first use."""
        self.was_marked_by_suite = False
        """Whether the suite itself told the cloud how it went, with a hook such as `lambda-status`."""
        self.console_errors: Sequence[LogRow] = ()
        """The last ones of its saved log."""
        self.was_in_a_failure = False
        """Whether an attempt that used it failed."""
        self.own_account = False
        """Whether the worker of xdist that opened it asks about it, having its credentials alone."""

    @property
    def ended(self) -> bool:
        return self.ended_at is not None

    @property
    def is_identified(self) -> bool:
        """Whether LambdaTest can be asked about it."""
        return self.id != self.stand_in

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called in payloads and on reports."""
        return (self.id,) if self.stand_in is None else (self.stand_in, self.id)

    @property
    def attempts(self) -> list[AttemptRecord]:
        """Those that used it, in the order of first use."""
        return [use.attempt for use in self.uses]

    def record(self) -> SessionRecord:
        return {**self.public, "tests": [self._use_record(use) for use in self.uses]}

    def _use_record(self, use: Use) -> SessionUse:
        attempt, time_range = use.attempt, use.time_range
        video_range = use.video_range_of(time_range)
        return {
            "nodeid": attempt.nodeid,
            "outcome": attempt.outcome,
            "attempt": attempt.number,
            "worker": attempt.worker,
            "offset": None if time_range is None else time_range.start,
            "end_offset": None if time_range is None else time_range.end,
            "video_offset": None if video_range is None else video_range.start,
            "video_end_offset": None if video_range is None else video_range.end,
            "video_offset_is_certain": video_range is not None and video_range.is_certain,
            "clip": use.clip,
            "poster": use.poster,
        }

    @property
    def has_video(self) -> bool:
        """Whether there is one to look at, here or in the cloud."""
        return bool(self.public["artifacts"].get("video") or self.public["video_url"])

    @property
    def video_lag(self) -> VideoLag:
        """How much later than the session its video starts: what turns an offset into a second of the video."""
        video_seconds = self.public["video_seconds"]
        return UNMEASURED if video_seconds is None else lag_of(video_seconds, self._seconds)

    @property
    def _seconds(self) -> float | None:
        """How long the session was. The cloud may have ended it before it was quit."""
        cloud, started_at = self.public["duration"], self.started_at
        told = None if cloud is None else cloud + 1.0  # whole seconds
        if started_at is None or self.ended_at is None:
            return told
        seconds = self.ended_at - started_at
        if told is None or seconds <= told:
            return seconds
        return max([told, *(use.last_at - started_at for use in self.uses)])

    def offset_at(self, moment: float) -> float | None:
        """Return seconds from the session's start to a moment on the run's clock.

        Both ends are on the run's clock, so a skewed clock does not matter. Only for a session that was attached to,
        whose start nobody here saw, the cloud's start time stands in, and a skew shows.
        """
        started_at = self.started_at
        if started_at is None and self.public["started_at"] is not None:
            started_at = epoch_seconds(self.public["started_at"])
        return None if started_at is None else round(max(0.0, moment - started_at), 3)


class Use:
    """One attempt's use of one session: from its first command to the answer to its last, on the run's clock."""

    __slots__ = ("attempt", "clip", "clip_offset", "first_at", "last_at", "poster", "tracked")

    def __init__(self, attempt: AttemptRecord, tracked: TrackedSession, first_at: float, last_at: float) -> None:
        self.attempt = attempt
        self.tracked = tracked
        self.first_at = first_at
        self.last_at = last_at
        self.clip: str | None = None
        """Of a failed test its part of the video, as a link relative to the report's folder; None if there is none."""
        self.clip_offset = 0.0
        """Seconds from the session's start to that of the clip, at most."""
        self.poster: str | None = None
        """The frame at its failure, likewise."""

    @property
    def saved_files(self) -> dict[str, str]:
        """`{name: path}` of what was saved of the session, and of this use its clip; paths as in the public record."""
        return self.tracked.public["artifacts"] | ({"clip": self.clip} if self.clip is not None else {})

    @property
    def video_range(self) -> VideoRange | None:
        """Where in the session's video it was; None if there is no video."""
        return self.video_range_of(self.time_range)

    def video_range_of(self, time_range: TimeRange | None) -> VideoRange | None:
        return None if time_range is None or not self.tracked.has_video else self.tracked.video_lag.range_of(time_range)

    @property
    def failure_offset(self) -> float | None:
        """Seconds from the session's start to the answer to the last command before the attempt failed."""
        return self.tracked.offset_at(self.attempt.failed_at or self.last_at)

    @property
    def time_range(self) -> TimeRange | None:
        """Where in the session it was."""
        start, end = self.tracked.offset_at(self.first_at), self.tracked.offset_at(self.last_at)
        return None if start is None or end is None else TimeRange(start, end)


class AttemptRecord:
    """One attempt of one test that had to do with sessions."""

    __slots__ = (
        *(
            "collected_as",
            "commands",
            "nodeid",
            "number",
            "outcome",
            "properties",
            "creation_failures",
            "failed_at",
            "failure",
            "id",
            "reported",
            "snapshot",
        ),
        *("uses", "was_logged", "worker"),
    )

    def __init__(self, attempt_id: str, nodeid: str, worker: str | None, number: int) -> None:
        self.id = attempt_id
        self.nodeid = self.collected_as = nodeid
        """As the reports have it, once one was logged: hooks may change it."""
        self.snapshot = -1
        """Which of its payloads was taken in last."""
        self.was_logged = False
        # One string for all attempts: those that came from workers have each their own.
        self.worker = None if worker is None else sys.intern(str(worker))
        self.number = number
        self.outcome: Outcome | None = None
        self.uses: tuple[Use, ...] = ()
        """In the order of first use."""
        self.reported: list[ReportedSession] = []
        """For its reports: one list for all of them, as each is kept until the end of the run. Whoever finds it there
        may change it, so nobody here reads it."""
        self.properties: tuple[list[tuple[str, object]], ...] = ()
        """The `user_properties` of its reports."""
        self.creation_failures: Sequence[CreationFailure] = ()
        self.commands: Sequence[CommandPayload] = ()
        """The last ones before its first failure."""
        self.failed_at: float | None = None
        """When the last of them was answered."""
        self.failure = ""
        """The message of its first failure, such as that of the assertion, without secrets."""

    @property
    def test(self) -> str:
        """Of which test item it is: the same for all its attempts. Two items may have one node id."""
        return self.id.rpartition(".")[0]

    @property
    def has_a_failure(self) -> bool:
        """Whether a phase of it failed, be it as expected or to be run again."""
        return self.outcome in _OUTCOMES_AFTER_A_FAILURE

    @property
    def sessions(self) -> list[TrackedSession]:
        """The sessions it used, in the order of first use."""
        return [use.tracked for use in self.uses]

    def use_of(self, tracked: TrackedSession) -> Use:
        """Return its use of one of its sessions."""
        return next(use for use in self.uses if use.tracked is tracked)

    def merge_uses(self, uses: Iterable[tuple[TrackedSession, float, float]]) -> None:
        """Take in uses, each with the times of its first and last command; of those that are known, what came since."""
        known = {use.tracked.id: use for use in self.uses}
        new = []
        for tracked, first_at, last_at in uses:
            use = known.get(tracked.id)
            if use is None:
                use = known[tracked.id] = Use(self, tracked, first_at, last_at)
                new.append(use)
                # To append one would take room for four.
                self.reported += (tracked.public,)
                tracked.uses += (use,)
            else:
                use.first_at, use.last_at = first_at, last_at
        self.uses += tuple(new)

    def log(self, report: pytest.TestReport) -> None:
        """Take in that one of its reports was logged, and under which name: rows of tests have that of the call."""
        if report.when != "teardown" or not self.was_logged:
            self.nodeid = report.nodeid
        self.was_logged = True

    def detach(self, properties: list[tuple[str, object]]) -> None:
        """One of its reports was logged again, as that of a later attempt."""
        self.properties = tuple(own for own in self.properties if own is not properties)

    def record_outcome(self, outcome: Outcome | None) -> None:
        self.outcome = outcome
        if outcome in FAILED_OUTCOMES:
            for tracked in self.sessions:
                tracked.was_in_a_failure = True

    def disagrees_with(self, tracked: TrackedSession) -> bool:
        """Return whether the cloud's verdict on the session contradicts pytest's outcome of this attempt."""
        verdict = verdict_of(tracked.public["status"])
        if verdict == "passed":
            return self.outcome in FAILED_OUTCOMES
        if verdict == "failed" and self.outcome == "passed":
            # On a shared session another test's failure explains the verdict.
            return not tracked.was_in_a_failure
        return False


class Registry:
    """All sessions of the run, in the order in which they were met."""

    def __init__(self, dashboard_template: str | None = None, *, checked: bool = True) -> None:
        self.sessions: dict[str, TrackedSession] = {}
        self.unasked: dict[str, TrackedSession] = {}
        """Those of which the cloud has said nothing yet."""
        self.attempts: dict[str, AttemptRecord] = {}
        """By the attempt's id."""
        self._stand_ins: dict[str, TrackedSession] = {}
        self.ignored_hubs: set[str] = set()
        """Hosts of remote sessions that were left alone."""
        self._outside: dict[str | None, list[CreationFailure]] = {}
        self._template = dashboard_template
        self._checked = checked

    def clear(self) -> None:
        """Forget all, link by link: to find what links to itself takes Python's collector long at the end of a run."""
        for tracked in self.sessions.values():
            tracked.uses.clear()
        for attempt in self.attempts.values():
            attempt.uses = ()
        for known in (self.sessions, self.unasked, self._stand_ins, self.attempts):
            known.clear()

    @property
    def creation_failures(self) -> list[CreationFailure]:
        """Sessions that hubs did not create, outside of tests."""
        return [failure for failures in self._outside.values() for failure in failures]

    def find(self, session_id: str) -> TrackedSession | None:
        """Return a session by its id, or by what stood for that."""
        return self.sessions.get(session_id) or self._stand_ins.get(session_id)

    def find_all(self, session_ids: Iterable[str]) -> list[TrackedSession]:
        """Return those of these sessions that are known, each once."""
        return list(dict.fromkeys(found for found in map(self.find, session_ids) if found is not None))

    def merge(self, sessions: Iterable[SessionPayload]) -> list[TrackedSession]:
        """Take in what a process knows of sessions. Merging the same twice changes nothing."""
        return [self._merge_session(session) for session in sessions]

    def merge_attempt(self, payload: Payload, nodeid: str, worker: str | None) -> AttemptRecord | None:
        """Take in a report's payload, once; None if the attempt used nothing."""
        attempt = self.attempts.get(payload["attempt"])
        if attempt is not None and payload["snapshot"] <= attempt.snapshot:
            return attempt
        self.merge(payload["sessions"])
        if attempt is None:
            if not (payload["uses"] or payload["creation_failures"]):
                return None
            attempt = self._begin(payload["attempt"], payload["test"], payload["number"], nodeid, worker)
        attempt.snapshot = payload["snapshot"]
        attempt.creation_failures = payload["creation_failures"] or ()
        if payload.get("commands") and not attempt.commands:
            attempt.commands = payload["commands"]
            attempt.failed_at = max(use["last_at"] for use in payload["uses"])
        uses = [(self.find(use["id"]), use["first_at"], use["last_at"]) for use in payload["uses"]]
        attempt.merge_uses((tracked, first_at, last_at) for tracked, first_at, last_at in uses if tracked is not None)
        return attempt

    def merge_unreported(self, unreported: Unreported, worker: str | None) -> None:
        """Take in what a process knew when its tests were over: also attempts of which no report was logged."""
        self.merge(unreported["sessions"])
        self._outside[worker] = unreported["creation_failures"]
        self.ignored_hubs.update(unreported["ignored_hubs"])
        for told in unreported["attempts"]:
            attempt = self.merge_attempt(told["payload"], told["nodeid"], worker)
            if attempt is not None and not attempt.was_logged:  # pragma: no branch - logged while it was told
                attempt.record_outcome(told["outcome"])

    def merge_lost(self, line: JournalLine, worker: str | None, note: str) -> AttemptRecord | None:
        """Take in a line of the journal of a process that died, and the attempt that opened the session.

        What reports told of an attempt is better known.
        """
        (tracked,) = self.merge([line["session"]])
        self.note(tracked.id, note)
        if line["nodeid"] is None:
            return None
        attempt = self.attempts.get(line["attempt"])
        if attempt is None:
            attempt = self._begin(line["attempt"], line["test"], line["number"], line["nodeid"], worker)
        attempt.collected_as = line["nodeid"]
        if tracked not in attempt.sessions:
            at = line["session"]["started_at"] or 0.0
            attempt.merge_uses([(tracked, at, at)])
        return attempt

    def unfinished(self, nodeid: str, worker: str) -> list[AttemptRecord]:
        """Return the attempts of a test on a worker whose outcome is not known."""
        return [
            attempt
            for attempt in self.attempts.values()
            if (attempt.collected_as, attempt.worker, attempt.outcome) == (nodeid, worker, None)
        ]

    def _begin(self, attempt_id: str, test: str, number: int, nodeid: str, worker: str | None) -> AttemptRecord:
        before = self.attempts.get(f"{test}.{number - 1}")
        if before is not None and before.was_logged and before.outcome is None:
            before.record_outcome("rerun")  # a plugin that runs tests again kept its failure to itself
        attempt = self.attempts[attempt_id] = AttemptRecord(attempt_id, nodeid, worker, number)
        return attempt

    def note(self, session_id: str, note: str) -> None:
        """Say of a session that had not ended what happened to it on this side."""
        tracked = self.sessions[session_id]
        if not tracked.ended:
            tracked.note = note
            self.record_answer(tracked, None)

    def record_answer(self, tracked: TrackedSession, answer: Polled | None) -> None:
        """Write into the public record what the cloud has said so far."""
        public = tracked.public
        tracked.was_asked_about = answer is not None
        if tracked.was_asked_about:
            self.unasked.pop(tracked.id, None)
        if answer is not None and answer["details"] is not None:
            tracked.kind = cast("Kind", sys.intern(answer["kind"]))
            public.update(cast("ReportedSession", _interned(answer["details"])))
        public["kind"] = tracked.kind
        public["state"] = self._state_of(tracked, answer)
        reasons = [tracked.note, answer["error"] if answer is not None else None]
        public["error"] = "; ".join(reason for reason in reasons if reason) or None
        if tracked.is_identified:
            if answer is not None or not public["url"]:  # which else is as it was
                public["url"] = dashboard_url(tracked.kind, tracked.id, public["test_id"], self._template)
        elif tracked.ended:
            public["error"] = "; ".join(filter(None, (tracked.note, _UNIDENTIFIED)))

    def give_up(self, tracked: TrackedSession, reason: str) -> None:
        """Say of a session why nothing more will be known of it."""
        if tracked.ended and tracked.public["status"] is None:
            tracked.public["state"] = "unavailable"
        tracked.public["error"] = "; ".join(filter(None, (tracked.note, reason)))

    def update_from(self, told: ReportedSession) -> None:
        """Take over what another process of the run was told, if it was asked."""
        tracked = self.sessions.get(told["session_id"])
        if tracked is not None and tracked.is_identified and (told["state"] == "final" or tracked.own_account):
            tracked.kind = told["kind"]
            tracked.was_asked_about = True
            self.unasked.pop(tracked.id, None)
            tracked.public.update(told)

    def _state_of(self, tracked: TrackedSession, answer: Polled | None) -> State:
        if not self._checked:
            return "unchecked"
        if answer is not None:
            return cast("State", sys.intern(answer["state"]))
        if not tracked.is_identified and tracked.ended:
            return "unavailable"
        return "pending" if tracked.ended else "running"

    def _merge_session(self, carried: SessionPayload) -> TrackedSession:
        tracked = self.find(carried["id"])
        if tracked is None:
            # One string for all sessions: those that came from workers have each their own.
            hub = sys.intern(carried["hub"])
            kind = kind_of(hub)
            tracked = TrackedSession(carried["id"], hub, kind, unknown_session(carried["id"], hub, kind))
            if "told_id" in carried:
                tracked.stand_in = tracked.id
                self._stand_ins[tracked.id] = tracked
            self.sessions[tracked.id] = self.unasked[tracked.id] = tracked
            self.record_answer(tracked, None)
        told_id = carried.get("told_id")
        if told_id is not None and told_id not in self.sessions:
            self._identify(tracked, told_id)
        if tracked.started_at is None:
            tracked.started_at = carried["started_at"]
        if tracked.ended_at is None and carried["ended_at"] is not None:
            tracked.ended_at = carried["ended_at"]
            if not tracked.was_asked_about:
                self.record_answer(tracked, None)
        tracked.was_marked_by_suite |= carried.get("marked", False)
        tracked.own_account |= carried.get("own_account", False)
        return tracked

    def _identify(self, tracked: TrackedSession, told_id: str) -> None:
        for sessions in (self.sessions, self.unasked):
            sessions[told_id] = sessions.pop(tracked.id)
        tracked.id = tracked.public["session_id"] = told_id
        self.record_answer(tracked, None)


def unknown_session(session_id: str, hub: str, kind: Kind) -> ReportedSession:
    return cast("ReportedSession", vars(_Fields(session_id, hub, kind)))


class _Fields:
    """For its `__dict__`: an exact dict as others, but it shares its keys with all of its kind.

    That makes 320 bytes of it in place of 840, for the largest thing that is kept of a session.
    """

    def __init__(self, session_id: str, hub: str, kind: Kind) -> None:
        self.session_id = session_id
        self.test_id = None
        self.hub = hub
        self.kind = kind
        self.state = "running"
        self.error = None
        self.status = None
        self.remark = None
        self.duration = None
        self.started_at = None
        self.ended_at = None
        self.name = None
        self.build_name = None
        self.browser = None
        self.browser_version = None
        self.platform = None
        self.device = None
        self.url = ""
        self.share_url = None
        self.shared_until = None
        self.video_url = None
        self.screenshot_url = None
        self.logs: dict[str, str] = {}
        self.artifacts: dict[str, str] = {}
        self.artifacts_missing: dict[str, str] = {}
        self.video_seconds = None
        self.player = None
        self.links: dict[str, str] = {}


class _Logs:
    """For its `__dict__` likewise: of all sessions of a product the same kinds of logs are kept."""

    def __init__(self, logs: dict[str, str]) -> None:
        for kind, url in logs.items():
            setattr(self, kind, url)


def _interned(details: dict[str, object]) -> dict[str, object]:
    """Keep one string for all sessions that say the same, as they do of browsers and builds."""
    for name in _REPEATED:
        if isinstance(value := details[name], str):
            details[name] = sys.intern(value)
    logs = cast("dict[str, str]", details["logs"])
    details["logs"] = vars(_Logs(logs))
    return details
