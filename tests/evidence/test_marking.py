"""`lambdatest_mark_status`: pytest's outcome goes to the sessions, and what the suite marked is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from selenium import webdriver

from made_up_runs import MadeUpRun
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.marking import Marks
from pytest_lambdatest_session.sidecar.messages import STILL_RUNNING
from stories import outcomes

if TYPE_CHECKING:
    from stories import Run, Story

SUITE = """
@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    driver.quit()

@pytest.fixture(scope="module")
def shared():
    driver = open_browser()
    yield driver
    driver.quit()

@pytest.fixture
def down(driver):
    raise RuntimeError("the login page is down")

@pytest.fixture
def elsewhere(driver):
    pytest.skip("not in this country")

def test_passes(driver):
    driver.title

def test_fails(driver):
    assert driver.title == "35.80", "the total is wrong\\nand more"

def test_skips(driver):
    pytest.skip("not on this browser")

def test_skips_early(driver, elsewhere):
    pass

def test_errors(driver, down):
    pass

@pytest.mark.xfail(reason="known")
def test_expected(driver):
    assert not driver.session_id

def test_shared_one(shared):
    assert shared.title == "?", "first"

def test_shared_two(shared):
    shared.title

def test_marked_by_the_suite(driver):
    driver.execute_script("lambda-status=passed")
    assert 0

def test_named_by_the_suite(driver):
    driver.execute_script("lambda-name=checkout")
"""


def marks(story: Story, run: Run) -> dict[str, list[tuple[str, str, str]]]:
    """`{first test: [(status, reason, who), ...]}` as the cloud has them."""
    sessions = story.grid.sessions
    return {
        tests[0]: [(mark.status, mark.reason, mark.source) for mark in sessions[session_id].marks]
        for session_id, tests in run.tests_by_session().items()
    }


EXPECTED = {
    "test_passes": [("passed", "", "api")],
    "test_fails": [("failed", "AssertionError: the total is wrong", "api")],
    "test_skips": [("skipped", "Skipped: not on this browser", "api")],
    "test_skips_early": [("skipped", "Skipped: not in this country", "api")],
    "test_errors": [("error", "RuntimeError: the login page is down", "api")],
    "test_shared_one": [("failed", "test_story.py::test_shared_one: AssertionError: first", "api")],
    "test_marked_by_the_suite": [("passed", "", "hook")],
    "test_named_by_the_suite": [("passed", "", "api")],
}


@pytest.mark.parametrize("knows", ["environment", "workers only"])
def test_each_session_is_marked_with_what_its_tests_came_to(story: Story, knows: str) -> None:
    """By whoever has the credentials: with xdist the controller, or the worker that opened the session."""
    if knows == "environment":
        story.set_environment(LT_USERNAME=story.grid.username, LT_ACCESS_KEY=story.grid.access_key)
    story.tests(SUITE)
    run = story.run("--lambdatest-mark-status=on", "-n2", "--dist=loadfile")
    found = marks(story, run)
    assert [mark[0] for mark in found.pop("test_expected")] == ["passed"]
    assert found == EXPECTED
    fails = next(record for record in run.records if record["tests"][0]["nodeid"].endswith("test_fails"))
    assert (fails["status"], fails["remark"]) == ("failed", "AssertionError: the total is wrong")
    assert run.row("test_fails").status == "failed"
    assert run.row("test_marked_by_the_suite").status == "passed disagrees"
    assert "not marked" not in run.output


def test_overwrite_writes_over_the_suites_own_mark(story: Story) -> None:
    story.tests(SUITE)
    run = story.run("--lambdatest-mark-status=overwrite", "-k", "marked")
    assert marks(story, run)["test_marked_by_the_suite"] == [
        ("passed", "", "hook"),
        ("failed", "assert 0", "api"),
    ]


def test_what_is_written_is_pytests_own_and_harmless_and_only_where_nobody_else_wrote(story: Story) -> None:
    """One session was marked past our capture, as a suite's own call of the API does; one was used by no test."""
    story.tests(
        """
        import requests

        open_browser(name="of no test").quit()

        def test_marks_by_the_api():
            with open_browser() as driver:
                url = f"{os.environ['LT_API_BASE_URL']}/sessions/{driver.session_id}"
                driver.title
            requests.patch(url, json={"status_ind": "ignored"}, auth=("local_user", "local_key"), timeout=30)
            assert 0

        def test_leaks():
            with open_browser() as driver:
                driver.title
                assert False, "no answer from " + os.environ["STORY_HUB"] + chr(27) + "[31m" + "x" * 999
        """
    )
    run = story.run("--lambdatest-mark-status=on")
    (unused,) = [record for record in run.records if not record["tests"]]
    assert story.grid.sessions[unused["session_id"]].marks == ()
    by_test = {record["tests"][0]["nodeid"].partition("::")[2]: record for record in run.records if record["tests"]}
    marked = {name: story.grid.sessions[record["session_id"]].marks for name, record in by_test.items()}
    assert [(mark.status, mark.source) for mark in marked["test_marks_by_the_api"]] == [("ignored", "api")]
    (mark,) = marked["test_leaks"]
    assert mark.reason.startswith("AssertionError: no answer from http://***@127.0.0.1:")
    assert "\x1b" not in mark.reason
    assert len(mark.reason) == 250
    assert "not marked" not in run.output


