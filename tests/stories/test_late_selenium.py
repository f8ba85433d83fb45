"""Selenium that is imported while tests run, as fixtures do: nothing that came before or comes after is lost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from stories import outcomes

if TYPE_CHECKING:
    from stories import Story

LATE = """
import sys

import pytest

ATTEMPTS = []

@pytest.fixture
def driver():
    from browser import open_browser
    driver = open_browser()
    yield driver
    driver.quit()

def test_before():
    assert "selenium.webdriver.remote.webdriver" not in sys.modules

def test_late(request):
    ATTEMPTS.append(1)
    assert len(ATTEMPTS) == 2
    assert "selenium.webdriver.remote.webdriver" not in sys.modules
    request.getfixturevalue("driver").title

def test_after(driver):
    driver.title
"""


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["plain", "xdist"])
def test_the_test_that_imports_it_has_its_session_and_its_number(story: Story, workers: tuple[str, ...]) -> None:
    story.file("test_story.py", LATE)
    run = story.run("--reruns=1", *workers)
    assert outcomes(run) == {"passed": 3, "rerun": 1}
    assert sorted(run.tests_by_session().values()) == [["test_after"], ["test_late"]]
    uses = {use["nodeid"].partition("::")[2]: use for record in run.records for use in record["tests"]}
    assert (uses["test_late"]["attempt"], uses["test_late"]["outcome"]) == (2, "passed")
    assert uses["test_after"]["attempt"] == 1
    for record in run.records:
        assert record["state"] == "final"
        assert record["url"] in run.table.everything


def test_a_session_opened_between_tests_is_nobodys_until_it_is_used(story: Story) -> None:
    story.file(
        "conftest.py",
        """
        KEPT = []

        def pytest_runtest_logfinish(nodeid):
            if nodeid.endswith("test_first"):
                from browser import open_browser
                KEPT.append(open_browser())

        def pytest_sessionfinish():
            KEPT[0].quit()
        """,
    )
    story.file(
        "test_story.py",
        """
        from conftest import KEPT

        def test_first(): pass
        def test_second(): KEPT[0].title
        def test_third(): pass
        """,
    )
    run = story.run()
    assert outcomes(run) == {"passed": 3}
    assert list(run.tests_by_session().values()) == [["test_second"]]


def test_a_session_opened_in_a_teardown_is_nobodys(story: Story) -> None:
    story.file(
        "test_story.py",
        """
        import pytest

        @pytest.fixture
        def late():
            yield
            from browser import open_browser
            open_browser().quit()

        def test_first(late): pass
        def test_second(): pass
        """,
    )
    run = story.run()
    assert outcomes(run) == {"passed": 2}
    assert list(run.tests_by_session().values()) == [[]]


BEFORE_PYTESTS_OWN_SETUP = """
import pytest

def pytest_runtest_setup(item):
    from browser import open_browser
    item.driver = open_browser()

def pytest_runtest_teardown(item):
    item.driver.quit()
"""
IN_A_BARE_ENVIRONMENT = """
import os
from unittest import mock

import pytest

@pytest.fixture(autouse=True)
def driver():
    with mock.patch.dict(os.environ, {"STORY_HUB": os.environ["STORY_HUB"]}, clear=True):
        from browser import open_browser
        driver = open_browser()
    yield
    driver.quit()
"""


@pytest.mark.parametrize("conftest", [BEFORE_PYTESTS_OWN_SETUP, IN_A_BARE_ENVIRONMENT])
def test_wherever_the_first_driver_is_made_in_a_test_its_session_is_on_it(story: Story, conftest: str) -> None:
    story.file("conftest.py", conftest)
    story.file("test_story.py", "def test_first(): pass\ndef test_second(): pass\n")
    run = story.run()
    assert outcomes(run) == {"passed": 2}
    assert sorted(run.tests_by_session().values()) == [["test_first"], ["test_second"]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only systems that fork run tests in forked processes")
def test_a_test_may_run_in_a_process_of_its_own(story: Story) -> None:
    """As pytest-forked does: the process that logs the reports never imports selenium."""
    story.file(
        "conftest.py",
        """
        import os
        import pickle

        import pytest
        from _pytest.runner import runtestprotocol

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_protocol(item, nextitem):
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            hook, path = item.config.hook, item.config.rootpath / "reports"
            child = os.fork()
            if not child:
                reports = runtestprotocol(item, log=False, nextitem=nextitem)
                data = [hook.pytest_report_to_serializable(config=item.config, report=report) for report in reports]
                path.write_bytes(pickle.dumps(data))
                os._exit(0)
            os.waitpid(child, 0)
            for data in pickle.loads(path.read_bytes()):
                report = hook.pytest_report_from_serializable(config=item.config, data=data)
                item.ihook.pytest_runtest_logreport(report=report)
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
            return True
        """,
    )
    story.set_environment(LT_USERNAME=story.grid.username, LT_ACCESS_KEY=story.grid.access_key)
    story.file("test_story.py", LATE.partition("def test_before")[0] + "def test_forked(driver): driver.title\n")
    run = story.run()
    assert outcomes(run) == {"passed": 1}
    assert list(run.tests_by_session().values()) == [["test_forked"]]
    assert run.records[0]["state"] == "final"
