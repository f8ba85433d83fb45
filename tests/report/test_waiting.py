"""While the run waits at its end, it says for what and for how long; and it leaves no trace of that on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.waiting import WaitingLine, waiting_line, waiting_text
from screens import seen_on, written_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from stories import Story

    MakeTerminal = Callable[..., pytest.TerminalReporter]


def test_on_a_terminal_one_line_is_rewritten_and_gone_afterwards(terminal: MakeTerminal) -> None:
    reporter = terminal(is_tty=True)
    reporter.write("test_x.py ..F   [100%]")
    line = WaitingLine(reporter, Problems(), waiting_text)
    line.show(3, 4.0)
    said = "waiting for 1 LambdaTest session, {} s left; Ctrl-C to stop waiting"
    for seconds_left, shown in ((2.2, 3), (0.0, 1)):
        line.show(1, seconds_left)
        assert seen_on(reporter) == ["test_x.py ..F   [100%]", said.format(shown)]
    line.clear()
    reporter.write("=")
    assert seen_on(reporter) == ["test_x.py ..F   [100%]", "="]


def test_a_line_that_the_reporter_began_is_ended_once(terminal: MakeTerminal) -> None:
    reporter = terminal(is_tty=True)
    reporter.write_fspath_result("test_x.py::test", ".")
    WaitingLine(reporter, Problems(), waiting_text).show(1, 1.0)
    assert written_on(reporter).count("\n") == 2  # one before the file's name, one after its dots


def test_elsewhere_it_is_one_plain_line(terminal: MakeTerminal) -> None:
    reporter = terminal(is_tty=False)
    reporter.write("test_x.py ..F")
    line = WaitingLine(reporter, Problems(), waiting_text)
    line.show(3, 4.0)
    line.show(1, 3.0)
    line.clear()
    assert written_on(reporter) == (
        "test_x.py ..F\nwaiting for 3 LambdaTest sessions, 4 s left; Ctrl-C to stop waiting\n"
    )


def test_a_narrow_terminal_gets_as_much_as_fits_in_its_line(
    terminal: MakeTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    reporter = terminal(is_tty=True)
    WaitingLine(reporter, Problems(), waiting_text).show(3, 4.0)
    assert seen_on(reporter)[-1] == "waiting for 3 LambdaTest sess"


def test_a_run_that_need_not_wait_says_nothing(terminal: MakeTerminal) -> None:
    reporter = terminal(is_tty=True)
    WaitingLine(reporter, Problems(), waiting_text).clear()
    assert written_on(reporter) == ""


def test_a_terminal_that_went_away_does_not_end_the_wait(terminal: MakeTerminal) -> None:
    reporter, problems = terminal(is_tty=True), Problems()
    reporter._tw._file.close()
    WaitingLine(reporter, problems, waiting_text).show(1, 1.0)
    assert len(list(problems)) == 1


def test_without_a_terminal_reporter_there_is_no_line() -> None:
    class Manager:
        def get_plugin(self, name: str) -> None:
            """What pytest answers with `-p no:terminal`."""

    class Config:
        pluginmanager = Manager()

    with waiting_line(Config(), Problems(), waiting_text) as on_wait:  # type: ignore[arg-type]
        assert on_wait is None


SUITE = """
def test_shop():
    with open_browser() as driver:
        driver.title
"""


@pytest.mark.parametrize(("option", "times"), [("-v", 1), ("-q", 0)])
def test_a_run_that_waits_says_so_once_in_a_file_and_not_at_all_if_quiet(story: Story, option: str, times: int) -> None:
    story.grid.ready_after = 600
    story.tests(SUITE)
    run = story.run(option, "--lambdatest-budget=2.5")
    assert run.output.count("waiting for 1 LambdaTest session, ") == times
    assert [record["state"] for record in run.records] == ["pending"]
    # The second on a machine that is too busy to answer within half a second.
    in_time = "! LambdaTest had no final answer in time; raise lambdatest_budget (2.5 s) (1 session)\n"
    assert in_time in run.output or "did not answer within lambdatest_budget" in run.output
