"""Each session is on exactly the tests that used it, however its driver was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stories import outcomes

if TYPE_CHECKING:
    from stories import Story


CONFTEST = """
import browser

IDLE = browser.open_browser(name="idle")
"""
EVERY_WAY = """
import threading
import unittest

IMPORTED = open_browser()

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

def test_with_what_the_module_opened():
    IMPORTED.title

def test_quits_what_the_module_opened():
    IMPORTED.quit()

def test_refused():
    webdriver.Remote(os.environ["STORY_HUB"].replace("local_key", "wrong"), options=webdriver.ChromeOptions())

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
    story.file("conftest.py", CONFTEST)
    story.tests(EVERY_WAY)
    run = story.run("--lambdatest-budget=300")
    assert outcomes(run) == {"passed": 16, "failed": 1, "errors": 1}
    assert set(run.tests_by_session()) == set(story.grid.sessions)
    assert sorted(run.tests_by_session().values()) == [
        [],
        ["EachItsOwn::test_one"],
        ["EachItsOwn::test_two"],
        # unittest runs them by name; the first one's setup has setUpClass in it.
        ["Shared::test_four", "Shared::test_three"],
        *([f"test_{name}"] for name in ("basket", "chat", "chat", "first", "forgets", "page_object")),
        *([f"test_{name}"] for name in ("quit_reaches_no_hub", "quits_twice", "second", "shares", "thread")),
        ["test_with_what_the_module_opened"],
    ]
    records: dict[str, list[dict[str, Any]]] = {}
    idle, *used = run.records
    # Nobody's until a test sends it a command, and reported even if none does.
    assert (idle["name"], idle["state"]) == ("idle", "running")
    assert "no test used it" in run.summary
    for record in used:
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

    # Of a shared driver all rows show the final state, though they were made before its end.
    (shared,) = records["test_four"]
    starts_and_ends = [place for use in shared["tests"] for place in (use["offset"], use["end_offset"])]
    assert starts_and_ends == sorted(starts_and_ends)
    assert starts_and_ends[0] == 0 < starts_and_ends[2]
    for test in ("test_four", "test_three"):
        row = run.row(test)
        assert (row.status, row.links["session"]) == ("completed", shared["url"])
        assert row.session_time.endswith(" s")
        assert "This test starts at 00:00" in row.details
        (properties,) = run.properties[test]
        assert properties["lambdatest_state"] == "final"
        assert properties["lambdatest_duration"] == str(shared["duration"])
    assert (run.row("test_bystander").status, run.properties["test_bystander"]) == ("", [{}])

    # The test fails by itself; the report says that there was no session, and which hub refused it.
    assert run.row("test_refused").status == "refused"
    assert "127.0.0.1 refused it" in run.row("test_refused").details
    assert "1 session refused by 127.0.0.1" in run.output

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
