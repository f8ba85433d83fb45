"""Every place where results are read says the same of a session."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from stories import outcomes

if TYPE_CHECKING:
    from stories import Run, Story

SUITE = """
@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    driver.quit()

def test_green(driver):
    driver.execute_script("lambda-status=passed")

def test_red(driver):
    driver.execute_script("lambda-status=failed")
    assert driver.title == "another"
"""
CONTRADICTED = """
def test_red_here(driver):
    driver.execute_script("lambda-status=passed")
    assert 0

def test_green_here(driver):
    driver.execute_script("lambda-status=failed")
"""
STATUSES = {"test_green": "passed", "test_red": "failed", "test_red_here": "passed", "test_green_here": "failed"}
WAYS = {
    "plain": ("--self-contained-html", "-o", "junit_family=legacy"),
    "xdist": ("-n1", "-o", "generate_report_on_test=true", "-o", "junit_family=xunit2"),
}


def record_of(run: Run, test: str) -> dict[str, Any]:
    (found,) = [record for record in run.records if record["tests"][0]["nodeid"].endswith(test)]
    return found


@pytest.mark.parametrize("arguments", WAYS.values(), ids=WAYS)
def test_every_place_says_the_same_of_a_session(story: Story, arguments: tuple[str, ...]) -> None:
    pytest.importorskip("allure_pytest", reason="allure-pytest is an optional companion")
    pytest.importorskip("pytest_jsonreport", reason="pytest-json-report is an optional companion")
    pytest.importorskip("pytest_reportlog", reason="pytest-reportlog is an optional companion")
    summary = story.pytester.path / "summary.md"
    summary.write_text("## Before\n", encoding="utf-8")
    story.set_environment(GITHUB_STEP_SUMMARY=str(summary))
    story.tests(SUITE + CONTRADICTED)
    others = ("--json-report", "--json-report-file=report.json", "--report-log=log.jsonl", "--alluredir=allure")
    run = story.run(*others, *arguments)
    assert outcomes(run) == {"passed": 2, "failed": 2}
    # Nothing is saved, shared or marked unless asked for.
    assert not (run.folder / "report-lambdatest").exists()
    assert {record["share_url"] for record in run.records} == {None}
    assert {mark.source for session in story.grid.sessions.values() for mark in session.marks} == {"hook"}
    assert {request.method for request in story.grid.api_requests} == {"GET"}
    records = {test: record_of(run, f"::{test}") for test in STATUSES}
    for test, status in STATUSES.items():
        row, record = run.row(f"::{test}"), records[test]
        assert record["status"] == status
        assert set(record["logs"]) == {"command", "console", "network", "selenium"}
        assert run.properties[test] == [
            {
                "lambdatest_session_id": record["session_id"],
                "lambdatest_session_url": record["url"],
                "lambdatest_state": "final",
                "lambdatest_status": status,
                "lambdatest_duration": str(record["duration"]),
                **{f"lambdatest_{kind}_logs_url": url for kind, url in record["logs"].items()},
            }
        ]
        assert row.status == status + (" disagrees" if test.endswith("here") else "")
        assert row.links["session"] == record["url"]
        assert {kind: row.links[kind] for kind in record["logs"]} == record["logs"]
    assert "4 " in run.summary
    assert "disagrees" in run.summary
    assert_terminal(run.output, records)
    assert_reports_for_machines(run, records)
    first, *lines = summary.read_text(encoding="utf-8").splitlines()
    assert first == "## Before"
    failure = "AssertionError: assert '' == 'another'"
    session = f"failed, {records['test_red']['duration']:.0f} s | [session](<{records['test_red']['url']}>)"
    rows = {line.partition(" | ")[0]: line for line in lines if line.startswith("| test")}
    assert rows["| test\\_story.py::test\\_red failed"].endswith(f" | {failure} | {session} |")
    assert len(rows) == 3, "of failed tests, and where the two disagree"


def assert_terminal(output: str, records: dict[str, dict[str, Any]]) -> None:
    failures, _, summary = output.partition("= FAILURES =")[2].partition("= LambdaTest sessions =")
    assert "LambdaTest session" in failures
    assert records["test_red"]["url"] in failures
    assert "4 sessions" in summary
    assert records["test_red"]["url"] not in summary, "it is told once"
    assert "marked passed at LambdaTest, failed in pytest" in output
    assert "marked failed at LambdaTest, passed in pytest" in summary


def assert_reports_for_machines(run: Run, records: dict[str, dict[str, Any]]) -> None:
    """Of pytest-json-report, pytest-reportlog and allure-pytest."""
    report = json.loads((run.folder / "report.json").read_text(encoding="utf-8"))
    by_id = {record["session_id"]: record for record in run.records}
    assert {record["session_id"]: record for record in report["lambdatest_sessions"]} == by_id
    for test in report["tests"]:
        (session,) = test["lambdatest_sessions"]
        assert session == {name: value for name, value in by_id[session["session_id"]].items() if name != "tests"}
    lines = [json.loads(line) for line in (run.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    calls = {line["nodeid"].partition("::")[2]: line for line in lines if line.get("when") == "call"}
    assert set(calls) == set(records)
    for test, line in calls.items():
        (session,) = line["lambdatest_sessions"]
        assert session["session_id"] == records[test]["session_id"]
        assert ["lambdatest_session_id", session["session_id"]] in line["user_properties"]
        assert "_lambdatest" not in line
    results = [json.loads(path.read_text(encoding="utf-8")) for path in (run.folder / "allure").glob("*-result.json")]
    addresses = {result["name"]: [link["url"] for link in result["links"]] for result in results}
    assert {test: urls[0] for test, urls in addresses.items()} == {test: one["url"] for test, one in records.items()}


def test_allure_results_are_completed_when_the_run_ends(story: Story) -> None:
    """With status, links and what was saved; a suite may take results away, and what is not ours stays as it is.

    Properties are off, for strict validators of JUnit files.
    """
    pytest.importorskip("allure_pytest", reason="allure-pytest is an optional companion")
    folder = story.pytester.path / "allure"
    folder.mkdir()
    foreign = {"other-run-result.json": '{"labels": []}', "half-result.json": '{"labels": [{"name": "lambda'}
    for name, text in foreign.items():
        (folder / name).write_text(text, encoding="utf-8")
    story.tests(
        SUITE
        + """
