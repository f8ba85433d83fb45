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


def record_of(run: Run, test: str) -> dict[str, Any]:
    (found,) = [record for record in run.records if record["tests"][0]["nodeid"].endswith(test)]
    return found


@pytest.mark.parametrize(("family", "workers"), [("xunit1", ()), ("xunit2", ("-n2",)), ("legacy", ())])
def test_junit_has_the_final_values_in_every_family(story: Story, family: str, workers: tuple[str, ...]) -> None:
    story.tests(SUITE)
    run = story.run("-o", f"junit_family={family}", *workers)
    for test, status in (("test_green", "passed"), ("test_red", "failed")):
        (properties,) = run.properties[test]
        record = record_of(run, test)
        assert properties == {
            "lambdatest_session_id": record["session_id"],
            "lambdatest_session_url": record["url"],
            "lambdatest_state": "final",
            "lambdatest_status": status,
            "lambdatest_duration": str(record["duration"]),
        } | {f"lambdatest_{kind}_logs_url": url for kind, url in record["logs"].items()}
        assert set(record["logs"]) == {"command", "console", "network", "selenium"}


def test_properties_can_be_switched_off_for_strict_validators(story: Story) -> None:
    story.tests(SUITE)
    run = story.run("--lambdatest-properties=off")
    assert run.properties == {"test_green": [{}], "test_red": [{}]}
    assert "<propert" not in (run.folder / "junit.xml").read_text(encoding="utf-8")
    assert run.row("test_red").status == "failed"


@pytest.mark.parametrize("options", [("--self-contained-html",), ("-o", "generate_report_on_test=true")], ids=str)
def test_html_rows_show_status_duration_and_links(story: Story, options: tuple[str, ...]) -> None:
    story.tests(SUITE)
    run = story.run(*options)
    for test, status in (("test_green", "passed"), ("test_red", "failed")):
        row, record = run.row(test), record_of(run, test)
        assert row.status == status
        assert row.links["session"] == record["url"]
        assert {kind: row.links[kind] for kind in record["logs"]} == record["logs"]
    assert "2 " in run.summary


def test_a_row_that_the_suite_leaves_out_of_the_html_report_stays_out(story: Story) -> None:
    story.file(
        "conftest.py",
        """
        import pytest

        @pytest.hookimpl(tryfirst=True)
        def pytest_html_results_table_row(report, cells):
            if report.passed:
                del cells[:]
        """,
    )
    story.tests(SUITE)
    run = story.run()
    (row,) = run.rows
    assert (row.test, row.status) == ("test_story.py::test_red", "failed")
    assert all(record["session_id"] in run.table.everything for record in run.records), "the summary has both"


def test_a_failure_in_the_terminal_says_which_session_it_was(story: Story) -> None:
    story.tests(SUITE)
    run = story.run()
    record = record_of(run, "test_red")
    failures = run.output.partition("= FAILURES =")[2].partition("= LambdaTest sessions =")[0]
    assert "LambdaTest session" in failures
    assert record["url"] in failures
    summary = run.output.partition("= LambdaTest sessions =")[2]
    assert "2 sessions" in summary
    assert record["url"] not in summary, "it is told once"
    short = story.run("--tb=line")
    assert short.output.count(record_of(short, "test_red")["url"]) == 1, "pytest prints sections with it from 9 on"


def test_with_q_the_end_says_problems_alone(story: Story) -> None:
    story.tests(SUITE)
    story.grid.fault = "unauthorized"
    output = story.run("-q").output
    assert "LambdaTest sessions" not in output
    assert "\n! 401 from " in output


def test_pytest_json_report_has_the_full_data(story: Story) -> None:
    pytest.importorskip("pytest_jsonreport", reason="pytest-json-report is an optional companion")
    story.tests(SUITE)
    run = story.run("--json-report", "--json-report-file=report.json", "-n2")
    report = json.loads((run.folder / "report.json").read_text(encoding="utf-8"))
    by_id = {record["session_id"]: record for record in run.records}
    assert {record["session_id"]: record for record in report["lambdatest_sessions"]} == by_id
    for test in report["tests"]:
        (session,) = test["lambdatest_sessions"]
        assert session == {name: value for name, value in by_id[session["session_id"]].items() if name != "tests"}


