"""What a suite that was written for LambdaTest gets from the hub."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests
import websocket
from selenium import webdriver
from selenium.common.exceptions import (
    InvalidSessionIdException,
    JavascriptException,
    SessionNotCreatedException,
    WebDriverException,
)
from selenium.webdriver.common.by import By

from local_grid import LocalGrid

if TYPE_CHECKING:
    from collections.abc import Callable

    from selenium.webdriver.remote.webdriver import WebDriver


def new_session(grid: LocalGrid, capabilities: dict[str, Any], **keywords: Any) -> requests.Response:
    body = {"capabilities": {"alwaysMatch": capabilities}}
    return requests.post(f"{grid.hub_url_plain}/session", json=body, timeout=10, **keywords)


def test_a_session_has_what_capabilities_and_hooks_say_until_it_is_quit(
    any_grid: LocalGrid, open_driver: Callable[..., WebDriver]
) -> None:
    """The hooks of LambdaTest's samples work word for word, also in the JSON form of the mobile ones."""
    vendor = {"name": "checkout", "build": "night 7", "tags": ["smoke"], "username": "x", "video": False}
    driver = open_driver(any_grid, {"platformName": "Windows 10", "browserVersion": "latest"}, **vendor)
    driver.get("data:text/html,<title>shop</title>")
    session = any_grid.sessions[driver.session_id or ""]
    assert (session.name, session.build, session.tags, session.kind) == ("checkout", "night 7", ("smoke",), "web")
    assert session.username == any_grid.username
    assert re.fullmatch(r"(?:[A-Z0-9]{5}-){3}[A-Z0-9]{5}", session.test_id)
    assert re.fullmatch(r"[0-9a-f]{32}", session.session_id)

    driver.execute_script("lambda-name=Checkout works")
    driver.execute_script("lambda-build=night 8")
    driver.execute_script("lambda-status=failed")
    driver.execute_script(
        'lambda-hook: {"action": "setTestStatus", "arguments": {"status": "passed", "remark": "second look"}}'
    )
    driver.execute_script("lambda-exceptions", ["AssertionError: 3 != 4"])
    assert driver.execute_script("return 42;") == 42
    with pytest.raises(JavascriptException):
        driver.execute_script("this is no script")
    with pytest.raises(WebDriverException, match="must be one of passed, failed"):
        driver.execute_script("lambda-status=green")
    driver.quit()
    driver.quit()

    url = f"{any_grid.hub_url_plain}/session/{session.session_id}"
    assert requests.get(f"{url}/title", timeout=10).json()["value"]["error"] == "invalid session id"
    hook = {"script": "lambda-status=skipped", "args": []}
    assert requests.post(f"{url}/execute/sync", json=hook, timeout=10).status_code == 404

    session = any_grid.sessions[session.session_id]
    assert (session.name, session.build) == ("Checkout works", "night 8")
    assert [(mark.status, mark.reason) for mark in session.marks] == [("failed", ""), ("passed", "second look")]
    assert session.exceptions == ("AssertionError: 3 != 4",)
    commands = [(command.method, command.path.rpartition("/")[2], command.status) for command in session.commands]
    assert commands[:2] == [("POST", "session", 200), ("POST", "url", 200)]
    assert commands[-3:] == [("POST", "sync", 500), ("POST", "sync", 400), ("DELETE", session.session_id, 200)]
    assert session.duration_seconds is not None
    assert session.video is None, "the suite did not want one"


