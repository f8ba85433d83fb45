"""Clients and wrapper libraries: whatever makes the driver, the session is on the test."""

from __future__ import annotations

from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from stories import outcomes

if TYPE_CHECKING:
    from stories import Story

CLIENT_CONFIG = "selenium.webdriver.remote.client_config"
# Names of the cloud's hosts lead to the local grid: what a resolver would do, and nothing of ours.
RESOLVER = """
import socket

ORIGINAL = socket.getaddrinfo

def getaddrinfo(host, *args, **kwargs):
    return ORIGINAL("127.0.0.1" if str(host).endswith(".lambdatest.com") else host, *args, **kwargs)

socket.getaddrinfo = getaddrinfo
"""


def test_appium_sessions_are_asked_about_at_the_app_api(story: Story) -> None:
    pytest.importorskip("appium", reason="Appium-Python-Client is an optional companion")
    story.set_environment(
        STORY_HUB=f"http://local_user:local_key@mobile-hub.lambdatest.com:{story.grid.port}/wd/hub",
        PYTEST_LAMBDATEST_HUB="lambdatest.com",
    )
    story.file("conftest.py", RESOLVER)
    story.tests(
        """
        from appium import webdriver as appium_webdriver
        from appium.options.android import UiAutomator2Options

        def test_app():
            options = UiAutomator2Options().load_capabilities({
                "platformName": "android", "appium:deviceName": "Pixel 8", "appium:app": "lt://APP123",
                "lt:options": {"build": "story", "name": "app"},
            })
            driver = appium_webdriver.Remote(os.environ["STORY_HUB"], options=options)
            driver.current_url
            driver.quit()
        """
    )
    run = story.run()
    assert outcomes(run)["passed"] == 1
    (record,) = run.records
    assert (record["kind"], record["state"]) == ("app", "final")
    assert record["url"].startswith("https://appautomation.lambdatest.com/test?testID=APPTES")
    assert {"appium", "device"} <= set(record["logs"])
    assert {request.path.split("/sessions/")[0] for request in story.grid.api_requests} == {"/mobile-automation/api/v1"}
    assert "lambdatest_appium_logs_url" in run.properties["test_app"][0]


def test_an_app_session_on_the_web_hub_is_found_at_the_sibling_api(story: Story) -> None:
    story.tests(
        """
        def test_real_device():
            options = webdriver.ChromeOptions()
            options.set_capability("appium:app", "lt://APP123")
            driver = webdriver.Remote(os.environ["STORY_HUB"], options=options)
            driver.current_url
            driver.quit()
        """
    )
    run = story.run()
    (record,) = run.records
    assert (record["kind"], record["state"]) == ("app", "final")
    asked = [(request.path.split("/")[1], request.status) for request in story.grid.api_requests]
    assert asked[0] == ("automation", 404)
    assert set(asked[1:]) == {("mobile-automation", 200)}


def test_ways_to_make_a_selenium_driver(story: Story) -> None:
    story.tests(
        """
        try:
            from selenium.webdriver.remote.client_config import ClientConfig
        except ImportError:  # before 4.26
            ClientConfig = None
        from selenium.webdriver.remote.remote_connection import RemoteConnection
        from selenium.webdriver.support.events import AbstractEventListener, EventFiringWebDriver

        HUB = os.environ["STORY_HUB"]
        OPTIONS = webdriver.ChromeOptions()

        class Overriding(webdriver.Remote):
            def start_session(self, capabilities):
                return super().start_session(capabilities)

            def execute(self, driver_command, params=None):
                return super().execute(driver_command, params)

        class Listener(AbstractEventListener):
            pass

        WAYS = {
            "overrides": lambda: Overriding(HUB, options=OPTIONS),
            "fires": lambda: EventFiringWebDriver(webdriver.Remote(HUB, options=OPTIONS), Listener()),
        }
        if ClientConfig:
            WAYS["connects"] = lambda: webdriver.Remote(
                RemoteConnection(client_config=ClientConfig(HUB)), options=OPTIONS
            )
            WAYS["is configured"] = lambda: webdriver.Remote(HUB, options=OPTIONS, client_config=ClientConfig(HUB))

        @pytest.mark.parametrize("way", WAYS)
        def test_it(way):
            driver = WAYS[way]()
            driver.title
            driver.quit()
        """
    )
    run = story.run()
    ways = ["overrides", "fires", "connects", "is configured"] if find_spec(CLIENT_CONFIG) else ["overrides", "fires"]
    assert outcomes(run) == {"passed": len(ways)}
    assert list(run.tests_by_session().values()) == [[f"test_it[{way}]"] for way in ways]
    assert {record["state"] for record in run.records} == {"final"}


