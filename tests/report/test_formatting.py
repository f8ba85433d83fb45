"""The outputs speak of sessions in the same words, for people who have not read the API's documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from made_up_runs import MadeUpRun
from pytest_lambdatest_session.cloud.errors import NO_CREDENTIALS
from pytest_lambdatest_session.report.formatting import (
    clock_text,
    counts_text,
    duration_text,
    escape_control_characters,
    meaning_of,
    moment_text,
    pluralize,
    severity_of,
    short_reason,
    shown_status,
    status_counts,
    status_text,
    verdict_text,
)

if TYPE_CHECKING:
    from pytest_lambdatest_session.report.records import State

UNAUTHORIZED = "401 from api.lambdatest.com: user name or access key not accepted; check LT_USERNAME and LT_ACCESS_KEY"


def test_a_final_status_is_the_clouds_own_word() -> None:
    """Which does not say passed where it says completed."""
    run = MadeUpRun()
    run.attempt("test_x.py::test", "passed", "s1")
    for status, shown in (("completed", "completed"), ("Lambda-Error", "Lambda-Error"), (None, "ended")):
        assert shown_status(run.says("s1", status=status).public) == shown
        assert status_text(run.says("s1", status=status).public) == shown


@pytest.mark.parametrize(
    ("state", "error", "shown"),
    [
        ("running", None, "running"),
        ("pending", None, "pending"),
        ("not_found", "404 from api.lambdatest.com: session not known there", "not found"),
        ("unavailable", UNAUTHORIZED, "unavailable: 401"),
        ("unavailable", None, "unavailable"),
    ],
)
def test_without_a_final_answer_it_says_which_of_the_states_it_is(state: State, error: str | None, shown: str) -> None:
    run = MadeUpRun()
    run.attempt("test_x.py::test", "passed", "s1")
    assert status_text(run.says_not("s1", state, error).public) == shown
    (tracked,) = MadeUpRun(checked=False).attempt("test_x.py::test", "passed", "s1").sessions
    assert shown_status(tracked.public) == "not asked"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UNAUTHORIZED, "401"),
        ("api.lambdatest.com can't be asked: connection refused; check the network", "connection refused"),
        ("api.lambdatest.com can't be asked: TLS: certificate has expired; check x", "TLS: certificate has expired"),
        ("unusable answer from api.lambdatest.com: not JSON; check any proxy", "unusable answer"),
        ("no answer from api.lambdatest.com within lambdatest_budget, 10 s", "no answer"),
        (NO_CREDENTIALS, "no credentials"),
        ("x" * 60, "x" * 39 + "…"),
    ],
)
def test_the_reason_beside_a_status_is_a_word_or_two(error: str, reason: str) -> None:
    """What to do stands in full where there is room."""
    assert short_reason(error) == reason


def test_only_a_verdict_has_a_colour_and_what_could_be_taken_for_one_is_explained() -> None:
    words = {
        "good": ["passed", "Passed"],
        "bad": ["failed", "error", "lambda error", "TIMEOUT"],
        "plain": ["completed", "running", "skipped", "word of next year"],
    }
    assert {severity: [severity_of(word) for word in of_it] for severity, of_it in words.items()} == {
        severity: [severity] * len(of_it) for severity, of_it in words.items()
    }
    assert meaning_of("completed") == "it ended, and nobody marked it passed or failed"
    assert meaning_of("passed") is None


def test_counts_begin_with_what_went_wrong_and_then_with_what_is_not_known() -> None:
    """And stay short, whatever words the cloud has."""
    run = MadeUpRun()
    for place, status in enumerate(("passed", "passed", "completed", "passed", "failed")):
        run.attempt(f"test_x.py::test_{place}", "passed", f"s{place}")
        run.says(f"s{place}", status=status)
    run.attempt("test_x.py::test_open", "passed", "open")
    run.says_not("open", "running")
    counts = status_counts(tracked.public for tracked in run.registry.sessions.values())
    assert counts == [("failed", 1), ("running", 1), ("passed", 3), ("completed", 1)]
    assert counts_text(counts) == "1 failed, 1 running, 3 passed, 1 completed"
    assert counts_text((f"w{place}", 1000) for place in range(10)).endswith("1,000 w7, 2,000 with other statuses")


def test_a_disagreement_says_who_says_what() -> None:
    run = MadeUpRun()
    attempt = run.attempt("test_x.py::test", "failed", "s1")
    tracked = run.says("s1", status="passed")
    assert verdict_text(tracked.public, attempt.outcome) == "marked passed at LambdaTest, failed in pytest"


def test_durations_positions_times_and_counts_are_for_people() -> None:
    durations = {0: "0 s", 59.4: "59 s", 59.6: "1 min 00 s", 65: "1 min 05 s", 3599.9: "1 h 00 min", 7380: "2 h 03 min"}
    assert {seconds: duration_text(seconds) for seconds in durations} == durations
    positions = {0: "00:00", 83.9: "01:23", 3723: "1:02:03"}
    assert {seconds: clock_text(seconds) for seconds in positions} == positions
    for time in ("2026-11-24T07:24:41Z", "2026-11-24T07:24:41.123456Z"):
        assert moment_text(time) == "2026-11-24 07:24:41 UTC"
    sessions = {0: "0 sessions", 1: "1 session", 2: "2 sessions", 2000: "2,000 sessions"}
    assert {count: pluralize(count, "session") for count in sessions} == sessions


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("test_x.py::test[ünï-日本]", "test_x.py::test[ünï-日本]"),
        ("test[\x1b[31mred]", "test[\\x1b[31mred]"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("abc\u202edef", "abc\\u202edef"),
        ("half a \ud83d", "half a \\ud83d"),
        ("\x9b2J", "\\x9b2J"),
    ],
    ids=ascii,
)
def test_what_would_act_on_a_terminal_is_written_out(text: str, shown: str) -> None:
    assert escape_control_characters(text) == shown
