"""The rows of the cloud's logs: read leniently, and cut to a test's time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_lambdatest_session.report.log_rows import LogRow, saved_logs, within
from pytest_lambdatest_session.report.video_offsets import TimeRange

START = "2026-11-24T07:00:00Z"
START_MS = 1795503600000


def log(*rows: Any) -> str:
    return json.dumps({"data": list(rows)})


def test_commands_and_console_errors_are_read_with_their_place_in_the_session() -> None:
    value = {
        "requestMethod": "GET",
        "requestPath": "/session/abc/element/f.CB1DBA521234DE.e.2/text",
        "requestBody": '{"text": "hunter2"}',
        "responseStatus": 500,
        "duration": 7,
    }
    logs = saved_logs(
        log({"timestamp": START_MS + 2500, "Value": value}),
        log(
            {"Value": {"level": "SEVERE", "message": "boom\x1b[31m", "timestamp": START_MS + 3000}},
            {"Value": {"level": "INFO", "message": "quiet"}},
        ),
        START,
    )
    assert logs.commands == [LogRow(2.5, "GET /element/…/text  500  7 ms", True)]
    assert logs.console_errors == [LogRow(3.0, "boom\N{SYMBOL FOR ESCAPE}[31m", True)]


@pytest.mark.parametrize(
    ("started_ms", "offset"),
    [(900, 1.6), (0, 2.5), (5000, 2.5), (None, 2.5)],
    ids=["in that second", "as it says", "long after it", "unknown"],
)
def test_the_command_that_started_the_session_tells_its_start_to_the_millisecond(
    started_ms: int | None, offset: float
) -> None:
    first = {"requestMethod": "POST", "requestPath": "/wd/hub/session"}
    timestamp = {} if started_ms is None else {"timestamp": START_MS + started_ms}
    later = {"requestMethod": "GET", "requestPath": "/session/abc/title"}
    rows = log({**timestamp, "Value": first}, {"timestamp": START_MS + 2500, "Value": later})
    assert saved_logs(rows, "", START).commands[1].offset == pytest.approx(offset)


@pytest.mark.parametrize("text", ["", "<html>", "[]", "3", "null", '{"data": 1}', '{"data": [1, null]}', "[" * 100_000])
def test_what_is_no_log_has_no_rows(text: str) -> None:
    assert saved_logs(text, text, None) == ([], [])


def test_rows_of_strange_shapes_lose_what_is_strange() -> None:
    rows = [{"Value": 3, "timestamp": "soon"}, {"Value": {"requestPath": ["x"], "duration": True}, "timestamp": True}]
    assert [row.offset for row in saved_logs(log(*rows), "", START).commands] == [None, None]


def test_only_rows_of_a_tests_time_stay_with_a_second_of_tolerance() -> None:
    rows = [LogRow(offset, str(offset), False) for offset in (0.0, 9.0, 12.0, 20.9, 21.1, None)]
    assert [row.offset for row in within(rows, TimeRange(10.0, 20.0))] == [9.0, 12.0, 20.9, None]
    assert within(rows, None) == rows
