"""The rows of the cloud's logs: read leniently, and cut to a test's time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_lambdatest_session.report.log_rows import LogRow, console_errors, log_rows, within
from pytest_lambdatest_session.report.video_offsets import TimeRange

START = "2026-11-24T07:00:00Z"
START_MS = 1795503600000


def log(*rows: Any) -> str:
    return json.dumps({"data": list(rows)})


def command(method: str, path: str, at: float, *, asked: Any = None, answer: Any = None, status: int = 200) -> Any:
    value = {
        "requestMethod": method,
        "requestPath": f"/wd/hub/session/abc{path}",
        "requestBody": asked,
        "responseBody": answer,
        "responseStatus": status,
        "duration": 7,
    }
    return {"timestamp": START_MS + at * 1000, "Value": value}


def test_logged_commands_are_named_as_those_of_the_run_with_what_they_are_about() -> None:
    """Never with what was typed."""
    found = {"value": {"element-6066-11e4-a52e-4f735466cecf": "f.1"}}
    rows = log_rows(
        {
            "command": log(
                command("POST", "/url", 1, asked=json.dumps({"url": "https://shop.example/a?user=ada"})),
                command("POST", "/element", 2, asked={"using": "css selector", "value": "#name"}, answer=found),
                command("POST", "/element/f.1/value", 3, asked='{"text": "hunter2"}'),
                command("POST", "/elements", 4, asked="[" * 9000, answer='{"value": [{"ELEMENT": 1}, 3]}'),
                command("GET", "/element/f.1/attribute/class", 5, status=500),
                command("POST", "/print", 6),
                command("POST", "/url", 7, asked='{"url": 3}'),
                command("POST", "/url", 8, asked="{"),
            )
        },
        START,
    )
    assert [(row.offset, row.text, row.is_error, row.seconds) for row in rows] == [
        (1.0, "get  https://shop.example/a?…", False, 0.007),
        (2.0, "find_element  css selector #name", False, 0.007),
        (3.0, "send_keys  css selector #name", False, 0.007),
        (4.0, "find_elements", False, 0.007),
        (5.0, "get_attribute  css selector #name", True, 0.007),
        (6.0, "POST /print", False, 0.007),
        (7.0, "get", False, 0.007),
        (8.0, "get", False, 0.007),
    ]


def test_messages_are_read_with_their_place_in_the_session() -> None:
    rows = log_rows(
        {
            "console": log(
                {"Value": {"level": "SEVERE", "message": "boom\x1b[31m", "timestamp": START_MS + 3000}},
                {"Value": {"level": "INFO", "message": "404 quiet"}},
            ),
            "network": log(
                {"Value": {"level": "RESPONSE", "message": "404 https://shop.example/"}},
                {"Value": {"level": "RESPONSE", "message": "200 https://shop.example/"}},
            ),
        },
        START,
    )
    boom = LogRow(3.0, "boom\N{SYMBOL FOR ESCAPE}[31m", True)
    assert rows == [
        boom,
        LogRow(None, "404 quiet", False),
        LogRow(None, "404 https://shop.example/", True, "network"),
        LogRow(None, "200 https://shop.example/", False, "network"),
    ]
    assert console_errors(rows, 5) == [boom]


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
    assert log_rows({"command": rows}, START)[1].offset == pytest.approx(offset)


@pytest.mark.parametrize("text", ["", "<html>", "[]", "3", "null", '{"data": 1}', '{"data": [1, null]}', "[" * 100_000])
def test_what_is_no_log_has_no_rows(text: str) -> None:
    assert log_rows({"command": text, "console": text}, None) == []


def test_rows_of_strange_shapes_lose_what_is_strange() -> None:
    rows = [{"Value": 3, "timestamp": "soon"}, {"Value": {"requestPath": ["x"], "duration": True}, "timestamp": True}]
    assert [row.offset for row in log_rows({"command": log(*rows)}, START)] == [None, None]


def test_only_rows_of_a_tests_time_stay_with_a_second_of_tolerance() -> None:
    rows = [LogRow(offset, str(offset), False) for offset in (0.0, 9.0, 12.0, 20.9, 21.1, None)]
    assert [row.offset for row in within(rows, TimeRange(10.0, 20.0))] == [9.0, 12.0, 20.9, None]
    assert within(rows, None) == rows
