"""What a suite that was written for the cloud meets at the hub."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests
from selenium import webdriver
from selenium.common.exceptions import (
    InvalidSessionIdException,
    JavascriptException,
    NoSuchElementException,
    SessionNotCreatedException,
    WebDriverException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from local_grid import LocalGrid
from local_grid.simulation.behaviour import SCRIPT

if TYPE_CHECKING:
    from collections.abc import Callable

    from selenium.webdriver.remote.webdriver import WebDriver

TODO_PAGE = f"""<!doctype html><title>To do</title>
<style>.done .text {{ text-decoration: line-through }} .none {{ display: none }}</style>
<h1>To do</h1>
<form data-submit="needs #new; add #row | #todos; clear #new; count #todos li | #total; hide #nothing">
<label for=new>What?</label> <input id=new name=todo placeholder="Buy milk">
<button class="add primary">Add</button></form>
<p id=nothing>Nothing to do</p><p class=none>never seen</p>
<ul id=todos></ul><p><span id=total>0</span> to do</p>
<template id=row><li><label><input type=checkbox data-click="toggle done | ^li; count li.done | #done">
<span class=text data-from="#new"></span></label></li></template>
<p><span id=done>0</span> done</p><script>{SCRIPT}</script>"""
TODO_URL = "data:text/html;charset=utf-8," + quote(TODO_PAGE)


def test_a_to_do_list_works_in_either_browser(any_grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    """Typing, clicking, the Enter key and reading give the same on a real and on a simulated browser."""
    driver = open_driver(any_grid, name="to do")
    driver.get(TODO_URL)

    assert driver.title == "To do"
    assert driver.find_element(By.ID, "nothing").is_displayed()
    assert not driver.find_element(By.CLASS_NAME, "none").is_displayed()
    field = driver.find_element(By.NAME, "todo")
    field.send_keys("Buy milk")
    driver.find_element(By.CSS_SELECTOR, "form button.primary").click()
    field.send_keys("Walk the dog" + Keys.ENTER)
    assert field.get_attribute("value") == ""
    driver.find_element(By.CSS_SELECTOR, "#todos li:nth-child(2) input").click()

    assert [item.text for item in driver.find_elements(By.CSS_SELECTOR, "#todos li")] == ["Buy milk", "Walk the dog"]
    assert driver.find_element(By.XPATH, "//p[span[@id='total']]").text == "2 to do"
    assert driver.find_element(By.CSS_SELECTOR, "li.done .text").text == "Walk the dog"
    assert driver.find_element(By.ID, "done").text == "1"
    assert not driver.find_element(By.ID, "nothing").is_displayed()
    with pytest.raises(NoSuchElementException):
        driver.find_element(By.ID, "absent")


def test_the_session_is_known_with_what_the_suite_said_of_it(
    any_grid: LocalGrid, open_driver: Callable[..., WebDriver]
) -> None:
    vendor = {"name": "checkout", "build": "night 7", "tags": ["smoke"], "username": "x", "video": False}
    driver = open_driver(any_grid, {"platformName": "Windows 10", "browserVersion": "latest"}, **vendor)
    driver.get("data:text/html,<title>shop</title>")
    driver.quit()

    session = any_grid.sessions[driver.session_id or ""]
    assert (session.name, session.build, session.tags, session.kind) == ("checkout", "night 7", ("smoke",), "web")
    assert session.username == any_grid.username
    assert re.fullmatch(r"(?:[A-Z0-9]{5}-){3}[A-Z0-9]{5}", session.test_id)
    assert re.fullmatch(r"[0-9a-f]{32}", session.session_id)
    assert [(command.method, command.path.rpartition("/")[2]) for command in session.commands] == [
        ("POST", "session"),
        ("POST", "url"),
        ("DELETE", session.session_id),
    ]
    assert session.duration_seconds is not None
    assert session.video is None, "the suite asked for none"


@pytest.mark.filterwarnings("ignore:Embedding username and password in URL")
def test_credentials_in_the_address_open_a_session() -> None:
    """Odd characters are quoted in the address, and selenium sends them still quoted."""
    with (
        LocalGrid(backend="simulated", username="ann@example.com", access_key="k/e:y %") as grid,
        webdriver.Remote(grid.hub_url, options=webdriver.ChromeOptions()) as driver,
    ):
        assert grid.sessions[driver.session_id or ""].username == "ann@example.com"


@pytest.mark.parametrize("key", ["LT:Options", "lt:options", "LT:options"])
@pytest.mark.parametrize("user", ["username", "user"])
def test_credentials_in_the_capabilities_open_a_session(grid: LocalGrid, key: str, user: str) -> None:
    vendor = {user: grid.username, "accessKey": grid.access_key}
    answer = new_session(grid, {"alwaysMatch": {key: vendor}})
    assert answer.status_code == 200
    assert answer.json()["value"]["capabilities"]["browserName"] == "chrome"


@pytest.mark.parametrize("vendor", [{}, {"username": "local_user"}, {"username": "local_user", "accessKey": "guess"}])
def test_wrong_credentials_are_refused_in_plain_text(grid: LocalGrid, vendor: dict[str, str]) -> None:
    """Clients meet no JSON here, as at the real hub."""
    answer = new_session(grid, {"alwaysMatch": {"LT:Options": vendor}})
    assert answer.status_code == 401
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.startswith("401 Unauthorized !!")
    assert not grid.sessions


OLD_CAPABILITIES = {
    "browserName": "Chrome",
    "version": "latest",
    "platform": "Windows 10",
    "build": "old suite",
    "name": "flat",
    "video": True,
    "network": False,
    "user": "local_user",
    "accessKey": "local_key",
}


def test_flat_capabilities_of_the_old_protocol_are_understood(any_grid: LocalGrid) -> None:
    """And without the usual prefix."""
    url = f"{any_grid.base_url}/session"
    answer = requests.post(url, json={"desiredCapabilities": OLD_CAPABILITIES}, timeout=30)
    assert answer.status_code == 200, answer.text
    session_id = answer.json()["value"]["sessionId"]
    session = any_grid.sessions[session_id]
    assert (session.name, session.build) == ("flat", "old suite")
    assert requests.delete(f"{url}/{session_id}", timeout=30).json() == {"value": None}


def test_hooks_name_and_judge_the_session(any_grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    """The samples' finalizers run word for word, the JSON form of the mobile ones too."""
    driver = open_driver(any_grid)
    driver.execute_script("lambda-name=Checkout works")
    driver.execute_script("lambda-build=night 8")
    driver.execute_script("lambda-status=failed")
    driver.execute_script(
        'lambda-hook: {"action": "setTestStatus", "arguments": {"status": "passed", "remark": "second look"}}'
    )
    driver.execute_script("lambda-exceptions", ["AssertionError: 3 != 4"])
    assert driver.execute_script("return 42;") == 42

    session = any_grid.sessions[driver.session_id or ""]
    assert (session.name, session.build) == ("Checkout works", "night 8")
    assert [(mark.status, mark.reason) for mark in session.marks] == [("failed", ""), ("passed", "second look")]
    assert session.exceptions == ("AssertionError: 3 != 4",)


