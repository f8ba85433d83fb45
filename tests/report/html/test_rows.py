"""What our cells and details say in the rows of the results."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ledgers import API, HUB, MadeUpRun
from pytest_lambdatest_session.report.html.rows import (
    SORTABLE_COLUMNS,
    detail_block,
    header_cells,
    row_cells,
    sort_keys,
)
from stories import Parts

if TYPE_CHECKING:
    from pytest_lambdatest_session.report.ledger import AttemptRecord

UNAUTHORIZED = "401 from api.lambdatest.com: user name or access key not accepted; check LT_USERNAME and LT_ACCESS_KEY"
LINE = re.compile(r"<div>(.*?)</div>")


def lines_of(attempt: AttemptRecord) -> list[tuple[str, ...]]:
    """The text of a row's cells, line by line across them."""
    columns = [[Parts(line).text for line in LINE.findall(cell)] for cell in row_cells(attempt, "0")]
    return list(zip(*([" ".join(text.split()) for text in column] for column in columns), strict=True))


def test_a_row_says_status_time_and_links() -> None:
    run = MadeUpRun()
    attempt = run.attempt("test_x.py::test", "passed", "s1")
    run.says("s1")
    assert lines_of(attempt) == [
        ("completed", "1 min 00 s", "video session logs: command console network selenium"),
    ]
    links = Parts(row_cells(attempt, "0")[2])
    assert links.links == {
        "video": "https://automation.lambdatest.com/public/video?testID=T-s1",
        "session": "https://automation.lambdatest.com/test?testID=T-s1",
        "command": f"{API}/sessions/s1/log/command",
        "console": f"{API}/sessions/s1/log/console",
        "network": f"{API}/sessions/s1/log/network",
        "selenium": f"{API}/sessions/s1/log/selenium",
    }
    anchors = [attributes for tag, attributes in links.tags if tag == "a"]
    assert {(anchor["target"], anchor["rel"]) for anchor in anchors} == {("_blank", "noreferrer")}
    assert {"title": "Logs ask for a LambdaTest login"} in [
        attributes for tag, attributes in links.tags if tag == "span"
    ]


def test_links_that_the_suite_added_stand_behind_our_own() -> None:
    run = MadeUpRun()
    attempt = run.attempt("test_x.py::test", "passed", "s1")
    run.says("s1", logs=()).public["links"]["trace"] = "traces/s1.zip"
    assert lines_of(attempt)[0][2] == "video session trace"
    assert Parts(detail_block(attempt)).links["trace"] == "traces/s1.zip"


def test_several_sessions_stand_in_lines_that_read_across_the_columns() -> None:
    """Also where one of them has no time, or there was none because the hub refused it."""
    run = MadeUpRun()
    attempt = run.attempt("test_x.py::test", "failed", "s1", "s2", refused=("SessionNotCreatedException",))
    run.says("s1", status="passed", logs=())
    run.says_not("s2", "unavailable", UNAUTHORIZED)
    assert lines_of(attempt) == [
        ("passed disagrees", "1 min 00 s", "video session"),
        ("unavailable: 401", "–", "session"),  # noqa: RUF001
        ("refused", "–", "–"),  # noqa: RUF001
    ]


def test_a_disagreement_says_more_to_the_mouse_and_in_the_details() -> None:
    run = MadeUpRun()
    attempt = run.attempt("test_x.py::test", "failed", "s1")
    run.says("s1", status="passed")
    text = "disagrees: LambdaTest says passed, pytest says failed"
    assert f'title="{text}"' in row_cells(attempt, "0")[0]
    assert text in Parts(detail_block(attempt)).text


def test_a_test_with_very_many_sessions_keeps_its_row_and_folds_its_details() -> None:
    run = MadeUpRun()
    attempt = run.attempt("test_x.py::test", "passed", *(f"s{place}" for place in range(500)), refused=("e",) * 3)
    lines = lines_of(attempt)
    assert len(lines) == 10
    assert lines[8:] == [("and 492 more", "–", "in the details"), ("refused 3 times", "–", "–")]  # noqa: RUF001
    assert "<details><summary>492 more sessions</summary>" in detail_block(attempt)
    assert detail_block(attempt).count("<h3>LambdaTest session ") == 500


def test_a_row_without_sessions_has_empty_cells() -> None:
    assert [Parts(cell).text for cell in row_cells(None, "")] == ["", "", ""]


def test_cells_are_what_pytest_html_can_sort() -> None:
    """One line, a class that its expression for keys accepts, and the key first in the cell."""
    run = MadeUpRun()
    attempt = run.attempt("test_x.py::test", "passed", "s1")
    run.says("s1", remark="two\nlines", name="a\rb")
    cells = row_cells(attempt, "7")
    assert all("\n" not in cell and "\r" not in cell for cell in cells)
    assert all('data-lt-row="7"' in cell for cell in cells)
    for column, cell, head in zip(SORTABLE_COLUMNS, cells, header_cells(), strict=False):
        assert re.findall(r"col-(\w+)", cell) == [column]
        assert f'class="sortable" data-column-type="{column}"' in head
    keys = sort_keys(cells)
    assert list(keys) == list(SORTABLE_COLUMNS)
    assert keys["ltduration"].startswith("<!--00000060.000-->")


