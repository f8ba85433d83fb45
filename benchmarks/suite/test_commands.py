"""The same command with and without the plugin's wrapper, batch by batch in turn, in a test and outside."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.bidi.common import command_builder
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.websocket_connection import WebSocketConnection

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
        "newSession": {"sessionId": "session-1", "capabilities": {"webSocketUrl": "ws://127.0.0.1:9/session/1"}},
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


class Socket(WebSocketConnection):
    """As selenium makes one, less the WebSocket."""

    def __init__(self) -> None:
        self.url = "ws://127.0.0.1:9/session/1"

    def _round_trip(self, _payload: Any) -> dict[str, Any]:
        return {"result": {"type": "success"}}


@pytest.fixture(scope="module")
def shared() -> Iterator[Driver]:
    """Also measures where no test runs: between two attempts there is none that uses anything."""
    driver = Driver()
    yield driver
    Path(os.environ["BENCH_FIGURES"]).write_text(json.dumps(FIGURES), encoding="utf-8")


def _seconds(send: Callable[[Any], object], execute: Callable[..., Any]) -> float:
    # Of CPU, as other programs may take turns on the machine.
    started = time.process_time()
    for _ in range(BATCH):
        send(execute)
    return time.process_time() - started


def _compare(wrapped: Any, send: Callable[[Any], object]) -> list[tuple[float, float]]:
    plain = getattr(wrapped, "__wrapped__", wrapped)
    pairs = []
    for number in range(BATCHES):
        first, second = (plain, wrapped) if number % 2 else (wrapped, plain)
        times = {first: _seconds(send, first)}
        times[second] = _seconds(send, second)
        pairs.append((times[plain] / BATCH, times[wrapped] / BATCH))
    return pairs


def _compare_command(driver: Driver, command: str) -> list[tuple[float, float]]:
    params = COMMANDS[command]
    return _compare(webdriver.Remote.execute, lambda execute: execute(driver, command, params))


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(shared: Driver, command: str) -> None:
    FIGURES[f"{command} in a test"] = _compare_command(shared, command)


@pytest.mark.usefixtures("shared")
def test_bidi() -> None:
    socket, params = Socket(), {"context": "1", "url": "https://example.com"}
    FIGURES["browsingContext.navigate of BiDi in a test"] = _compare(
        WebSocketConnection.execute,
        lambda execute: execute(socket, command_builder("browsingContext.navigate", params)),
    )


def pytest_generate_tests() -> None:
    """While tests are collected none runs."""
    if not FIGURES:
        FIGURES["getTitle outside of tests"] = _compare_command(Driver(), "getTitle")
