"""LambdaTest's own bindings, on which the tests run that it exports, as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from companions import needs
from documents import ROOT, blocks
from stories import outcomes

if TYPE_CHECKING:
    from stories import Story

pytestmark = needs("testmu_selenium")

SUITE = """
import testmu_selenium

testmu_selenium.configure(build="exported", name="a basket")
PAGE = "data:text/html,<title>Shop</title><input id='name' type='text'>"

@testmu_selenium.test
def sign(driver):
    with testmu_selenium.step("Open the shop"):
        testmu_selenium.navigate(driver, PAGE)
    with testmu_selenium.step("Sign"):
        testmu_selenium.findElement(driver, [{"isXPath": False, "selector": "#name"}]).send_keys("Ada")

@testmu_selenium.test
def leave(driver):
    sign(driver)
    assert driver.title == "Another"

def test_signs():
    testmu_selenium.run(sign)

def test_leaves():
    testmu_selenium.run(leave)
"""


@pytest.mark.parametrize("variable", ["HYE_HUB", "LT_HUB_URL"])
def test_sessions_of_exported_tests_are_on_them(story: Story, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """At a hub that one of these variables names, without a setting; their log of its address kept as the page says."""
    monkeypatch.delenv("PYTEST_LAMBDATEST_HUB")
    grid = story.grid
    story.set_environment(
        TESTMU_RUN_TARGET="cloud",
        TESTMU_SMART="0",
        TESTMU_TEARDOWN_VIDEO_DRAIN_MS="0",
        LT_USERNAME=grid.username,
        LT_ACCESS_KEY=grid.access_key,
    )
    story.set_environment(**{variable: f"127.0.0.1:{grid.port}" if variable == "HYE_HUB" else grid.hub_url})
    page = ROOT / "docs" / "how-to" / "hyperexecute.md"
    (conftest,) = [block for block in blocks(page) if block.title == "exported/conftest.py"]
    story.file("conftest.py", conftest.text)
    story.tests(SUITE)
    run = story.run()
    assert outcomes(run) == {"passed": 1, "failed": 1}, run.output
    assert [
        (record["status"], record["build_name"], [use["nodeid"].partition("::")[2] for use in record["tests"]])
        for record in run.records
    ] == [("passed", "exported", ["test_signs"]), ("failed", "exported", ["test_leaves"])]
    assert "send_keys css selector #name" in run.row("test_leaves").details
    assert "[TEST START] leave" in run.output, "what they log of the test is there"
    junit = (run.folder / "junit.xml").read_text(encoding="utf-8")
    assert grid.access_key not in run.output + run.html + junit + str(run.records)
