"""`lambdatest_share_days`: links that open without a login, and a report that says until when."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from pytest_lambdatest_session.cloud.endpoints import share_base_url
from stories import outcomes

if TYPE_CHECKING:
    from stories import Story

SUITE = """
@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    driver.quit()

def test_sells(driver):
    driver.title

def test_total(driver):
    assert driver.title == "35.80"
"""


def test_every_session_gets_a_link_that_opens_without_a_login(story: Story) -> None:
    story.tests(SUITE)
    run = story.run("--lambdatest-share-days=7", "-n1")
    assert outcomes(run) == {"passed": 1, "failed": 1}
    today = datetime.now(timezone.utc).date()
    until = {(today + timedelta(days=days)).isoformat() for days in (6, 7)}
    for record in run.records:
        assert record["shared_until"] in until
        with urlopen(record["share_url"], timeout=30) as page:
            assert record["session_id"] in page.read().decode()
    row = run.row("test_total")
    day = run.records[1]["shared_until"]
    assert row.links[f"shared until {day}"] in {record["share_url"] for record in run.records}
    assert f"opens without a login until {day}" in row.details
    assert f"\nopens without a login until {day}: http" in run.output
    assert "auth=" not in run.html
    assert story.grid.access_key not in run.html + run.output


def test_a_link_that_comes_with_the_details_is_taken_and_none_is_asked_for(story: Story) -> None:
    link = "https://automation.lambdatest.com/share?shareId=abc"
    story.grid.rewrite_details = lambda details: {**details, "public_url": link}
    story.tests(SUITE)
    run = story.run("--lambdatest-share-days=7")
    assert {record["share_url"] for record in run.records} == {link}
    assert run.row("test_total").links[f"shared until {run.records[0]['shared_until']}"] == link
    assert {request.method for request in story.grid.api_requests} == {"GET"}


@pytest.mark.parametrize("fault", ["hang", "html_page"])
def test_a_link_that_can_not_be_had_is_one_line_within_the_budget(story: Story, fault: str) -> None:
    story.grid.set_fault(fault, paths="/lshs/")
    story.tests(SUITE)
    run = story.run("--lambdatest-share-days=3", "--lambdatest-budget=3", "--lambdatest-timeout=300")
    assert outcomes(run) == {"passed": 1, "failed": 1}
    assert [record["state"] for record in run.records] == ["final", "final"]
    assert len([line for line in run.output.splitlines() if line.startswith("! 2 sessions not shared: ")]) == 1


def test_after_a_refusal_no_more_links_are_asked_for(story: Story) -> None:
    """Nor does xdist's controller try what a worker was refused."""
    story.grid.set_fault("unauthorized", paths="/lshs/")
    story.tests("@pytest.mark.parametrize('n', range(9))\ndef test_n(n):\n    open_browser().quit()\n")
    run = story.run("--lambdatest-share-days=3", "-n1")
    assert "! 9 sessions not shared: 401 from " in run.output
    asked = [request for request in story.grid.api_requests if request.path.startswith("/lshs/")]
    assert 1 <= len(asked) <= 4, "those that were under way"


@pytest.mark.parametrize(
    ("hub", "override", "expected"),
    [
        ("hub.lambdatest.com", None, "https://api.lambdatest.com/lshs/api/v1.0/share-item"),
        ("mobile-hub.lambdatest.com", None, "https://api.lambdatest.com/lshs/api/v1.0/share-item"),
        ("eu-hub.lambdatest.com", None, "https://eu-api.lambdatest.com/lshs/api/v1.0/share-item"),
        (
            "hub.lambdatest.com",
            "https://eu-api.lambdatest.com/automation/api/v1",
            "https://eu-api.lambdatest.com/lshs/api/v1.0/share-item",
        ),
        ("h", "http://127.0.0.1:80/automation/api/v1", "http://127.0.0.1:80/lshs/api/v1.0/share-item"),
    ],
)
def test_links_are_made_at_the_host_of_the_account(hub: str, override: str | None, expected: str) -> None:
    assert share_base_url(hub, override) == expected