def test_pytest_reportlog_has_ids_and_links_on_its_lines(story: Story) -> None:
    pytest.importorskip("pytest_reportlog", reason="pytest-reportlog is an optional companion")
    story.tests(SUITE)
    run = story.run("--report-log=log.jsonl")
    lines = [json.loads(line) for line in (run.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    calls = {line["nodeid"]: line for line in lines if line.get("when") == "call"}
    assert len(calls) == 2
    for nodeid, line in calls.items():
        (session,) = line["lambdatest_sessions"]
        record = record_of(run, nodeid)
        assert session["session_id"] == record["session_id"]
        assert ["lambdatest_session_id", record["session_id"]] in line["user_properties"]
        assert "_lambdatest" not in line


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["plain", "xdist"])
def test_allure_results_are_completed_when_the_run_ends(story: Story, workers: tuple[str, ...]) -> None:
    """With status, links and what was saved; a suite may take results away, and what is not ours stays as it is."""
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
    for result in os.listdir("allure") if "PYTEST_XDIST_WORKER" not in os.environ else ():
        text = open("allure/" + result).read()
        if "test_green" in text:
            os.rename("allure/" + result, result)
        elif "test_shared[1]" in text:
            os.mkdir(f"allure/{result}.{os.getpid()}.tmp")
"""
    )
    run = story.run("--alluredir=allure", "--lambdatest-artifacts=all", *workers)
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*-result.json")}
    assert {name: texts.pop(name) for name in foreign} == foreign
    assert not [path for path in folder.iterdir() if path.suffix == ".tmp" and path.is_file()]
    assert ("results of Allure could not be completed: Is a directory" in run.output) is not bool(workers)
    results = {result["name"]: result for result in map(json.loads, texts.values())}
    green = {"test_green"} if workers else set()
    assert set(results) == {"test_red", "test_two", "test_none", "test_shared[1]", "test_shared[2]"} | green
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


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["plain", "xdist"])
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
        "--lambdatest-timeout=2",
        "--lambdatest-budget=1",
        "-vv",
        "--durations=0",
        timeout=30,
    )
    assert outcomes(run) == {"passed": 6}
    durations = re.findall(r"^([\d.]+)s teardown ", run.output, re.MULTILINE)
    assert len(durations) == 6
    assert len([seconds for seconds in durations if float(seconds) > 1]) <= 1
    assert {record["state"] for record in run.records} <= {"unavailable", "pending"}


def test_fetch_off_asks_nothing_and_still_links_to_the_dashboard(story: Story) -> None:
    story.tests(SUITE)
    run = story.run("--lambdatest-fetch=off")
    assert story.grid.api_requests == []
    assert {record["state"] for record in run.records} == {"unchecked"}
    record = record_of(run, "test_red")
    assert record["url"] == f"https://automation.lambdatest.com/logs/?sessionID={record['session_id']}"
    assert run.row("test_red").links["session"] == record["url"]
    assert run.properties["test_red"][0]["lambdatest_state"] == "unchecked"


def test_hooks_of_the_suite_change_links_and_see_each_session_once(story: Story) -> None:
    story.file(
        "conftest.py",
        """
        import json
        import pytest

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
        """,
    )
    story.tests(SUITE)
    run = story.run()
    record = record_of(run, "test_red")
    assert record["links"] == {"tickets": f"https://tickets.example/?q={record['session_id']}"}
    assert record["logs"]["console"] == "logs/console.html"
    assert run.row("test_red").links["tickets"] == record["links"]["tickets"]
    finished = [json.loads(line) for line in (run.folder / "finished.jsonl").read_text(encoding="utf-8").splitlines()]
    assert finished == run.records
    assert "the suite's pytest_lambdatest_session_finished failed: RuntimeError: the archive is full" in run.output
    assert "pytest_lambdatest_session_links returned 'evil' with 'javascript:alert(1)', which is left out" in run.output
    assert outcomes(run) == {"passed": 1, "failed": 1}


def test_a_hook_that_names_its_session_as_it_was_named_first_gets_it_too(story: Story) -> None:
    story.file(
        "conftest.py",
        """
        import pytest

        @pytest.hookimpl(optionalhook=True)
        def pytest_lambdatest_session_links(session):
            return {"old": "https://old.example/?q=" + session["session_id"]}

        @pytest.hookimpl(optionalhook=True)
        def pytest_lambdatest_session_finished(session, webdriver_session):
            assert session == webdriver_session
        """,
    )
    story.tests(SUITE)
    run = story.run("-W", "error::DeprecationWarning")
    assert outcomes(run) == {"passed": 1, "failed": 1}
    assert {record["links"]["old"] for record in run.records} == {
        f"https://old.example/?q={record['session_id']}" for record in run.records
    }
    assert "failed: AssertionError" not in run.output


def test_github_gets_a_table_of_the_failed_tests(story: Story) -> None:
    summary = story.pytester.path / "summary.md"
    summary.write_text("## Before\n", encoding="utf-8")
    story.set_environment(GITHUB_STEP_SUMMARY=str(summary))
    story.tests(SUITE)
    run = story.run()
    record = record_of(run, "test_red")
    lines = summary.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "## Before"
    (row,) = [line for line in lines if "test" in line and line.startswith("| test")]
    failure = "AssertionError: assert '' == 'another'"
    session = f"failed, {record['duration']:.0f} s | [session](<{record['url']}>)"
    assert row == f"| test\\_story.py::test\\_red failed | {failure} | {session} |"


def test_where_the_cloud_and_pytest_disagree_every_place_says_so(story: Story) -> None:
    story.tests(
        """
        def test_red_here():
            with open_browser() as driver:
                driver.execute_script("lambda-status=passed")
                assert 0

        def test_green_here():
            with open_browser() as driver:
                driver.execute_script("lambda-status=failed")

        def test_agreed():
            with open_browser() as driver:
                driver.execute_script("lambda-status=passed")
        """
    )
    run = story.run()
    assert "disagrees" in run.row("test_red_here").status
    assert "disagrees" in run.row("test_green_here").status
    assert "disagrees" not in run.row("test_agreed").status
    assert "disagrees" in run.summary
    summary = run.output.partition("= LambdaTest sessions =")[2]
    assert "marked passed at LambdaTest, failed in pytest" in run.output
    assert "marked failed at LambdaTest, passed in pytest" in summary
