"""What reads JUnit files and pages elsewhere, by its own commands: each finds the sessions, and no sum is wrong.

They have an environment of tox of their own, where all of them are installed.
"""

from __future__ import annotations

import json
import shutil
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from companions import needs, needs_command
from documents import ROOT, blocks
from json_server import JsonServer, serving
from report_pages import ReportPage
from stories import Parts, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium import webdriver

    from stories import Run, Story

SUITE = """
import itertools

attempts = itertools.count(1)

@pytest.fixture
def driver():
    with open_browser() as driver:
        yield driver

def test_again(driver):
    assert next(attempts) > 1

@pytest.mark.parametrize("dish", ["a/b::c [1]=<&>"])
def test_odd(driver, dish):
    assert dish == "another"

def test_two(driver):
    with open_browser() as other:
        other.title
"""


def runs(story: Story, *options: str) -> Iterator[Run]:
    """Two runs of one suite, each with a folder of its own for what it wrote."""
    story.tests(SUITE)
    for name in ("first", "second"):
        outputs = (f"--html={name}/report.html", f"--junitxml={name}/junit.xml")
        run = story.run("--reruns=1", *options, *outputs, f"--lambdatest-sessions-file={name}/sessions.jsonl")
        assert outcomes(run) == {"passed": 2, "failed": 1, "rerun": 2}
        yield type(run)(run.result, run.folder / name)


class TestRail(JsonServer):
    """Answers as TestRail does to a project without cases, and keeps what it is sent."""

    __test__ = False

    def __init__(self) -> None:
        super().__init__()
        self.cases: list[dict[str, Any]] = []
        self.results: list[dict[str, Any]] = []
        self.attached: Counter[str] = Counter()

    def answer(self, path: str, content_type: str, body: bytes) -> object:
        verb, _, number = path.partition("/api/v2/")[2].partition("&")[0].partition("/")
        sent: Any = json.loads(body) if "json" in content_type and body else None
        if verb == "add_case":
            self.cases.append({"id": len(self.cases) + 1, "section_id": 1, **sent})
            return self.cases[-1]
        if verb == "add_results_for_cases":
            self.results += sent["results"]
            return [{"id": place, "case_id": result["case_id"]} for place, result in enumerate(self.results, 1)]
        if verb == "add_attachment_to_result":
            self.attached[number] += 1
        field = {"system_name": "custom_automation_id", "is_active": True, "configs": []}
        lists = {
            "projects": [{"id": 1, "name": "Shop", "suite_mode": 1}],
            "cases": self.cases,
            "sections": [{"id": 1, "name": "pytest", "suite_id": 1, "parent_id": None}],
        }
        kind = verb.partition("_")[2]
        if kind in lists:
            return {kind: lists[kind], "offset": 0, "limit": 250, "size": len(lists[kind]), "_links": {"next": None}}
        return {"get_suites": [{"id": 1, "name": "Master"}], "get_case_fields": [field]}.get(verb, {"id": 1})


@pytest.fixture
def testrail() -> Iterator[TestRail]:
    with serving(TestRail()) as server:
        yield server


@needs("trcli")
def test_trcli_sends_comments_and_files_of_every_attempt(story: Story, testrail: TestRail) -> None:
    run = next(runs(story, "--lambdatest-junit=testrail", "--lambdatest-artifacts=all", "-n1"))
    trcli = shutil.which("trcli", path=str(sys.prefix) + "/bin")
    assert trcli is not None
    host = f"http://127.0.0.1:{testrail.server_port}"
    login = ("--host", host, "--project", "Shop", "--username", "me", "--key", "key", "--yes")
    sent = story.pytester.run(trcli, *login, "parse_junit", "--title", "Browsers", "--file", "first/junit.xml")
    assert sent.ret == 0, sent.stdout.str() + sent.stderr.str()
    titles = {case["id"]: case["custom_automation_id"].partition(".")[2] for case in testrail.cases}
    comments: dict[str, list[tuple[int, str]]] = {}
    for result in testrail.results:
        comments.setdefault(titles[result["case_id"]], []).append((result["status_id"], result["comment"]))
    for record in run.records:
        for use in record["tests"]:
            attempts = comments[use["nodeid"].partition("::")[2]]
            number = use["attempt"] - 1
            # As the page says: an attempt that failed and was run again is sent as passed, 1; a failed one is 5.
            assert attempts[number][0] == (5 if use["outcome"] == "failed" else 1)
            assert record["url"] in attempts[number][1]
            assert ("attempt 1 failed and was run again" in attempts[number][1]) == (use["outcome"] == "rerun")
    assert len(testrail.results) == 5
    assert sum(testrail.attached.values()) == sum(len(record["artifacts"]) for record in run.records) == 12


def attempts_in(path: Path) -> Counter[tuple[str | None, str | None]]:
    """`(test, session)` of each testcase, as often as it is there."""
    return Counter(
        (case.get("name"), one.get("value"))
        for case in ET.parse(path).iter("testcase")
        for one in case.iter("property")
        if str(one.get("name")).startswith("lambdatest_session_id")
    )


