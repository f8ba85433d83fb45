"""The block in the summary: what failed first, the rest out of the way and to be found."""

from __future__ import annotations

import re

from ledgers import HUB, MadeUpRun
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.html.summary import sessions_table
from stories import Parts

RED = "test_shop.py::test_total"


def block_of(run: MadeUpRun, *problems: str) -> str:
    noted = Problems()
    for problem in problems:
        noted.add(problem)
    return sessions_table(run.ledger, noted).partition("<script>")[0]


def text_of(html: str) -> str:
    return " ".join(Parts(html).text.split())


def rows_of(html: str) -> list[str]:
    return [text_of(row) for row in re.findall("<tr data-lt=.*?</tr>", html)]


def run_of(count: int, *red: int) -> MadeUpRun:
    """`count` tests with a session each."""
    run = MadeUpRun()
    for place in range(count):
        run.attempt(f"test_x.py::test_{place}", "failed" if place in red else "passed", f"s{place}")
        run.says(f"s{place}", status="failed" if place in red else "passed", logs=())
    return run


def test_a_run_that_had_nothing_to_do_with_sessions_has_no_block() -> None:
    assert sessions_table(MadeUpRun().ledger, Problems()) == ""


def test_few_sessions_stand_open_failed_ones_first() -> None:
    run = run_of(3, 1)
    run.unused("idle")
    html = block_of(run)
    assert "<details>" not in html
    assert rows_of(html) == [
        "failed test_x.py::test_1 failed 1 min 00 s video session chrome 156.0, win10",
        "no test used it running – session",  # noqa: RUF001
        "passed test_x.py::test_0 passed 1 min 00 s video session chrome 156.0, win10",
        "passed test_x.py::test_2 passed 1 min 00 s video session chrome 156.0, win10",
    ]


def test_the_first_line_says_how_it_went() -> None:
    run = run_of(40, 3, 5)
    run.attempt("test_x.py::test_contradicted", "failed", "s40")
    run.says("s40", status="passed")
    run.attempt("test_x.py::test_refused", "failed", refused=("SessionNotCreatedException",))
    first = re.search('<p class="lt-counts">(.*?)</p>', block_of(run))
    assert first is not None
    assert text_of(first[1]) == (
        "41 sessions , 3 of failed tests and 1 in disagreement with pytest. At LambdaTest: 2 failed, 39 passed. "
        f"1 session refused by {HUB}. Build: Nightly."
    )


def test_many_sessions_are_folded_but_those_of_failed_tests() -> None:
    shown, folded = block_of(run_of(40, 30)).split("<details><summary>")
    assert rows_of(shown) == ["failed test_x.py::test_30 failed 1 min 00 s video session chrome 156.0, win10"]
    assert folded.startswith("39 more sessions</summary>")
    assert len(rows_of(folded)) == 39


def test_when_nothing_failed_all_of_many_are_folded() -> None:
    shown, folded = block_of(run_of(40)).split("<details><summary>")
    assert rows_of(shown) == []
    assert folded.startswith("All 40 sessions</summary>")


def test_when_very_many_failed_the_block_does_not_push_the_results_away() -> None:
    shown, folded = block_of(run_of(200, *range(50))).split("<details><summary>")
    assert len(rows_of(shown)) == 10
    assert folded.startswith("190 more sessions, 40 of them of failed tests or in disagreement</summary>")


def test_a_session_of_very_many_tests_shows_those_that_failed_and_counts_the_others() -> None:
    run = MadeUpRun()
    for place in range(500):
        outcome = "failed" if place in (100, 300) else "skipped" if place == 7 else "passed"
        run.attempt(f"test_x.py::test_{place}", outcome, "s1", at=place * 2.0)  # type: ignore[arg-type]
    run.says("s1")
    shown, folded = block_of(run).split("<details><summary>")
    assert text_of(shown[shown.index("<tbody>") :]) == (
        "failed test_x.py::test_100 from 03:20 in the video failed test_x.py::test_300 from 10:00 in the video"
    )
    assert folded.startswith("498 more tests: 497 passed, 1 skipped</summary>")


def test_a_failed_test_leads_to_its_row() -> None:
    """pytest-html gives the row the node id as its id. Errors have the phase behind it, which is not known here."""
    run = MadeUpRun()
    run.attempt("test_x.py::test[a b-ü%]", "failed", "s1")
    run.attempt("test_x.py::test_error", "error", "s2")
    links = Parts(block_of(run)).links
    assert links["test_x.py::test[a b-ü%]"] == "#test_x.py::test%5Ba%20b-%C3%BC%25%5D"
    assert "test_x.py::test_error" not in links


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
    note = block_of(run).rpartition('<p class="lt-quiet">')[2]
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
    assert "LambdaTest login" not in block_of(run)


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
    assert "lt-filter" not in block_of(run_of(5))


def test_a_session_costs_little_of_the_page() -> None:
    """Two thousand of them are read by a browser; the addresses of their links make most of it."""
    sizes = [len(block_of(run_of(count))) for count in (100, 200)]
    assert (sizes[1] - sizes[0]) / 100 < 700
