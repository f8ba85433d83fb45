"""The report as its reader has it: in a real browser, sorted, filtered, unfolded, on small screens, of big runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from pages import ATTACKS, SHARED
from pytest_lambdatest_session.report.formatting import escape_control_characters
from report_pages import ReportPage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from selenium import webdriver

    from stories import Story

    PageOf = Callable[..., Path]

OUR_COLUMNS = ("ltstatus", "ltduration")
ALL_COLUMNS = ("result", "testId", "duration", *OUR_COLUMNS)

SUITE = """
@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    driver.quit()

def test_green(driver):
    driver.execute_script("lambda-status=passed")

def test_red(driver):
    driver.execute_script("lambda-status=failed")
    assert 0, "two teapots cost 35.80"

def test_contradicted(driver):
    driver.execute_script("lambda-status=passed")
    assert 0

def test_chat():
    with open_browser() as alice, open_browser() as bob:
        alice.title, bob.title

def test_forgets():
    open_browser().title

def test_without():
    pass
"""


def test_the_report_of_a_run(story: Story, chromium: webdriver.Chrome) -> None:
    """All that a reader does with it, once through, without an error in the browser's log."""
    story.tests(SUITE)
    # One page by itself, and one with its styles beside it.
    for options in (("--self-contained-html", "-o", "generate_report_on_test=true"), ()):
        run = story.run(*options)
        page = ReportPage(chromium, run.folder / "report.html")
        assert len(page.column("col-result")) == 6
        forgotten, red, *_ = page.sessions()
        assert forgotten.startswith("passed test_story.py::test_forgets running")
        assert red.startswith("failed test_story.py::test_red failed")
        chat = "passed test_story.py::test_chat session"
        assert [row[: len(chat) + 7] for row in page.sessions() if chat in row] == [f"{chat} 1 of 2", f"{chat} 2 of 2"]
        row = "#results-table tbody[id='test_story.py::test_red']"
        (record,) = [record for record in run.records if record["tests"][0]["nodeid"].endswith("test_red")]
        expected = {"session": record["url"], "video": record["video_url"], **record["logs"]}
        assert page.links(f"{row} .col-ltlinks") == {name: url for name, url in expected.items() if url}
        assert page.texts(f"{row} .lt-details h3")[0] == "LambdaTest session failed"
        assert page.errors() == []

    for column in ALL_COLUMNS:
        orders = []
        for _ in range(2):
            page.sort_by(column)
            orders.append(page.column("col-testId"))
        assert sorted(orders[0]) == sorted(orders[1])
        assert orders[0] != orders[1], column

    page.click("input[data-test-result=failed]")
    assert set(page.column("col-result")) == {"Passed"}
    page.click("input[data-test-result=failed]")

    page.find("test_red")
    assert len(page.sessions()) == 1
    assert len(page.column("col-result")) == 6
    assert page.errors() == []


def see_that_nothing_is_cut_off(page: ReportPage) -> None:
    """As on a phone, and on a desktop at 200 %; with all unfolded."""
    page.run("for (const fold of document.querySelectorAll('details')) fold.open = true")
    page.click("#show_all_details")
    for width in (400, 640):
        page.look(width, 900)
        assert page.too_wide(".lt-sessions, .lt-details") == []
        assert page.run("return document.documentElement.scrollWidth") <= width or width > 400, "it fits on a phone"


def test_times_sort_and_a_click_but_on_a_link_unfolds_a_row(chromium: webdriver.Chrome, page_of: PageOf) -> None:
    """Also a click on the status itself, though pytest-html listens to cells alone."""
    page = ReportPage(chromium, page_of(3))
    row = "#results-table tbody[id*=customer0]"
    for link in page.links(f"{row} .col-ltlinks").values():
        page.click(f"{row} .col-ltlinks a[href='{link}']")
    assert page.texts(f"{row} .lt-details") == []
    page.click(f"{row} .col-ltstatus b")
    assert page.texts(f"{row} .lt-details h3") == ["LambdaTest session passed"]
    page.click(f"{row} .col-ltduration")
    assert page.texts(f"{row} .lt-details") == []
    for order in (["2 s", "9 s", "10 s"], ["10 s", "9 s", "2 s"]):
        page.sort_by("ltduration")
        assert page.column("col-ltduration") == order
    assert page.errors() == []


