"""The grid's endpoint for Playwright, with a real browser behind it."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_grid import LocalGrid


def connect(grid: LocalGrid, playwright: Any, **options: Any) -> Any:
    account = {"user": grid.username, "accessKey": grid.access_key}
    capabilities = {"browserName": "Chrome", "LT:Options": {**account, **options}}
    return playwright.chromium.connect(grid.playwright_url + quote(json.dumps(capabilities)))


@pytest.mark.skipif(find_spec("playwright") is None, reason="playwright has an environment of its own")
def test_a_session_is_recorded_and_reported_as_any_other(
    recording_grid: LocalGrid, call_api: Callable[..., requests.Response]
) -> None:
    from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - see above

    grid = recording_grid
    before = set(grid.sessions)
    with sync_playwright() as playwright:
        browser = connect(grid, playwright, build="teapots", name="first")
        page = browser.new_page()
        said = json.loads(page.evaluate("_ => {}", 'lambdatest_action: {"action": "getTestDetails"}'))
        rename = {"action": "setTestName", "arguments": {"name": "renamed"}}
        page.evaluate("_ => {}", f"lambdatest_action: {json.dumps(rename)}")
        wrong = {"lambdatest_action": {"action": "setTestStatus", "arguments": {"status": "splendid"}}}
        assert "failed" in page.evaluate("_ => {}", json.dumps(wrong))
        page.goto("data:text/html,<body style='background:teal'>")
        with pytest.raises(Error, match="nothing is not defined"):
            page.evaluate("() => nothing()")
        browser.close()
        with pytest.raises(Error, match="401"):
            connect(grid, playwright, accessKey="wrong")
    (session_id,) = set(grid.sessions) - before
    record = grid.wait_for(lambda: grid.sessions[session_id].video and grid.sessions[session_id], timeout=20)
    assert record
    assert said["data"]["session_id"] == said["data"]["test_id"] == session_id
    data = call_api(grid, f"/sessions/{session_id}").json()["data"]
    assert (data["name"], data["build_name"], data["status_ind"]) == ("renamed", "teapots", "completed")
    sent = [(command.path.rpartition(f"{session_id}/")[2], command.status) for command in record.commands]
    assert ("frame/goto", 200) in sent
    assert sent[-1] == ("frame/evaluateExpression", 500)
    assert grid.access_key not in repr(record.commands)


def test_a_grid_without_a_browser_says_so(grid: LocalGrid) -> None:
    answer = requests.get(grid.playwright_url.replace("ws:", "http:") + "{}", timeout=30)
    assert answer.status_code == 501
    assert "needs chromium" in answer.text
    assert not grid.has_playwright