@pytest.mark.parametrize(
    ("tool", "tests"),
    # junitparser counts testcases, where pytest states a rerun test once.
    [
        pytest.param("junitparser", "10", marks=needs("junitparser")),
        pytest.param("jrm", "6", marks=needs_command("jrm")),
    ],
)
def test_merged_junit_files_have_each_session_on_its_test(story: Story, tool: str, tests: str) -> None:
    """Also with the items of Xray in them."""
    first, second = runs(story, "--lambdatest-junit=xray testmo failure", "--lambdatest-artifacts=all")
    files = [first.folder / "junit.xml", second.folder / "junit.xml"]
    expected = attempts_in(files[0]) + attempts_in(files[1])
    assert sum(expected.values()) == 12
    merged = story.pytester.path / "merged.xml"
    by_python = [sys.executable, "-m", "junitparser", "merge", *map(str, files), str(merged)]
    result = story.pytester.run(*(by_python if tool == "junitparser" else ["jrm", str(merged), *map(str, files)]))
    assert result.ret == 0, result.stderr.str()
    assert attempts_in(merged) == expected
    suites = ET.parse(merged).getroot()
    items = [len(list(ET.parse(path).iter("item"))) for path in (*files, merged)]
    assert items[0] + items[1] == items[2] > 0
    assert (suites.get("failures"), suites.get("errors"), suites.get("skipped")) == ("2", "0", "0")
    assert suites.get("tests") == tests


class Testmo(JsonServer):
    """Answers as an instance of Testmo does to a run's results, and keeps them."""

    __test__ = False

    def __init__(self, certificate: Path, key: Path) -> None:
        super().__init__()
        self.speak_tls(certificate, key)  # its command takes no other address
        self.tests: list[dict[str, Any]] = []

    def answer(self, path: str, content_type: str, body: bytes) -> object:
        if path.endswith("/append") and "json" in content_type:
            self.tests += json.loads(body)["tests"]
        return {"id": 1}


@needs_command("testmo")
@needs_command("datadog-ci")
def test_testmo_sends_links_and_datadog_accepts_the_file(story: Story, certificate: tuple[Path, Path]) -> None:
    options = ("--lambdatest-junit=testmo datadog xray", "--lambdatest-artifacts=all", "--lambdatest-properties=off")
    served = "--lambdatest-junit-lines=attachment.{number} = https://ci.example/raw/{file_from_project}"
    run = next(runs(story, *options, served, "-n1"))
    story.set_environment(TESTMO_TOKEN="token", NODE_TLS_REJECT_UNAUTHORIZED="0", DATADOG_API_KEY="key")
    with serving(Testmo(*certificate)) as testmo:
        where = ("--instance", f"https://127.0.0.1:{testmo.server_port}", "--project-id", "1", "--name", "Browsers")
        files = ("--source", "pytest", "--results", "first/junit.xml")
        sent = story.pytester.run("testmo", "automation:run:submit", *where, *files)
    assert sent.ret == 0, sent.stdout.str() + sent.stderr.str()
    assert len(testmo.tests) == 5
    shown = [{field["name"]: (field["type"], field["value"]) for field in test["fields"]} for test in testmo.tests]
    text, link = 1, 5
    for record in run.records:
        for use in record["tests"]:
            (fields,) = [fields for fields in shown if (link, record["url"]) in fields.values()]
            (title,) = [
                name.partition(" session")[0] for name, value in fields.items() if value == (link, record["url"])
            ]
            assert fields[f"{title} status"][1].startswith(f"{record['status']}, ")
            again = "attempt 1 failed and was run again" in fields[f"{title} status"][1]
            assert again == (use["outcome"] == "rerun")
            for path in record["artifacts"].values():
                assert fields[f"{title} file {path.rpartition('/')[2]}"] == (text, f"{run.folder.name}/{path}")
    # As its page says: an attempt that was run again has passed, and of files addresses alone are sent.
    assert Counter(test["status"] for test in testmo.tests) == {"passed": 4, "failure": 1}
    kept = [path for record in run.records for path in record["artifacts"].values()]
    addresses = [artifact["url"] for test in testmo.tests for artifact in test["artifacts"]]
    assert sorted(addresses) == sorted(f"https://ci.example/raw/{run.folder.name}/{path}" for path in kept)
    checked = story.pytester.run("datadog-ci", "junit", "upload", "--dry-run", "--service=shop", "first/junit.xml")
    assert checked.ret == 0, checked.stderr.str()
    assert "Will upload jUnit XML file first/junit.xml" in checked.stdout.str()


