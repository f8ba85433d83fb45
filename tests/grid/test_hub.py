"""What a suite that was written for LambdaTest gets from the hub."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests
from selenium import webdriver
from selenium.common.exceptions import JavascriptException, WebDriverException
from selenium.webdriver.common.by import By

from local_grid import LocalGrid

if TYPE_CHECKING:
    from collections.abc import Callable

    from selenium.webdriver.remote.webdriver import WebDriver


def new_session(grid: LocalGrid, capabilities: dict[str, Any], **keywords: Any) -> requests.Response:
    body = {"capabilities": {"alwaysMatch": capabilities}}
    return requests.post(f"{grid.hub_url_plain}/session", json=body, timeout=30, **keywords)


def test_a_session_has_what_capabilities_and_hooks_say_until_it_is_quit(
    any_grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: Callable[..., requests.Response]
) -> None:
    """The hooks of LambdaTest's samples work word for word, also in the JSON form of the mobile ones."""
    vendor = {"name": "checkout", "build": "night 7", "video": False}
    driver = open_driver(any_grid, {"platformName": "Windows 10", "browserVersion": "latest"}, **vendor)
    driver.get("data:text/html,<title>shop</title>")
    session = any_grid.sessions[driver.session_id or ""]
    assert (session.name, session.build, session.kind) == ("checkout", "night 7", "web")
    assert session.username == any_grid.username
    assert re.fullmatch(r"(?:[A-Z0-9]{5}-){3}[A-Z0-9]{5}", session.test_id)
    assert re.fullmatch(r"[0-9a-f]{32}", session.session_id)

    driver.execute_script("lambda-name=Checkout works")
    driver.execute_script("lambda-status=failed")
    driver.execute_script(
        'lambda-hook: {"action": "setTestStatus", "arguments": {"status": "passed", "remark": "second look"}}'
    )
    driver.execute_script("lambda-action", {"action": "setTestStatus", "arguments": {"status": "skipped"}})
    driver.execute_script("lambda-file-exists=cat.png")
    assert driver.execute_script("return 42;") == 42
    driver.execute_script("console.error('oh dear')")
    with pytest.raises(JavascriptException):
        driver.execute_script("this is no script")
    for wrong in ("lambda-status=green", "lambda-hook: passed", "lambda-action"):
        with pytest.raises(WebDriverException, match=r"must be one of passed, failed|no JSON object"):
            driver.execute_script(wrong)
    driver.quit()
    driver.quit()

    url = f"{any_grid.hub_url_plain}/session/{session.session_id}"
    assert requests.get(f"{url}/title", timeout=30).json()["value"]["error"] == "invalid session id"
    session = any_grid.sessions[session.session_id]
    assert session.name == "Checkout works"
    assert [(mark.status, mark.reason) for mark in session.marks] == [
        *(("failed", ""), ("passed", "second look"), ("skipped", "")),
    ]
    commands = [(command.method, command.path.rpartition("/")[2], command.status) for command in session.commands]
    assert commands[:2] == [("POST", "session", 200), ("POST", "url", 200)]
    assert commands[-3:] == [("POST", "sync", 400), ("POST", "sync", 400), ("DELETE", session.session_id, 200)]
    assert session.duration_seconds is not None
    assert session.video is None, "the suite did not want one"

    path = f"/sessions/{session.session_id}"
    logs = {
        kind: call_api(any_grid, f"{path}/log/{kind}").json()["data"] for kind in ("command", "console", "selenium")
    }
    assert [row["Value"]["requestMethod"] for row in logs["command"]] == [command[0] for command in commands]
    assert logs["command"][1]["Value"]["requestPath"] == f"/session/{session.session_id}/url"
    assert "shop" in logs["command"][1]["Value"]["requestBody"]
    assert [row["Value"]["message"].rpartition("/")[2] for row in logs["selenium"]][:2] == [
        "session -> 200",
        "url -> 200",
    ]
    assert {(row["logType"], row["Value"]["level"]) for row in logs["console"]} == {("consoleLog", "SEVERE")}
    assert any("oh dear" in row["Value"]["message"] for row in logs["console"])
    data = call_api(any_grid, path).json()["data"]
    if "real Chromium" in any_grid.describe():
        assert data["platform"] == "linux", "what truly ran"
        assert data["browser_version"].split(".")[0] in any_grid.describe()
    else:
        assert data["platform"] == "win10"