def test_session_times_sort_as_numbers() -> None:
    run = MadeUpRun()
    attempts = {
        seconds: run.attempt(f"test_x.py::test_{seconds}", "passed", f"s{seconds}") for seconds in (10, 9, 100, 2)
    }
    for seconds in attempts:
        run.says(f"s{seconds}", duration=float(seconds))
    keys = {seconds: sort_keys(row_cells(attempt, "0"))["ltduration"] for seconds, attempt in attempts.items()}
    assert sorted(keys, key=keys.__getitem__) == [2, 9, 10, 100]


def test_statuses_sort_by_what_needs_a_look() -> None:
    run = MadeUpRun()
    stories = {
        "red": ("failed", "failed"),
        "contradicted": ("failed", "passed"),
        "done": ("passed", "completed"),
        "green": ("passed", "passed"),
    }
    attempts = {name: run.attempt(name, outcome, name) for name, (outcome, _) in stories.items()}  # type: ignore[arg-type]
    for name, (_, status) in stories.items():
        run.says(name, status=status)
    attempts["open"] = run.attempt("open", "passed", "open")
    run.says_not("open", "pending")
    attempts["refused"] = run.attempt("refused", "failed", refused=("e",))
    keys = {name: sort_keys(row_cells(attempt, "0"))["ltstatus"] for name, attempt in attempts.items()}
    keys["nothing"] = sort_keys(row_cells(None, ""))["ltstatus"]
    assert sorted(keys, key=keys.__getitem__) == ["refused", "red", "contradicted", "open", "done", "green", "nothing"]


def test_details_say_where_in_the_video_the_test_starts_and_all_that_is_known() -> None:
    run = MadeUpRun()
    attempt = run.attempt("test_x.py::test", "failed", "s1", at=83.0, number=2)
    run.says("s1", status="failed", remark="the basket was empty", screenshot_url="https://x/shots.zip", name="basket")
    details = Parts(detail_block(attempt))
    assert " ".join(details.text.split()) == (
        "LambdaTest session, attempt 2 failed Remark: the basket was empty "
        "Video Session page Screenshots Command log Console log Network log Selenium log "
        "(logs ask for a LambdaTest login) "
        "This test starts at 01:23 in the video Session time 1 min 00 s Browser chrome 156.0 Platform win10 "
        "Started 2026-11-24 07:24:41 UTC Name basket Build Nightly Session id s1 LambdaTest test id T-s1"
    )


def test_details_without_an_answer_say_why_and_what_to_do() -> None:
    run = MadeUpRun()
    attempt = run.attempt("test_x.py::test", "passed", "s1", "s2", at=5)
    run.says_not("s1", "unavailable", UNAUTHORIZED)
    run.says_not("s2", "running")
    text = " ".join(Parts(detail_block(attempt)).text.split())
    assert f"LambdaTest session 1 of 2 unavailable: 401 Why: {UNAUTHORIZED} Session page" in text
    assert (
        "LambdaTest session 2 of 2 running Session page This test starts at 00:05 in the session Session id s2" in text
    )


def test_details_of_a_refused_session_say_who_refused_it() -> None:
    attempt = MadeUpRun().attempt("test_x.py::test", "failed", refused=("SessionNotCreatedException",))
    text = " ".join(Parts(detail_block(attempt)).text.split())
    assert text == f"No LambdaTest session refused {HUB} refused it (SessionNotCreatedException)."


@pytest.mark.parametrize(
    "attack", ["<script>x</script>", '"><img src=x onerror=x>', "' onclick='x", "--><svg onload=x>", "\x1b]0;x\x07"]
)
def test_nothing_that_others_wrote_becomes_markup(attack: str) -> None:
    """Whatever stands in the cloud's texts, the same tags with the same attributes come out."""

    def tags(text: str) -> list[tuple[str, list[str]]]:
        run = MadeUpRun()
        attempt = run.attempt(text, "failed", f"1{text}", f"2{text}", refused=(text,))
        run.says(f"1{text}", status=text, remark=f"{text}!", name=text, browser=text, logs=((text, f"{API}/{text}"),))
        run.says_not(f"2{text}", "unavailable", text)
        html = "".join(row_cells(attempt, "0")) + detail_block(attempt)
        assert not any(character < " " for character in html)
        return [(tag, list(attributes)) for tag, attributes in Parts(html).tags]

    assert tags(attack) == tags("harmless")
