"""Which attempt a session belongs to, where node ids, names of reports and the reports themselves do not say."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from stories import outcomes

if TYPE_CHECKING:
    from stories import Run, Story

PLAIN_AND_XDIST = pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["plain", "xdist"])
BEFORE_PYTEST_9 = pytest.mark.skipif(pytest.version_tuple >= (9,), reason="pytest 9 has no such plugin any more")

TRIES = """
TRIES = []

@pytest.fixture
def driver():
    TRIES.append(1)
    driver = open_browser(name=f"try {len(TRIES)}")
    yield driver
    driver.quit()

def test_flaky(driver):
    driver.get(f"http://shop.local/{len(TRIES)}")
    assert len(TRIES) > 1, f"failure {len(TRIES)}"

def test_after(driver):
    driver.title
"""

FAILS_ALL_ITS_TRIES = """
def test_red(driver):
    driver.get(f"http://shop.local/{len(TRIES)}")
    assert not TRIES, f"failure {len(TRIES)}"
"""


def uses(run: Run) -> dict[str, list[tuple[str, str | None, int]]]:
    """`{session's name: [(test, outcome, attempt), ...]}`."""
    return {
        record["name"]: [(use["nodeid"].rpartition("::")[2], use["outcome"], use["attempt"]) for use in record["tests"]]
        for record in run.records
    }


def verdicts(run: Run) -> dict[str, tuple[str, str]]:
    return {record["name"]: (record["status"], record["remark"]) for record in run.records}


@PLAIN_AND_XDIST
def test_a_test_that_is_given_twice_has_two_sessions_and_outcomes(story: Story, workers: tuple[str, ...]) -> None:
    story.file(
        "conftest.py",
        """
        import browser
        import pytest

        @pytest.fixture(scope="session")
        def shared():
            with browser.open_browser(name="shared") as driver:
                yield driver
        """,
    )
    story.tests(
        """
        RUNS = []

        def test_login(shared):
            RUNS.append(shared.title)
            with open_browser(name=f"run {len(RUNS)}") as driver:
                driver.title
                assert len(RUNS) > 1
        """
    )
    file = "test_story.py"
    run = story.run("--keep-duplicates", file, file, "--lambdatest-mark-status=on", *workers)
    assert outcomes(run) == {"passed": 1, "failed": 1}
    first, second = ("test_login", "failed", 1), ("test_login", "passed", 1)
    assert uses(run) == {"shared": [first, second], "run 1": [first], "run 2": [second]}
    statuses = {name: status for name, (status, _) in verdicts(run).items()}
    assert statuses == {"shared": "failed", "run 1": "failed", "run 2": "passed"}, "one of its tests failed"


@pytest.mark.skipif(pytest.version_tuple >= (9, 2), reason="pytest 9.2 takes no notice of item._nodeid")
def test_tests_whose_ids_a_hook_makes_equal_keep_their_own_sessions(story: Story) -> None:
    story.file("conftest.py", "def pytest_itemcollected(item):\n    item._nodeid = 'Customer can log in'\n")
    story.tests(
        """
        @pytest.mark.parametrize("name", ["chrome", "firefox"])
        def test_login(name):
            with open_browser(name=name) as driver:
                assert name != driver.name
        """
    )
    run = story.run()
    assert uses(run) == {
        "chrome": [("Customer can log in", "failed", 1)],
        "firefox": [("Customer can log in", "passed", 1)],
    }


def test_a_test_has_the_name_that_its_reports_bear(story: Story) -> None:
    """All of them or the call's. Without xdist: it insists on the names of the items."""
    story.file(
        "conftest.py",
        """
        import pytest

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(call):
            report = (yield).get_result()
            report.nodeid = report.nodeid.replace("one", "eins")
            if call.when == "call":
                report.nodeid = report.nodeid.replace("two", "zwei")
        """,
    )
    story.tests(
        """
        @pytest.fixture
        def driver():
            driver = open_browser()
            yield driver
            driver.quit()

        @pytest.mark.parametrize("number", ["one", "two", "three"])
        def test_it(driver, number):
            driver.title
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 3}
    assert list(run.tests_by_session().values()) == [["test_it[eins]"], ["test_it[zwei]"], ["test_it[three]"]]


@PLAIN_AND_XDIST
def test_each_try_of_pytest_retry_has_its_session_and_outcome(story: Story, workers: tuple[str, ...]) -> None:
    pytest.importorskip("pytest_retry", reason="pytest-retry is an optional companion")
    if version("pytest-html") < ("4.2" if workers else "4.1"):
        pytest.skip("this pytest-html ends a run with pytest-retry by an internal error")
    story.use("pytest-retry")
    story.tests(TRIES + FAILS_ALL_ITS_TRIES)
    run = story.run("--retries=2", "--lambdatest-mark-status=on", *workers)
    assert outcomes(run) == {"passed": 2, "failed": 1, "retried": 2}
    assert uses(run) == {
        "try 1": [("test_flaky", "rerun", 1)],
        "try 2": [("test_flaky", "passed", 2)],
        "try 3": [("test_after", "passed", 1)],
        "try 4": [("test_red", "rerun", 1)],
        "try 5": [("test_red", "rerun", 2)],
        "try 6": [("test_red", "failed", 3)],
    }
    assert verdicts(run)["try 1"] == ("failed", "AssertionError: failure 1")
    assert verdicts(run)["try 6"] == ("failed", "AssertionError: failure 6")
    assert [verdicts(run)[f"try {number}"][0] for number in (2, 3, 4, 5)] == ["passed", "passed", "failed", "failed"]
    by_name = {record["name"]: record for record in run.records}
    passed = [row for row in run.rows if row.result == "Passed" and row.test.endswith("test_flaky")]
    assert {row.links["session"] for row in passed} == {by_name["try 2"]["url"]}
    shown = [one["lambdatest_session_id"] for one in run.properties["test_flaky"]]
    assert shown == [by_name["try 2"]["session_id"]]
    # What failed all its tries shows the last.
    section = run.output.partition("- LambdaTest session -")[2]
    assert by_name["try 6"]["test_id"] in section.partition("- LambdaTest last commands -")[0]
    assert "get  http://shop.local/6" in section
    assert "http://shop.local/4" not in section


@PLAIN_AND_XDIST
def test_a_round_that_a_protocol_of_the_suites_own_keeps_to_itself(story: Story, workers: tuple[str, ...]) -> None:
    story.file(
        "conftest.py",
        """
        import pytest
        from _pytest.runner import runtestprotocol

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_protocol(item, nextitem):
            for _ in range(2):
                reports = runtestprotocol(item, nextitem=nextitem, log=False)
                if not any(report.failed for report in reports):
                    break
                item._initrequest()
            for report in reports:
                item.ihook.pytest_runtest_logreport(report=report)
            return True
        """,
    )
    story.tests(TRIES)
    run = story.run("-v", *workers)
    assert outcomes(run) == {"passed": 2}
    assert uses(run) == {
        "try 1": [("test_flaky", "unreported", 1)],
        "try 2": [("test_flaky", "passed", 2)],
        "try 3": [("test_after", "passed", 1)],
    }
    assert "UNFINISHED" not in run.output


@BEFORE_PYTEST_9
@pytest.mark.parametrize("options", [("--workers=2",), ("--tests-per-worker=2",)], ids=["processes", "threads"])
def test_pytest_parallel_logs_each_report_twice_and_shows_it_once(story: Story, options: tuple[str, ...]) -> None:
    pytest.importorskip("pytest_parallel", reason="pytest-parallel has an environment of its own")
    story.set_environment(LT_USERNAME=story.grid.username, LT_ACCESS_KEY=story.grid.access_key)
    story.tests(
        """
        @pytest.mark.parametrize("name", ["a", "b", "c"])
        def test_page(name):
            with open_browser(name=name) as driver:
                driver.title
                assert name != "b"
        """
    )
    story.use("parallel")
    run = story.run(*options)
    assert uses(run) == {
        name: [(f"test_page[{name}]", outcome, 1)]
        for name, outcome in (("a", "passed"), ("b", "failed"), ("c", "passed"))
    }
    assert run.output.count("- LambdaTest session -") == run.output.count("- LambdaTest last commands -") == 1
    assert [str(row.raw["resultsTableRow"]).count("<!--lt ") for row in run.rows] == [1, 1, 1]


@BEFORE_PYTEST_9
@pytest.mark.skipif(sys.platform == "win32", reason="there are no forks")
@PLAIN_AND_XDIST
def test_a_test_that_ends_its_forked_process_keeps_its_session(story: Story, workers: tuple[str, ...]) -> None:
    pytest.importorskip("pytest_forked", reason="pytest-forked has an environment of its own")
    story.set_environment(LT_USERNAME=story.grid.username, LT_ACCESS_KEY=story.grid.access_key)
    story.tests(
        """
        def test_red():
            with open_browser(name="red") as driver:
                driver.get("http://shop.local/")
                assert driver.title == "another"

        def test_dies():
            open_browser(name="dies")
            os._exit(7)

        def test_dies_alone():
            os._exit(7)
        """
    )
    story.use("pytest_forked")
    run = story.run("--forked", "--lambdatest-mark-status=on", *workers)
    assert outcomes(run) == {"failed": 3}
    assert uses(run) == {"red": [("test_red", "failed", 1)], "dies": [("test_dies", "failed", 1)]}
    assert verdicts(run)["red"] == ("failed", "AssertionError: assert 'shop.local' == 'another'")
    assert {record["name"]: record["error"] for record in run.records}["dies"] == "the process of its test died"
    assert "failed inside" not in run.output