def test_statuses_sort_and_a_row_is_whole_on_any_screen(chromium: webdriver.Chrome, page_of: PageOf) -> None:
    """The lines of several sessions stand side by side."""
    page = ReportPage(chromium, page_of(40))
    page.sort_by("ltstatus")
    words = list(dict.fromkeys(page.column("col-ltstatus")))
    assert words[:5] == ["failed", "passed disagrees", "not found", "pending", "unavailable: 401"]
    for width in (1280, 640):
        page.look(width, 900)
        places = page.run(
            "return [...document.querySelectorAll('#results-table tr.collapsible')].map(row =>"
            "['status', 'duration', 'links'].map(name => [...row.querySelectorAll(`.col-lt${name} div`)]"
            ".map(line => Math.round(line.getBoundingClientRect().top))))"
        )
        several = [cells for cells in places if len(cells[0]) > 1]
        assert len(several) > 1
        assert all(cells[0] == cells[1] == cells[2] for cells in several)
    see_that_nothing_is_cut_off(page)


# The block in the summary


def test_the_filter_finds_by_text_and_by_status(chromium: webdriver.Chrome, page_of: PageOf) -> None:
    page = ReportPage(chromium, page_of(40))
    results = page.column("col-testId")
    few = page.sessions()
    assert len(few) == 4
    assert page.texts(".lt-filter output") == [""]

    page.find("CUSTOMER11")
    (row,) = page.sessions()
    assert row.startswith("passed test_basket.py::test_the_total_is_the_sum_of_the_prices[customer11] unavailable: 401")
    assert page.texts(".lt-filter output") == ["1 of 34 sessions"]

    page.find("nothing like it")
    assert page.sessions() == []
    assert page.texts(".lt-filter output") == ["0 of 34 sessions"]
    assert page.texts(".lt-sessions thead") == []

    page.find(Keys.SPACE)
    for start, words in {
        "of failed tests": "failed",
        "disagrees": "disagrees",
        "no final answer": ("running", "unavailable", "not found", "pending"),
        "unavailable": "unavailable",
        "completed": "completed",
    }.items():
        page.choose(start)
        wanted = (words,) if isinstance(words, str) else words
        assert page.sessions()
        assert all(any(word in row for word in wanted) for row in page.sessions()), start

    page.choose("all")
    assert page.sessions() == few  # folded again, as it was
    assert page.column("col-testId") == results
    # A fold that the reader opened stays open when filtering ends.
    page.click(".lt-sessions > details > summary")
    page.click(".lt-sessions > details .lt-more")
    assert len(page.sessions()) == 34
    page.find("customer11")
    assert page.texts(".lt-sessions > details > summary") == [], "it is not there while one filters"
    page.find(Keys.SPACE)
    assert len(page.sessions()) == 34
    assert page.errors() == []


def test_many_sessions_are_drawn_in_portions_and_found_in_all(chromium: webdriver.Chrome, page_of: PageOf) -> None:
    page = ReportPage(chromium, page_of(300))
    page.click(".lt-sessions > details > summary")
    assert len(page.sessions()) == 35, "ten that need a look, and the first of the others"
    assert page.texts(".lt-more") == ["Show 25 more of 273"]
    page.click(".lt-sessions > details .lt-more")
    assert len(page.sessions()) == 60
    page.find("customer299")
    assert len(page.sessions()) == 1
    # Rows of the results are drawn when they come into view.
    last = "#results-table tbody:last-of-type .col-ltlinks"
    assert page.texts(last) == []
    widths = "return [...document.querySelectorAll('#results-table-head th')].map(th => th.offsetWidth)"
    before = page.run(widths)
    page.run("document.querySelector('#results-table tbody:last-of-type').scrollIntoView()")
    WebDriverWait(chromium, 30).until(lambda _: page.texts(last))
    assert "session" in page.links(last)
    assert page.run(widths) == before, "columns keep their widths"
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert len(page.column("col-ltstatus")) == 300
    assert page.errors() == []


