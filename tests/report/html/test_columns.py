"""The table of the results is the suite's own, whatever its hooks do to the cells; our columns come behind it."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING, Any

import pytest

from report_pages import ReportPage
from stories import Parts, outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from selenium import webdriver

    from stories import Run, Story

OURS = ["LambdaTest", "Session time", "Session links"]

SUITE = """
def test_red():
    with open_browser(name="red") as driver:
        driver.execute_script("lambda-status=failed")
        assert driver.title == "x"

def test_green():
    with open_browser(name="green") as driver:
        driver.execute_script("lambda-status=passed")

def test_without():
    pytest.skip("has no session")
"""

# Its tests as they end, with no browser: the table without this plugin is the same.
BARE = """
import pytest

def test_red():
    assert 0

def test_green():
    pass

def test_without():
    pytest.skip("has no session")
"""

# pytest-html's own: Result(0) Test(1) Duration(2) Links(3)
SUITES = {
    "deleted by index": """
        def pytest_html_results_table_header(cells):
            del cells[3]
            cells.insert(1, "<th>What</th>")

        def pytest_html_results_table_row(report, cells):
            del cells[3]
            cells.insert(1, f"<td>{report.nodeid.partition('::')[2]}</td>")
        """,
    "by index in the header, from the end in rows, and rows left out last": """
        def pytest_html_results_table_header(cells):
            del cells[3]
            cells.append("<th>Trace</th>")

        @pytest.hookimpl(trylast=True)
        def pytest_html_results_table_row(report, cells):
            cells[-1:] = ["<td>trace</td>"]
            if report.skipped:
                cells.clear()
        """,
    "made afresh": """
        def pytest_html_results_table_header(cells):
            cells[:] = ["<th>Outcome</th>", "<th>Name</th>"]

        def pytest_html_results_table_row(report, cells):
            cells[:] = [f"<td>{report.outcome}</td>", f"<td>{report.nodeid}</td>"]
        """,
    "of py.xml": """
        from py.xml import html

        def pytest_html_results_table_header(cells):
            cells.insert(2, html.th("Description"))
            cells.insert(1, html.th("Time", class_="sortable time", col="time"))
            cells.pop()

        def pytest_html_results_table_row(report, cells):
            cells.insert(2, html.td("what it is for"))
            cells.insert(1, html.td("noon", class_="col-time"))
            cells.pop()
        """,
    "from a wrapper, and rows that lack their last": """
        @pytest.hookimpl(hookwrapper=True)
        def pytest_html_results_table_header(cells):
            yield
            cells.insert(len(cells) - 1, "<th>Owner</th>")
            cells.append("<th>Trace</th>")

        @pytest.hookimpl(wrapper=True)
        def pytest_html_results_table_row(report, cells):
            yield
            cells.insert(len(cells) - 1, "<td>Ada</td>")
            if report.failed:
                cells.append("<td>trace</td>")
        """,
}


def table_of(driver: webdriver.Chrome, report: Path) -> list[list[str]]:
    """The texts of the results as the browser shows them, headers first, then rows sorted; without durations."""
    header, *rows = ReportPage(driver, report).run(
        "return [...document.querySelectorAll('#results-table-head tr, #results-table tr.collapsible')]"
        ".map(row => [...row.children].map(cell => cell.matches('.col-duration') ? '' : cell.innerText.trim()))"
    )
    return [header, *sorted(rows)]


@pytest.mark.parametrize("conftest", SUITES.values(), ids=SUITES)
def test_the_table_is_the_suites_and_our_columns_come_behind_it(
    story: Story, chromium: webdriver.Chrome, conftest: str
) -> None:
    if "py.xml" in conftest:
        pytest.importorskip("py.xml", reason="old suites have it")
    story.file("conftest.py", "import pytest\n" + "\n".join(line[8:] for line in conftest.splitlines()))
    story.file("test_story.py", BARE)
    without = table_of(chromium, story.run_without().folder / "report.html")
    story.tests(SUITE)
    run = story.run()
    header, *rows = table_of(chromium, run.folder / "report.html")
    width = len(header) - len(OURS)
    assert header == without[0] + OURS
    # A row of the suite's that is too short is filled up, so that ours stand under their headers.
    assert [row[:width] for row in rows] == [row + [""] * (width - len(row)) for row in without[1:]]
    for row in rows:
        own = row[width:]
        result = next(word for word in row if word.lower() in ("failed", "passed", "skipped"))
        assert own[0] == {"failed": "failed", "passed": "passed", "skipped": ""}[result.lower()]
        assert own[1:] == ["", ""] if not own[0] else own[2].startswith("session")
    assert "2 sessions" in run.summary
    assert "failed inside" not in run.output


def blob_of(html: str) -> dict[str, Any]:
    blob = next(attributes for _, attributes in Parts(html).tags if "data-jsonblob" in attributes)
    found: dict[str, Any] = json.loads(blob["data-jsonblob"])
    return found


def raw_rows(run: Run) -> list[dict[str, Any]]:
    return [row for rows in blob_of(run.html)["tests"].values() for row in rows]


def test_hooks_of_a_folder_of_the_suite_are_heard_before_ours(story: Story, chromium: webdriver.Chrome) -> None:
    """A conftest of a folder is loaded long after this plugin."""
    folder = story.pytester.mkdir("shop")
    (folder / "conftest.py").write_text(
        "def pytest_html_results_table_row(report, cells):\n    cells[1:3] = ['<td>a</td>', '<td>b</td>']\n", "utf-8"
    )
    story.tests(SUITE)
    (story.pytester.path / "test_story.py").rename(folder / "test_story.py")
    report = story.run().folder / "report.html"
    header, *rows = table_of(chromium, report)
    assert header == ["Result", "Test", "Duration", "Links", *OURS]
    page = ReportPage(chromium, report)
    for statuses in (["failed", "passed", ""], ["", "passed", "failed"]):
        page.sort_by("ltstatus")
        assert page.column("col-ltstatus") == statuses
    assert page.errors() == []
    assert [row[:5] for row in rows] == [
        ["Failed", "a", "b", "", "failed"],
        ["Passed", "a", "b", "", "passed"],
        ["Skipped", "a", "b", "", ""],
    ]


def test_a_row_that_was_changed_in_between_has_what_is_found_of_ours(story: Story, chromium: webdriver.Chrome) -> None:
    """Of each kind of change a test; how often the status stands in its row."""
    statuses = {"taken": 0, "twice_and_turned_round": 2, "more_classes": 1, "no_strings": 1}
    story.file(
        "conftest.py",
        """
        DATA = []
        CHANGES = {
            "taken": lambda cells: cells[:-1],
            "twice_and_turned_round": lambda cells: [*cells, *cells[::-1]],
            "more_classes": lambda cells: [cell.replace('class="', 'class="mine ') for cell in cells],
            "no_strings": lambda cells: [None, 7, *cells],
        }

        def pytest_html_report_title(report):
            DATA.append(report)

        def pytest_runtest_logfinish(nodeid):
            for row in DATA[0].data["tests"].get(nodeid, ()):
                row["resultsTableRow"][:] = CHANGES[nodeid.partition("test_story.py::test_")[2]](row["resultsTableRow"])
        """,
    )
    story.tests(
        "\n".join(
            f"def test_{name}():\n    with open_browser() as driver:\n"
            '        driver.execute_script("lambda-status=passed")\n'
            for name in statuses
        )
    )
    run = story.run()
    assert "4 sessions" in run.summary
    assert "failed inside" not in run.output
    page = ReportPage(chromium, run.folder / "report.html")
    page.click("#show_all_details")
    found = page.run(
        "return Object.fromEntries([...document.querySelectorAll('#results-table > tbody')].map(row =>"
        "[row.id.split('::test_')[1], ['.col-ltstatus', '.lt-details'].map(one => row.querySelectorAll(one).length)]))"
    )
    assert found == {name: [count, min(count, 1)] for name, count in statuses.items()}
    page.click("#results-table tbody[id$=test_twice_and_turned_round] .col-ltstatus")
    assert len(page.texts(".lt-details")) == 2
    assert page.errors() == []


def test_a_run_without_a_session_has_no_column_of_ours(story: Story) -> None:
    """Whatever the suite did to the table: a plugin that is merely installed changes no report."""
    story.file("conftest.py", "\n".join(line[8:] for line in SUITES["deleted by index"].splitlines()))
    story.file("test_plain.py", "def test_plain(): pass\n")
    run = story.run()
    assert run.headers == ["Result", "What", "Test", "Duration"]
    (row,) = raw_rows(run)
    assert row["resultsTableRow"][1] == "<td>test_plain</td>"
    assert not re.search("<!--lt |lt-head", run.html)


def test_reports_that_are_merged_align_though_one_run_had_no_session(story: Story, chromium: webdriver.Chrome) -> None:
    """What merges reports takes one file's header and the rows of all, as pytest_html_merger does."""
    story.tests(SUITE)
    story.file("test_plain.py", "def test_plain(): pass\n")
    pages = {name: story.run(name).html for name in ("test_story.py", "test_plain.py")}
    data = [blob_of(page) for page in pages.values()]
    for first, page in pages.items():
        start = page.index('data-jsonblob="') + len('data-jsonblob="')
        rest = page[page.index('"', start) :]
        merged = json.dumps(blob_of(page) | {"tests": data[0]["tests"] | data[1]["tests"]})
        report = story.pytester.path / "merged.html"
        report.write_text(page[:start] + escape(merged) + rest, encoding="utf-8")
        header, *rows = table_of(chromium, report)
        assert header == ["Result", "Test", "Duration", "Links", *(OURS if first == "test_story.py" else [])]
        # Without a table of ours nothing is drawn.
        statuses = ["failed", "passed", ""] if first == "test_story.py" else []
        assert [[row[1].partition("::")[2], row[3], *row[4:5]] for row in rows] == [
            ["test_red", "", *statuses[:1]],
            ["test_plain", ""],
            ["test_green", "", *statuses[1:2]],
            ["test_without", "", *statuses[2:]],
        ]


def test_outcomes_are_those_of_a_run_without_the_plugin_when_a_hook_raises(story: Story) -> None:
    story.file("conftest.py", "def pytest_html_results_table_row(report, cells):\n    raise RuntimeError('no table')\n")
    story.tests(SUITE)
    without, run = story.run_without(), story.run()
    assert run.result.ret == without.result.ret
    assert outcomes(run) == outcomes(without)
