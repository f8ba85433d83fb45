"""Selenium that is imported while tests run, as fixtures do: nothing that came before or comes after is lost."""

from __future__ import annotations

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
    assert "selenium" not in sys.modules

def test_late(request):
    ATTEMPTS.append(1)
    assert len(ATTEMPTS) == 2
    assert "selenium" not in sys.modules
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
        assert record["url"] in run.html


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


def test_a_run_that_never_imports_it_is_not_slowed_by_looking_at_reports(story: Story) -> None:
    story.file(
        "conftest.py",
        """
        def pytest_sessionfinish(session):
            for name in ("pytest_runtest_makereport", "pytest_runtest_logreport"):
                plugins = [impl.plugin for impl in getattr(session.config.hook, name).get_hookimpls()]
                assert plugins
                print([type(one) for one in plugins if type(one).__module__.startswith("pytest_lambdatest_session")])
        """,
    )
    story.file("test_story.py", "def test_plain(): pass\n")
    run = story.run("-s")
    assert outcomes(run) == {"passed": 1}
    run.result.stdout.fnmatch_lines(["*[[]]", "[[]]"])
