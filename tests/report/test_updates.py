"""What of the run's sessions is asked for, and how often."""

from __future__ import annotations

from collections import Counter
from threading import Event
from typing import TYPE_CHECKING, Any, cast

import pytest

from made_up_runs import MadeUpRun
from pytest_lambdatest_session.config import read_settings
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.sharing import Shares
from pytest_lambdatest_session.report.updates import Updates
from stories import outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from stories import Story

SUITE = """
@pytest.fixture(scope="module")
def shared():
    with open_browser() as driver:
        yield driver

def test_own():
    with open_browser() as driver:
        driver.title

def test_shared_one(shared):
    shared.title

def test_shared_two(shared):
    shared.title

def test_quits(shared):
    shared.quit()

def test_after():
    with open_browser() as driver:
        driver.title
"""


@pytest.mark.parametrize(
    ("fetch", "workers"),
    [("background", ()), ("teardown", ("-n2", "--dist=loadfile"))],
    ids=["alone", "xdist"],
)
def test_a_session_whose_answer_is_final_is_not_asked_about_again(
    story: Story, fetch: str, workers: tuple[str, ...]
) -> None:
    story.grid.ready_after = 0  # else the end of the run may ask too early
    story.tests(SUITE)
    run = story.run(f"--lambdatest-fetch={fetch}", *workers)
    assert outcomes(run)["passed"] == 5
    assert {record["state"] for record in run.records} == {"final"}
    assert set(Counter(request.session_id for request in story.grid.api_requests).values()) == {1}
    assert len(story.grid.api_requests) == 3


class Silent:
    """A sidecar that never answers, and keeps how long it was waited for at a time."""

    failure = None
    unreadable = 0

    def __init__(self) -> None:
        self.waits: list[float] = []

    def send(self, *_: Any) -> None:
        """Take it, and do nothing."""

    def receive(self) -> list[dict[str, Any]]:
        return []

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        Event().wait(seconds)


def test_a_wait_that_nobody_watches_sleeps_all_the_same(tmp_path: Path) -> None:
    run, sidecar = MadeUpRun(), Silent()
    run.attempt("test_shop.py::test_total", "passed", "a")
    updates = Updates(
        cast("Any", None),
        read_settings({"lambdatest_timeout": "1.2"}, {}, {}),
        run.registry,
        cast("Any", sidecar),
        Problems(),
        credentials_of=lambda _: None,
        clean=lambda text, _: text,
        artifacts_folder=lambda: tmp_path,
    )
    updates.fetch_now(run.registry.sessions["a"])
    assert len(sidecar.waits) <= 4, "a second, what is left of the time, and a moment that a clock may lack"


class InTrouble:
    """A sidecar whose answers tell of a fault, and hold lines of something else."""

    failure = None
    unreadable = 2

    def receive(self) -> list[dict[str, Any]]:
        return [{"type": "trouble", "text": "KeyError in step, line 7"}]


def test_faults_of_the_process_and_lines_of_others_are_said(tmp_path: Path) -> None:
    problems = Problems()
    updates = Updates(
        cast("Any", None),
        read_settings({}, {}, {}),
        MadeUpRun().registry,
        cast("Any", InTrouble()),
        problems,
        credentials_of=lambda _: None,
        clean=lambda text, _: text,
        artifacts_folder=lambda: tmp_path,
    )
    updates.finish(interrupted=True)
    assert [problem for problem, _ in problems] == [
        "pytest-lambdatest-session failed inside (KeyError in step, line 7); please report this",
        "the process that asks LambdaTest sent 2 lines that made no sense",
    ]


def test_a_link_that_is_being_made_is_not_asked_for_again() -> None:
    run = MadeUpRun()
    run.attempt("test_shop.py::test_total", "failed", "a")
    run.says("a")
    shares = Shares(run.registry, Problems(), 3, None)
    assert [tracked.id for tracked, _ in shares.wanted(lambda _: True)] == ["a"]
    assert list(shares.wanted(lambda _: True)) == []
