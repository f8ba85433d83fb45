"""Each session is on exactly the tests that used it, however its driver was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stories import outcomes

if TYPE_CHECKING:
    from stories import Story


def test_a_fixture_of_one_test(story: Story) -> None:
    story.tests(
        """
        @pytest.fixture
        def driver():
            driver = open_browser()
            yield driver
            driver.quit()

        def test_first(driver):
            driver.title

        def test_second(driver):
            driver.title
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 2}
    assert sorted(run.tests_by_session().values()) == [["test_first"], ["test_second"]]
    assert set(run.tests_by_session()) == set(story.grid.sessions)
    for record in run.records:
        assert (record["state"], record["status"]) == ("final", "completed")
        use = {"outcome": "passed", "attempt": 1, "worker": None, "clip": None, "poster": None}
        assert use.items() <= record["tests"][0].items()


@pytest.mark.parametrize("scope", ["class", "module", "session"])
def test_a_shared_driver_is_on_every_test_that_used_it(story: Story, scope: str) -> None:
    """Its end comes after the rows of its tests were made: all of them show the final state all the same."""
    story.tests(
        f"""
        @pytest.fixture(scope="{scope}")
        def driver():
            driver = open_browser()
            yield driver
            driver.quit()

        class TestShop:
            def test_opens(self, driver):
                driver.title

            def test_has_the_driver_and_leaves_it_alone(self, driver):
                pass

            def test_sells(self, driver):
                driver.title
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 3}
    (record,) = run.records
    assert [use["nodeid"] for use in record["tests"]] == [
        "test_story.py::TestShop::test_opens",
        "test_story.py::TestShop::test_sells",
    ]
    offsets = [use["offset"] for use in record["tests"]]
    assert offsets[0] == 0
    assert offsets[1] > 0
    ends = [use["end_offset"] for use in record["tests"]]
    assert offsets[0] <= ends[0] <= offsets[1] <= ends[1]
    for test in ("test_opens", "test_sells"):
        row = run.row(test)
        assert row.status == "completed"
        assert row.session_time.endswith(" s")
        assert row.links["session"] == record["url"]
        assert "This test starts at 00:00" in row.details
        (properties,) = run.properties[test]
        assert properties["lambdatest_state"] == "final"
        assert properties["lambdatest_duration"] == str(record["duration"])
    assert run.row("leaves_it_alone").status == ""
    assert run.properties["test_has_the_driver_and_leaves_it_alone"] == [{}]


def test_two_drivers_in_one_test(story: Story) -> None:
    story.tests(
        """
        def test_chat():
            with open_browser() as alice, open_browser() as bob:
                bob.title
                alice.title
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 1}
    first, second = run.records
    assert run.tests_by_session() == {first["session_id"]: ["test_chat"], second["session_id"]: ["test_chat"]}
    (properties,) = run.properties["test_chat"]
    assert properties["lambdatest_session_id"] == first["session_id"]
    assert properties["lambdatest_session_id.2"] == second["session_id"]
    assert properties["lambdatest_status.2"] == "completed"
    assert run.row("test_chat").status == "completed completed"


def test_unittest_set_up_and_set_up_class(story: Story) -> None:
    story.tests(
        """
        import unittest

        class EachItsOwn(unittest.TestCase):
            def setUp(self):
                self.driver = open_browser()
                self.addCleanup(self.driver.quit)

            def test_one(self):
                self.driver.title

            def test_two(self):
                self.driver.title

        class Shared(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                cls.driver = open_browser()

            @classmethod
            def tearDownClass(cls):
                cls.driver.quit()

            def test_three(self):
                self.driver.title

            def test_four(self):
                self.driver.title
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 4}
    assert sorted(run.tests_by_session().values()) == [
        ["EachItsOwn::test_one"],
        ["EachItsOwn::test_two"],
        # unittest runs them by name; the first one's setup has setUpClass in it.
        ["Shared::test_four", "Shared::test_three"],
    ]
    assert {record["state"] for record in run.records} == {"final"}


def test_a_helper_a_with_block_and_a_thread(story: Story) -> None:
    story.tests(
        """
        import threading

        class LoginPage:
            def __init__(self):
                self.driver = open_browser()

        def test_page_object():
            page = LoginPage()
            page.driver.title
            page.driver.quit()

        def test_with_block():
            with open_browser() as driver:
                driver.title

        def test_thread():
            def browse():
                with open_browser() as driver:
                    driver.title
            thread = threading.Thread(target=browse)
            thread.start()
            thread.join()
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 3}
    assert sorted(run.tests_by_session().values()) == [["test_page_object"], ["test_thread"], ["test_with_block"]]


