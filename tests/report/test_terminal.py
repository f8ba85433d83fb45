"""What the terminal says: in columns, without colour where there is none, each thing once and nothing cut."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from made_up_runs import API, HUB, MadeUpRun
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.terminal import SESSION_TITLE, FailureSections, TerminalSummary
from pytest_lambdatest_session.report.terminal_lines import Style, summary_lines
from screens import written_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.report.registry import AttemptRecord

    MakeTerminal = Callable[..., pytest.TerminalReporter]

UNAUTHORIZED = "401 from api.lambdatest.com: user name or access key not accepted; check LT_USERNAME and LT_ACCESS_KEY"
VIDEO = "https://automation.lambdatest.com/public/video?testID=T-"
PAGE = "https://automation.lambdatest.com/test?testID=T-"
LOGS = "https://automation.lambdatest.com/logs/?sessionID="


HERE = Path("/suite")


def style_of(verbosity: int = 0, *, here: Path = HERE) -> Style:
    return Style(report_folder=HERE / "out", here=here, root=HERE, verbosity=verbosity, hubs=("lambdatest.com",))


def lines_of(run: MadeUpRun, verbosity: int = 0, *, here: Path = HERE) -> list[str]:
    """The section at the end where pytest printed no sections of failures."""
    return [line.text for line in summary_lines(run.registry, style_of(verbosity, here=here), with_failures=True)]


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
    run.says("b", duration=7.0, name="Ada")
    run.says_not("c", "unavailable", UNAUTHORIZED)
    run.says("d", status="passed")
    run.says("e")
    run.says("f", status="failed")
    run.says_not("g", "running")
    return run


def test_a_block_for_each_session_that_a_reader_wants_to_see(mixed: MadeUpRun) -> None:
    assert lines_of(mixed) == [
        "7 sessions: 2 failed, 1 running, 1 unavailable, 2 completed, 1 passed",
        "running: quit() was not called before the reports were written",
        "test_shop.py::test_total",
        "  failed, 1 min 05 s",
        f"  {VIDEO}a",
        "test_shop.py::test_chat",
        "  Ada: completed, 7 s",
        f"  {VIDEO}b",
        "  session 2 of 2: unavailable",
        f"  why: {UNAUTHORIZED}",
        f"  {LOGS}c",
        "test_shop.py::test_contradicted",
        "  marked failed at LambdaTest, passed in pytest, 1 min 00 s",
        f"  {VIDEO}f",
        "no test used it:",
        "  running",
        f"  {LOGS}g",
    ]
    assert "FAILED" not in lines_of(mixed), "grep '^FAILED' counts each test once"


def test_what_pytest_printed_with_the_failures_is_not_told_again(mixed: MadeUpRun) -> None:
    lines = [line.text for line in summary_lines(mixed.registry, style_of(), with_failures=False)]
    assert [line for line in lines[2:] if not line.startswith(" ")] == [
        "test_shop.py::test_contradicted",
        "no test used it:",
    ]


def test_verbose_lists_all_sessions_with_their_links(mixed: MadeUpRun) -> None:
    lines = lines_of(mixed, 1)
    assert lines[2:6] == ["test_shop.py::test_total", "  failed, 1 min 05 s", f"  {VIDEO}a", f"  {PAGE}a"]
    assert lines[-9:] == [
        "test_shop.py::test_green",
        "  passed, 1 min 00 s",
        f"  {VIDEO}d",
        f"  {PAGE}d",
        "test_shop.py::test_shared",
        "  and 1 more test",
        "  completed, 1 min 00 s, this test starts at 00:00 in the session",
        f"  {VIDEO}e",
        f"  {PAGE}e",
    ]
    logs = [line for line in lines_of(mixed, 2) if " log: " in line]
    assert len(logs) == 5 * 4
    assert f"  command log: {API}/sessions/d/log/command" in logs


def test_sessions_of_the_same_tests_stand_together() -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test_chat", "passed", "alice", "bob")
    assert lines_of(run, 1).count("test_x.py::test_chat") == 1


def test_a_failure_in_a_shared_session_says_where_in_it() -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test_a", "passed", "s1")
    failed = run.attempt("test_x.py::test_b", "failed", "s1", at=83, number=2)
    run.says("s1", name="whole run", remark="stopped by hand")
    heading = "  whole run: attempt 2, completed, 1 min"
    rest = ["  remark: stopped by hand", f"  {VIDEO}s1"]
    assert lines_of(run)[1:] == [
        "test_x.py::test_b",
        f"{heading} 00 s, this test starts at 01:23 in the session",
        *rest,
    ]
    failed.failure = "Stopped by hand\nassert 1 == 2"
    assert [line for line in lines_of(run) if "by hand" in line] == [], "the failure itself says so"
    run.registry.sessions["s1"].ended_at = 1100.0
    run.says("s1", duration=100).public["video_seconds"] = 98.0
    assert lines_of(run)[2].endswith(", 1 min 40 s, this test starts at about 01:21 in the video, ends at 01:23")
    run.registry.sessions["s1"].public["video_seconds"] = 99.5
    assert ", this test starts at 01:22 in the video" in lines_of(run)[2]


def test_a_session_that_nobody_quit_is_named_with_its_test() -> None:
    run = MadeUpRun()
    for place in range(22):
        run.attempt(f"test_x.py::test_{place}", "passed", f"s{place}")
        run.says_not(f"s{place}", "running")
    lines = lines_of(run)
    assert lines[2:5] == ["test_x.py::test_0", "  running", f"  {LOGS}s0"]
    assert lines[-1] == "and 2 more running; -v lists them"
    assert len(lines) == 2 + 20 * 3 + 1


def test_sessions_that_a_hub_refused_are_counted_and_told_with_their_test() -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test_refused", "failed", refused=("SessionNotCreatedException",) * 3)
    assert lines_of(run) == [
        f"3 sessions refused by {HUB}",
        "test_x.py::test_refused",
        f"  no session: {HUB} refused it (SessionNotCreatedException) (3 times)",
    ]


def test_saved_copies_and_node_ids_are_paths_from_here() -> None:
    run = MadeUpRun()
    run.attempt("tests/test_x.py::test_a/b[../c]", "failed", "s1", "s2")
    first, second = run.says("s1", name="one"), run.says("s2", name="two")
    first.public["artifacts"] = {"command": "r-lambdatest/s1/command.log", "video": "r-lambdatest/s1/my%20video.mp4"}
    first.public["url"] = "pages/s1/index.html"
    first.public["links"] = {"server logs": "https://logs.shop.example/s1"}
    first.public["share_url"], first.public["shared_until"] = "https://shared.example/s1", "2026-12-01"
    second.public["artifacts"] = {"command": "r-lambdatest/s2/command.log"}
    assert lines_of(run, here=HERE / "tests")[1:] == [
        "test_x.py::test_a/b[../c]",
        "  one: completed, 1 min 00 s",
        "  ../out/pages/s1/index.html",
        "  ../out/r-lambdatest/s1/my video.mp4",
        "  opens without a login until 2026-12-01: https://shared.example/s1",
        "  server logs: https://logs.shop.example/s1",
        "  two: completed, 1 min 00 s",
        f"  {VIDEO}s2",
        "  ../out/r-lambdatest/s2",
    ]
    assert "  command log: out/r-lambdatest/s1/command.log" in lines_of(run, 2)


def test_an_id_is_not_broken_by_a_terminal_of_80_columns(mixed: MadeUpRun) -> None:
    test_id = "BOU0C-UJW7G-QOI42-3R0E0"
    mixed.says("a", test_id=test_id, video_url=f"https://automation.lambdatest.com/public/video?testID={test_id}")
    assert all(len(line) <= 80 for line in lines_of(mixed, 1) if test_id in line)


def test_nothing_is_cut() -> None:
    nodeid = f"test_x.py::test[{'x' * 500}]"
    run = MadeUpRun()
    run.attempt(nodeid, "failed", "s1")
    run.says("s1", status="w" * 64, video_url=f"https://x.example/{'v' * 900}")
    text = "\n".join(lines_of(run))
    assert nodeid in text
    assert "w" * 64 in text
    assert f"https://x.example/{'v' * 900}" in text


def test_on_a_terminal_statuses_and_problems_have_colour(mixed: MadeUpRun, terminal: MakeTerminal) -> None:
    reporter = terminal(is_tty=True)
    write_at_end(reporter, mixed, "x")
    text = written_on(reporter)
    assert "\x1b[33m! x\x1b[0m" in text
    assert "\x1b[33m  marked failed at LambdaTest, passed in pytest, 1 min 00 s\x1b[0m" in text


def write_at_end(reporter: pytest.TerminalReporter, run: MadeUpRun, *problems: str, verbosity: int = 0) -> None:
    noted, option = Problems(), reporter.config.option
    for problem in problems:
        noted.add(problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(option, "verbose", verbosity)
        TerminalSummary(run.registry, noted, style_of).pytest_terminal_summary(reporter, reporter.config)


@pytest.mark.parametrize(
    "arguments", [{"is_tty": False}, {"is_tty": True, "color": "no"}], ids=["not a terminal", "--color=no"]
)
def test_where_there_is_no_colour_there_is_none(
    mixed: MadeUpRun, terminal: MakeTerminal, arguments: dict[str, object]
) -> None:
    reporter = terminal(**arguments)
    write_at_end(reporter, mixed)
    assert "\x1b" not in written_on(reporter)
    assert written_on(reporter).endswith("\n")


@pytest.mark.parametrize("place", ["node id", "problem", "hub"])
def test_escape_sequences_are_seen_and_not_obeyed(terminal: MakeTerminal, place: str) -> None:
    attack = "\x1b[2J\x1b]0;title\x07\u202e\r\n"
    run = MadeUpRun()
    if place == "node id":
        run.attempt(f"test_x.py::test[{attack}]", "passed", "s1")
        run.says("s1", status="failed")
    elif place == "hub":
        run.attempt("test_x.py::test", "failed", refused=("x",), hub=attack)
    reporter = terminal(is_tty=True, color="no")
    write_at_end(reporter, run, *([attack] if place == "problem" else []))
    assert r"\x1b[2J\x1b]0;title\x07\u202e\r\n" in written_on(reporter)
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(written_on(reporter))


def test_quiet_says_problems_alone(mixed: MadeUpRun, terminal: MakeTerminal) -> None:
    reporter = terminal()
    write_at_end(reporter, mixed, UNAUTHORIZED, verbosity=-1)
    assert written_on(reporter) == f"! {UNAUTHORIZED}\n"


# The section in a failure


def report_of(attempt: AttemptRecord, outcome: str = "failed") -> pytest.TestReport:
    return pytest.TestReport(attempt.nodeid, ("test_x.py", 1, "test"), {}, outcome, None, "call")  # type: ignore[arg-type]


def test_a_failure_has_a_section_that_becomes_final_when_the_run_ends() -> None:
    run, sections = MadeUpRun(), FailureSections(style_of)
    attempt = run.attempt("test_x.py::test", "failed", "s1", "s2", refused=("SessionNotCreatedException",))
    run.attempt("test_x.py::test_before", "passed", "s2")
    report = report_of(attempt)
    report.sections.append(("Captured stdout call", "mine"))
    sections.attach(report, attempt)
    ((_, static),) = report.sections[1:]
    assert static.splitlines() == [
        f"{LOGS}s1",
        f"{LOGS}s2",
        f"no session: {HUB} refused it (SessionNotCreatedException)",
    ]
    run.says("s1", status="passed", remark="two teapots", logs=(("command", f"{API}/log"),))
    run.says_not("s2", "unavailable", UNAUTHORIZED)
    sections.bind()
    assert report.sections[0] == ("Captured stdout call", "mine")
    title, text = report.sections[1]
    assert title == SESSION_TITLE
    assert text.splitlines() == [
        "session 1 of 2: marked passed at LambdaTest, failed in pytest, 1 min 00 s",
        "remark: two teapots",
        f"{VIDEO}s1",
        "session 2 of 2: unavailable, this test starts at 00:00 in the session",
        f"why: {UNAUTHORIZED}",
        f"{LOGS}s2",
        f"no session: {HUB} refused it (SessionNotCreatedException)",
    ]


def test_a_test_that_passed_has_no_section() -> None:
    run, sections = MadeUpRun(), FailureSections(style_of)
    report = report_of(run.attempt("test_x.py::test", "passed", "s1"), "passed")
    sections.attach(report, run.attempt("test_x.py::test", "passed", "s1"))
    assert report.sections == []


def test_a_section_that_others_took_away_stays_away() -> None:
    run, sections = MadeUpRun(), FailureSections(style_of)
    attempt = run.attempt("test_x.py::test", "failed", "s1")
    report = report_of(attempt)
    sections.attach(report, attempt)
    report.sections.clear()
    sections.bind()
    assert report.sections == []