def test_a_driver_attached_to_a_running_session(story: Story) -> None:
    """Some suites go on with a session that something else started: its start was never seen, its use is."""
    story.tests(
        """
        import subprocess
        import sys

        START = '''
        import os, sys, warnings
        warnings.simplefilter("ignore")
        from selenium import webdriver
        print(webdriver.Remote(os.environ["STORY_HUB"], options=webdriver.ChromeOptions()).session_id)
        '''

        class Attached(webdriver.Remote):
            def start_session(self, capabilities):
                self.session_id = SESSION_ID
                self.caps = {}

        import textwrap
        SESSION_ID = subprocess.check_output([sys.executable, "-c", textwrap.dedent(START)], text=True).strip()

        def test_it():
            driver = Attached(os.environ["STORY_HUB"], options=webdriver.ChromeOptions())
            driver.title
            driver.quit()
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 1}
    (record,) = run.records
    assert record["state"] == "final"
    assert [use["nodeid"] for use in record["tests"]] == ["test_story.py::test_it"]
    assert record["tests"][0]["offset"] is not None, "by the cloud's start time"


def test_splinter(story: Story) -> None:
    pytest.importorskip("splinter", reason="splinter is an optional companion")
    story.tests(
        """
        from splinter import Browser

        def test_it():
            browser = Browser("remote", browser="chrome", command_executor=os.environ["STORY_HUB"])
            browser.visit("data:text/html,<title>Splinter</title>")
            assert browser.title == "Splinter"
            browser.quit()
        """
    )
    run = story.run()
    assert outcomes(run)["passed"] == 1
    assert list(run.tests_by_session().values()) == [["test_it"]]


@pytest.mark.parametrize("order", ["before", "after"])
def test_pytest_selenium_keeps_its_links_and_we_keep_ours(story: Story, order: str) -> None:
    pytest.importorskip("pytest_selenium", reason="pytest-selenium is an optional companion")
    if metadata.version("selenium").startswith("4.10.") or metadata.version("pytest-selenium").startswith("4.0."):
        pytest.skip("pytest-selenium itself fails with this selenium")
    theirs, ours = ["-p", "selenium"], ["-p", "lambdatest_session"]
    story.tests(
        """
        @pytest.mark.nondestructive
        def test_it(selenium):
            selenium.get("data:text/html,<title>x</title>")
            assert 0
        """
    )
    of_selenium = [
        one.name for one in metadata.entry_points(group="pytest11") if one.value.startswith("pytest_selenium")
    ]
    story.use("base_url", "variables", *of_selenium)
    story.autoload()
    run = story.run_plain(
        *([*theirs, *ours] if order == "after" else [*ours, *theirs]),
        *("--html=report.html", "--lambdatest-sessions-file=sessions.jsonl"),
        *("--driver=Remote", "--selenium-host=local_user:local_key@127.0.0.1", f"--selenium-port={story.grid.port}"),
        *("--capability", "browserName", "chrome"),
    )
    assert outcomes(run)["failed"] == 1, run.output
    (record,) = run.records
    row = run.row("test_it")
    assert record["session_id"] in row.details
    assert row.links["session"] == record["url"]
    assert "URL" in row.all_links, "pytest-selenium's own"


def test_pytest_bdd_scenarios(story: Story) -> None:
    pytest.importorskip("pytest_bdd", reason="pytest-bdd is an optional companion")
    story.use("pytest-bdd")
    story.file(
        "shop.feature",
        """
        Feature: Shop
            Scenario: A customer opens the shop
                When the shop is opened
                Then its title is there
        """,
    )
    story.tests(
        """
        from pytest_bdd import scenarios, then, when

        scenarios("shop.feature")

        @pytest.fixture
        def driver():
            driver = open_browser()
            yield driver
            driver.quit()

        @when("the shop is opened")
        def open_shop(driver):
            driver.get("data:text/html,<title>Shop</title>")

        @then("its title is there")
        def has_title(driver):
            assert driver.title == "Shop"
        """
    )
    run = story.run()
    assert outcomes(run)["passed"] == 1
    assert list(run.tests_by_session().values()) == [["test_a_customer_opens_the_shop"]]
