"""The block in the summary: what failed first, the rest out of the way and to be found."""

from __future__ import annotations

import re

from made_up_runs import HUB, MadeUpRun
from page_tables import PageTable
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.html.summary import sessions_block
from stories import Parts

RED = "test_shop.py::test_total"


def block_of(run: MadeUpRun, *problems: str) -> str:
    noted = Problems()
    for problem in problems:
        noted.add(problem)
    return sessions_block(run.registry, noted, "t")


def text_of(html: str) -> str:
    return " ".join(Parts(html).text.split())


def rows_of(html: str) -> list[str]:
    """Those that stand open, and those that are folded."""
    return PageTable(html).summary_rows


def open_rows(html: str) -> int:
    found = re.search('data-lt-open="(.*?)"', html)
    assert found is not None
    return int(found[1])


def fold_of(html: str) -> str:
    return html.partition("<details><summary>")[2].partition("</summary>")[0]


def run_of(count: int, *red: int) -> MadeUpRun:
    """`count` tests with a session each."""
    run = MadeUpRun()
    for place in range(count):
        run.attempt(f"test_x.py::test_{place}", "failed" if place in red else "passed", f"s{place}")
        run.says(f"s{place}", status="failed" if place in red else "passed", logs=())
    return run


def test_a_run_that_had_nothing_to_do_with_sessions_has_no_block() -> None:
    assert block_of(MadeUpRun()) == ""


def test_few_sessions_stand_open_those_that_need_a_look_first() -> None:
    run = run_of(3, 1)
    run.unused("idle")
    html = block_of(run)
    assert fold_of(html) == ""
    assert open_rows(html) == 4
    assert rows_of(html) == [
        "no test used it running session",
        "failed test_x.py::test_1 failed 1 min 00 s video session chrome 156.0, win10",
        "passed test_x.py::test_0 passed 1 min 00 s video session chrome 156.0, win10",
        "passed test_x.py::test_2 passed 1 min 00 s video session chrome 156.0, win10",
    ]


def test_the_first_line_says_how_it_went() -> None:
    run = run_of(40, 3, 5)
    run.attempt("test_x.py::test_contradicted", "failed", "s40")
    run.says("s40", status="passed")
    run.attempt("test_x.py::test_refused", "failed", refused=("SessionNotCreatedException",))
    run.unused("idle")
    first = re.search('<p class="lt-counts">(.*?)</p>', block_of(run))
    assert first is not None
    assert text_of(first[1]) == (
        "42 sessions , 3 of failed tests , 1 in disagreement with pytest, 1 that nobody quit . "
        "At LambdaTest: 2 failed, 1 running, 39 passed. "
        f"1 session refused by {HUB}. Build: Nightly."
    )


def test_many_sessions_are_folded_but_those_of_failed_tests() -> None:
    """When very many failed, the results are not pushed away."""
    html = block_of(run_of(40, 30))
    assert rows_of(html)[0] == "failed test_x.py::test_30 failed 1 min 00 s video session chrome 156.0, win10"
    assert (open_rows(html), fold_of(html), len(rows_of(html))) == (1, "39 more sessions", 40)
    html = block_of(run_of(40))
    assert (open_rows(html), fold_of(html)) == (0, "All 40 sessions")
    html = block_of(run_of(200, *range(50)))
    assert (open_rows(html), fold_of(html)) == (10, "190 more sessions, 40 of which need a look")


def test_a_session_of_many_tests_shows_the_failed_ones_and_counts_the_rest() -> None:
    run = MadeUpRun()
    for place in range(500):
        outcome = "failed" if place in (100, 300) else "skipped" if place == 7 else "passed"
        run.attempt(f"test_x.py::test_{place}", outcome, "s1", at=place * 2.0)  # type: ignore[arg-type]
    run.says("s1")
    html = block_of(run)
    (row,) = rows_of(html)
    assert row.startswith(
        "failed test_x.py::test_100 from 03:20 in the session failed test_x.py::test_300 from 10:00 in the session "
        "498 more tests: 497 passed, 1 skipped passed test_x.py::test_0 "
    )
    shown, folded = PageTable(html).tests_of(0)
    assert (len(shown), len(folded)) == (2, 498)


