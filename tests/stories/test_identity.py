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
    story.tests(
        """
        RUNS = []

        def test_login():
            RUNS.append(1)
            with open_browser(name=f"run {len(RUNS)}") as driver:
                driver.title
                assert len(RUNS) > 1
        """
    )
    file = "test_story.py"
    run = story.run("--keep-duplicates", file, file, "--lambdatest-mark-status=on", *workers)
    assert outcomes(run) == {"passed": 1, "failed": 1}
    assert uses(run) == {"run 1": [("test_login", "failed", 1)], "run 2": [("test_login", "passed", 1)]}
    assert {name: status for name, (status, _) in verdicts(run).items()} == {"run 1": "failed", "run 2": "passed"}


def test_a_session_that_one_of_two_tests_of_one_name_failed_in_is_marked_failed(story: Story) -> None:
    story.file(
        "conftest.py",
        """
        import browser
        import pytest

        @pytest.fixture(scope="session")
        def driver():
            driver = browser.open_browser()
            yield driver
            driver.quit()
        """,
    )
    story.tests("RUNS = []\ndef test_it(driver):\n    RUNS.append(driver.title)\n    assert len(RUNS) > 1\n")
    run = story.run("--keep-duplicates", "test_story.py", "test_story.py", "--lambdatest-mark-status=on")
    (record,) = run.records
    assert [use["outcome"] for use in record["tests"]] == ["failed", "passed"]
    assert record["status"] == "failed"


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


@pytest.mark.parametrize("phases", ["all", "call"])
def test_a_test_has_the_name_that_its_reports_bear(story: Story, phases: str) -> None:
    """Without xdist: it insists on the names of the items."""
    story.file(
        "conftest.py",
        f"""
        import pytest

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(call):
            report = (yield).get_result()
            if "{phases}" in ("all", call.when):
                report.nodeid = report.nodeid.replace("one", "eins")
        """,
    )
    story.tests(
        """
        @pytest.fixture
        def driver():
            driver = open_browser()
            yield driver
            driver.quit()

        @pytest.mark.parametrize("number", ["one", "two"])
        def test_it(driver, number):
            driver.title
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 2}
    assert list(run.tests_by_session().values()) == [["test_it[eins]"], ["test_it[two]"]]


def use_pytest_retry(story: Story, workers: tuple[str, ...]) -> None:
    pytest.importorskip("pytest_retry", reason="pytest-retry is an optional companion")
    if version("pytest-html") < ("4.2" if workers else "4.1"):
        pytest.skip("this pytest-html ends a run with pytest-retry by an internal error")
    story.use("pytest-retry")


@PLAIN_AND_XDIST
def test_each_try_of_pytest_retry_has_its_session_and_outcome(story: Story, workers: tuple[str, ...]) -> None:
    use_pytest_retry(story, workers)
    story.tests(TRIES)
    run = story.run("--retries=2", "--lambdatest-mark-status=on", *workers)
    assert outcomes(run) == {"passed": 2, "retried": 1}
    assert uses(run) == {
        "try 1": [("test_flaky", "rerun", 1)],
        "try 2": [("test_flaky", "passed", 2)],
        "try 3": [("test_after", "passed", 1)],
    }
    assert verdicts(run)["try 1"] == ("failed", "AssertionError: failure 1")
    assert verdicts(run)["try 2"][0] == "passed"
    second = next(record for record in run.records if record["name"] == "try 2")
    passed = [row for row in run.rows if row.result == "Passed" and row.test.endswith("test_flaky")]
    assert {row.links["session"] for row in passed} == {second["url"]}
    assert [one["lambdatest_session_id"] for one in run.properties["test_flaky"]] == [second["session_id"]]


@PLAIN_AND_XDIST
def test_a_test_that_fails_all_its_tries_shows_the_last(story: Story, workers: tuple[str, ...]) -> None:
    use_pytest_retry(story, workers)
    story.tests(TRIES.replace("len(TRIES) > 1", "len(TRIES) > 9"))
    run = story.run("--retries=2", "--lambdatest-mark-status=on", "test_story.py::test_flaky", *workers)
    assert outcomes(run) == {"failed": 1, "retried": 1}
    assert uses(run) == {
        f"try {number}": [("test_flaky", outcome, number)]
        for number, outcome in ((1, "rerun"), (2, "rerun"), (3, "failed"))
    }
    assert verdicts(run)["try 3"] == ("failed", "AssertionError: failure 3")
    assert {status for status, _ in verdicts(run).values()} == {"failed"}
    section = run.output.partition("- LambdaTest session -")[2]
    last = next(record for record in run.records if record["name"] == "try 3")
    assert last["test_id"] in section.partition("- LambdaTest last commands -")[0]
    assert "get  http://shop.local/3" in section
    assert "http://shop.local/1" not in section


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
    assert [len(row.raw["extras"]) for row in run.rows] == [1, 1, 1]


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