def test_other_scripts_are_no_hooks(any_grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    driver = open_driver(any_grid)
    with pytest.raises(JavascriptException):
        driver.execute_script("this is no script")
    with pytest.raises(WebDriverException, match="must be one of passed, failed"):
        driver.execute_script("lambda-status=green")


def test_nothing_works_after_quit_but_a_second_quit(any_grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    driver = open_driver(any_grid)
    session_id = driver.session_id or ""
    driver.quit()
    driver.quit()
    url = f"{any_grid.hub_url_plain}/session/{session_id}"
    assert requests.get(f"{url}/title", timeout=10).json()["value"]["error"] == "invalid session id"
    answer = requests.post(f"{url}/execute/sync", json={"script": "lambda-status=passed", "args": []}, timeout=10)
    assert answer.status_code == 404
    assert not any_grid.sessions[session_id].marks


def test_closing_the_last_window_ends_the_session(any_grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    driver = open_driver(any_grid)
    driver.close()
    assert any_grid.sessions[driver.session_id or ""].ended is not None
    with pytest.raises(InvalidSessionIdException):
        _ = driver.title
    driver.quit()


def test_capabilities_are_echoed_with_the_key_if_asked(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    """Some hubs do; whoever reports capabilities must not pass them on."""
    grid.echo_capabilities = True
    driver = open_driver(grid, accessKey="local_key", username="local_user")
    assert driver.capabilities["LT:Options"]["accessKey"] == "local_key"
    assert driver.capabilities["se:remoteUrl"].startswith("http://")


def test_no_log_of_commands_holds_the_access_key(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    grid.echo_capabilities = True
    driver = open_driver(grid, accessKey=grid.access_key, user=grid.username)
    driver.get(f"data:text/html,<p>{grid.access_key}</p>")
    assert grid.access_key not in repr(grid.sessions)


def test_sessions_can_be_refused(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    grid.refuse_sessions = "all parallel sessions of your plan are in use"
    with pytest.raises(SessionNotCreatedException, match="all parallel sessions"):
        open_driver(grid)
    grid.refuse_sessions = None
    open_driver(grid)


@pytest.mark.parametrize(
    "capabilities",
    [
        {"appium:app": "lt://APP1016"},
        {"appium:deviceName": "Pixel 8", "platformName": "Android"},
        {"LT:Options": {"deviceName": "Galaxy.*", "app": "lt://APP1016", "isRealMobile": True}},
    ],
    ids=["app", "device", "vendor options"],
)
def test_an_app_session_is_simulated_and_has_the_ids_of_one(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], capabilities: dict[str, Any]
) -> None:
    driver = open_driver(grid, capabilities)
    driver.find_element("id", "name").send_keys("Ann")
    greet = driver.execute("findElement", {"using": "accessibility id", "value": "greet"})["value"]
    greet.click()
    assert driver.find_element(By.XPATH, "//*[@id='message']").text == "Ann"

    session = grid.sessions[driver.session_id or ""]
    assert session.kind == "app"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", session.session_id)
    assert re.fullmatch(r"APPTES[A-Za-z0-9]{20}", session.test_id)


def test_a_session_at_a_mobile_hub_is_one_of_an_app(grid: LocalGrid) -> None:
    headers = {"Host": "mobile-hub.lambdatest.test"}
    answer = requests.post(
        f"{grid.hub_url_plain}/session",
        json={"capabilities": {"alwaysMatch": {}}},
        headers=headers,
        auth=(grid.username, grid.access_key),
        timeout=10,
    )
    assert grid.sessions[answer.json()["value"]["sessionId"]].kind == "app"


def test_two_hundred_short_sessions_are_quick(grid: LocalGrid) -> None:
    """Many clients at once, as under xdist: no session is lost and none holds up another."""

    def open_and_quit() -> None:
        with requests.Session() as client:
            client.auth = (grid.username, grid.access_key)
            for _ in range(25):
                answer = client.post(f"{grid.hub_url_plain}/session", json={"capabilities": {}}, timeout=10)
                url = f"{grid.hub_url_plain}/session/{answer.json()['value']['sessionId']}"
                client.post(f"{url}/url", json={"url": TODO_URL}, timeout=10)
                assert client.get(f"{url}/title", timeout=10).json()["value"] == "To do"
                client.delete(url, timeout=10)

    threads = [threading.Thread(target=open_and_quit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    sessions = grid.sessions.values()
    assert len(sessions) == 200
    assert all(session.ended for session in sessions)


def test_unknown_commands_are_called_so(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    url = f"{grid.hub_url_plain}/session/{open_driver(grid).session_id}"
    assert requests.get(f"{url}/nonsense", timeout=10).json()["value"]["error"] == "unknown command"
    assert requests.get(f"{grid.hub_url_plain}/session/none/title", timeout=10).status_code == 404
    assert requests.get(f"{grid.hub_url_plain}/status", timeout=10).json()["value"]["ready"] is True


def test_the_simulation_is_quick(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    driver = open_driver(grid)
    driver.get(TODO_URL)
    for _ in range(200):
        driver.find_element(By.ID, "total")
    finds = [one for one in grid.sessions[driver.session_id or ""].commands if one.path.endswith("/element")]
    assert sorted(one.duration_seconds for one in finds)[100] < 0.005, "the median, for the machine may be busy"


def new_session(grid: LocalGrid, capabilities: dict[str, Any]) -> requests.Response:
    return requests.post(f"{grid.hub_url_plain}/session", json={"capabilities": capabilities}, timeout=10)