@needs("pytest_html_merger")
def test_a_merged_page_links_the_rows_of_one_run_and_says_so(story: Story, chromium: webdriver.Chrome) -> None:
    both = list(runs(story))
    command = [sys.executable, "-m", "pytest_html_merger", "-i", ".", "-o", "merged.html"]
    result = story.pytester.run(*command)
    assert result.ret == 0, result.stderr.str()
    page = ReportPage(chromium, story.pytester.path / "merged.html")
    # The tool keeps the summary of the last by name, and with it one table.
    expected = {(use["nodeid"], one["url"]) for one in both[1].records for use in one["tests"]}
    found: list[list[str]] = page.run(
        "return [...document.querySelectorAll('#results-table tbody tr.collapsible')].flatMap(row =>"
        "[...row.querySelectorAll('.col-ltlinks a')].filter(a => a.textContent === 'session')"
        ".map(a => [row.querySelector('.col-testId').textContent, a.getAttribute('href')]))"
    )
    assert {tuple(pair) for pair in found} == expected
    assert len(expected) == 6
    (note,) = page.texts(".lt-merged")
    assert note.startswith("Merged of several runs. Sessions are those of one of them;")
    assert not page.errors()


def attachments_of(run: Run) -> int:
    return sum(len(record["artifacts"]) for record in run.records for _ in record["tests"])


@needs("ctrf")
@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_ctrf_has_sessions_and_files_of_every_attempt(story: Story, workers: str) -> None:
    story.use("ctrf")
    run = next(runs(story, "--lambdatest-artifacts=all", "--ctrf=ctrf.json", workers))
    document = json.loads((story.pytester.path / "ctrf.json").read_text(encoding="utf-8"))
    attempts = {
        (test["name"], number): entry
        for test in document["results"]["tests"]
        for number, entry in enumerate([*test.get("retryAttempts", ()), test], 1)
    }
    assert len(attempts) == 5
    for record in run.records:
        for use in record["tests"]:
            entry = attempts[use["nodeid"], use["attempt"]]
            (told,) = [one for one in entry["extra"]["lambdatest"] if one["session_id"] == record["session_id"]]
            assert told == {name: record[name] for name in told}
            assert (told["status"], any(record["url"] in line for line in entry["stdout"])) == ("completed", True)
    files = [one for entry in attempts.values() for one in entry["attachments"]]
    assert all((story.pytester.path / one["path"]).is_file() for one in files)
    assert len(files) == attachments_of(run) == 12
    assert ("worker" in attempts["test_story.py::test_two", 1]["extra"]) == (workers == "-n1")
    schema = {"attachments": {"name", "contentType", "path"}}
    assert {frozenset(one) for one in files} == {frozenset(schema["attachments"])}


@needs("pytest_nunit")
@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_nunit_has_sessions_of_every_attempt_and_azure_publishes_it(story: Story, workers: str) -> None:
    story.use("nunit", "azurepipelines")
    run = next(runs(story, "--lambdatest-artifacts=all", workers))
    assert "##vso[results.publish type=NUnit;" in run.output
    cases = {case.get("fullname"): case for case in ET.parse(story.pytester.path / "test-output.xml").iter("test-case")}
    assert len(cases) == 3
    for record in run.records:
        for use in record["tests"]:
            case = cases[use["nodeid"]]
            properties = {str(one.get("name")): one.get("value") for one in case.iter("property")}
            place = [value for name, value in properties.items() if name.startswith("lambdatest_session_id")]
            assert record["session_id"] in place
            if use["outcome"] != "rerun":
                assert place.index(record["session_id"]) <= 1
            assert (record["url"] in (case.findtext("failure/message") or "")) == ("test_odd" in use["nodeid"])
    files = [str(path.text) for case in cases.values() for path in case.iter("filePath")]
    assert len(files) == len(set(files)) == attachments_of(run) == 12
    assert all(Path(path).is_file() for path in files)


@needs("qase")
@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_qase_has_the_page_of_each_session_by_the_lines_of_its_how_to(story: Story, workers: str) -> None:
    (lines,) = blocks(ROOT / "docs" / "how-to" / "qase.md")
    story.file(lines.title, lines.text)
    story.use("qase_pytest")
    run = next(runs(story, "--qase-mode=report", workers))
    folder = story.pytester.path / "build" / "qase-report"
    # As known when the test ended: by the id of the session.
    attached = sorted(path.read_text(encoding="utf-8").partition("sessionID=")[2] for path in folder.glob("*/*.txt"))
    assert attached == sorted(record["session_id"] for record in run.records)
    results = [json.loads(path.read_text(encoding="utf-8")) for path in (folder / "results").glob("*.json")]
    assert sorted(len(result["attachments"]) for result in results) == [1, 1, 1, 1, 2]


@needs("junit2htmlreport")
def test_junit2html_shows_the_sessions(story: Story) -> None:
    run = next(runs(story, "--lambdatest-junit=testrail text failure"))
    result = story.pytester.run(sys.executable, "-m", "junit2htmlreport", "first/junit.xml", "out.html")
    assert result.ret == 0, result.stderr.str()
    text = Parts((story.pytester.path / "out.html").read_text(encoding="utf-8")).text
    assert all(record["url"] in text for record in run.records)
    assert "attempt 1 failed and was run again" in text
