"""Drivers for the benchmarks' tests, and the moments that the benchmarks want to know."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from selenium.webdriver.remote.webdriver import WebDriver

CLOUD = os.environ.get("BENCH_CLOUD", "")
WAY = os.environ.get("BENCH_WAY", "")
DEADLINE_SECONDS = 120


@dataclass
class Moments:
    """Seconds of the system's monotonic clock, which the process that measures reads too."""

    last_test: float
    answered: float


# Between the last test's end and everything that happens at the end of the run.
@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    result = yield
    if not hasattr(session.config, "workerinput"):
        now = time.monotonic()
        moments = Moments(now, now)
        expected = int(os.environ.get("BENCH_AWAIT_ANSWERS", "0"))
        if expected:
            _wait_for_answers(expected)
            moments = replace(moments, answered=time.monotonic())
        Path(os.environ["BENCH_MOMENTS"]).write_text(json.dumps(vars(moments)), encoding="utf-8")
    return result


def _wait_for_answers(expected: int) -> None:
    """Until the API has answered for so many sessions: what follows is then the reports' time alone."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"{CLOUD}/asked") as answer:
            if int(answer.read()) >= expected:
                break
        time.sleep(0.05)
    time.sleep(0.1)  # the last answer is on its way


def _scope(fixture_name: str, config: pytest.Config) -> Any:  # noqa: ARG001 - pytest passes them by name
    return os.environ.get("BENCH_SCOPE", "function")


if WAY == "pytest-selenium":
    from pytest_selenium.drivers.browserstack import BrowserStack

    BrowserStack.API = CLOUD + "/browserstack/{session}.json"
    BrowserStack.executor = property(lambda _: CLOUD + "/wd/hub")  # type: ignore[assignment, method-assign]
else:

    @pytest.fixture(scope=_scope)
    def driver() -> Iterator[WebDriver]:
        opened = _open()
        yield opened
        opened.quit()


def _open() -> WebDriver:
    # Late, as the runs of empty tests have no use for selenium.
    from selenium import webdriver
    from selenium.webdriver.remote.remote_connection import RemoteConnection

    class Stub(RemoteConnection):
        """A hub that costs nothing."""

        def execute(self, command: str, params: dict[str, Any]) -> Any:  # noqa: ARG002 - selenium's own signature
            value = {"sessionId": str(uuid4()), "capabilities": {}} if command == "newSession" else "Title"
            return {"value": value}

    options = webdriver.ChromeOptions()
    if WAY == "stub":
        return webdriver.Remote(command_executor=Stub("http://127.0.0.1:9/wd/hub"), options=options)
    return webdriver.Remote(command_executor=CLOUD + "/wd/hub", options=options)
