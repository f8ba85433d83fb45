"""ReportPortal: its real agent, sending to a server that keeps what it is sent."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from json_server import JsonServer, serving
from stories import outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stories import Story


class Portal(JsonServer):
    """Answers every request with an id, and keeps the bodies."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Any] = []

    def answer(self, path: str, content_type: str, body: bytes) -> object:
        del path, content_type
        with contextlib.suppress(ValueError):  # a multipart batch of log lines
            self.sent.append(json.loads(body))
        return {"id": "1", "uuid": "1", "number": 1}


@pytest.fixture
def portal() -> Iterator[Portal]:
    with serving(Portal()) as server:
        yield server


@pytest.mark.parametrize("fetch", ["background", "teardown", "switched off"])
def test_a_finished_test_has_its_sessions_as_attributes(story: Story, portal: Portal, fetch: str) -> None:
    """The status among them, and the page's own address, where they are known before the agent asks."""
    pytest.importorskip("pytest_reportportal", reason="pytest-reportportal is an optional companion")
    story.file(
        "pytest.ini",
        f"""
        [pytest]
        pythonpath = .
        rp_endpoint = http://127.0.0.1:{portal.server_port}
        rp_project = story
        rp_launch = story
        rp_api_key = key
        """,
    )
    story.tests(
        """
        def test_red():
            with open_browser() as driver:
                driver.execute_script("lambda-status=failed")
                assert 0
        """
    )
    # With pytest-bdd installed the agent has hooks that only pytest-bdd knows.
    story.use("pytest_reportportal", "pytest-bdd")
    option = f"--lambdatest-fetch={fetch}" if fetch != "switched off" else "-pno:lambdatest_session_reportportal"
    run = story.run("--reportportal", "--strict-markers", option)
    assert outcomes(run)["failed"] == 1
    (record,) = run.records
    attributes = {
        (attribute.get("key"), attribute["value"])
        for body in portal.sent
        if isinstance(body, dict) and body.get("status") == "FAILED"
        for attribute in body.get("attributes") or ()
    }
    if fetch == "switched off":
        assert "lambdatest" not in str(attributes)
        return
    assert ("lambdatest_session_id", record["session_id"]) in attributes
    early_url = f"https://automation.lambdatest.com/logs/?sessionID={record['session_id']}"
    assert ("lambdatest_session_url", record["url"] if fetch == "teardown" else early_url) in attributes
    statuses = [value for key, value in attributes if key == "lambdatest_status"]
    assert statuses == (["failed"] if fetch == "teardown" else [])
