"""What failed is what was logged as failed, whoever made it so, and whenever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stories import outcomes

if TYPE_CHECKING:
    from stories import Run, Story

SUITE = """
@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    driver.quit()

def test_console(driver):
    driver.get("http://shop.local/basket")
    driver.find_elements(By.ID, "total")
"""

HOOKS = {
    "when it is made": """
        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(item, call):
            report = (yield).get_result()
            if report.when == "call":
                report.outcome, report.longrepr = "failed", "the console has errors"
        """,
    "before anybody sees it logged": """
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logreport(report):
            if report.when == "call" and report.passed:
                report.outcome, report.longrepr = "failed", "the console has errors"
        """,
}


def failure_is_whole(run: Run) -> None:
    (record,) = run.records
    assert record["tests"][0]["outcome"] == "failed"
    failures = run.output.partition("= FAILURES =")[2].partition("short test summary")[0]
    assert failures.count("- LambdaTest session -") == 1
    last = failures.partition("- LambdaTest last commands -")[2]
    assert "get  http://shop.local/basket" in last
    assert 'find_elements  css selector [id="total"]' in last
    assert "Last 2 commands before the failure" in run.row("test_console").details


@pytest.mark.parametrize(("hook", "workers"), [("when it is made", ""), ("before anybody sees it logged", "-n1")])
def test_a_passed_report_that_a_hook_makes_a_failure(story: Story, hook: str, workers: str) -> None:
    story.tests(HOOKS[hook], "conftest.py")
    story.tests(SUITE)
    failure_is_whole(story.run(*workers.split()))


def test_assertions_that_pytest_check_collects(story: Story) -> None:
    pytest.importorskip("pytest_check", reason="pytest-check is an optional companion")
    story.tests("from pytest_check import check\n" + SUITE + '    check.equal(1, 2, "total")\n')
    story.use("check")
    failure_is_whole(story.run())


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="pytest has subtests of its own from 9.0 on")
@pytest.mark.parametrize("arguments", [(), ("-n1",), ("-p", "no:terminal")], ids=["plain", "xdist", "no terminal"])
def test_a_test_whose_subtests_fail_failed(story: Story, arguments: tuple[str, ...]) -> None:
    story.tests(
        """
        import unittest

        def test_function(subtests):
            with open_browser(name="function") as driver:
                for page in ("home", "basket"):
                    with subtests.test(page):
                        driver.get(f"http://shop.local/{page}")
                        assert page == "home"

        class TestCase(unittest.TestCase):
            def test_method(self):
                with open_browser(name="method") as driver:
                    with self.subTest("title"):
                        assert driver.title == "another"
        """
    )
    run = story.run(*arguments)
    assert run.result.ret == pytest.ExitCode.TESTS_FAILED
    assert {record["name"]: record["tests"][0]["outcome"] for record in run.records} == {
        "function": "failed",
        "method": "failed",
    }
    if "no:terminal" not in arguments:
        assert outcomes(run)["failed"] == 3
        failures = run.output.partition("= FAILURES =")[2].partition("short test summary")[0]
        # Of the function the subtest and the test itself, of the method the subtest.
        assert failures.count("- LambdaTest session -") == failures.count("- LambdaTest last commands -") == 3