def test_a_session_is_marked_once_the_cloud_knows_that_it_ended(story: Story) -> None:
    story.grid.set_fault("not_found", times=1)
    story.grid.ready_after = 3
    story.tests(
        """
        def test_sells():
            with open_browser() as driver:
                driver.title
        """
    )
    run = story.run("--lambdatest-mark-status=on", "--lambdatest-fetch=off", "--lambdatest-budget=30")
    assert marks(story, run) == {"test_sells": [("passed", "", "api")]}
    assert "not marked" not in run.output
    (record,) = run.records
    assert (record["state"], record["status"]) == ("unchecked", None), "what is written is not taken for an answer"


def test_an_app_session_on_a_web_hub_is_marked_in_its_own_apis_words(
    story: Story,
) -> None:
    """Which documents none for an error, and none for a skipped test."""
    story.tests(
        """
        @pytest.fixture
        def phone():
            driver = open_browser(isRealMobile=True, deviceName="Pixel 8", app="lt://APP1")
            yield driver
            driver.quit()

        @pytest.fixture
        def down(phone):
            raise RuntimeError("the login page is down")

        def test_errors(down):
            pass

        def test_skips(phone):
            pytest.skip("not on this device")
        """
    )
    run = story.run("--lambdatest-mark-status=on")
    assert marks(story, run) == {
        "test_errors": [("failed", "RuntimeError: the login page is down", "api")],
        "test_skips": [],
    }
    assert "not marked" not in run.output


def test_without_credentials_nothing_is_written_and_the_reason_is_said(story: Story) -> None:
    """A driver attached to a session that somebody else opened needs none."""
    options = webdriver.ChromeOptions()
    opened = requests.post(
        f"{story.grid.hub_url}/session",
        json={"capabilities": {"alwaysMatch": options.to_capabilities()}},
        timeout=30,
    )
    story.tests(
        f"""
        class Attached(webdriver.Remote):
            def start_session(self, capabilities):
                self.session_id = "{opened.json()["value"]["sessionId"]}"
                self.caps = {{}}

        def test_it():
            with Attached("{story.grid.hub_url_plain}", options=webdriver.ChromeOptions()) as driver:
                driver.title
        """
    )
    run = story.run("--lambdatest-mark-status=on")
    assert "! 1 session not marked: no credentials: set LT_USERNAME and LT_ACCESS_KEY" in run.output
    assert story.grid.api_requests == []


def test_a_rerun_in_the_same_session_counts_by_its_last_attempt(story: Story) -> None:
    story.tests(
        """
        ATTEMPTS = []

        @pytest.fixture(scope="module")
        def shared():
            driver = open_browser()
            yield driver
            driver.quit()

        def test_flaky(shared):
            shared.title
            ATTEMPTS.append(1)
            assert len(ATTEMPTS) == 2

        def test_flaky_with_a_browser_each():
            ATTEMPTS.append(1)
            with open_browser() as driver:
                driver.title
                assert len(ATTEMPTS) == 4, "too early"
        """
    )
    run = story.run("--lambdatest-mark-status=on", "--reruns=1", "-p", "no:flaky")
    assert outcomes(run)["rerun"] == 2
    found = [mark for session in story.grid.sessions.values() for mark in session.marks]
    assert [(mark.status, mark.reason) for mark in found] == [
        ("passed", ""),
        ("failed", "AssertionError: too early"),
        ("passed", ""),
    ]
    assert len(run.records) == 3


@pytest.mark.parametrize("fault", ["hang", "unauthorized"])
def test_a_write_that_fails_is_one_line_and_costs_no_more_than_the_budget(story: Story, fault: str) -> None:
    story.grid.set_fault(fault)
    story.tests(SUITE)
    run = story.run("--lambdatest-mark-status=on", "--lambdatest-budget=2", "--lambdatest-timeout=300")
    assert outcomes(run) == {"passed": 3, "failed": 3, "skipped": 2, "errors": 1, "xfailed": 1}
    (line,) = [line for line in run.output.splitlines() if "not marked" in line]
    assert line.startswith("! 8 sessions not marked: ")
    assert {"hang": "lambdatest_budget", "unauthorized": "401 from"}[fault] in line


def test_a_session_that_still_runs_at_lambdatest_gets_a_hint() -> None:
    run, problems = MadeUpRun(), Problems()
    run.attempt("test_x.py::test", "passed", "s1")
    marks = Marks(run.registry, problems, lambda text, limit: text[:limit], 1.0, overwrite=False)
    assert marks.verdicts_on(run.registry.sessions["s1"]) is not None
    marks.take({"type": "marked", "session_id": "s1", "written": None, "failure": STILL_RUNNING})
    marks.bind(None)
    assert list(problems) == [
        ("1 session not marked: LambdaTest still lists it as running; raise lambdatest_budget (1 s)", 1)
    ]
