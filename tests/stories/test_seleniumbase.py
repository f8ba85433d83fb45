"""SeleniumBase: whichever way a test gets its browser, and in whichever order the plugins are loaded."""

from __future__ import annotations

import json

import pytest

from companions import needs, run_example, session_of
from stories import Story, outcomes

pytestmark = needs("seleniumbase")

SHOP = """
from seleniumbase import BaseCase

class TestShop(BaseCase):
    def test_case_passes(self):
        self.open("https://shop.example/")

    def test_case_fails(self):
        self.open("https://shop.example/")
        assert self.get_title() == "Another"

def test_fixture_passes(sb):
    sb.open("https://shop.example/")

def test_fixture_fails(sb):
    sb.open("https://shop.example/")
    assert sb.get_title() == "Another"
"""
FAILING = {
    "test_case_fails": "test_story.TestShop.test_case_fails",
    "test_fixture_fails": "test_story.test_fixture_fails",
}
"""Each with the name that SeleniumBase gives the folder of its logs."""
ALL = ("test_case_passes", "test_fixture_passes", *FAILING)


def remote(story: Story) -> tuple[str, ...]:
    """Credentials stand in the capabilities alone: neither the environment nor the address has any."""
    credentials = {"username": story.grid.username, "accessKey": story.grid.access_key}
    capabilities = json.dumps({"browserName": "chrome", "LT:Options": credentials})
    address = ("--server=127.0.0.1", f"--port={story.grid.port}")
    return ("--browser=remote", *address, f"--cap-string={capabilities}")


@pytest.mark.parametrize("order", [("seleniumbase", "lambdatest_session"), ("lambdatest_session", "seleniumbase")])
def test_seleniumbase_keeps_its_own_and_every_report_has_the_session(story: Story, order: tuple[str, str]) -> None:
    story.file("test_story.py", SHOP)
    run = story.run_plain(*(f"-p{plugin}" for plugin in order), *Story.OUTPUTS, *remote(story))
    assert outcomes(run).items() >= {"passed": 2, "failed": 2}.items(), run.output
    assert len({session_of(run, test)["session_id"] for test in ALL}) == 4
    for test, logs in FAILING.items():
        row = run.row(test)
        assert row.all_links["URL"] == "https://shop.example/", "SeleniumBase's own"
        (screenshot,) = [extra["content"] for extra in row.raw["extras"] if extra["name"] == "Screenshot"]
        assert (run.folder / screenshot).is_file()
        assert {file.name for file in (run.folder / "latest_logs" / logs).iterdir()} == {
            "basic_test_info.txt",
            "page_source.html",
            "screenshot.png",
        }


def test_workers_reruns_and_the_dashboard(story: Story) -> None:
    story.file("test_story.py", SHOP)
    story.use("seleniumbase")
    run = story.run("-n2", "--reruns=1", "--dashboard", *remote(story))
    assert outcomes(run).items() >= {"passed": 2, "failed": 2, "rerun": 2}.items(), run.output
    assert (run.folder / "dashboard.html").is_file()
    uses = [(use["nodeid"].rpartition("::")[2], use["attempt"]) for record in run.records for use in record["tests"]]
    assert sorted(uses) == sorted([*((test, 1) for test in ALL), *((test, 2) for test in FAILING)])
    assert {record["state"] for record in run.records} == {"final"}
    for row in run.rows:
        assert ("URL" in row.all_links) == row.test.endswith(tuple(FAILING))
        assert len(row.links) == 5, "the session and its four logs"


def test_a_session_that_is_kept_for_all_tests_is_on_every_row_and_still_runs(story: Story) -> None:
    """SeleniumBase ends it when pytest is done, which is after the reports."""
    story.file("test_story.py", SHOP)
    story.use("seleniumbase")
    run = story.run("--reuse-session", *remote(story))
    (record,) = run.records
    assert (record["state"], len(record["tests"])) == ("running", 4)
    assert {(row.status, row.links["session"]) for row in run.rows} == {("running", record["url"])}


def test_the_example_of_the_documentation(story: Story) -> None:
    run = run_example(story, "seleniumbase")
    assert outcomes(run)["passed"] == 1, run.output
    assert len(run.row("test_the_shop_opens").links) == 5
