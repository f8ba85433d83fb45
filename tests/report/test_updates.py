"""What of the run's sessions is asked for, and how often."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from stories import outcomes

if TYPE_CHECKING:
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


@pytest.mark.parametrize("fetch", ["background", "teardown"])
@pytest.mark.parametrize("workers", [(), ("-n2", "--dist=loadfile")], ids=["alone", "xdist"])
def test_a_session_whose_answer_is_final_is_not_asked_about_again(
    story: Story, fetch: str, workers: tuple[str, ...]
) -> None:
    story.tests(SUITE)
    run = story.run(f"--lambdatest-fetch={fetch}", *workers)
    assert outcomes(run)["passed"] == 5
    assert {record["state"] for record in run.records} == {"final"}
    assert set(Counter(request.session_id for request in story.grid.api_requests).values()) == {1}
    assert len(story.grid.api_requests) == 3


def test_an_api_that_does_not_answer_is_waited_for_once_in_teardowns(story: Story) -> None:
    """A dead one costs one timeout, not one for each test."""
    story.grid.fault = "hang"
    story.tests("""
@pytest.mark.parametrize("n", range(8))
def test_n(n):
    with open_browser() as driver:
        driver.title
""")
    run = story.run(
        *("--lambdatest-fetch=teardown", "--lambdatest-timeout=2", "--lambdatest-budget=0"), "--durations=0"
    )
    assert outcomes(run) == {"passed": 8}
    teardowns = [line.split() for line in run.output.splitlines() if " teardown " in line]
    assert [float(words[0].rstrip("s")) >= 1.9 for words in teardowns].count(True) == 1
