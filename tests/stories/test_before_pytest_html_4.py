"""A report of pytest-html 3 as its reader has it: in a real browser, sorted, filtered and unfolded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from report_pages import ReportPage
from stories import HTML_BEFORE_4, outcomes

if TYPE_CHECKING:
    from selenium import webdriver

    from stories import Story

SUITE = """
import itertools

attempts = itertools.count(1)

@pytest.fixture
def driver():
    with open_browser() as driver:
        yield driver

def test_again(driver):
    assert next(attempts) > 1

def test_green(driver):
    driver.execute_script("lambda-status=passed")

def test_red(driver):
    driver.execute_script("lambda-status=passed")
    assert driver.title == "35.80"

def test_two(driver):
    with open_browser() as other:
        other.execute_script("lambda-status=failed")

def test_quit_late():
    pytest.late = open_browser()
    pytest.late.title

def test_without():
    pass
"""

CONFTEST = """
import pytest

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish():
    pytest.late.quit()
"""

ROW = "#results-table tbody.results-table-row"


@pytest.mark.skipif(not HTML_BEFORE_4, reason="this pytest-html makes its rows by a script")
def test_a_page_of_pytest_html_3_keeps_sessions_when_sorted_filtered_and_unfolded(
    story: Story, chromium: webdriver.Chrome
) -> None:
    story.tests(SUITE)
    story.file("conftest.py", CONFTEST)
    run = story.run("--reruns=1")
    assert outcomes(run) == {"passed": 5, "failed": 1, "rerun": 2}
    page = ReportPage(chromium, run.folder / "report.html")

    def links() -> set[tuple[str, str]]:
        found = page.run(
            "return [...document.querySelectorAll(arguments[0])].filter(row => row.checkVisibility()).flatMap(row =>"
            "[...row.querySelectorAll('.col-ltlinks a')].filter(a => a.textContent === 'session')"
            ".map(a => [row.querySelector('.col-name').textContent, a.getAttribute('href')]))",
            ROW,
        )
        return {(name, address) for name, address in found}

    sessions = {(use["nodeid"], record["url"]): use["outcome"] for record in run.records for use in record["tests"]}
    assert links() == set(sessions)
    assert not page.run("return document.querySelector('.col-ltlinks').textContent.endsWith('session')"), "drawn once"
    for _ in range(2):
        page.click("#results-table-head th[col=ltduration]")
        assert links() == set(sessions)
    assert "test_story.py::test_green" in page.links(".lt-sessions table"), "leads to its row"
    page.click("#results-table-head th[col=ltstatus]")
    # What went wrong first, then what is not final: the page is made before the suite's last hook quits its browser.
    statuses = page.texts(f"{ROW} .col-ltstatus")
    assert set(statuses[:2]) == {"completed failed disagrees", "passed disagrees"}
    assert [text for text in statuses if text.startswith("running")] == ["running"]
    page.click("input[data-test-result=passed]")
    assert links() == {pair for pair, outcome in sessions.items() if outcome != "passed"}
    # A test in the summary leads to its row: shown again, unfolded and marked.
    green_row = f"{ROW}:has(.col-ltstatus[id$=test_green])"
    assert page.texts(green_row) == []
    page.click(".lt-sessions td a[href$=test_green]")
    assert page.run("return document.querySelector('input[data-test-result=passed]').checked")
    assert page.run("return document.querySelector('.lt-marked') === document.querySelector(arguments[0])", green_row)
    assert page.run("return Math.abs(document.querySelector(':target').getBoundingClientRect().top) < innerHeight")
    (green,) = [record for record in run.records if "test_green" in str(record["tests"])]
    (shown,) = page.texts(f"{green_row} .extra .lt-details")
    assert green["session_id"] in shown
    page.click(".lt-sessions td a[href$=test_green]")
    assert page.texts(f"{green_row} .extra .lt-details") == [shown], "is left unfolded"
    page.click(f"{green_row} .col-result")
    assert page.texts(f"{green_row} .extra .lt-details") == []
    assert page.too_wide("#results-table") == []
    assert page.errors() == []
