"""Clocks that suites stop and move, accounts that they set in the environment, and sessions that they only make up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from isolated import skip_without
from stories import outcomes

if TYPE_CHECKING:
    from isolated import Isolation

DATED = """
import datetime

def test_invoice_is_dated():
    visit("dated", title="another title")
    assert datetime.date.today().isoformat() == "2019-12-31"

def test_invoice_is_dated_the_same_later():
    until_asked()
    assert datetime.date.today().isoformat() == "2019-12-31"
"""
FREEZERS = {
    "for the whole run": """
        from freezegun import freeze_time

        freeze_time("2019-12-31 23:59:59").start()
        """,
    "around each test": """
        import pytest
        from freezegun import freeze_time

        @pytest.fixture(autouse=True)
        def end_of_the_year():
            with freeze_time("2019-12-31 23:59:59") as frozen:
                yield frozen
        """,
}


@pytest.mark.parametrize("conftest", FREEZERS.values(), ids=FREEZERS)
def test_the_run_ends_in_time_though_freezegun_stops_the_clock(isolation: Isolation, conftest: str) -> None:
    skip_without("freezegun")
    isolation.story.file("conftest.py", conftest)
    isolation.tests(DATED)
    run = isolation.run("--lambdatest-budget=90")
    assert run.result.duration < 45, "a few seconds and a busy machine, and not the budget"


def test_the_budget_ends_though_the_clock_stands_still_and_the_api_hangs(isolation: Isolation) -> None:
    skip_without("freezegun")
    isolation.story.file("conftest.py", FREEZERS["for the whole run"])
    isolation.tests("def test_visits():\n    visit()\n")
    isolation.grid.fault = "hang"
    run = isolation.story.run("--lambdatest-budget=2", "--lambdatest-timeout=2")
    assert outcomes(run) == {"passed": 1}
    assert {record["state"] for record in run.records} == {"unavailable"}
    # Of the API, or on a very busy machine of the process that asks it.
    assert " within lambdatest_budget" in run.output


def test_places_in_the_video_are_true_though_time_machine_moves_the_clock(isolation: Isolation) -> None:
    skip_without("time_machine", "time-machine")
    isolation.tests(
        """
import datetime
import time_machine

@pytest.fixture(scope="module")
def shared():
    driver = open_browser(name="shared")
    yield driver
    driver.quit()

def test_today(shared):
    shared.get("http://shop.local/")

@pytest.mark.parametrize("tick", [True, False])
def test_when_the_contract_ends(shared, tick):
    with time_machine.travel("2041-06-30 22:00 +0000", tick=tick):
        shared.get("http://shop.local/contract")
        visit("of its own")
        assert datetime.date.today().year == 2041
        assert shared.title == ("another title" if tick else "shop.local")

@time_machine.travel("1999-12-31 23:59 +0000")
def test_in_the_last_century(shared):
    shared.get("http://shop.local/contract")
    assert datetime.date.today().year == 1999

def test_today_again(shared):
    shared.get("http://shop.local/")
"""
    )
    run = isolation.run()
    assert "this test starts at 00:0" in run.output


def test_clocks_that_unittest_mock_replaces_are_read_by_the_suite_alone(isolation: Isolation) -> None:
    isolation.grid.ready_after = 60
    isolation.tests(
        """
import time
from unittest import mock

def poll_for(seconds):
    '''Code under test: asks again and again, for so many seconds.'''
    tries, deadline = 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        tries += 1
        until_asked()
    return tries

def test_measures_how_long_a_page_takes():
    driver = open_browser(name="measured")
    with mock.patch("time.time", side_effect=[50.0, 51.25]):
        before = time.time()
        driver.get("http://shop.local/")
        driver.execute_script("return 1")
        assert time.time() - before == 1.25
    driver.quit()

def test_opens_a_browser_in_1970():
    with mock.patch("time.time", return_value=60.0), mock.patch("time.time_ns", return_value=60_000_000_000):
        driver = open_browser(name="in 1970")
        driver.get("http://shop.local/")
    with driver:
        assert driver.title == "another title"

@pytest.mark.parametrize("round", range(2))
def test_gives_up_polling(round):
    with mock.patch("time.monotonic", side_effect=[10.0, 11.0, 12.5, 13.0]) as monotonic:
        assert poll_for(3) == 2
    assert monotonic.call_count == 4

def test_last():
    visit("last")
"""
    )
    isolation.run()


def test_the_account_that_opened_a_session_is_asked_first(isolation: Isolation) -> None:
    """A suite tests its own settings in an environment that it makes up."""
    isolation.story.set_environment(LT_USERNAME=isolation.grid.username, LT_ACCESS_KEY=isolation.grid.access_key)
    isolation.tests(
        """
from unittest import mock

def account():
    return os.environ["LT_USERNAME"], os.environ["LT_ACCESS_KEY"]

def test_reads_the_account(monkeypatch):
    monkeypatch.setenv("LT_USERNAME", "made.up")
    monkeypatch.setenv("LT_ACCESS_KEY", "made-up-key")
    visit("with another account in the environment")
    assert account() == ("made.up", "made-up-key")

def test_says_which_variable_is_missing():
    with mock.patch.dict(os.environ):
        del os.environ["LT_USERNAME"]
        visit("without an account in the environment")
        with pytest.raises(KeyError, match="LT_USERNAME"):
            account()

def test_uses_the_real_account():
    visit()
    assert len(account()) == 2
"""
    )
    isolation.run()
    assert {request.username for request in isolation.grid.api_requests} == {isolation.grid.username}
    assert {request.authorised for request in isolation.grid.api_requests} == {True}


def test_a_session_that_a_mock_invented_is_not_waited_for_long(isolation: Isolation) -> None:
    isolation.tests(
        """
from unittest import mock
from selenium.webdriver.remote.remote_connection import RemoteConnection

NEW = {"value": {"sessionId": "invented", "capabilities": {"browserName": "chrome", "platformName": "linux"}}}

def test_asks_for_chrome():
    with mock.patch.object(RemoteConnection, "execute", return_value=NEW) as execute:
        driver = open_browser(name="never opened")
        driver.quit()
    assert driver.session_id == "invented"
    assert [call.args[0] for call in execute.call_args_list] == ["newSession", "quit"]

def test_browser():
    visit()
"""
    )
    run = isolation.run("--lambdatest-budget=90", made_up=1)
    assert run.record("invented")["state"] == "not_found"
    assert run.result.duration < 45, "a few seconds and a busy machine, and not the budget"
