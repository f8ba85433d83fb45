"""pytest-xdist: workers capture, the controller reports; no session is lost and none is doubled."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from stories import outcomes

if TYPE_CHECKING:
    from stories import Story

SUITE = """
@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    driver.quit()

@pytest.fixture(scope="class")
def shared():
    driver = open_browser()
    yield driver
    driver.quit()

def test_one(driver):
    driver.title

def test_two(driver):
    driver.title

@pytest.mark.xdist_group("shared")
class TestShared:
    def test_three(self, shared):
        shared.title

    def test_four(self, shared):
        shared.title

def test_without():
    pass
"""


@pytest.mark.parametrize("dist", ["load", "loadgroup"])
def test_every_session_is_reported_once_with_its_tests(story: Story, dist: str) -> None:
    """Also where the hub's address has the key and the environment does not: it stays with the workers, which ask."""
    story.tests(SUITE)
    if dist == "load":
        story.set_environment(LT_USERNAME="local_user", LT_ACCESS_KEY="local_key")
    run = story.run("-n2", f"--dist={dist}")
    assert outcomes(run)["passed"] == 5
    assert set(run.tests_by_session()) == set(story.grid.sessions)
    assert {record["state"] for record in run.records} == {"final"}
    used = sorted(use["nodeid"].split("::")[-1].partition("@")[0] for record in run.records for use in record["tests"])
    assert used == ["test_four", "test_one", "test_three", "test_two"]
    assert {use["worker"] for record in run.records for use in record["tests"]} <= {"gw0", "gw1"}
    assert len(story.grid.api_requests) >= len(run.records)
    for test in ("test_one", "test_two", "test_three", "test_four"):
        row = next(row for row in run.rows if test in row.test)
        assert row.status == "completed"
        (properties,) = next(found for name, found in run.properties.items() if test in name)
        assert properties["lambdatest_status"] == "completed"
    assert {request.username for request in story.grid.api_requests} == {"local_user"}
    written = [path.read_bytes() for path in story.pytester.path.rglob("*") if path.is_file()]
    assert not any(b"local_key" in content for content in written)
    assert "local_key" not in run.output


def test_with_dist_each_every_worker_has_its_own_sessions(story: Story) -> None:
    """That of a module too, which each of them imports."""
    story.tests(SUITE + "\nDRIVER = open_browser()\n\ndef test_five():\n    DRIVER.title\n")
    run = story.run("--dist=each", "--tx=2*popen")
    assert set(run.tests_by_session()) == set(story.grid.sessions)
    by_worker = {
        worker: sorted(
            use["nodeid"].split("::")[-1]
            for record in run.records
            for use in record["tests"]
            if use["worker"] == worker
        )
        for worker in ("gw0", "gw1")
    }
    assert by_worker["gw0"] == by_worker["gw1"] == ["test_five", "test_four", "test_one", "test_three", "test_two"]
    assert len(run.records) == 8


def test_where_each_test_waits_for_its_answers_the_rest_is_still_done_once(story: Story) -> None:
    """Workers poll what the controller has credentials for as well; marking and saving they leave to it."""
    story.set_environment(LT_USERNAME=story.grid.username, LT_ACCESS_KEY=story.grid.access_key)
    story.tests(SUITE)
    story.run("-n2", "--lambdatest-fetch=teardown", "--lambdatest-mark-status=overwrite", "--lambdatest-artifacts=all")
    written = [request.session_id for request in story.grid.api_requests if request.method == "PATCH"]
    saved = [request.path for request in story.grid.api_requests if request.path.endswith("/log/console")]
    assert sorted(map(str, written)) == sorted(story.grid.sessions)
    assert len(saved) == len(set(saved)) == len(story.grid.sessions)


def test_a_worker_that_dies_loses_no_session(story: Story) -> None:
    """Nor those that a conftest opened; and the testcase that tells of its death has the session of its test."""
    story.file(
        "conftest.py",
        """
        import os
        from browser import open_browser

        if "PYTEST_XDIST_WORKER" in os.environ:
            DRIVER = open_browser(name="of conftest")
        """,
    )
    story.tests(
        """
        def test_dies():
            open_browser(name="lost").title
            os._exit(1)

        def test_lives():
            with open_browser(name="other") as driver:
                driver.title
        """
    )
    story.set_environment(LT_USERNAME="local_user", LT_ACCESS_KEY="local_key")
    run = story.run("-n1", "--max-worker-restart=1", "--lambdatest-junit=failure")
    assert outcomes(run) == {"passed": 1, "failed": 1}
    assert run.result.ret == pytest.ExitCode.TESTS_FAILED
    assert {record["session_id"] for record in run.records} == set(story.grid.sessions)
    of_conftest = [record for record in run.records if record["name"] == "of conftest"]
    assert [record["tests"] for record in of_conftest] == [[], []]
    assert {record["error"] for record in of_conftest} == {"its worker gw0 died", None}
    lost, other = [next(record for record in run.records if record["name"] == name) for name in ("lost", "other")]
    assert (lost["error"], lost["state"]) == ("its worker gw0 died", "running")
    assert [(use["nodeid"], use["outcome"]) for use in lost["tests"]] == [("test_story.py::test_dies", "failed")]
    assert lost["url"] in run.table.everything, "it has no row, the summary's table has it"
    assert "FAILED test_story.py::test_dies" in run.output
    assert run.properties["test_dies"][0]["lambdatest_session_id"] == lost["session_id"]
    failure = ET.parse(run.folder / "junit.xml").findtext(".//error") or ""
    assert failure.splitlines()[-1] == f"LambdaTest session: running, {lost['url']}"
    assert [use["outcome"] for use in other["tests"]] == ["passed"]


def test_without_properties_the_testcase_of_a_worker_that_died_has_its_lines_alone(story: Story) -> None:
    story.tests("def test_dies():\n    open_browser().title\n    os._exit(1)\n")
    run = story.run("-n1", "--max-worker-restart=0", "--lambdatest-junit=failure", "--lambdatest-properties=off")
    assert run.result.ret == pytest.ExitCode.TESTS_FAILED
    (case,) = ET.parse(run.folder / "junit.xml").iter("testcase")
    assert (case.findtext("error") or "").splitlines()[-1] == f"LambdaTest session: running, {run.records[0]['url']}"
    assert list(case.iter("property")) == []
