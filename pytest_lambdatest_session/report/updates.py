"""Brings the run's sessions up to date with LambdaTest: what the sidecar is asked for, and what becomes of its results.

Belongs to the main thread. Between tests it hands on what there is to do and takes what has come; only at the end of
the run, or where `lambdatest_fetch = teardown` wants it, does it wait.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_lambdatest_session.capture.untouched import untouched
from pytest_lambdatest_session.cloud.endpoints import api_base_url
from pytest_lambdatest_session.report.clips import Clips
from pytest_lambdatest_session.report.formatting import pluralize
from pytest_lambdatest_session.report.marking import Marks
from pytest_lambdatest_session.report.saved_files import SavedFiles
from pytest_lambdatest_session.report.sharing import Shares
from pytest_lambdatest_session.report.waiting import saving_text, waiting_line, waiting_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import pytest

    from pytest_lambdatest_session.config import Settings
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.asked import Asked
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry, TrackedSession
    from pytest_lambdatest_session.sidecar.client import Sidecar
    from pytest_lambdatest_session.sidecar.messages import Mark, Poll, Polled, SessionRequest

_TICK_SECONDS = 1.0
_FLUSH_SECONDS = 0.05
# The sidecar keeps the time by itself, and its last results need a moment.
_GRACE_SECONDS = 0.5
_INTERRUPTED = {
    True: "interrupted while waiting for sessions; what was known by then is reported",
    False: "interrupted before all sessions were marked",
}
"""By whether sessions are polled."""
_SILENT = "the process that asks LambdaTest did not answer within lambdatest_budget"


class Updates:
    """`is_ours` says whether a session is this process's business, or that of another one of an xdist run.

    `polls_all` where each test waits for its answers: then a worker polls what is not its own as well, and leaves the
    rest of the work to the controller.
    """

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        registry: Registry,
        sidecar: Sidecar,
        problems: Problems,
        *,
        credentials_of: Callable[[str], Credentials | None],
        clean: Callable[[str, int], str],
        artifacts_folder: Callable[[], Path],
        is_ours: Callable[[TrackedSession], bool] = lambda _: True,
        polls_all: bool = False,
        makes_clips: bool = True,
    ) -> None:
        self._config = config
        self._settings = settings
        self._registry = registry
        self._sidecar = sidecar
        self._problems = problems
        self._credentials_of = credentials_of
        self._is_ours: Callable[[TrackedSession], bool] = lambda tracked: tracked.is_identified and is_ours(tracked)
        self._polls_all = polls_all
        self._marks = Marks(
            registry, problems, clean, settings.budget_seconds, overwrite=settings.mark_status == "overwrite"
        )
        self._shares = Shares(registry, problems, settings.share_days or 0, settings.api_url)
        self._files = SavedFiles(registry, problems, artifacts_folder)
        self._clips = Clips(registry, problems, artifacts_folder, wanted=makes_clips and settings.clips == "failed")
        self._makes_clips = makes_clips
        self._asked: dict[str, Asked] = {
            "marked": self._marks,
            "shared": self._shares,
            "downloaded": self._files,
            "clipped": self._clips,
        }
        """By the type of their results."""
        self._to_look_at: list[str] = []
        self._flush_at = 0.0
        self._polled: set[str] = set()
        """Sessions that the sidecar polls."""
        self._errors: dict[str, str] = {}
        """By session, why its state is not final."""
        self._explained: set[tuple[str, str]] = set()
        """Sessions, each with a reason that was said of it."""
        self._unanswered_apis: set[str] = set()
        """APIs that did not answer a teardown within a whole timeout."""
        self._until = 0.0
        self._save_until = 0.0

    def look_at(self, session_ids: Iterable[str]) -> None:
        """Note sessions of which a report has news, for the next `flush`."""
        self._to_look_at += session_ids

    def record_outcome(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        """Note how an attempt went so far, for marking."""
        if self._settings.mark_status != "off":
            self._marks.record_outcome(report, attempt)

    def flush(self) -> None:
        """Hand on what there is to do, and take what has come; nothing is waited for.

        Of tests that take milliseconds, for several at once.
        """
        now = untouched.monotonic()
        if now < self._flush_at:
            return
        self._flush_at = now + _FLUSH_SECONDS
        if self._settings.fetch != "off":
            self._poll(tracked for tracked in self._registry.find_all(self._to_look_at) if tracked.ended)
        self._to_look_at.clear()
        self._mark(self._marks.ready())
        self._receive()

    def fetch_now(self, tracked: TrackedSession) -> None:
        """Wait for one session's answer, for the time of one request.

        An API that did not answer within a whole timeout is not waited for again until it answers: a dead one costs one
        timeout, not one for each test.
        """
        self._poll([tracked])
        base_url = self._base_url(tracked)
        if tracked.id not in self._polled or base_url in self._unanswered_apis:
            self._receive()
            return
        self._wait(self._settings.timeout_seconds, lambda: int(tracked.id in self._polled), None)
        if tracked.id in self._polled and not tracked.was_asked_about:
            self._unanswered_apis.add(base_url)

    def finish(self, *, interrupted: bool) -> None:
        """Bring everything up to date, within the budget; wait for nothing once somebody pressed Ctrl-C.

        Called again if the suite ended sessions after that; the budget is one for all calls.
        """
        self._to_look_at.clear()
        if interrupted:
            self._receive()
        else:
            interrupted = self._problems.survive(self._poll_and_mark, _INTERRUPTED[self._settings.fetch != "off"])
        self._explain(interrupted=interrupted)
        self._marks.bind(self._sidecar.failure)
        if self._settings.share_days is not None and not interrupted:
            interrupted = self._problems.survive(self._share, "interrupted while links to share were made")
        self._shares.bind(self._sidecar.failure)
        saves = self._settings.artifacts != "off" or (self._settings.clips != "off" and self._clips.can_be_made)
        self._save_until = untouched.monotonic() + self._settings.artifacts_budget_seconds
        if saves and not interrupted:
            interrupted = self._problems.survive(
                self._save, "interrupted while artifacts were saved; what was whole by then is reported"
            )
        self._files.bind(self._sidecar.failure)
        if saves and self._makes_clips and not interrupted:
            self._problems.survive(self._cut, "interrupted while clips were cut; what was whole by then is reported")
        self._clips.bind(self._sidecar.failure)

    # What is asked for

    def _poll_and_mark(self) -> None:
        self._until = self._until or untouched.monotonic() + self._settings.budget_seconds
        if self._settings.fetch != "off":
            self._poll(self._registry.sessions.values())
        if self._settings.mark_status != "off":
            # The tests are over, also those whose last report was never logged.
            self._mark(self._registry.sessions.values())
        self._wait_for(lambda: len(self._polled) + self._marks.waiting, waiting_text)

    def _share(self) -> None:
        for tracked, request in self._shares.wanted(
            lambda tracked: self._is_ours(tracked) and self._credentials_of(tracked.id) is not None
        ):
            self._sidecar.send({"type": "share", **self._about(tracked), **request})
        self._wait_for(lambda: self._shares.waiting, waiting_text)

    def _save(self) -> None:
        self._sidecar.send({"type": "limits", "megabytes": self._settings.artifacts_limit_megabytes})
        artifacts = self._settings.artifacts
        for tracked, request in self._files.wanted(
            self._is_ours, of_all=artifacts == "all", only_video=artifacts == "off"
        ):
            self._sidecar.send({"type": "download", **self._about(tracked), **request})
        self._wait_for(lambda: self._files.waiting, saving_text, self._save_until)

    def _cut(self) -> None:
        seconds = self._save_until - untouched.monotonic()
        if seconds > 0 and self._clips.can_be_made:
            for request in self._clips.wanted(keep_videos=self._settings.artifacts != "off"):
                self._sidecar.send({"type": "cut", **request, "seconds": seconds})
            self._wait_for(lambda: self._clips.waiting, saving_text, self._save_until)

    def _poll(self, tracked_sessions: Iterable[TrackedSession]) -> None:
        """Have sessions polled that are not yet, by one message: each wakes the sidecar."""
        to_poll = [tracked for tracked in tracked_sessions if self._is_to_poll(tracked)]
        self._polled.update(tracked.id for tracked in to_poll)
        requests: list[Poll] = [
            {"type": "poll", **self._about(tracked), "ended_at": tracked.ended_at} for tracked in to_poll
        ]
        self._sidecar.send(*requests)

    def _is_to_poll(self, tracked: TrackedSession) -> bool:
        if tracked.id in self._polled or is_final(tracked):
            return False
        return self._is_ours(tracked) or (self._polls_all and tracked.is_identified)

    def _mark(self, tracked_sessions: Iterable[TrackedSession]) -> None:
        ours = filter(self._is_ours, tracked_sessions)
        requests: list[Mark] = [
            {
                "type": "mark",
                **self._about(tracked),
                "verdicts": verdicts,
                "overwrite": self._settings.mark_status == "overwrite",
                "ended_at": tracked.ended_at,
            }
            for tracked in ours
            if (verdicts := self._marks.verdicts_on(tracked)) is not None
        ]
        self._sidecar.send(*requests)

    def _about(self, tracked: TrackedSession) -> SessionRequest:
        credentials = self._credentials_of(tracked.id)
        return {
            "session_id": tracked.id,
            "base_url": self._base_url(tracked),
            "kind": tracked.kind,
            "account": None if credentials is None else credentials.account,
            "rank": 0 if tracked.was_in_a_failure else 1,
        }

    def _base_url(self, tracked: TrackedSession) -> str:
        return api_base_url(tracked.hub, tracked.kind, self._settings.api_url)

    # Waiting, and what has come

    def _wait_for(self, count: Callable[[], int], text: Callable[[int, int], str], until: float | None = None) -> None:
        """Wait until nothing of what is counted is left, or until the time is over that the sidecar is given."""
        self._receive()
        seconds = (self._until if until is None else until) - untouched.monotonic()
        if not count() or seconds <= 0:
            return
        self._sidecar.send({"type": "finish", "seconds": seconds})
        with waiting_line(self._config, self._problems, text) as on_wait:
            self._wait(seconds + _GRACE_SECONDS, count, on_wait)

    def _wait(self, seconds: float, count: Callable[[], int], on_wait: Callable[[int, float], None] | None) -> None:
        now = untouched.monotonic()
        until, tick_at = now + seconds, now + _TICK_SECONDS
        while self._sidecar.failure is None and now < until and (left := count()):
            if now >= tick_at:
                tick_at = now + _TICK_SECONDS
                if on_wait is not None:
                    on_wait(left, max(0.0, until - _GRACE_SECONDS - now))
            self._sidecar.wait(min(until, tick_at) - now)
            self._receive()
            now = untouched.monotonic()

    def _receive(self) -> None:
        for result in self._sidecar.receive():
            with self._problems.guard():
                self._take(result)

    def _take(self, result: Any) -> None:
        if result["type"] == "polled":
            self._take_answer(result)
        elif result["type"] in self._asked:
            self._asked[result["type"]].take(result)
        else:
            self._problems.add(f"pytest-lambdatest-session failed inside ({result['text']}); please report this")

    def _take_answer(self, answer: Polled) -> None:
        tracked = self._registry.sessions[answer["session_id"]]
        self._registry.record_answer(tracked, answer)
        if answer["details"] is not None:
            self._unanswered_apis.discard(self._base_url(tracked))
        if answer["done"]:
            self._polled.discard(tracked.id)
        if answer["error"] is None:
            self._errors.pop(tracked.id, None)
        else:
            self._errors[tracked.id] = answer["error"]

    def _explain(self, *, interrupted: bool) -> None:
        """Say of sessions without an answer why there is none, and each reason once."""
        failure = self._sidecar.failure
        if failure is None and not interrupted and self._polled and self._settings.budget_seconds > 0:
            failure = _SILENT
        if failure is not None:
            for session_id in self._polled:
                tracked = self._registry.sessions[session_id]
                if not is_final(tracked):  # pragma: no branch - a worker told it meanwhile
                    self._registry.give_up(tracked, failure)
                    self._errors[session_id] = failure
        if self._settings.budget_seconds > 0 and not interrupted:
            for tracked in self._registry.sessions.values():
                if tracked.public["state"] == "pending" and self._is_ours(tracked):
                    self._errors.setdefault(
                        tracked.id,
                        "LambdaTest had no final answer in time; "
                        f"raise lambdatest_budget ({self._settings.budget_seconds:g} s)",
                    )
        for message, count in Counter(message for _, message in self._errors.items() - self._explained).items():
            self._problems.add(f"{message} ({pluralize(count, 'session')})")
        self._explained |= self._errors.items()
        self._errors.clear()
        if self._sidecar.unreadable:
            lines = pluralize(self._sidecar.unreadable, "line")
            self._problems.add(f"the process that asks LambdaTest sent {lines} that made no sense")
            self._sidecar.unreadable = 0


def is_final(tracked: TrackedSession) -> bool:
    """Return whether all is known of a session, here or by what another process of the run told."""
    return tracked.was_asked_about and tracked.public["state"] == "final"
