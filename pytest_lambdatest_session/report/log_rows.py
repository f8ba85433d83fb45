"""The rows of the cloud's logs, and those of a test's time. Pure.

A row's time is on the cloud's clock, and so is the session's start; what lies between the two is set against a test's
place in the session, which is on the run's clock at both ends. So neither clock needs to be right. The cloud gives the
start in whole seconds, and the command log by the millisecond. What lies between the hub's start and its answer is not
known: a second before and after the test still counts as its time.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pytest_lambdatest_session.capture.commands import shown_address
from pytest_lambdatest_session.cloud.redact import clean_text
from pytest_lambdatest_session.report.formatting import epoch_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_lambdatest_session.report.video_offsets import TimeRange

Kind = Literal["command", "console", "network"]

_TEXT_LIMIT = 500
_ABOUT_LIMIT = 120
_MOST_ROWS = 5000
_BODY_LIMIT = 4000
_TOLERANCE_SECONDS = 1.0
_ERRORS = ("SEVERE", "ERROR")
_OK = 400
_ELEMENT_KEY = "element-6066-11e4-a52e-4f735466cecf"

_NAMES = {
    "POST /session": "new_session",
    "DELETE ": "quit",
    "POST /url": "get",
    "GET /url": "current_url",
    "GET /title": "title",
    "GET /source": "page_source",
    "GET /screenshot": "screenshot",
    "POST /back": "back",
    "POST /forward": "forward",
    "POST /refresh": "refresh",
    "POST /timeouts": "set_timeouts",
    "GET /cookie": "get_cookies",
    "POST /cookie": "add_cookie",
    "DELETE /cookie": "delete_all_cookies",
    "POST /element": "find_element",
    "POST /elements": "find_elements",
    "POST /element/*/element": "find_element",
    "POST /element/*/elements": "find_elements",
    "POST /element/*/click": "click",
    "POST /element/*/clear": "clear",
    "POST /element/*/value": "send_keys",
    "GET /element/*/text": "text",
    "GET /element/*/name": "tag_name",
    "GET /element/*/enabled": "is_enabled",
    "GET /element/*/selected": "is_selected",
    "GET /element/*/displayed": "is_element_displayed",
    "GET /element/*/attribute/*": "get_attribute",
    "GET /element/*/property/*": "get_property",
    "POST /execute/sync": "execute_script",
    "POST /execute/async": "execute_async_script",
    "POST /actions": "actions",
}
"""W3C endpoints (https://www.w3.org/TR/webdriver2/#endpoints) by the words that the run's own commands have."""


class LogRow(NamedTuple):
    offset: float | None
    """Seconds from the session's start; None if the row does not say."""
    text: str
    is_error: bool
    kind: Kind = "console"
    name: str = ""
    """Of a command, as the run's own has it; "" if it has none that is known here."""
    about: str = ""
    """Of a command, which element or which address."""
    seconds: float | None = None
    error: str = ""
    """Of a command that the run itself saw fail, what the test was told."""
    times: int = 1
    """How often such a one was sent in a row."""


def log_rows(logs: Mapping[str, str], started_at: str | None) -> list[LogRow]:
    """Read logs as they were saved, `{kind: text}`; `started_at` is the session's start as in its record.

    Of each log the last rows, in its order; what can't be read has none.
    """
    start = epoch_seconds(started_at) if started_at else None
    commands = _rows(logs.get("command", ""))
    if start is not None:
        start += _fraction(commands, start)
    elements: dict[str, str] = {}
    return [
        *(_command(row, start, elements) for row in commands),
        *(_message("console", row, start) for row in _rows(logs.get("console", ""))),
        *(_message("network", row, start) for row in _rows(logs.get("network", ""))),
    ]


def console_errors(rows: Iterable[LogRow], most: int) -> list[LogRow]:
    """The last ones of `rows`."""
    return [row for row in rows if row.kind == "console" and row.is_error][-most:]


def within(rows: Iterable[LogRow], time_range: TimeRange | None) -> list[LogRow]:
    """Return the rows in a test's time; one that does not say when it was stays."""
    if time_range is None:
        return list(rows)
    earliest, latest = time_range.start - _TOLERANCE_SECONDS, time_range.end + _TOLERANCE_SECONDS
    return [row for row in rows if row.offset is None or earliest <= row.offset <= latest]


def _rows(text: str) -> list[dict[str, Any]]:
    """Each row with what its `Value` says in place of what it says itself."""
    body = _json(text)
    rows = body.get("data") if isinstance(body, dict) else body
    found = []
    for row in (rows if isinstance(rows, list) else [])[-_MOST_ROWS:]:
        if isinstance(row, dict):
            value = row.get("Value")
            found.append({**row, **(value if isinstance(value, dict) else {})})
    return found


def _fraction(commands: list[dict[str, Any]], start: float) -> float:
    """Return what the session's start in whole seconds leaves out, if the log has the command that started it."""
    for row in commands:
        if row.get("requestMethod") == "POST" and str(row.get("requestPath")).endswith("/session"):
            fraction = _offset(row, start)
            return fraction if fraction is not None and fraction < 1 else 0.0
    return 0.0


def _command(row: dict[str, Any], start: float | None, elements: dict[str, str]) -> LogRow:
    """`elements` is filled with the locators of those found so far, `{id: locator}`."""
    method = clean_text(row.get("requestMethod"), 10)
    path = re.sub(r"^(?:.*/)?session/[^/]+(?=/|$)", "", clean_text(row.get("requestPath"), _TEXT_LIMIT))
    path = "/session" if path.endswith("/session") else path
    endpoint = re.sub(r"/(element|attribute|property)/[^/]+", r"/\1/*", path)
    name = _NAMES.get(f"{method} {endpoint}", "")
    about = _about(name, path, row, elements)
    status = clean_text(row.get("responseStatus"), 10)
    text = f"{name or f'{method} {endpoint}'.replace('*', '…').strip()}  {about}".rstrip()
    is_error = status.isdigit() and int(status) >= _OK
    return LogRow(_offset(row, start), text, is_error, "command", name, about, _seconds(row.get("duration")))


def _about(name: str, path: str, row: dict[str, Any], elements: dict[str, str]) -> str:
    """What a command is about, without what was typed: that may be a secret."""
    asked = _body(row, "requestBody")
    if name == "get":
        address = asked.get("url")
        return clean_text(shown_address(address), _ABOUT_LIMIT) if isinstance(address, str) else ""
    if name in ("find_element", "find_elements"):
        using, value = clean_text(asked.get("using"), 40), clean_text(asked.get("value"), 200)
        locator = clean_text(f"{using} {value}", _ABOUT_LIMIT)
        answer = _body(row, "responseBody").get("value")
        for element in answer if isinstance(answer, list) else [answer]:
            if isinstance(element, dict):
                elements[str(element.get(_ELEMENT_KEY))] = locator
        return locator
    element = re.match(r"/element/([^/]+)", path)
    return elements.get(element[1], "") if element else ""


def _body(row: dict[str, Any], name: str) -> dict[str, Any]:
    """The body of a request or an answer: JSON, or JSON as text."""
    body = row.get(name)
    if isinstance(body, str):
        body = _json(body) if len(body) <= _BODY_LIMIT else None
    return body if isinstance(body, dict) else {}


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _message(kind: Kind, row: dict[str, Any], start: float | None) -> LogRow:
    level, text = clean_text(row.get("level"), 20).upper(), clean_text(row.get("message"), _TEXT_LIMIT)
    # An answer begins with its status.
    failed = kind == "network" and re.match(r"[45]\d\d\b", text) is not None
    return LogRow(_offset(row, start), text, level in _ERRORS or failed, kind)


def _offset(row: dict[str, Any], start: float | None) -> float | None:
    at = _seconds(row.get("timestamp"))
    return None if at is None or start is None else max(0.0, at - start)


def _seconds(milliseconds: object) -> float | None:
    if isinstance(milliseconds, (int, float)) and not isinstance(milliseconds, bool):
        return milliseconds / 1000
    return None