def test_closing_the_last_window_ends_the_session(any_grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    driver = open_driver(any_grid, video=False)
    driver.close()
    assert any_grid.sessions[driver.session_id or ""].ended is not None
    with pytest.raises(InvalidSessionIdException):
        _ = driver.title
    driver.quit()


def test_bidi_goes_through_to_the_browser_and_may_end_it(
    chromium_grid: LocalGrid, open_driver: Callable[..., WebDriver]
) -> None:
    driver = open_driver(chromium_grid, {"webSocketUrl": True}, video=False)
    address = driver.capabilities["webSocketUrl"]
    assert address == f"ws://127.0.0.1:{chromium_grid.port}/session/{driver.session_id}"
    socket = websocket.create_connection(address, timeout=10, suppress_origin=True)

    def ask(method: str) -> dict[str, Any]:
        socket.send(json.dumps({"id": 1, "method": method, "params": {}}))
        answer: dict[str, Any] = json.loads(socket.recv())
        return answer

    (tree,) = ask("browsingContext.getTree")["result"]["contexts"]
    assert tree["context"] == driver.current_window_handle
    session = chromium_grid.sessions[driver.session_id or ""]
    assert session.ended is None
    assert ask("browser.close")["type"] == "success"
    chromium_grid.wait_for(lambda: chromium_grid.sessions[session.session_id].ended)
    socket.close()
    driver.quit()


def test_flat_capabilities_of_the_old_protocol_open_a_session(any_grid: LocalGrid) -> None:
    capabilities = {"browserName": "Chrome", "version": "latest", "platform": "Windows 10", "build": "old suite"}
    capabilities |= {"name": "flat", "video": "false", "user": any_grid.username, "accessKey": any_grid.access_key}
    url = f"{any_grid.base_url}/session"
    answer = requests.post(url, json={"desiredCapabilities": capabilities}, timeout=30)
    assert answer.status_code == 200, answer.text
    session_id = answer.json()["value"]["sessionId"]
    session = any_grid.sessions[session_id]
    assert (session.name, session.build) == ("flat", "old suite")
    assert requests.delete(f"{url}/{session_id}", timeout=30).json() == {"value": None}


# Credentials


@pytest.mark.filterwarnings("ignore:Embedding username and password in URL")
def test_credentials_in_the_address_open_a_session() -> None:
    """Selenium sends quoted characters of the address without unquoting them."""
    with (
        LocalGrid(backend="simulated", username="ann@example.com", access_key="k/e:y %") as grid,
        webdriver.Remote(grid.hub_url, options=webdriver.ChromeOptions()) as driver,
    ):
        assert grid.sessions[driver.session_id or ""].username == "ann@example.com"


@pytest.mark.parametrize("key", ["LT:Options", "lt:options", "LT:options"])
def test_credentials_in_the_capabilities_open_a_session(grid: LocalGrid, key: str) -> None:
    for user in ("username", "user"):
        answer = new_session(grid, {key: {user: grid.username, "accessKey": grid.access_key}})
        assert answer.json()["value"]["capabilities"]["browserName"] == "chrome"


@pytest.mark.parametrize("vendor", [{}, {"username": "local_user"}, {"username": "local_user", "accessKey": "guess"}])
def test_wrong_credentials_are_refused_in_plain_text(grid: LocalGrid, vendor: dict[str, str]) -> None:
    """LambdaTest's hub does not answer in JSON here either."""
    answer = new_session(grid, {"LT:Options": vendor})
    assert answer.status_code == 401
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.startswith("401 Unauthorized !!")
    assert not grid.sessions


def test_the_key_is_echoed_if_asked_and_never_logged(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    """Some hubs echo it: whoever reports capabilities must not pass them on."""
    grid.echo_capabilities = True
    driver = open_driver(grid, accessKey=grid.access_key, username=grid.username)
    assert driver.capabilities["LT:Options"]["accessKey"] == "local_key"
    assert driver.capabilities["se:remoteUrl"].startswith("http://")
    driver.get(f"data:text/html,<p>{grid.access_key}</p>")
    assert grid.access_key not in repr(grid.sessions)


def test_sessions_can_be_refused(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    grid.refuse_sessions = "all parallel sessions of your plan are in use"
    with pytest.raises(SessionNotCreatedException, match="all parallel sessions"):
        open_driver(grid)
    grid.refuse_sessions = None
    open_driver(grid)


# Apps


@pytest.mark.parametrize(
    "capabilities",
    [
        {"appium:app": "lt://APP1016"},
        {"appium:deviceName": "Pixel 8", "platformName": "Android"},
        {"LT:Options": {"deviceName": "Galaxy.*", "app": "lt://APP1016", "isRealMobile": True}},
    ],
    ids=["app", "device", "vendor options"],
)
def test_a_session_of_an_app_is_simulated_and_has_the_ids_of_one(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], capabilities: dict[str, Any]
) -> None:
    driver = open_driver(grid, capabilities)
    driver.find_element("id", "name").send_keys("Ann")
    driver.execute("findElement", {"using": "accessibility id", "value": "greet"})["value"].click()
    assert driver.find_element(By.XPATH, "//*[@id='name']").get_attribute("value") == "Ann"

    session = grid.sessions[driver.session_id or ""]
    assert session.kind == "app"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", session.session_id)
    assert re.fullmatch(r"APPTES[A-Za-z0-9]{20}", session.test_id)


def test_a_session_at_a_mobile_hub_is_one_of_an_app(grid: LocalGrid) -> None:
    headers = {"Host": "mobile-hub.lambdatest.test"}
    answer = new_session(grid, {}, headers=headers, auth=(grid.username, grid.access_key))
    assert grid.sessions[answer.json()["value"]["sessionId"]].kind == "app"


# Load


def test_forty_sessions_at_a_time_are_served(grid: LocalGrid) -> None:
    """As of xdist's workers: each stays open until all are."""
    all_open = threading.Barrier(40, timeout=30)
    titles: list[str] = []

    def drive(number: int) -> None:
        with requests.Session() as client:
            client.auth = (grid.username, grid.access_key)
            answer = client.post(f"{grid.hub_url_plain}/session", json={"capabilities": {}}, timeout=30)
            url = f"{grid.hub_url_plain}/session/{answer.json()['value']['sessionId']}"
            client.post(f"{url}/url", json={"url": f"data:text/html,<title>{number}</title>"}, timeout=30)
            all_open.wait()
            titles.append(client.get(f"{url}/title", timeout=30).json()["value"])
            client.delete(url, timeout=30)

    threads = [threading.Thread(target=drive, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(map(int, titles)) == list(range(40))
    assert len(grid.sessions) == 40
    assert all(session.ended for session in grid.sessions.values())


def test_a_session_that_never_was_is_not_found(grid: LocalGrid) -> None:
    assert requests.get(f"{grid.hub_url_plain}/session/none/title", timeout=10).status_code == 404
    assert requests.get(f"{grid.hub_url_plain}/status", timeout=10).json()["value"]["ready"] is True
