"""A story: a suite of test files, run by a real pytest against a local grid, and what came of it."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from html.parser import HTMLParser
from importlib.metadata import entry_points
from importlib.util import find_spec
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import lxml.html
import pytest
from _pytest.pathlib import make_numbered_dir

from page_tables import PageTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local_grid import LocalGrid
    from warm_pytest import WarmPytest, WarmRun

# All that it has of a page it makes when the run ends.
HTML_BEFORE_4 = find_spec("pytest_html.html_report") is not None

DRIVER = """
import os

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By


def open_browser(**options):
    chrome = webdriver.ChromeOptions()
    chrome.set_capability("LT:Options", {"build": "story", **options})
    return webdriver.Remote(os.environ["STORY_HUB"], options=chrome)
"""

PYTEST_INI = """
[pytest]
pythonpath = .
# Selenium's own, about every address like those of LambdaTest's samples.
filterwarnings =
    ignore:Embedding username and password:UserWarning
# pytest's own, about plugins named as modules of the standard library are.
    ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning
"""


class Parts(HTMLParser):
    """The text and the links of a piece of HTML, and every tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.links: dict[str, str] = {}
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._href: str | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        self._href = attributes.get("href") if tag == "a" else None

    def handle_data(self, data: str) -> None:
        self.text += data + " "
        if self._href is not None:
            self.links[data] = self._href

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = None