def test_drivers_made_when_modules_are_imported(story: Story) -> None:
    """They are nobody's until a test sends them a command, and reported even if none does."""
    story.file("conftest.py", "import browser\nIDLE = browser.open_browser()\n")
    story.tests(
        """
        DRIVER = open_browser()

        def test_without():
            pass

        def test_with():
            DRIVER.title

        def test_last():
            DRIVER.quit()
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 3}
    idle, used = run.records
    assert idle["tests"] == []
    assert idle["state"] == "running"
    assert [use["nodeid"] for use in used["tests"]] == ["test_story.py::test_with"]
    assert used["state"] == "final"
    assert "no test used it" in run.summary


def test_a_setup_that_fails_after_the_session_started(story: Story) -> None:
    story.tests(
        """
        @pytest.fixture
        def driver():
            driver = open_browser()
            yield driver
            driver.quit()

        @pytest.fixture
        def logged_in(driver, request):
            request.addfinalizer(lambda: None)
            raise RuntimeError("the login page is down")

        def test_basket(driver, logged_in):
            pass
        """
    )
    run = story.run()
    assert outcomes(run) == {"errors": 1}
    (record,) = run.records
    assert [use["outcome"] for use in record["tests"]] == ["error"]
    row = run.row("test_basket::setup")
    assert (row.result, row.status) == ("Error", "completed")
    (properties,) = run.properties["test_basket"]
    assert properties["lambdatest_status"] == "completed"
    assert "LambdaTest session" in run.output
    assert record["url"] in run.output


def test_a_session_that_nobody_quits_is_running_and_not_waited_for(story: Story) -> None:
    story.tests(
        """
        def test_forgets():
            open_browser().title
        """
    )
    run = story.run("--lambdatest-budget=300")
    assert outcomes(run) == {"passed": 1}
    (record,) = run.records
    assert record["state"] == "running"
    assert record["duration"] is None
    assert run.row("test_forgets").status == "running"


def test_a_second_quit_changes_nothing(story: Story) -> None:
    story.tests(
        """
        def test_quits_twice():
            driver = open_browser()
            driver.title
            driver.quit()
            driver.quit()
        """
    )
    without = story.run_without()
    run = story.run()
    assert outcomes(run) == outcomes(without)
    assert [record["state"] for record in run.records] == ["final"]


def test_a_hub_that_refuses_the_session(story: Story) -> None:
    """The test fails by itself; the report says that there was no session, and which hub refused it."""
    story.set_environment(STORY_HUB=story.grid.hub_url.replace("local_key", "wrong"))
    story.tests(
        """
        def test_refused():
            open_browser()
        """
    )
    run = story.run()
    assert outcomes(run) == {"failed": 1}
    assert run.records == []
    assert run.row("test_refused").status == "refused"
    assert "127.0.0.1 refused it" in run.row("test_refused").details
    assert "1 session refused by 127.0.0.1" in run.output


def test_a_driver_of_another_host_is_ignored(story: Story) -> None:
    story.set_environment(PYTEST_LAMBDATEST_HUB="lambdatest.com")
    story.tests(
        """
        def test_local():
            with open_browser() as driver:
                driver.title
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 1}
    assert run.records == []
    assert story.grid.api_requests == []
    assert "LambdaTest" not in run.output
    assert "LambdaTest" not in run.html
    assert run.headers == ["Result", "Test", "Duration", "Links"]


def test_a_quit_in_the_teardown_of_a_test_that_never_used_the_session(story: Story) -> None:
    story.tests(
        """
        @pytest.fixture(scope="module")
        def driver():
            driver = open_browser()
            yield driver
            driver.quit()

        def test_uses(driver):
            driver.title

        def test_bystander(driver):
            pass
        """
    )
    run = story.run()
    assert list(run.tests_by_session().values()) == [["test_uses"]]
    assert run.record(run.records[0]["session_id"])["state"] == "final"


def test_a_browser_quit_when_the_whole_run_ends(story: Story) -> None:
    """The suite's own session finish comes after the wait: the session is looked at once more when reports are made."""
    story.file(
        "conftest.py",
        """
        import browser

        def pytest_configure(config):
            config.driver = browser.open_browser()

        def pytest_sessionfinish(session):
            session.config.driver.quit()
        """,
    )
    story.tests(
        """
        def test_uses(request):
            request.config.driver.title
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 1}
    assert list(run.tests_by_session().values()) == [["test_uses"]]


def test_a_quit_that_does_not_reach_the_hub_ends_nothing(story: Story) -> None:
    story.tests(
        """
        class NoRoute:
            def execute(self, command, params):
                raise ConnectionError("no route to the hub")

            def close(self):
                pass

        def test_it():
            driver = open_browser()
            hub, driver.command_executor = driver.command_executor, NoRoute()
            with pytest.raises(ConnectionError):
                driver.quit()
            driver.command_executor = hub
            assert driver.title == ""
            hub.close()
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 1}
    (record,) = run.records
    assert (record["state"], record["ended_at"]) == ("running", None)
    assert story.grid.sessions[record["session_id"]].ended is None