def test_flat_capabilities_open_a_session_that_ends_with_its_last_window(any_grid: LocalGrid) -> None:
    """As suites of the old protocol send them."""
    capabilities = {"browserName": "Chrome", "version": "latest", "platform": "Windows 10", "build": "old suite"}
    capabilities |= {"name": "flat", "video": "false", "user": any_grid.username, "accessKey": any_grid.access_key}
    url = f"{any_grid.base_url}/session"
    answer = requests.post(url, json={"desiredCapabilities": capabilities}, timeout=30)
    assert answer.status_code == 200, answer.text
    session_id = answer.json()["value"]["sessionId"]
    session = any_grid.sessions[session_id]
    assert (session.name, session.build) == ("flat", "old suite")
    assert requests.delete(f"{url}/{session_id}/window", timeout=30).json() == {"value": []}
    assert any_grid.sessions[session_id].ended is not None
    assert requests.delete(f"{url}/{session_id}", timeout=30).json() == {"value": None}


# Credentials


@pytest.mark.filterwarnings("ignore:Embedding username and password in URL")
def test_credentials_open_a_session_wherever_suites_put_them() -> None:
    """Selenium sends quoted characters of the address without unquoting them."""
    with LocalGrid(backend="simulated", username="ann@example.com", access_key="k/?#[e]:y %") as grid:
        assert grid.hub_url.startswith("http://ann%40example.com:k%2F%3F%23%5Be%5D%3Ay%20%25@127.0.0.1:")
        with webdriver.Remote(grid.hub_url, options=webdriver.ChromeOptions()) as driver:
            assert grid.sessions[driver.session_id or ""].username == "ann@example.com"
        for key in ("LT:Options", "lt:options", "LT:options"):
            for user in ("username", "user"):
                answer = new_session(grid, {key: {user: grid.username, "accessKey": grid.access_key}})
                assert answer.json()["value"]["capabilities"]["browserName"] == "chrome"
        for vendor in ({}, {"username": grid.username}, {"username": grid.username, "accessKey": "guess"}):
            answer = new_session(grid, {"LT:Options": vendor})
            # LambdaTest's hub does not answer in JSON here either.
            assert (answer.status_code, answer.headers["Content-Type"][:10]) == (401, "text/plain")
            assert answer.text.startswith("401 Unauthorized !!")
        assert len(grid.sessions) == 7
        assert grid.access_key not in repr(grid)


def test_the_key_is_echoed_if_asked_and_never_logged(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    """Some hubs echo it: whoever reports capabilities must not pass them on."""
    grid.echo_capabilities = True
    driver = open_driver(grid)
    assert driver.capabilities["LT:Options"]["accessKey"] == "local_key"
    assert driver.capabilities["se:remoteUrl"].startswith("http://")
    driver.get(f"data:text/html,<p>{grid.access_key}</p>{'x' * 3000}")
    assert grid.access_key not in repr(grid.sessions)
    assert " bytes)" in grid.sessions[driver.session_id or ""].commands[1].request_body, "cut"


# Apps


def test_a_session_of_an_app_is_simulated_and_has_the_ids_of_one(
    grid: LocalGrid, open_driver: Callable[..., WebDriver]
) -> None:
    driver = open_driver(grid, deviceName="Galaxy.*", app="lt://APP1016", isRealMobile=True)
    driver.find_element("id", "name").send_keys("Ann")
    driver.execute("findElement", {"using": "accessibility id", "value": "greet"})["value"].click()
    assert driver.find_element(By.XPATH, "//*[@id='name']").get_attribute("value") == "Ann"
    account = (grid.username, grid.access_key)
    new_session(grid, {"appium:app": "lt://APP1016"}, auth=account)
    new_session(grid, {"appium:deviceName": "Pixel 8", "platformName": "Android"}, auth=account)
    new_session(grid, {}, headers={"Host": "mobile-hub.lambdatest.test"}, auth=account)
    assert [session.kind for session in grid.sessions.values()] == ["app"] * 4
    for session in grid.sessions.values():
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", session.session_id)
        assert re.fullmatch(r"APPTES[A-Za-z0-9]{20}", session.test_id)


# Load


def test_forty_sessions_at_a_time_are_served(grid: LocalGrid) -> None:
    """As of xdist's workers: each stays open until all are."""
    all_open = threading.Barrier(40, timeout=30)
    titles: list[int] = []

    def drive(number: int) -> None:
        with requests.Session() as client:
            client.auth = (grid.username, grid.access_key)
            answer = client.post(f"{grid.hub_url_plain}/session", json={"capabilities": {}}, timeout=30)
            url = f"{grid.hub_url_plain}/session/{answer.json()['value']['sessionId']}"
            client.post(f"{url}/url", json={"url": f"data:text/html,<title>{number}</title>"}, timeout=30)
            all_open.wait()
            titles.append(int(client.get(f"{url}/title", timeout=30).json()["value"]))
            client.delete(url, timeout=30)

    threads = [threading.Thread(target=drive, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(titles) == list(range(40))
    assert len([session for session in grid.sessions.values() if session.ended]) == 40
    assert requests.get(f"{grid.hub_url_plain}/session/none/title", timeout=30).status_code == 404
