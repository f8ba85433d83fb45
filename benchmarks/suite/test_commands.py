"""The same command with and without the plugin's wrapper, batch by batch in turn, in a test and outside."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BATCH = 1000
BATCHES = int(os.environ["BENCH_COMMANDS"]) // BATCH
FIGURES: dict[str, list[tuple[float, float]]] = {}
COMMANDS = {
    "get": {"url": "https://example.com"},
    "findElement": {"using": By.CSS_SELECTOR, "value": "#total"},
    "getTitle": None,
}


class Stub:
    """An executor that costs nothing, with the attributes that tell its hub."""

    _url = "http://127.0.0.1:9/wd/hub"
    w3c = True

    _answers: Mapping[str, object] = {
        "newSession": {"sessionId": "session-1", "capabilities": {}},
        "findElement": {"element-6066-11e4-a52e-4f735466cecf": "element-1"},
    }

    def execute(self, command: str, _params: Any) -> Any:
        return {"value": self._answers.get(command, "Title")}


class Driver(webdriver.Remote):
    """As selenium makes one, less what it does with a real connection."""

    def __init__(self) -> None:
        self.command_executor = Stub()  # type: ignore[assignment]
        self.error_handler = webdriver.remote.errorhandler.ErrorHandler()
        self.file_detector = webdriver.remote.file_detector.LocalFileDetector()
        self._is_remote = True
        self.session_id = None
        self.start_session({})

    def start_session(self, capabilities: dict[str, Any]) -> None:
        answer = self.execute("newSession", {"capabilities": {"alwaysMatch": capabilities}})
        self.session_id = answer["value"]["sessionId"]


@pytest.fixture(scope="module")
def shared() -> Iterator[Driver]:
    """Also measures where no test runs: between two attempts there is none that uses anything."""
    driver = Driver()
    yield driver
    Path(os.environ["BENCH_FIGURES"]).write_text(json.dumps(FIGURES), encoding="utf-8")


def _seconds(execute: Callable[..., Any], driver: Driver, command: str, params: object) -> float:
    # Of CPU, as other programs may take turns on the machine.
    started = time.process_time()
    for _ in range(BATCH):
        execute(driver, command, params)
    return time.process_time() - started


def _compare(driver: Driver, command: str) -> list[tuple[float, float]]:
    wrapped: Any = webdriver.Remote.execute
    plain = getattr(wrapped, "__wrapped__", wrapped)
    params = COMMANDS[command]
    pairs = []
    for number in range(BATCHES):
        first, second = (plain, wrapped) if number % 2 else (wrapped, plain)
        times = {first: _seconds(first, driver, command, params)}
        times[second] = _seconds(second, driver, command, params)
        pairs.append((times[plain] / BATCH, times[wrapped] / BATCH))
    return pairs


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(shared: Driver, command: str) -> None:
    FIGURES[f"{command} in a test"] = _compare(shared, command)


def pytest_generate_tests() -> None:
    """While tests are collected none runs."""
    if not FIGURES:
        FIGURES["getTitle outside of tests"] = _compare(Driver(), "getTitle")