@pytest.fixture(scope="module")
def shared():
    with open_browser() as driver:
        yield driver

@pytest.mark.parametrize("turn", [1, 2])
def test_shared(shared, turn):
    shared.title

def test_none():
    pass

def test_two(driver):
    import allure
    allure.dynamic.link("https://tickets.example/7", name="LambdaTest ticket")
    allure.attach("mine", name="mine")
    with open_browser() as other:
        other.title
    for result in os.listdir("allure"):
        text = open("allure/" + result).read()
        if "test_green" in text:
            os.rename("allure/" + result, result)
        elif "test_shared[1]" in text:
            os.mkdir(f"allure/{result}.{os.getpid()}.tmp")
"""
    )
    run = story.run("--alluredir=allure", "--lambdatest-artifacts=all", "--lambdatest-properties=off")
    assert "<propert" not in (run.folder / "junit.xml").read_text(encoding="utf-8")
    assert run.row("test_red").status == "failed"
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*-result.json")}
    assert {name: texts.pop(name) for name in foreign} == foreign
    assert not [path for path in folder.iterdir() if path.suffix == ".tmp" and path.is_file()]
    assert "results of Allure could not be completed: Is a directory" in run.output
    results = {result["name"]: result for result in map(json.loads, texts.values())}
    assert set(results) == {"test_red", "test_two", "test_none", "test_shared[1]", "test_shared[2]"}
    assert "lambdatest" not in str(results["test_none"]).lower()
    assert len(results["test_shared[2]"]["attachments"]) == 2
    record = record_of(run, "test_red")
    links = {link["name"]: link["url"] for link in results["test_red"]["links"]}
    assert links == {
        f"LambdaTest session (failed, {record['duration']:.0f} s)": record["url"],
        **{f"LambdaTest {kind} log": url for kind, url in record["logs"].items()},
    }
    attached = {one["name"]: folder / one["source"] for one in results["test_red"]["attachments"]}
    assert (
        attached.keys()
        == {f"LambdaTest {kind}" for kind in record["artifacts"]}
        == {"LambdaTest command", "LambdaTest selenium"}
    )
    for kind, path in record["artifacts"].items():
        assert attached[f"LambdaTest {kind}"].read_bytes() == (run.folder / path).read_bytes()
    names = [link["name"] for link in results["test_two"]["links"]]
    assert names[0] == "LambdaTest ticket"
    assert [name.partition(",")[0] for name in names[1:] if "session" in name] == [
        "LambdaTest 1 session (completed",
        "LambdaTest 2 session (completed",
    ]
    assert results["test_two"]["attachments"][0]["name"] == "mine"


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["plain", "xdist"])
def test_fetch_in_teardown_waits_for_the_answer_and_a_suites_own_hook_has_it(
    story: Story, workers: tuple[str, ...]
) -> None:
    story.grid.ready_after = 0.3
    story.file(
        "conftest.py",
        """
        import pytest

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(item, call):
            report = (yield).get_result()
            if call.when == "teardown":
                (session,) = report.lambdatest_sessions
                with open("seen.txt", "a") as file:
                    file.write(f"{item.name} {session['state']} {session['status']}\\n")
        """,
    )
    story.tests(SUITE + "\ndef test_quits():\n    with open_browser() as driver:\n        driver.title\n")
    run = story.run("--lambdatest-fetch=teardown", *workers)
    seen = (run.folder / "seen.txt").read_text(encoding="utf-8").splitlines()
    assert sorted(seen) == ["test_green final passed", "test_quits final completed", "test_red final failed"]
    assert {record["state"] for record in run.records} == {"final"}
    assert run.row("test_red").status == "failed"


def test_a_dead_api_costs_fetch_in_teardown_one_timeout_in_all(story: Story) -> None:
    story.grid.fault = "hang"
    story.tests("@pytest.mark.parametrize('n', range(6))\ndef test_n(n):\n    open_browser().quit()\n")
    # Without pytest-html, whose release 3 calls teardowns calls in what `--durations` shows.
    run = story.run_plain(
        *("-p", "lambdatest_session", "--lambdatest-sessions-file=sessions.jsonl"),
        "--lambdatest-fetch=teardown",
        "--lambdatest-timeout=5",
        "--lambdatest-budget=1",
        "-vv",
        "--durations=0",
    )
    assert outcomes(run) == {"passed": 6}
    durations = re.findall(r"^([\d.]+)s teardown ", run.output, re.MULTILINE)
    assert len(durations) == 6
    assert [float(seconds) > 4 for seconds in durations].count(True) == 1
    assert {record["state"] for record in run.records} <= {"unavailable", "pending"}


def test_fetch_off_asks_nothing_and_still_links_to_the_dashboard(story: Story) -> None:
    story.tests(SUITE)
    run = story.run("--lambdatest-fetch=off", "--tb=line")
    assert story.grid.api_requests == []
    assert {record["state"] for record in run.records} == {"unchecked"}
    record = record_of(run, "test_red")
    assert record["url"] == f"https://automation.lambdatest.com/logs/?sessionID={record['session_id']}"
    assert run.row("test_red").links["session"] == record["url"]
    assert run.properties["test_red"][0]["lambdatest_state"] == "unchecked"
    assert run.output.count(record["url"]) == 1, "pytest prints sections with --tb=line from 9 on"


def test_hooks_of_the_suite_change_links_and_see_each_session_once(story: Story) -> None:
    """Also under the name that its session had first; and a row that the suite leaves out of the report stays out."""
    story.file(
        "conftest.py",
        """
        import json
        import pytest

        class Old:
            @pytest.hookimpl(optionalhook=True)
            def pytest_lambdatest_session_links(self, session):
                return {"old": "https://old.example/?q=" + session["session_id"]}

            @pytest.hookimpl(optionalhook=True)
            def pytest_lambdatest_session_finished(self, session, webdriver_session):
                assert session == webdriver_session

        def pytest_configure(config):
            config.pluginmanager.register(Old())

        @pytest.hookimpl(optionalhook=True)
        def pytest_lambdatest_session_links(config, webdriver_session):
            return {
                "tickets": "https://tickets.example/?q=" + webdriver_session["session_id"],
                "console": "logs/console.html",
                "evil": "javascript:alert(1)",
            }

        @pytest.hookimpl(optionalhook=True)
        def pytest_lambdatest_session_finished(config, webdriver_session):
            with open("finished.jsonl", "a") as file:
                file.write(json.dumps(webdriver_session) + "\\n")
            if webdriver_session["status"] == "failed":
                raise RuntimeError("the archive is full")

        @pytest.hookimpl(tryfirst=True)
        def pytest_html_results_table_row(report, cells):
            if report.passed:
                del cells[:]
        """,
    )
    story.tests(SUITE)
    run = story.run("-W", "error::DeprecationWarning")
    assert outcomes(run) == {"passed": 1, "failed": 1}
    for record in run.records:
        query = f"?q={record['session_id']}"
        assert record["links"] == {"old": f"https://old.example/{query}", "tickets": f"https://tickets.example/{query}"}
        assert record["logs"]["console"] == "logs/console.html"
        assert record["session_id"] in run.table.everything, "the summary has both"
    (row,) = run.rows
    assert (row.test, row.status) == ("test_story.py::test_red", "failed")
    assert row.links["tickets"] == record_of(run, "test_red")["links"]["tickets"]
    finished = [json.loads(line) for line in (run.folder / "finished.jsonl").read_text(encoding="utf-8").splitlines()]
    assert finished == run.records
    assert "the suite's pytest_lambdatest_session_finished failed: RuntimeError: the archive is full" in run.output
    assert "pytest_lambdatest_session_links returned 'evil' with 'javascript:alert(1)', which is left out" in run.output
    assert "failed: AssertionError" not in run.output