def test_a_later_attempt_and_a_name_of_its_own_are_told() -> None:
    run = MadeUpRun()
    run.attempt(RED, "rerun", "s1")
    run.attempt(RED, "failed", "s2", number=2)
    run.attempt(RED, "passed", "s3", number=3)
    run.says("s1", name="checkout of a guest")
    run.says("s2", name="test_total")
    run.says("s3", name="s3")
    first, second, third = rows_of(block_of(run))
    assert third.startswith(f"passed {RED} (attempt 3) completed")
    assert first.startswith(f"failed {RED} (attempt 2) completed")
    assert second.startswith(f"rerun {RED} checkout of a guest completed")


def test_sessions_of_one_test_are_told_apart() -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test_two_customers", "passed", "s1", "s2")
    run.attempt("test_x.py::test_chat", "passed", "s3", "s4")
    for id_, name in (("s1", "customer"), ("s2", "customer"), ("s3", "Ada"), ("s4", "s4")):
        run.says(id_, name=name)
    first, second, ada, other = rows_of(block_of(run))
    assert first.startswith("passed test_x.py::test_two_customers customer 1 of 2 completed")
    assert second.startswith("passed test_x.py::test_two_customers customer 2 of 2 completed")
    assert ada.startswith("passed test_x.py::test_chat Ada completed")
    assert other.startswith("passed test_x.py::test_chat session 2 of 2 completed")


def test_each_problem_stands_once_with_what_to_do() -> None:
    html = block_of(run_of(1), "connection refused; check the network", "x", "x")
    assert '<ul class="lt-problems"><li>connection refused; check the network</li><li>x (2 times)</li></ul>' in html


def test_problems_are_shown_even_without_sessions() -> None:
    assert "something is wrong" in block_of(MadeUpRun(), "something is wrong")


def test_words_that_could_be_taken_for_more_are_explained_once() -> None:
    run = run_of(2)
    for name in ("a", "b"):
        run.attempt(name, "passed", name)
        run.says(name)
    note = block_of(run).rpartition('<p class="lt-quiet">')[2].partition("</p>")[0]
    assert text_of(note) == (
        "completed : it ended, and nobody marked it passed or failed. Logs ask for a LambdaTest login."
    )


def test_what_logs_ask_for_is_said_of_those_that_were_not_saved() -> None:
    run = MadeUpRun()
    run.attempt("test_a", "failed", "s1", "s2")
    logs = (("command", "https://api.lambdatest.com/log"),)
    sessions = [run.says(id_, logs=logs).public for id_ in ("s1", "s2")]
    assert "Logs ask for a LambdaTest login." in block_of(run)
    sessions[0]["artifacts"] = {"command": "report-lambdatest/s1/command.log"}
    assert "Logs that were not saved ask for a LambdaTest login." in block_of(run)
    sessions[1]["artifacts"] = {"command": "report-lambdatest/s2/command.log"}
    assert "LambdaTest login" not in block_of(run).partition("<script")[0]


def test_the_filter_offers_the_groups_and_statuses_that_there_are() -> None:
    run = run_of(7, 3)
    run.says_not("s5", "pending")
    run.says("s6", status="failed")
    options = re.findall('<option value="(.*?)">(.*?)</option>', block_of(run))
    assert options == [
        ("", "all sessions (7)"),
        ("f", "of failed tests (1)"),
        ("d", "disagrees with pytest (1)"),
        ("u", "no final answer (1)"),
        ("=failed", "failed (2)"),
        ("=pending", "pending (1)"),
        ("=passed", "passed (4)"),
    ]
    assert '<div class="lt-filter" hidden>' in block_of(run)


def test_a_handful_of_sessions_needs_no_filter() -> None:
    assert "lt-filter" not in block_of(run_of(5)).partition("<script")[0]
