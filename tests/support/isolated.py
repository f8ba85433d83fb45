"""Suites that replace parts of their own process, and what must hold of every one that is run with the plugin."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import threading
import xml.etree.ElementTree as ET
from contextlib import contextmanager, nullcontext, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_grid import LocalGrid
    from stories import Run, Story

USER = "isolated.user"
KEY = "LT_isolated-k3y"
SECRETS = (
    KEY,
    quote(KEY, safe=""),
    base64.b64encode(f"{USER}:{KEY}".encode()).decode(),
    hashlib.md5(f"{USER}:{KEY}".encode()).hexdigest(),
)


def skip_without(package: str, name: str | None = None) -> None:
    """Skip a test whose suite needs a package that is not installed.

    It is not imported here: httpretty imports eventlet, which from then on warns of each fork in this process.
    """
    if find_spec(package) is None:
        pytest.skip(f"{name or package} is an optional companion")


# What suites import beside `browser`. It holds what it uses, as its own tests replace it.
HELPERS = """
import os
import select

from browser import webdriver


def _visit():
    hub, remote, options = os.environ["STORY_HUB"], webdriver.Remote, webdriver.ChromeOptions

    def visit(name="visit", title=None):
        chrome = options()
        chrome.set_capability("LT:Options", {"build": "story", "name": name})
        with remote(hub, options=chrome) as driver:
            driver.get("http://shop.local/")
            assert title is None or driver.title == title

    return visit


def _until_asked():
    path = os.environ.get("STORY_QUESTIONS")
    if path is None:
        return lambda: None
    pipe, read, poll = os.open(path, os.O_RDWR | os.O_NONBLOCK), os.read, select.poll()
    poll.register(pipe, select.POLLIN)
    poll = poll.poll

    def until_asked():
        try:
            while read(pipe, 4096):
                pass
        except BlockingIOError:
            pass
        poll(2000)

    return until_asked


visit = _visit()
'''Open a browser, go to a page, quit; with a title that the page does not have, fail before that.'''
until_asked = _until_asked()
'''Return when LambdaTest's API was asked once more. In a run without the plugin: at once.'''
"""

# Hours that no run takes: a time told by a clock that a test has moved.
_IMPOSSIBLE_TIME = re.compile(r"\d{3,}:\d\d:\d\d")


class Isolation:
    """Runs a story's suite with the plugin, and looks at what must hold of every suite."""

    def __init__(self, story: Story, grid: LocalGrid) -> None:
        self.story = story
        story.warm_sidecar = False
        self.grid = grid
        self._fail = 0
        story.file("suite.py", HELPERS)
        self._questions = story.pytester.path / "questions"
        os.mkfifo(self._questions)

    def tests(self, text: str, name: str = "test_story.py") -> None:
        """Write the suite; what fails on purpose asks for "another title", once in a test."""
        self._fail = text.count('"another title"')
        self.story.tests("from suite import *\n" + text, name)

    def run(self, *arguments: str, made_up: int = 0, waits: bool = True, timeout: float = 60) -> Run:
        """Return the run, after seeing that no test ended in another way than without the plugin.

        `made_up` is the number of sessions that the suite invented: the cloud knows nothing of them. Unless it `waits`,
        the suite's `until_asked` returns at once.
        """
        before = len(self.grid.sessions)
        with self._telling_of_questions() if waits else nullcontext():
            run = self.story.run(*arguments, timeout=timeout)
        self.ended_alike(run)
        real = list(self.grid.sessions)[before:]
        assert real, "a suite without a browser shows nothing"
        self._look_at(run, real, made_up)
        return run

    def ended_alike(self, run: Run) -> None:
        """See that those tests failed that ask for another title, and all others passed."""
        wrong = failures(run)
        assert [text for text in wrong if "another title" not in text] == []
        assert len(wrong) == sum(len(kinds) for _, *kinds in outcomes_by_test(run)) == self._fail
        assert run.result.ret == (pytest.ExitCode.TESTS_FAILED if self._fail else pytest.ExitCode.OK)

    def _look_at(self, run: Run, real: list[str], made_up: int) -> None:
        assert [line for line in problems(run) if not (made_up and line.startswith("! 404 "))] == []
        assert "failed inside" not in run.output
        states = {record["session_id"]: record["state"] for record in run.records}
        assert {session_id: states.get(session_id) for session_id in real} == dict.fromkeys(real, "final")
        assert len(states) == len(real) + made_up
        for session_id in real:
            self._look_at_times(run, session_id)
        assert leaks(run) == {}

    def _look_at_times(self, run: Run, session_id: str) -> None:
        assert _IMPOSSIBLE_TIME.search(run.output) is None
        duration = self.grid.sessions[session_id].duration_seconds
        assert duration is not None
        uses = run.record(session_id)["tests"]
        places = [place for use in uses for place in (use["offset"], use["end_offset"])]
        assert None not in places, uses
        assert sorted(places) == places, uses
        # A driver is quit right after the last use of it; a clock that a test has moved is off by much more.
        assert not places or (places[0] >= 0 and abs(places[-1] - duration) < 20), (uses, duration)

    @contextmanager
    def _telling_of_questions(self) -> Iterator[None]:
        """Write a byte to the pipe for each question to the API; have the answers ready once the suite says "last"."""
        pipe = os.open(self._questions, os.O_RDWR | os.O_NONBLOCK)
        over = threading.Event()
        before = len(self.grid.sessions)

        def tell() -> None:
            told = [len(self.grid.api_requests)]
            while not over.is_set():
                with suppress(TimeoutError):
                    self.grid.wait_for(lambda: len(self.grid.api_requests) > told[-1], timeout=0.2)
                    told.append(len(self.grid.api_requests))
                    os.write(pipe, b".")
                if any(session.name == "last" for session in list(self.grid.sessions.values())[before:]):
                    self.grid.ready_after = 0.1

        teller = threading.Thread(target=tell)
        teller.start()
        self.story.set_environment(STORY_QUESTIONS=str(self._questions))
        try:
            yield
        finally:
            over.set()
            teller.join()
            os.close(pipe)


def outcomes_by_test(run: Run) -> list[tuple[str, ...]]:
    """Of the JUnit file: each test with the kinds of what went wrong in it."""
    cases = ET.parse(run.folder / "junit.xml").iter("testcase")
    wrong = ("failure", "error", "skipped")
    return [(case.attrib["name"], *(part.tag for part in case if part.tag in wrong)) for case in cases]


def failures(run: Run) -> list[str]:
    """Of the JUnit file: what is told of each failure and error."""
    cases = ET.parse(run.folder / "junit.xml").iter("testcase")
    return [part.text or "" for case in cases for part in case if part.tag in ("failure", "error")]


def problems(run: Run) -> list[str]:
    """The plugin's own lines at the end of the run."""
    return [line for line in run.output.splitlines() if line.startswith("! ")]


def leaks(run: Run) -> dict[str, list[str]]:
    """`{file's name or "output": [what it shows of the account's key, ...]}`, of all files of the story."""
    texts = {"output": run.output}
    for path in run.folder.rglob("*"):
        if path.is_file():
            texts[str(path.relative_to(run.folder))] = path.read_bytes().decode("utf-8", "replace")
    found = {name: [secret for secret in SECRETS if secret in text] for name, text in texts.items()}
    return {name: secrets for name, secrets in found.items() if secrets}
