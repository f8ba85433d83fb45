"""Each session is on exactly the tests that used it, however its driver was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stories import outcomes

if TYPE_CHECKING:
    from stories import Story


EVERY_WAY = """
import threading
import unittest

@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    driver.quit()

@pytest.fixture(scope="module")
def shared():
    driver = open_browser()
    yield driver
    driver.quit()

def test_first(driver):
    driver.title

def test_second(driver):
    driver.title

def test_shares(shared):
    shared.title

def test_bystander(shared):
    pass

def test_chat():
    with open_browser() as alice, open_browser() as bob:
        bob.title
        alice.title

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

class LoginPage:
    def __init__(self):
        self.driver = open_browser()

def test_page_object():
    page = LoginPage()
    page.driver.title
    page.driver.quit()

def test_thread():
    def browse():
        with open_browser() as driver:
            driver.title
    thread = threading.Thread(target=browse)
    thread.start()
    thread.join()

def test_quits_twice():
    driver = open_browser()
    driver.title
    driver.quit()
    driver.quit()

def test_forgets():
    open_browser().title

@pytest.fixture
def logged_in(driver, request):
    request.addfinalizer(lambda: None)
    raise RuntimeError("the login page is down")

def test_basket(driver, logged_in):
    pass

class NoRoute:
    def execute(self, command, params):
        raise ConnectionError("no route to the hub")

    def close(self):
        pass

def test_quit_reaches_no_hub():
    driver = open_browser()
    hub, driver.command_executor = driver.command_executor, NoRoute()
    with pytest.raises(ConnectionError):
        driver.quit()
    driver.command_executor = hub
    assert driver.title == ""
    hub.close()
"""


def test_a_session_is_on_its_tests_however_its_driver_was_made(story: Story) -> None:
    story.tests(EVERY_WAY)
    run = story.run("--lambdatest-budget=300")
    assert outcomes(run) == {"passed": 14, "errors": 1}
    assert set(run.tests_by_session()) == set(story.grid.sessions)
    assert sorted(run.tests_by_session().values()) == [
        ["EachItsOwn::test_one"],
        ["EachItsOwn::test_two"],
        # unittest runs them by name; the first one's setup has setUpClass in it.
        ["Shared::test_four", "Shared::test_three"],
        *([f"test_{name}"] for name in ("basket", "chat", "chat", "first", "forgets", "page_object")),
        *([f"test_{name}"] for name in ("quit_reaches_no_hub", "quits_twice", "second", "shares", "thread")),
    ]
    records: dict[str, list[dict[str, Any]]] = {}
    for record in run.records:
        records.setdefault(record["tests"][0]["nodeid"].rpartition("::")[2], []).append(record)
    for name, (record, *_) in records.items():
        # Sessions that nobody quits, or whose quit failed, are not waited for.
        expected = "running" if name in ("test_forgets", "test_quit_reaches_no_hub") else "final"
        assert record["state"] == expected, name
    use = {"outcome": "passed", "attempt": 1, "worker": None, "clip": None, "poster": None}
    assert use.items() <= records["test_first"][0]["tests"][0].items()

    (forgotten,) = records["test_forgets"]
    assert (forgotten["duration"], run.row("test_forgets").status) == (None, "running")
    (open_still,) = records["test_quit_reaches_no_hub"]
    assert open_still["ended_at"] is None
    assert story.grid.sessions[open_still["session_id"]].ended is None

    first, second = records["test_chat"]
    (properties,) = run.properties["test_chat"]
    assert properties["lambdatest_session_id"] == first["session_id"]
    assert properties["lambdatest_session_id.2"] == second["session_id"]
    assert properties["lambdatest_status.2"] == "completed"
    assert run.row("test_chat").status == "completed completed"

    (failed,) = records["test_basket"]
    assert [use["outcome"] for use in failed["tests"]] == ["error"]
    row = run.row("test_basket::setup")
    assert (row.result, row.status) == ("Error", "completed")
    assert run.properties["test_basket"][0]["lambdatest_status"] == "completed"
    assert "LambdaTest session" in run.output
    assert failed["url"] in run.output


def test_a_shared_driver_is_on_every_test_that_used_it(story: Story) -> None:
    """Its end comes after the rows of its tests were made: all of them show the final state all the same."""
    story.tests(
        """
        @pytest.fixture(scope="session")
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
