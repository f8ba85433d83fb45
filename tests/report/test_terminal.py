"""What the terminal says: in columns, without colour where there is none, each thing once and nothing cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from made_up_runs import API, HUB, MadeUpRun
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.terminal import SESSION_TITLE, FailureSections, TerminalSummary
from pytest_lambdatest_session.report.terminal_lines import summary_lines, write_summary
from screens import written_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.report.registry import AttemptRecord

    MakeTerminal = Callable[..., pytest.TerminalReporter]

UNAUTHORIZED = "401 from api.lambdatest.com: user name or access key not accepted; check LT_USERNAME and LT_ACCESS_KEY"
VIDEO = "https://automation.lambdatest.com/public/video?testID=T-"
PAGE = "https://automation.lambdatest.com/test?testID=T-"
LOGS = "https://automation.lambdatest.com/logs/?sessionID="


def lines_of(run: MadeUpRun, *problems: str, verbosity: int = 0) -> list[str]:
    noted = Problems()
    for problem in problems:
        noted.add(problem)
    return ["".join(piece.text for piece in line) for line in summary_lines(run.registry, noted, verbosity)]


@pytest.fixture
def mixed() -> MadeUpRun:
    """Two tests failed, one disagrees, one session is shared, and one that no test used was never quit."""
    run = MadeUpRun()
    run.attempt("test_shop.py::test_total", "failed", "a")
    run.attempt("test_shop.py::test_chat", "error", "b", "c")
    run.attempt("test_shop.py::test_green", "passed", "d")
    run.attempt("test_shop.py::test_shared", "passed", "e")
    run.attempt("test_shop.py::test_shared_too", "passed", "e")
    run.attempt("test_shop.py::test_contradicted", "passed", "f")
    run.unused("g")
    run.says("a", status="failed", duration=65.0)
    run.says("b", duration=7.0)
    run.says_not("c", "unavailable", UNAUTHORIZED)
    run.says("d", status="passed")
    run.says("e")
    run.says("f", status="failed")
    run.says_not("g", "running")
    return run


def test_a_line_for_each_session_of_a_failed_test_and_each_problem_once(mixed: MadeUpRun) -> None:
    assert lines_of(mixed, UNAUTHORIZED) == [
        "7 sessions: 2 failed, 1 running, 1 unavailable, 2 completed, 1 passed",
        "running: not quit before the reports were written; a quit in pytest_unconfigure or atexit comes too late",
        "FAILED test_shop.py::test_total",
        f"  failed            1 min 05 s  video    {VIDEO}a",
        "ERROR test_shop.py::test_chat",
        f"  completed                7 s  video    {VIDEO}b",
        f"  unavailable: 401           -  session  {LOGS}c",
        "PASSED test_shop.py::test_contradicted",
        f"  failed            1 min 00 s  video    {VIDEO}f  disagrees: LambdaTest says failed, pytest says passed",
        f"! {UNAUTHORIZED}",
    ]


def test_verbose_lists_all_sessions_with_their_links(mixed: MadeUpRun) -> None:
    lines = lines_of(mixed, verbosity=1)
    assert lines[2:5] == [
        "FAILED test_shop.py::test_total",
        f"  failed            1 min 05 s  video    {VIDEO}a",
        f"                                session  {PAGE}a",
    ]
    assert lines[-8:] == [
        "no test used it",
        f"  running                    -  session  {LOGS}g",
        "PASSED test_shop.py::test_green",
        f"  passed            1 min 00 s  video    {VIDEO}d",
        f"                                session  {PAGE}d",
        "PASSED test_shop.py::test_shared and 1 more test",
        f"  completed         1 min 00 s  video    {VIDEO}e",
        f"                                session  {PAGE}e",
    ]


def test_very_verbose_has_the_logs_too(mixed: MadeUpRun) -> None:
    lines = lines_of(mixed, verbosity=2)
    assert sum(f"{API}/sessions/" in line for line in lines) == 5 * 4
    assert any(line.split() == ["command", "log", f"{API}/sessions/d/log/command"] for line in lines)


def test_sessions_of_the_same_tests_stand_together() -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test_chat", "passed", "alice", "bob")
    assert [line for line in lines_of(run, verbosity=1) if "PASSED" in line] == ["PASSED test_x.py::test_chat"]


def test_a_failure_in_a_shared_session_says_where_in_the_video() -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test_a", "passed", "s1")
    run.attempt("test_x.py::test_b", "failed", "s1", at=83, number=2)
    run.says("s1")
    red = "FAILED test_x.py::test_b (attempt 2)"
    assert lines_of(run)[1:] == [red, f"  completed  1 min 00 s  video from about 01:07  {VIDEO}s1"]
    run.registry.sessions["s1"].ended_at = 1100.0
    run.says("s1", duration=100).public["video_seconds"] = 98.0
    assert lines_of(run)[1:] == [red, f"  completed  1 min 40 s  video from about 01:21  {VIDEO}s1"]
    run.registry.sessions["s1"].public["video_seconds"] = 99.5
    assert lines_of(run)[1:] == [red, f"  completed  1 min 40 s  video from 01:22  {VIDEO}s1"]


def test_sessions_that_a_hub_refused_are_counted_and_told_with_their_test() -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test_refused", "failed", refused=("SessionNotCreatedException",) * 3)
    assert lines_of(run) == [
        f"3 sessions refused by {HUB}",
        "FAILED test_x.py::test_refused",
        f"  refused  -  by  {HUB} (SessionNotCreatedException) (3 times)",
    ]


def test_nothing_is_cut() -> None:
    nodeid = f"test_x.py::test[{'x' * 500}]"
    run = MadeUpRun()
    run.attempt(nodeid, "failed", "s1")
    run.says("s1", status="w" * 64, video_url=f"https://x.example/{'v' * 900}")
    text = "\n".join(lines_of(run))
    assert nodeid in text
    assert "w" * 64 in text
    assert f"https://x.example/{'v' * 900}" in text


def test_a_run_without_sessions_says_nothing(terminal: MakeTerminal) -> None:
    reporter = terminal()
    write_summary(reporter, MadeUpRun().registry, Problems())
    assert written_on(reporter) == ""


def test_on_a_terminal_outcomes_statuses_and_problems_have_colour(mixed: MadeUpRun, terminal: MakeTerminal) -> None:
    reporter = terminal(is_tty=True)
    problems = Problems()
    problems.add("x")
    write_summary(reporter, mixed.registry, problems)
    text = written_on(reporter)
    assert "\x1b[31mFAILED\x1b[0m test_shop.py::test_total" in text
    assert "\x1b[33m! x\x1b[0m" in text
    assert "\x1b[33m  disagrees: LambdaTest says failed, pytest says passed\x1b[0m" in text


@pytest.mark.parametrize(
    "arguments", [{"is_tty": False}, {"is_tty": True, "color": "no"}], ids=["not a terminal", "--color=no"]
)
def test_where_there_is_no_colour_there_is_none(
    mixed: MadeUpRun, terminal: MakeTerminal, arguments: dict[str, object]
) -> None:
    reporter = terminal(**arguments)
    write_summary(reporter, mixed.registry, Problems(), 2)
    assert "\x1b" not in written_on(reporter)
    assert written_on(reporter).endswith("\n")


@pytest.mark.parametrize("place", ["node id", "problem", "creation_failure"])
def test_escape_sequences_are_seen_and_not_obeyed(terminal: MakeTerminal, place: str) -> None:
    attack = "\x1b[2J\x1b]0;title\x07\u202e\r\n"
    run, problems = MadeUpRun(), Problems()
    if place == "node id":
        run.attempt(f"test_x.py::test[{attack}]", "failed", "s1")
    elif place == "problem":
        problems.add(attack)
    else:
        run.attempt("test_x.py::test", "failed", refused=(attack,))
    reporter = terminal(is_tty=True, color="no")
    write_summary(reporter, run.registry, problems)
    assert r"\x1b[2J\x1b]0;title\x07\u202e\r\n" in written_on(reporter)
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(written_on(reporter))


@pytest.mark.parametrize(("verbosity", "is_told"), [(-1, False), (0, True), (1, True)])
def test_quiet_is_silent(mixed: MadeUpRun, terminal: MakeTerminal, verbosity: int, is_told: bool) -> None:
    reporter = terminal()
    config = reporter.config
    before = config.option.verbose
    config.option.verbose = verbosity
    try:
        TerminalSummary(mixed.registry, Problems()).pytest_terminal_summary(reporter, config)
    finally:
        config.option.verbose = before
    assert ("LambdaTest sessions" in written_on(reporter)) is is_told


# The section in a failure


def report_of(attempt: AttemptRecord, outcome: str = "failed") -> pytest.TestReport:
    return pytest.TestReport(attempt.nodeid, ("test_x.py", 1, "test"), {}, outcome, None, "call")  # type: ignore[arg-type]


def test_a_failure_has_a_section_that_becomes_final_when_the_run_ends() -> None:
    run, sections = MadeUpRun(), FailureSections()
    attempt = run.attempt("test_x.py::test", "failed", "s1", "s2", refused=("SessionNotCreatedException",))
    run.attempt("test_x.py::test_before", "passed", "s2")
    report = report_of(attempt)
    report.sections.append(("Captured stdout call", "mine"))
    sections.attach(report, attempt)
    ((_, static),) = report.sections[1:]
    assert static.splitlines() == [
        "s1",
        f"  session       {LOGS}s1",
        "s2",
        f"  session       {LOGS}s2",
        f"no session: {HUB} refused it (SessionNotCreatedException)",
    ]
    run.says("s1", status="passed", remark="two teapots", logs=(("command", f"{API}/log"),))
    run.says_not("s2", "unavailable", UNAUTHORIZED)
    sections.bind()
    assert report.sections[0] == ("Captured stdout call", "mine")
    title, text = report.sections[1]
    assert title == SESSION_TITLE
    assert text.splitlines() == [
        "s1  passed, 1 min 00 s, disagrees: LambdaTest says passed, pytest says failed",
        "  remark        two teapots",
        f"  video         {VIDEO}s1",
        f"  session       {PAGE}s1",
        f"  command log   {API}/log",
        "s2  unavailable, this test starts at 00:00 in the session",
        f"  why           {UNAUTHORIZED}",
        f"  session       {LOGS}s2",
        f"no session: {HUB} refused it (SessionNotCreatedException)",
    ]


def test_a_test_that_passed_has_no_section() -> None:
    run, sections = MadeUpRun(), FailureSections()
    report = report_of(run.attempt("test_x.py::test", "passed", "s1"), "passed")
    sections.attach(report, run.attempt("test_x.py::test", "passed", "s1"))
    assert report.sections == []


def test_a_section_that_others_took_away_stays_away() -> None:
    run, sections = MadeUpRun(), FailureSections()
    attempt = run.attempt("test_x.py::test", "failed", "s1")
    report = report_of(attempt)
    sections.attach(report, attempt)
    report.sections.clear()
    sections.bind()
    assert report.sections == []