@dataclass(frozen=True)
class Row:
    """A row of the results table of pytest-html, as its reader has it."""

    result: str
    test: str
    status: str
    session_time: str
    links: dict[str, str]
    """Of our column: `{text: href}`."""
    all_links: dict[str, str]
    details: str
    """The text of what the row shows unfolded."""
    pictures: list[tuple[str, str, str]]
    """Which it shows there of the failure's moment: kind, address and caption."""
    raw: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One run of a story's suite."""

    result: pytest.RunResult
    folder: Path

    @property
    def output(self) -> str:
        return self.result.stdout.str() + self.result.stderr.str()

    @property
    def records(self) -> list[dict[str, Any]]:
        """The lines of the sessions file."""
        text = (self.folder / "sessions.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def record(self, session_id: str) -> dict[str, Any]:
        (found,) = [record for record in self.records if record["session_id"] == session_id]
        return found

    def tests_by_session(self) -> dict[str, list[str]]:
        """`{session id: [name of the test, ...]}`, without the files' names."""
        return {
            record["session_id"]: [use["nodeid"].partition("::")[2] for use in record["tests"]]
            for record in self.records
        }

    @property
    def html(self) -> str:
        return (self.folder / "report.html").read_text(encoding="utf-8")

    @property
    def rows(self) -> list[Row]:
        if HTML_BEFORE_4:
            tests = [_rows_before_4(self.html)]
        else:
            blob = next(attributes for _, attributes in Parts(self.html).tags if "data-jsonblob" in attributes)
            tests = json.loads(blob["data-jsonblob"])["tests"].values()
        table = self.table
        return [_row(row, table) for rows in tests for row in rows]

    @property
    def table(self) -> PageTable:
        """From which the page's script draws links, details and the rows of the summary."""
        return PageTable(self.html)

    def row(self, test: str) -> Row:
        (found,) = [row for row in self.rows if row.test.endswith(test)]
        return found

    @property
    def headers(self) -> list[str]:
        head = self.html.partition('<thead id="results-table-head">')[2].partition("</tr>")[0]
        return Parts(head).text.split()

    @property
    def summary(self) -> str:
        """The text of our block in the summary, "" if there is none."""
        _, found, rest = self.html.partition('<section class="lt-sessions"')
        text = Parts(found + rest.partition("<script")[0]).text if found else ""
        return " ".join([text, *self.table.summary_rows])

    @property
    def properties(self) -> dict[str, list[dict[str, str]]]:
        """Of the JUnit file: `{testcase's name: [its properties, ...]}`, a test with reruns has several."""
        found: dict[str, list[dict[str, str]]] = {}
        for testcase in ET.parse(self.folder / "junit.xml").iter("testcase"):
            properties = {item.attrib["name"]: item.attrib["value"] for item in testcase.iter("property")}
            found.setdefault(testcase.attrib["name"], []).append(properties)
        return found


def _rows_before_4(page: str) -> list[dict[str, Any]]:
    """The rows in a page of pytest-html 3, which are elements, in the shape that pytest-html 4 gives them."""
    rows = []
    for body in lxml.html.fromstring(page).iter("tbody"):
        if "results-table-row" in body.get("class", ""):
            cells, (extra,) = body[0], body[1]
            shown = [lxml.html.tostring(cell, encoding="unicode").replace("col-name", "col-testId") for cell in cells]
            content = "".join(lxml.html.tostring(part, encoding="unicode") for part in extra)
            rows.append({"resultsTableRow": shown, "extras": [{"format_type": "html", "content": content}]})
    return rows


def _row(raw: dict[str, Any], table: PageTable) -> Row:
    cells = {}
    for cell in raw["resultsTableRow"]:
        parts = Parts(cell)
        if parts.tags:  # a marker is a comment
            cells[parts.tags[0][1].get("class", "-").split()[-1]] = parts
    extras = " ".join(extra["content"] for extra in raw["extras"] if extra["format_type"] == "html")
    place = table.place(" ".join(map(str, raw["resultsTableRow"])))
    ours = {name: address for line in table.row_links(place) for name, address in line} if place is not None else {}
    statuses, times = zip(*table.row_texts(place), strict=True) if place is not None else ((), ())
    details = Parts(extras).text + (table.details(place) if place is not None else "")
    return Row(
        result=cells["col-result"].text.strip(),
        test=cells["col-testId"].text.strip(),
        status=" ".join(statuses),
        session_time=" ".join(" ".join(times).split()),
        links=ours,
        all_links={name: href for parts in cells.values() for name, href in parts.links.items()} | ours,
        details=" ".join(details.split()),
        pictures=table.pictures(place) if place is not None else [],
        raw=raw,
    )


@dataclass
class Started:
    """A run that goes on while the test looks at it, in a process group of its own."""

    process: WarmRun
    folder: Path
    output: bytes = b""
    started_at: float = field(default_factory=time.monotonic)

    def wait_until_reached(self, place: str) -> None:
        """Read from a pipe that the suite opens and writes to: whoever opens it first waits for the other."""
        reader = os.open(self.folder / place, os.O_RDONLY | os.O_NONBLOCK)
        deadline = time.monotonic() + 60
        try:
            while not select.select([reader], [], [], 0.2)[0]:
                assert self.process.poll() is None, f"the run ended before it reached {place}"
                assert time.monotonic() < deadline, f"{place} was not reached"
        finally:
            os.close(reader)

    def wait_until_said(self, words: bytes) -> None:
        assert self.process.stdout is not None
        while words not in self.output:
            assert select.select([self.process.stdout], [], [], 60)[0], f"{words!r} was not said"
            piece = os.read(self.process.stdout.fileno(), 65536)
            assert piece, f"{words!r} was not said in {self.output.decode()}"
            self.output += piece

    def finish(self) -> Run:
        rest = self.process.communicate(timeout=60)
        lines = (self.output + rest).decode("utf-8", "replace").splitlines()
        seconds = time.monotonic() - self.started_at
        return Run(pytest.RunResult(self.process.wait(60), lines, [], seconds), self.folder)


# Which plugins the options of a run need.
_PLUGINS_OF_OPTIONS = {
    ("-n", "--dist", "--tx", "-f"): ("xdist", "xdist.looponfail"),
    # Old releases of it need xdist where that is installed.
    ("--reruns",): ("xdist", "xdist.looponfail", "rerunfailures"),
    ("--json-report",): ("pytest_jsonreport",),
    ("--report-log",): ("pytest_reportlog",),
    ("--alluredir",): ("allure_pytest",),
    ("--rp-",): ("pytest_reportportal",),
}


class Story:
    """Writes test files and runs pytest on them in a process of its own, with the plugin or without.

    Of the plugins that happen to be installed only those are loaded that a story names or its options need: loading all
    takes five times as long as a short run, and some of them are not made for each other.
    """

    OUTPUTS = (
        "--html=report.html",
        "--junitxml=junit.xml",
        "--lambdatest-sessions-file=sessions.jsonl",
    )

    def __init__(
        self,
        pytester: pytest.Pytester,
        monkeypatch: pytest.MonkeyPatch,
        grid: LocalGrid,
        warm: WarmPytest | None = None,
    ) -> None:
        self.pytester = pytester
        self.warm = warm
        """What runs are forked from. Without, each starts with nothing imported, as a run from a shell."""
        self.warm_sidecar = True
        """Whether a run that is forked has its sidecar forked too; without, it starts it as it does anywhere."""
        self.grid = grid
        self._monkeypatch = monkeypatch
        self._started: list[Started] = []
        for name in list(os.environ):
            if name.startswith(("LT_", "LAMBDATEST_", "PYTEST_ADDOPTS", "PYTEST_LAMBDATEST_", "PYTEST_XDIST")):
                monkeypatch.delenv(name)
        self.set_environment(STORY_HUB=grid.hub_url, LT_API_BASE_URL=grid.api_url, PYTEST_LAMBDATEST_HUB="127.0.0.1")
        self._plugins = ["html", "metadata"]
        self.set_environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
        (pytester.path / "browser.py").write_text(DRIVER, encoding="utf-8")
        self.file("pytest.ini", PYTEST_INI)

    def set_environment(self, **values: str) -> None:
        for name, value in values.items():
            self._monkeypatch.setenv(name, value)

    def file(self, name: str, text: str) -> None:
        (self.pytester.path / name).write_text(dedent(text), encoding="utf-8")

    def tests(self, text: str, name: str = "test_story.py") -> None:
        self.file(name, "from browser import *\n" + dedent(text))

    def use(self, *plugins: str) -> None:
        """Load plugins by the names of their entry points."""
        self._plugins += plugins

    def load_all_plugins(self) -> None:
        """Load whatever is installed, as pytest does by itself."""
        self._plugins = []
        self._monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")

    def autoload(self) -> None:
        """Load what the story names, and this plugin, as pytest does by itself: by their entry points."""
        kept = {"lambdatest_session", *self._plugins}
        self.load_all_plugins()
        others = sorted({entry.name for entry in entry_points(group="pytest11")} - kept)
        self.set_environment(PYTEST_ADDOPTS=" ".join(f"-p no:{name}" for name in others))

    def film(self, video: Path) -> None:
        """Have sessions that end have a video, as if a browser had been recorded; one that is not there comes later."""
        journal = self.grid._journal
        end_session = journal.end_session

        def end(session_id: str, **changes: Any) -> bool:
            return end_session(session_id, video=video, recording=True, **changes)

        journal.end_session = end  # type: ignore[method-assign]

    def run(self, *arguments: str, timeout: float = 60) -> Run:
        """With the plugin and every output on."""
        return self._run("lambdatest_session", *self.OUTPUTS, *arguments, timeout=timeout)

    def run_without(self, *arguments: str, timeout: float = 60) -> Run:
        """The same suite as if the plugin were not installed."""
        return self._run("no:lambdatest_session", *self.OUTPUTS[:2], *arguments, timeout=timeout)

    def start(self, *arguments: str, plugin: bool = True) -> Started:
        """Start a run, with the plugin or without, and give it back at once; `end` ends it if the test does not."""
        name, outputs = ("lambdatest_session", self.OUTPUTS) if plugin else ("no:lambdatest_session", self.OUTPUTS[:2])
        command = self.with_plugins("-p", name, *outputs, *arguments)
        assert self.warm is not None
        assert self.warm.can_run()
        process = self.warm.start(command, self.pytester.path, warm_sidecar=self.warm_sidecar)
        self._started.append(Started(process, self.pytester.path))
        return self._started[-1]

    def end(self) -> None:
        for run in self._started:
            if run.process.poll() is None:
                run.process.send_signal(signal.SIGKILL)
                run.process.communicate()

    def run_of(self, result: pytest.RunResult) -> Run:
        """What came of a run that a test started by itself."""
        return Run(result, self.pytester.path)

    def run_plain(self, *arguments: str, timeout: float = 60) -> Run:
        """With nothing but the arguments and what they need."""
        command = self.with_plugins(*arguments)
        if self.warm is not None and self.warm.can_run():
            return Run(self._run_warm(self.warm, command, timeout), self.pytester.path)
        return Run(self.pytester.runpytest_subprocess(*command, timeout=timeout), self.pytester.path)

    def command(self, *arguments: str, timeout: float = 60) -> pytest.RunResult:
        """Run `python -m pytest_lambdatest_session`; one that starts with nothing makes every warning an error."""
        if self.warm is not None and self.warm.can_run():
            return self._run_warm(self.warm, arguments, timeout, "pytest_lambdatest_session")
        command = (sys.executable, "-W", "error", "-m", "pytest_lambdatest_session", *arguments)
        return self.pytester.run(*command, timeout=timeout)

    def _run_warm(
        self, warm: WarmPytest, command: tuple[str, ...], timeout: float, module: str = "pytest"
    ) -> pytest.RunResult:
        folder = self.pytester.path
        outputs = (folder / "stdout", folder / "stderr")
        if module == "pytest":
            base = make_numbered_dir(root=folder, prefix="runpytest-", mode=0o700)
            command = (f"--basetemp={base}", *command)
        started = time.perf_counter()
        status = warm.run(command, folder, outputs, timeout, warm_sidecar=self.warm_sidecar, module=module)
        out, err = (path.read_text(encoding="utf-8", errors="replace") for path in outputs)
        sys.stdout.write(out + err)  # what a test that fails shows
        return pytest.RunResult(status, out.splitlines(), err.splitlines(), time.perf_counter() - started)

    def with_plugins(self, *arguments: str) -> tuple[str, ...]:
        """The arguments for pytest, after those that load what they need."""
        names = [name for name in self._plugins_for(arguments) if name not in arguments]
        return (*(word for name in names for word in ("-p", name)), *arguments)

    def _run(self, ours: str, *arguments: str, timeout: float) -> Run:
        return self.run_plain("-p", ours, *arguments, timeout=timeout)

    def _plugins_for(self, arguments: tuple[str, ...]) -> list[str]:
        if "PYTEST_DISABLE_PLUGIN_AUTOLOAD" not in os.environ:
            return []
        needed = list(self._plugins)
        for options, plugins in _PLUGINS_OF_OPTIONS.items():
            if any(argument.startswith(options) for argument in arguments):
                needed += plugins
        switched_off = {argument.removeprefix("no:") for argument in arguments if argument.startswith("no:")}
        return [name for name in dict.fromkeys(needed) if name.partition(".")[0] not in switched_off]


def outcomes(run: Run) -> Mapping[str, int]:
    return run.result.parseoutcomes()
