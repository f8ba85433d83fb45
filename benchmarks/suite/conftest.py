"""Drivers for the benchmarks' tests, and the moments that the benchmarks want to know."""

from __future__ import annotations

import contextlib
import cProfile
import json
import os
import re
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from selenium.webdriver.remote.webdriver import WebDriver

CLOUD = os.environ.get("BENCH_CLOUD", "")
WAY = os.environ.get("BENCH_WAY", "")
COUNTS = "BENCH_COUNTS" in os.environ
CALLS = cProfile.Profile()


# Between the last test's end and everything that happens at the end of the run.
@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    result = yield
    if not hasattr(session.config, "workerinput"):
        # Of the system's monotonic clock, which the process that measures reads too.
        moments = {"last_test": time.monotonic(), "sidecar_bytes": _sidecar_bytes()}
        Path(os.environ["BENCH_MOMENTS"]).write_text(json.dumps(moments), encoding="utf-8")
    return result


def _sidecar_bytes() -> int:
    """The most memory that the process had which this run started for us: it has our environment and is no pytest."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            is_ours = os.environ["BENCH_MOMENTS"].encode() in (process / "environ").read_bytes()
            if is_ours and int(process.name) != os.getpid():
                peak = re.search(r"VmHWM:\s*(\d+) kB", (process / "status").read_text(encoding="utf-8"))
                return int(peak[1]) * 1024 if peak else 0
    return 0


def pytest_runtest_logfinish() -> None:
    # From the second test on: what is imported for the first one takes long to count, and is in runs of any size.
    if COUNTS and not tracemalloc.is_tracing():
        tracemalloc.start()
        CALLS.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure() -> None:
    if COUNTS:
        CALLS.disable()
        counts = {
            "calls": sum(entry.callcount for entry in CALLS.getstats()),
            "memory": tracemalloc.get_traced_memory()[1],
        }
        Path(os.environ["BENCH_FIGURES"]).write_text(json.dumps(counts), encoding="utf-8")


def _scope(fixture_name: str, config: pytest.Config) -> Any:  # noqa: ARG001 - pytest passes them by name
    return os.environ.get("BENCH_SCOPE", "function")


def _open() -> WebDriver:
    # Late, as the runs of empty tests have no use for selenium.
    from selenium import webdriver

    return webdriver.Remote(command_executor=_executor(), options=webdriver.ChromeOptions())


def _executor() -> Any:
    if "BENCH_STUB" not in os.environ:
        return CLOUD + "/wd/hub"
    from selenium.webdriver.remote.remote_connection import RemoteConnection

    class Stub(RemoteConnection):
        """A hub that costs nothing."""

        def execute(self, command: str, params: dict[str, Any]) -> Any:  # noqa: ARG002 - selenium's own signature
            value = {"sessionId": str(uuid4()), "capabilities": {}} if command == "newSession" else "Title"
            return {"value": value}

    return Stub("http://127.0.0.1:9/wd/hub")


if WAY == "pytest-selenium":
    from pytest_selenium.drivers.browserstack import BrowserStack

    BrowserStack.API = CLOUD + "/browserstack/{session}.json"
    BrowserStack.executor = property(lambda _: _executor())  # type: ignore[assignment, method-assign]
else:

    @pytest.fixture(scope=_scope)
    def driver() -> Iterator[WebDriver]:
        opened = _open()
        yield opened
        for _ in range(int(os.environ.get("BENCH_MORE_SESSIONS", "0"))):
            _open().quit()
        opened.quit()
