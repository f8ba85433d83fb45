"""What our cells and details say in the rows of the results."""

from __future__ import annotations

import re

import pytest

from made_up_runs import API, HUB, MadeUpRun
from page_tables import PageTable
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.html.rows import SORTABLE_COLUMNS, header_cells, marker, place_of, sort_keys
from pytest_lambdatest_session.report.html.summary import sessions_block
from stories import Parts

UNAUTHORIZED = "401 from api.lambdatest.com: user name or access key not accepted; check LT_USERNAME and LT_ACCESS_KEY"


def table_of(run: MadeUpRun) -> PageTable:
    return PageTable(sessions_block(run.registry, Problems(), "t"))


def lines_of(run: MadeUpRun) -> list[tuple[str, ...]]:
    """The text of the cells of the first attempt's row, line by line across them."""
    table = table_of(run)
    return [(*texts, links) for texts, links in zip(table.row_texts(0), table.row_lines(0), strict=True)]


def details_of(run: MadeUpRun) -> str:
    """The text that the unfolded row of the first attempt shows."""
    return table_of(run).details(0)


def test_a_row_says_status_time_and_links() -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test", "passed", "s1")
    run.says("s1")
    assert lines_of(run) == [
        ("completed", "1 min 00 s", "video session logs: command console network selenium"),
    ]
    assert dict(table_of(run).row_links(0)[0]) == {
        "video": "https://automation.lambdatest.com/public/video?testID=T-s1",
        "session": "https://automation.lambdatest.com/test?testID=T-s1",
        "command": f"{API}/sessions/s1/log/command",
        "console": f"{API}/sessions/s1/log/console",
        "network": f"{API}/sessions/s1/log/network",
        "selenium": f"{API}/sessions/s1/log/selenium",
    }


def test_links_that_the_suite_added_stand_behind_our_own() -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test", "passed", "s1")
    run.says("s1", logs=()).public["links"]["trace"] = "traces/s1.zip"
    assert lines_of(run)[0][2] == "video session trace"
    assert ("trace", "traces/s1.zip") in table_of(run).detail_links(0)


def test_several_sessions_stand_in_lines_that_read_across_the_columns() -> None:
    """Also where one of them has no time, or there was none because the hub refused it."""
    run = MadeUpRun()
    run.attempt("test_x.py::test", "failed", "s1", "s2", refused=("SessionNotCreatedException",))
    run.says("s1", status="passed", logs=())
    run.says_not("s2", "unavailable", UNAUTHORIZED)
    assert lines_of(run) == [
        ("passed disagrees", "1 min 00 s", "1 of 2 video session"),
        ("unavailable: 401", "", "2 of 2 session"),
        ("refused", "", ""),
    ]


def test_a_disagreement_says_more_in_the_details() -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test", "failed", "s1")
    run.says("s1", status="passed")
    text = "marked passed at LambdaTest, failed in pytest"
    assert text in details_of(run)


def test_a_test_with_very_many_sessions_keeps_its_row_and_folds_its_details() -> None:
    run = MadeUpRun()
    attempt = run.attempt("test_x.py::test", "passed", *(f"s{place}" for place in range(500)), refused=("e",) * 3)
    lines = lines_of(run)
    assert len(lines) == 10
    assert lines[8:] == [("and 492 more", "", "in the details"), ("refused 3 times", "", "")]
    assert details_of(run).count("LambdaTest session ") == 500 + len(attempt.creation_failures)


def test_markers_and_sort_keys_are_what_pytest_html_can_take() -> None:
    run = MadeUpRun()
    attempt = run.attempt("test_x.py::test", "passed", "s1", "s2")
    run.says("s1")
    for column, head in zip(SORTABLE_COLUMNS, header_cells(), strict=False):
        assert f'class="sortable lt-head" data-column-type="{column}"' in head
    assert [list(sort_keys(one)) for one in (attempt, None)] == [list(SORTABLE_COLUMNS)] * 2
    assert [sort_keys(one)["ltduration"] for one in (attempt, None)] == [60.0, -1]
    assert [place_of(cell) for cell in (marker("t.0"), marker(""), "<td>7</td>", None)] == ["t.0", "", None, None]
    assert table_of(run).place(marker("t.0")) == 0
    assert table_of(run).place(marker("other.0")) is None, "of a report that was merged with this one"


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
    keys = {name: sort_keys(attempt)["ltstatus"] for name, attempt in attempts.items()}
    keys["nothing"] = sort_keys(None)["ltstatus"]
    assert sorted(keys, key=keys.__getitem__) == ["refused", "red", "contradicted", "open", "done", "green", "nothing"]


def test_details_say_where_in_the_video_the_test_starts() -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test", "failed", "s1", at=83.0, number=2)
    run.says("s1", status="failed", remark="the basket was empty", screenshot_url="https://x/shots.zip", name="basket")
    assert details_of(run) == (
        "LambdaTest session, attempt 2 failed Remark: the basket was empty "
        "Video Session page Screenshots Command log Console log Network log Selenium log "
        "(logs ask for a LambdaTest login) "
        "This test starts at 01:23 in the session Session time 1 min 00 s Browser chrome 156.0 Platform win10 "
        "Started 2026-11-24 07:24:41 UTC Name basket Build Nightly Session id s1 LambdaTest test id T-s1"
    )


def test_details_without_an_answer_say_why_and_what_to_do() -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test", "passed", "s1", "s2", at=5)
    run.says_not("s1", "unavailable", UNAUTHORIZED)
    run.says_not("s2", "running")
    text = details_of(run)
    assert f"LambdaTest session 1 of 2 unavailable: 401 Why: {UNAUTHORIZED} Session page" in text
    assert (
        "LambdaTest session 2 of 2 running Session page This test starts at 00:05 in the session Session id s2" in text
    )


def test_details_of_a_refused_session_say_who_refused_it() -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test", "failed", refused=("SessionNotCreatedException",))
    assert details_of(run) == f"No LambdaTest session refused {HUB} refused it (SessionNotCreatedException)."


@pytest.mark.parametrize(
    "attack", ["<script>x</script>", '"><img src=x onerror=x>', "' onclick='x", "--><svg onload=x>", "\x1b]0;x\x07"]
)
def test_nothing_that_others_wrote_becomes_markup(attack: str) -> None:
    """Whatever stands in the cloud's texts, the same tags with the same attributes come out."""

    def tags(text: str) -> list[tuple[str, list[str]]]:
        run = MadeUpRun()
        run.attempt(text, "failed", f"1{text}", f"2{text}", refused=(text,))
        run.says(f"1{text}", status=text, remark=f"{text}!", name=text, browser=text, logs=((text, f"{API}/{text}"),))
        run.says_not(f"2{text}", "unavailable", text)
        block = sessions_block(run.registry, Problems(), "t")
        assert not re.search(r"<(?!/script)", PageTable.text_in(block))
        html = block.partition("<script")[0]
        assert not any(character < " " for character in html.replace("\n", ""))
        return [(tag, list(attributes)) for tag, attributes in Parts(html).tags]

    assert tags(attack) == tags("harmless")
