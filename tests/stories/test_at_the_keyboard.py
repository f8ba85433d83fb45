"""Runs that somebody sits in front of: the debugger, and the loop that waits for changes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stories import Story

RED = """
def test_red():
    with open_browser() as driver:
        driver.title
        assert 0
"""


def test_the_debugger_works_and_the_session_is_reported_after_it(story: Story) -> None:
    story.tests(RED)
    result = story.pytester.run(
        *(sys.executable, "-m", "pytest", "-p", "lambdatest_session", "--pdb"),
        "--lambdatest-sessions-file=sessions.jsonl",
        stdin=b"p 'in the debugger', driver.session_id\nc\n",
        timeout=60,
    )
    run = story.run_of(result)
    (record,) = run.records
    assert f"('in the debugger', '{record['session_id']}')" in run.output
    assert record["state"] == "final"
    assert "1 failed" in run.output


def test_looponfail_reports_each_round(story: Story) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is an optional companion")
    story.tests(RED)
    command = ("-p", "xdist", "-p", "xdist.looponfail", "-p", "lambdatest_session", "-f")
    loop = subprocess.Popen(
        [sys.executable, "-m", "pytest", *command, "--lambdatest-sessions-file=sessions.jsonl"],
        cwd=story.pytester.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # Ends a loop that never gets to wait, and with it the reading below.
    guard = threading.Timer(60, loop.kill)
    guard.start()
    printed = []
    assert loop.stdout is not None
    for line in loop.stdout:
        printed.append(line)
        if "waiting for changes" in line:
            loop.send_signal(signal.SIGINT)
            break
    printed.append(loop.communicate(timeout=30)[0])
    guard.cancel()
    run = story.run_of(pytest.RunResult(0, printed, [], 0))
    assert [record["state"] for record in run.records] == ["final"], "".join(printed)
    assert "1 session: 1 completed" in "".join(printed)
