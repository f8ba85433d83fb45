"""Reruns, subtests and the ways a run ends early: each attempt keeps its own sessions and outcome."""

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
        assert len(row.raw["extras"]) == len(shown) == 1, "one attempt's session a row"
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


def test_subtests_belong_to_their_test(story: Story) -> None:
    story.tests(
        """
        import unittest

        class Pages(unittest.TestCase):
            def test_pages(self):
                with open_browser() as driver:
                    for page in ("home", "basket"):
                        with self.subTest(page):
                            driver.title
                            assert page == "home"
        """
    )
    without = story.run_without()
    run = story.run()
    assert outcomes(run) == outcomes(without)
    (record,) = run.records
    assert [(use["nodeid"], use["outcome"]) for use in record["tests"]] == [
        ("test_story.py::Pages::test_pages", "failed")
    ]


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
    without = story.run_without()
    run = story.run()
    assert outcomes(run) == outcomes(without)
    outcome = {record["tests"][0]["nodeid"].partition("::")[2]: record["tests"][0]["outcome"] for record in run.records}
    assert outcome == {"test_error": "error", "test_skip": "skipped", "test_xfail": "xfailed", "test_xpass": "xpassed"}
    assert run.row("test_error::teardown").status == "completed"


@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_a_run_that_stops_early_reports_what_it_had(story: Story, option: str) -> None:
    story.tests(
        """
        def test_red():
            with open_browser() as driver:
                driver.title
                assert 0

        def test_never():
            open_browser()
        """
    )
    run = story.run(option)
    assert outcomes(run)["failed"] == 1
    assert list(run.tests_by_session().values()) == [["test_red"]]
    assert run.records[0]["state"] == "final"


def test_last_failed_runs_bring_their_own_sessions(story: Story) -> None:
    story.tests(
        """
        def test_green():
            open_browser().quit()

        def test_red():
            open_browser().quit()
            assert 0
        """
    )
    story.run()
    run = story.run("--lf")
    assert list(run.tests_by_session().values()) == [["test_red"]]


def test_names_of_parameters_may_be_anything(story: Story) -> None:
    story.tests(
        """
        @pytest.mark.parametrize("value", ["<b>&\\"'", "a b", "\\x1b[31m", "ünï", "x" * 300, "a::b"])
        def test_value(value):
            with open_browser() as driver:
                driver.title
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 6}
    assert len(run.records) == 6
    assert {len(record["tests"]) for record in run.records} == {1}
    assert "<b>" not in run.html.partition('<section class="lt-sessions"')[2].partition("</section>")[0]
