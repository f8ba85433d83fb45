"""Every example of the documentation runs as its reader would run it, and prints what the page shows.

A page is read from top to bottom: blocks with a file's name are written, and each `$ pytest` is run on what is there by
then. The cloud is the local grid; nothing else of an example is changed.
"""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING

import pytest

from companions import pytest_playwright
from documents import PAGES, ROOT, Block, Command, blocks, commands
from local_grid import LocalGrid
from local_grid.chromium import find_installation
from stories import Story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_grid.options import BackendName
    from warm_pytest import WarmPytest

HUBS = re.compile(r"https://(eu-|mobile-)?hub\.lambdatest\.com/wd/hub")
PLAYWRIGHT = "wss://cdp.lambdatest.com/playwright?capabilities="
PLUGINS = ("lambdatest_session", "pytest_html.plugin", "metadata", "xdist", "rerunfailures", "allure_pytest")
RUN_AS_CODE = ("python", "ini", "toml")
COMMANDS = {
    page: [one for block in blocks(page) if block.language == "console" for one in commands(block)] for page in PAGES
}
RUN = [page for page in PAGES if COMMANDS[page]]

# What differs from run to run, or between the cloud and the local grid.
VARIES = (
    (re.compile(r"\b[A-Z0-9]{5}(-[A-Z0-9]{5}){3}\b"), "<test id>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<session id>"),
    (re.compile(r"https?://(127\.0\.0\.1(:\d+)?|[\w.-]*lambdatest\.com)"), "<cloud>"),
    (re.compile(r"\d+\.\d+s\b"), "<time>"),
    (re.compile(r"\b\d+(\.\d)? m?s\b"), "<time>"),
    (re.compile(r"\b\d\d:\d\d\b"), "<place>"),
    (re.compile(r"file://\S+/"), "file:///"),
    (re.compile(r"([=_-])\1+"), r"\1"),
    (re.compile(r"\s+"), " "),
)


@pytest.fixture
def cloud(request: pytest.FixtureRequest) -> Iterator[LocalGrid]:
    page: Path = request.node.callspec.params["page"]
    is_of_playwright = page.stem == "playwright"
    if is_of_playwright and find_installation() is None:
        pytest.skip("chromium and chromedriver are not installed")
    backend: BackendName = "chromium" if is_of_playwright else "simulated"
    with LocalGrid(backend=backend, ready_after=0.1, record=False, video_link="player") as running:
        yield running


@pytest.fixture
def reader(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, cloud: LocalGrid, warm_pytest: WarmPytest
) -> Reader:
    story = Story(pytester, monkeypatch, cloud, warm_pytest)
    # The grid has no video for the link that the pages show: waiting for one would take a minute.
    story.set_environment(PYTEST_LAMBDATEST_ARTIFACTS_BUDGET="2")
    story.set_environment(LT_USERNAME=cloud.username, LT_ACCESS_KEY=cloud.access_key)
    # A reader has the plugins that the pages speak of, and not all that our tests need: some exclude each other.
    more = pytest_playwright() if cloud.has_playwright else ()
    story.set_environment(PYTEST_ADDOPTS=" ".join(f"-p {plugin}" for plugin in (*PLUGINS, *more)))
    for file in pytester.path.iterdir():
        file.unlink()  # a story's own files
    return Reader(story)


class Reader:
    """Does what a page says."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._pytester = story.pytester
        self._cloud = story.grid

    def follow(self, page: Path) -> None:
        for block in blocks(page):
            if block.language == "console":
                for command in commands(block):
                    self._run(command, f"{page.name}:{block.line}")
            elif block.title:
                self._write(block)

    def _write(self, block: Block) -> None:
        path = self._pytester.path / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        text = HUBS.sub(self._cloud.hub_url_plain, block.text).replace(PLAYWRIGHT, self._cloud.playwright_url)
        path.write_text(text, encoding="utf-8")

    def _run(self, command: Command, place: str) -> None:
        if re.match(r"python -m pip |git ", command.text):
            return  # what there is to install is installed
        warm, words = self._story.warm, shlex.split(command.text)
        while "=" in words[0]:
            self._story.set_environment(**dict([words.pop(0).split("=", 1)]))
        if warm and warm.can_run() and words[0] == "pytest" and not re.search(r"[|&;<>$*~]", command.text):
            result = self._story._run_warm(warm, tuple(words[1:]), timeout=120)
            assert_shown(command.shown, [*result.outlines, *result.errlines], place)
            return
        # The first word of each command is the Python that runs this test, whatever the path has.
        text = re.sub(r"(?<![\w.-])pytest(?= |$)", "python -m pytest", command.text)
        text = re.sub(r"(?<![\w.-])python(?= )", shlex.quote(sys.executable), text)
        result = self._pytester.run("bash", "-c", text, timeout=120)
        assert_shown(command.shown, [*result.outlines, *result.errlines], place)


def assert_shown(shown: tuple[str, ...], printed: list[str], place: str) -> None:
    """Each line that a page shows was printed, in this order; `...` stands for what the page leaves out."""
    remaining = [_same_for_all(line) for line in printed]
    for line in shown:
        wanted = _same_for_all(line)
        if wanted in ("", "..."):
            continue
        assert wanted in remaining, f"{place}: not printed, or not in this order: {line}\n" + "\n".join(printed)
        del remaining[: remaining.index(wanted) + 1]


def _same_for_all(line: str) -> str:
    for pattern, replacement in VARIES:
        line = pattern.sub(replacement, line)
    return line.strip()


@pytest.mark.parametrize("page", RUN, ids=[page.relative_to(ROOT).as_posix() for page in RUN])
def test_examples_print_what_the_page_shows(reader: Reader, page: Path) -> None:
    reader.follow(page)


def test_no_piece_of_code_is_left_out_of_the_examples_that_run() -> None:
    for page in PAGES:
        for block in blocks(page):
            if block.language in RUN_AS_CODE:
                assert block.title, f"{page.name}:{block.line} is code without a file name, so nobody runs it"


def test_what_a_workflow_runs_is_run_on_its_page_as_well() -> None:
    """A workflow is not run here; the pytest command in it is."""
    for page in PAGES:
        for block in blocks(page):
            for step in re.findall(r"^ +- run: (pytest .+)$", block.text, re.MULTILINE):
                assert any(one.text.endswith(step) for one in COMMANDS[page]), f"{page.name}:{block.line}: {step}"
