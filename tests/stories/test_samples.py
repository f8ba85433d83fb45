"""Suites in the way of LambdaTest's own samples, with which many began, run unchanged and get every output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stories import HTML_BEFORE_4, outcomes

if TYPE_CHECKING:
    from stories import Story

CONFTEST = """
import os

import pytest
from py.xml import html
from selenium import webdriver


@pytest.fixture(scope="function")
def driver(request):
    options = webdriver.ChromeOptions()
    options.set_capability("LT:Options", {"name": request.node.name, "Build": os.environ.get("BUILD", "sample")})
    browser = webdriver.Remote(command_executor=os.environ["STORY_HUB"], options=options)
    yield browser

    def finish():
        if request.node.rep_call.failed:
            browser.execute_script("lambda-status=failed")
        else:
            browser.execute_script("lambda-status=passed")
        QUITS

    request.addfinalizer(finish)


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    setattr(item, "rep_" + report.when, report)
    pytest_html = item.config.pluginmanager.getplugin("html")
    extra = getattr(report, "EXTRAS", [])
    if report.when == "call":
        extra.append(pytest_html.extras.url("https://tickets.example/", name="ticket"))
        if report.failed:
            extra.append(pytest_html.extras.html("<div>what the sample adds</div>"))
        report.EXTRAS = extra
    report.description = str(item.function.__doc__)


def pytest_html_report_title(report):
    report.title = "Sample"


def pytest_html_results_table_header(cells):
    cells.insert(2, html.th("Description"))
    cells.pop()


def pytest_html_results_table_row(report, cells):
    cells.insert(2, html.td(getattr(report, "description", "")))
    cells.pop()
"""

TESTS = """
class TestShop:
    def test_sells_teapots(self, driver):
        '''The shop has a teapot.'''
        driver.get("http://shop.local/")

    def test_adds_up(self, driver):
        '''Two teapots cost twice as much.'''
        driver.get("http://shop.local/")
        assert driver.title == "35.80"

def test_without_a_browser():
    '''Needs none.'''
"""


@pytest.mark.parametrize(
    ("arguments", "quits", "red_status"),
    [((), "    browser.quit()", "running"), (("-n1", "--reruns=1"), "browser.quit()", "failed")],
    ids=["plain, quits what passed", "xdist and reruns, quits all"],
)
def test_a_suite_like_the_samples_runs_unchanged_and_gets_every_output(
    story: Story, arguments: tuple[str, ...], quits: str, red_status: str
) -> None:
    """One of the samples has the quit in the branch of tests that passed, so its failed tests leave a browser."""
    story.set_environment(LT_USERNAME=story.grid.username, LT_ACCESS_KEY=story.grid.access_key)
    # pytest-html 4 says that elements of py.xml will go.
    arguments += ("-W", "ignore::DeprecationWarning")
    conftest = CONFTEST.replace("EXTRAS", "extra" if HTML_BEFORE_4 else "extras")
    story.file("conftest.py", conftest.replace("QUITS", quits))
    story.file("test_shop.py", TESTS)
    without = story.run_without(*arguments)
    headers, html = without.headers, without.html
    run = story.run(*arguments)
    assert outcomes(run) == outcomes(without)
    assert run.result.ret == without.result.ret == 1
    statuses = {record["name"]: record["status"] for record in run.records}
    assert statuses == {"test_sells_teapots": "passed", "test_adds_up": red_status}
    assert {record["build_name"] for record in run.records} == {"sample"}
    for test, status in statuses.items():
        last = [record for record in run.records if record["name"] == test][-1]
        assert run.properties[test][-1]["lambdatest_status"] == status
        row = next(row for row in run.rows if row.test.endswith(test) and row.result != "Rerun")
        assert (row.status, row.links["session"]) == (status, last["url"])
        assert last["session_id"] in row.details
        assert "ticket" not in row.all_links, "the suite takes this column away"
    assert "what the sample adds" in next(row for row in run.rows if row.result == "Failed").details
    # The suite's own table is as it was, and ours stands behind it.
    assert run.headers == [*headers, "LambdaTest", "Session", "time", "Session", "links"]
    described = "<td>Two teapots cost twice as much.</td>"
    assert run.html.count(described) == html.count(described)
    red = [record for record in run.records if record["name"] == "test_adds_up"][-1]
    assert red["url"] in run.output
    assert ("quit() was not called" in run.output) == (red_status == "running")
