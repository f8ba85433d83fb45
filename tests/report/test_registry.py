"""What the run knows of its sessions, and how it learns more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from made_up_runs import HUB, MadeUpRun
from pytest_lambdatest_session.report.registry import Registry, unknown_session

if TYPE_CHECKING:
    from pytest_lambdatest_session.capture.payload import SessionPayload
    from pytest_lambdatest_session.report.journal import JournalLine
    from pytest_lambdatest_session.report.registry import TrackedSession


def test_the_end_of_a_session_that_was_asked_about_leaves_the_clouds_answer_as_it_is() -> None:
    run = MadeUpRun()
    tracked = run.unused("s1")
    run.says("s1", status="passed")
    ends(run, tracked)
    assert (tracked.ended_at, tracked.public["state"], tracked.public["status"]) == (1060.0, "final", "passed")


def test_the_end_of_one_that_was_not_is_waited_for() -> None:
    run = MadeUpRun()
    tracked = run.unused("s1")
    states = [tracked.public["state"]]
    ends(run, tracked)
    assert [*states, tracked.public["state"]] == ["running", "pending"]


def test_why_nothing_more_will_be_known_takes_nothing_from_what_is() -> None:
    run = MadeUpRun()
    tracked = run.unused("s1")
    ends(run, tracked)
    run.registry.give_up(tracked, "no answer")
    without = (tracked.public["state"], tracked.public["error"])
    run.says("s1", status="passed")
    state = tracked.public["state"]
    run.registry.give_up(tracked, "it ended")
    assert without == ("unavailable", "no answer")
    assert (tracked.public["state"], tracked.public["error"]) == (state, "it ended")


def ends(run: MadeUpRun, tracked: TrackedSession) -> None:
    session: SessionPayload = {"id": tracked.id, "hub": HUB, "started_at": 1000.0, "ended_at": 1060.0}
    run.registry.merge([session])


def test_what_a_worker_tells_of_a_session_is_taken_over_if_a_report_told_of_it() -> None:
    run = MadeUpRun()
    tracked = run.unused("s1")
    for session_id in ("s1", "s2"):
        run.registry.update_from({**unknown_session(session_id, HUB, "web"), "state": "final", "status": "passed"})
    assert list(run.registry.sessions) == ["s1"]
    assert (tracked.public["state"], tracked.public["status"]) == ("final", "passed")
    assert run.registry.unasked == {}


def test_what_a_process_left_that_died_adds_to_what_is_known() -> None:
    registry = Registry()
    session: SessionPayload = {"id": "s1", "hub": HUB, "started_at": 1000.0, "ended_at": None}
    line: JournalLine = {"session": session, "attempt": "t.1", "test": "t", "number": 1, "nodeid": "test_x.py::test"}
    attempt = registry.merge_lost(line, "gw0", "its worker died")
    session["ended_at"] = 1060.0
    assert registry.merge_lost(line, "gw0", "it died again") is attempt
    (use,) = registry.sessions["s1"].uses
    assert (use.attempt, use.tracked.ended, use.tracked.note) == (attempt, True, "its worker died")


def test_a_session_is_as_long_as_the_cloud_kept_it_and_at_least_until_its_last_answer() -> None:
    """One that idled was ended by the cloud, long before the suite quit it."""
    run = MadeUpRun()
    run.attempt("test_x.py::test", "failed", "s1", at=20)
    lag = run.says("s1", duration=30.0).video_lag
    assert lag.most == 16, "60 seconds by the run; of no use without a video's length"
    run.registry.sessions["s1"].public["video_seconds"] = 30.5
    assert run.registry.sessions["s1"].video_lag.most == 0.5
    run.says("s1", duration=5.0)
    assert run.registry.sessions["s1"].video_lag == (-10.5, 0.0, 30.5)
    run.registry.sessions["s1"].ended_at = None
    assert run.registry.sessions["s1"].video_lag == (-24.5, 0.0, 30.5)