def test_a_test_in_the_summary_leads_to_its_row_unfolded(chromium: webdriver.Chrome, page_of: PageOf) -> None:
    page = ReportPage(chromium, page_of(40))
    page.click("#hide_all_details")
    for session in ("failed", "disagrees"):
        if session == "disagrees":
            page.click("input[data-test-result=passed]")  # its rows are not there at all
            page.find("disagrees passed")
        jump = ".lt-sessions td a[href^='#']"
        (name, *_) = page.texts(jump)
        page.click(jump)
        marked = page.run("return document.querySelector('.lt-marked').id")
        assert marked == page.run("return document.querySelector(':target').id") == name
        assert page.texts(".lt-marked .lt-details h3")
        assert page.run("return Math.abs(document.querySelector(':target').getBoundingClientRect().top) < innerHeight")
    # A session of many tests shows the failed one, and unfolds.
    page.find("basket of several tests")
    page.choose("all")
    (row,) = page.sessions()
    assert "from 01:24 in the session" in row
    assert f"{len(SHARED) - 1} more tests: {len(SHARED) - 1} passed" in row
    page.click(".lt-sessions tr summary")
    WebDriverWait(chromium, 30).until(lambda _: page.sessions()[0].count("passed test_") == len(SHARED) - 1)
    assert page.errors() == []


# For every reader


def test_a_keyboard_reaches_filter_folds_and_links_and_sees_where_it_is(
    chromium: webdriver.Chrome, page_of: PageOf
) -> None:
    page = ReportPage(chromium, page_of(16, story="hostile"))
    page.click("#show_all_details")
    page.run("document.querySelector('.lt-filter input').focus()")
    reached, unseen = [], []
    for _ in range(200):
        where, outline = page.run(
            "const e = document.activeElement, style = getComputedStyle(e);"
            "const part = e.closest('.lt-sessions, .lt-details, .col-ltlinks');"
            "return [part ? part.className + ' ' + e.localName : null, style.outlineStyle + ' ' + style.outlineWidth]"
        )
        if where is not None:
            reached.append(where)
            if outline != "solid 2px":
                unseen.append((where, outline))
        if {"col-links col-ltlinks a", "lt-details a"} <= set(reached):
            break
        page.press(Keys.TAB)
    assert {f"lt-sessions {part}" for part in ("input", "select", "a", "summary")} <= set(reached)
    assert {"col-links col-ltlinks a", "lt-details a"} <= set(reached)
    assert unseen == []


def test_dark_is_the_page_and_not_the_wish(chromium: webdriver.Chrome, page_of: PageOf, tmp_path: Path) -> None:
    """pytest-html is white for whoever wishes for dark; a suite's own style may be dark, always or on that wish."""
    page = ReportPage(chromium, page_of(3))
    page.emulate(prefers="dark")
    assert "lt-dark" not in page.attribute("html", "className")

    style = tmp_path / "dark.css"
    style.write_text("@media (prefers-color-scheme: dark) { body { background: #111; } }", encoding="utf-8")
    page = ReportPage(chromium, page_of(3, f"--css={style}"))
    assert "lt-dark" not in page.attribute("html", "className")
    page.emulate(prefers="dark")
    WebDriverWait(chromium, 30).until(lambda _: page.attribute("html", "className") == "lt-dark")
    colours = page.run(
        "const s = getComputedStyle(document.querySelector('.lt-sessions')); return [s.color, s.backgroundColor]"
    )
    assert colours == ["rgb(230, 237, 243)", "rgb(22, 27, 34)"]


# Safe


def test_no_text_of_others_does_anything(chromium: webdriver.Chrome, page_of: PageOf) -> None:
    """Whatever stands in names, statuses, ids and reasons is shown as it is."""
    page = ReportPage(chromium, page_of(16, story="hostile"))
    see_that_nothing_is_cut_off(page)
    page.sort_by("ltstatus")
    page.find("x")
    page.choose("all")
    for select in (".lt-sessions", ".lt-details", "#results-table [class*=col-lt]"):
        foreign = page.run(
            "return [...document.querySelectorAll(arguments[0])].flatMap(e => [...e.querySelectorAll('*')])"
            ".filter(e => ['img', 'svg', 'iframe'].includes(e.localName)"
            " || [...e.attributes].some(a => a.name.startsWith('on') || /^\\s*javascript:/i.test(a.value)))"
            ".map(e => e.outerHTML)",
            select,
        )
        assert foreign == [], select
    scripts = page.run("return [...document.scripts].filter(s => s.type !== 'application/json').map(s => s.text)")
    assert [script for script in scripts if "__xss" in script] == []
    everything = page.run("return document.querySelector('.lt-sessions').textContent")
    details = page.run("return [...document.querySelectorAll('.lt-details')].map(e => e.textContent).join()")
    for attack in ATTACKS:
        assert escape_control_characters(attack) in everything
        assert escape_control_characters(attack) in details
    assert page.run("return window.__xss") is None
    assert page.errors() == []
