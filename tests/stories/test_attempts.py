"""Reruns and the ways a test ends: each attempt keeps its own sessions and outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stories import outcomes

if TYPE_CHECKING:
    from stories import Story

FLAKY = """
ATTEMPTS = []

@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    driver.quit()

def test_flaky(driver):
    driver.title
    ATTEMPTS.append(1)
    assert len(ATTEMPTS) == 3
"""


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["plain", "xdist"])
def test_every_attempt_keeps_its_own_session_on_its_own_row(story: Story, workers: tuple[str, ...]) -> None:
    story.tests(FLAKY)
    run = story.run("--reruns=2", *workers)
    assert outcomes(run)["passed"] == 1
    assert outcomes(run)["rerun"] == 2
    assert set(run.tests_by_session()) == set(story.grid.sessions)
    by_attempt = {record["tests"][0]["attempt"]: record for record in run.records}
    assert [by_attempt[number]["tests"][0]["outcome"] for number in (1, 2, 3)] == ["rerun", "rerun", "passed"]
    assert all(len(record["tests"]) == 1 and record["state"] == "final" for record in run.records)
    ids = {by_attempt[number]["session_id"] for number in (1, 2, 3)}
    for row in run.rows:
        shown = [id_ for id_ in ids if id_ in row.details]
        assert len(shown) == 1, "one attempt's session a row"
        assert row.links["session"] == by_attempt[_attempt_of(shown[0], by_attempt)]["url"]
    (passed,) = [row for row in run.rows if row.result == "Passed"]
    assert "attempt 3" in passed.details
    testcases = run.properties["test_flaky"]
    # Before 16.7 pytest-rerunfailures logged no teardown of an attempt that is run again: the XML has the last one.
    numbers = (1, 2, 3) if len(testcases) > 1 else (3,)
    shown_by_testcases = {properties["lambdatest_session_id"] for properties in testcases}
    assert shown_by_testcases == {by_attempt[number]["session_id"] for number in numbers}


def _attempt_of(session_id: str, by_attempt: dict[int, dict[str, object]]) -> int:
    return next(number for number, record in by_attempt.items() if record["session_id"] == session_id)


def test_flaky_hides_reports_but_no_session(story: Story) -> None:
    pytest.importorskip("flaky", reason="the flaky plugin is an optional companion")
    story.tests("from flaky import flaky\n" + FLAKY.replace("def test_flaky", "@flaky(max_runs=3)\ndef test_flaky"))
    story.use("flaky")
    run = story.run()
    assert outcomes(run)["passed"] == 1
    assert set(run.tests_by_session()) == set(story.grid.sessions)
    assert sorted(record["tests"][0]["attempt"] for record in run.records) == [1, 2, 3]


def test_a_failing_teardown_is_an_error_and_a_skip_a_skip(story: Story) -> None:
    story.tests(
        """
        @pytest.fixture
        def broken():
            driver = open_browser()
            yield driver
            driver.quit()
            raise RuntimeError("the report could not be sent")

        def test_error(broken):
            broken.title

        def test_skip():
            with open_browser() as driver:
                driver.title
                pytest.skip("not on this browser")

        @pytest.mark.xfail
        def test_xfail():
            with open_browser() as driver:
                assert driver.title == "another"

        @pytest.mark.xfail
        def test_xpass():
            with open_browser() as driver:
                driver.title
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 1, "errors": 1, "skipped": 1, "xfailed": 1, "xpassed": 1}
    outcome = {record["tests"][0]["nodeid"].partition("::")[2]: record["tests"][0]["outcome"] for record in run.records}
    assert outcome == {"test_error": "error", "test_skip": "skipped", "test_xfail": "xfailed", "test_xpass": "xpassed"}
    assert run.row("test_error::teardown").status == "completed"
