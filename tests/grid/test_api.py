"""The REST API answers as LambdaTest documents it."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local_grid import LocalGrid

if TYPE_CHECKING:
    from collections.abc import Callable

    from selenium.webdriver.remote.webdriver import WebDriver

    CallApi = Callable[..., requests.Response]

NOT_FOUND = {"message": "Either resource not found or already deleted", "status": "fail"}
PLAIN_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
APP = {"appium:app": "lt://APP1016", "appium:deviceName": "Pixel 8", "appium:platformVersion": "15"}


def details_of(grid: LocalGrid, any_id: str | None) -> dict[str, Any]:
    kind = grid.sessions[any_id].kind if any_id in grid.sessions else "web"
    base = grid.api_url if kind == "web" else grid.app_api_url
    answer = requests.get(f"{base}/sessions/{any_id}", auth=(grid.username, grid.access_key), timeout=10)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_a_running_session_lacks_the_keys_of_its_end(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    """The keys are absent, not null."""
    driver = open_driver(grid, name="n", build="b", customData={"ticket": 7})
    answer = call_api(grid, f"/sessions/{driver.session_id}").json()
    assert (answer["message"], answer["status"]) == ("Retrieve session was successful", "success")
    data = answer["data"]
    assert (data["status_ind"], data["remark"]) == ("running", "running")
    assert not {"end_timestamp", "duration", "device", "selenium_logs_url"} & set(data)
    assert (data["name"], data["build_name"], data["customData"]) == ("n", "b", {"ticket": 7})
    assert isinstance(data["build_id"], int)


def test_an_ended_session_has_every_key(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    driver = open_driver(grid, {"platformName": "Windows 10", "browserVersion": "latest"})
    driver.quit()
    data = details_of(grid, driver.session_id)
    assert (data["status_ind"], data["remark"]) == ("completed", "completed")
    assert 0 <= data["duration"] < 30
    assert (data["browser"], data["browser_version"], data["platform"]) == ("chrome", "latest", "win10")
    for name in ("create_timestamp", "start_timestamp", "end_timestamp"):
        assert PLAIN_TIME.fullmatch(data[name])
    ended = datetime.strptime(data["end_timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
    assert abs((datetime.now(timezone.utc) - ended).total_seconds()) < 30
    for kind in ("console", "network", "command", "selenium"):
        assert data[f"{kind}_logs_url"] == f"{grid.api_url}/sessions/{driver.session_id}/log/{kind}"
    assert details_of(grid, data["test_id"]) == data, "the test id leads to the same"


def test_an_app_session_is_asked_for_at_the_mobile_api(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(grid, APP)
    driver.quit()
    data = details_of(grid, driver.session_id)
    assert data["appium_logs_url"] == f"{grid.app_api_url}/sessions/{driver.session_id}/log/appium"
    assert (data["device_name"], data["os_version"]) == ("Pixel 8", "15")
    assert "selenium_logs_url" not in data
    for kind in ("appium", "devicelog"):
        log = call_api(grid, f"{grid.app_api_url}/sessions/{driver.session_id}/log/{kind}")
        assert log.headers["Content-Type"].startswith("text/plain")
    assert call_api(grid, f"/sessions/{driver.session_id}").json() == NOT_FOUND
    web = open_driver(grid)
    assert call_api(grid, f"{grid.app_api_url}/sessions/{web.session_id}").status_code == 404


def test_the_api_learns_of_the_end_after_a_while(open_driver: Callable[..., WebDriver], call_api: CallApi) -> None:
    with LocalGrid(backend="simulated", ready_after=3600) as grid:
        driver = open_driver(grid)
        driver.quit()
        assert details_of(grid, driver.session_id)["status_ind"] == "running"
        grid.missing_until_ready = True
        assert call_api(grid, f"/sessions/{driver.session_id}").json() == NOT_FOUND
        grid.ready_after = 0.2
        grid.missing_until_ready = False
        grid.wait_for(lambda: details_of(grid, driver.session_id)["status_ind"] == "completed", timeout=20)
        ended = grid.sessions[driver.session_id or ""].ended
        assert ended
        assert grid.api_requests[-1].time - ended >= 0.2


def test_how_long_a_link_is_shared_is_a_parameter_of_both_versions(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    for version in ("v1", "v2"):
        url = f"{grid.base_url}/automation/api/{version}/sessions/{open_driver(grid).session_id}"
        for days, status in (("3", 200), ("30", 200), ("5", 400)):
            assert call_api(grid, url, params={"shareExpiryLimit": days}).status_code == status
            assert grid.api_requests[-1].query == {"shareExpiryLimit": days}


@pytest.mark.parametrize("auth", [None, ("local_user", "wrong"), ("nobody", "local_key")], ids=["none", "key", "user"])
def test_wrong_credentials_get_a_bare_string(grid: LocalGrid, call_api: CallApi, auth: tuple[str, str] | None) -> None:
    answer = call_api(grid, "/sessions/x", auth=auth)
    assert answer.status_code == 401
    assert answer.json() == "HTTP Basic: Access denied."
    seen = grid.api_requests[-1]
    assert (seen.authorised, seen.username, seen.has_authorization) == (False, auth and auth[0], auth is not None)


def test_another_account_does_not_see_the_session(open_driver: Callable[..., WebDriver], call_api: CallApi) -> None:
    with LocalGrid(backend="simulated", accounts={"bob": "bobs key"}) as grid:
        driver = open_driver(grid)
        path = f"/sessions/{driver.session_id}"
        assert call_api(grid, path, auth=("bob", "bobs key")).json() == NOT_FOUND
        assert call_api(grid, path).status_code == 200
        assert [request.username for request in grid.api_requests] == ["bob", "local_user"]


def test_unknown_routes_are_plain_text(grid: LocalGrid, call_api: CallApi) -> None:
    for method, path in (("GET", "/nonsense"), ("POST", "/sessions/x"), ("GET", "/sessions/x/y/z")):
        answer = call_api(grid, path, method)
        assert (answer.status_code, answer.text) == (404, "404 page not found")


# Changing sessions


def test_patch_sets_status_reason_name_and_tags(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(grid)
    driver.execute_script("lambda-status=passed")
    driver.quit()
    body = {"name": "new", "status_ind": "failed", "reason": "3 != 4", "custom_data": {"a": 1}, "tags": ["x", "y"]}
    answer = call_api(grid, f"/sessions/{driver.session_id}", "PATCH", json=body)
    assert answer.json() == {"message": "Session updated successfully", "status": "success"}
    data = details_of(grid, driver.session_id)
    assert (data["status_ind"], data["remark"], data["name"]) == ("failed", "3 != 4", "new")
    assert data["customData"] == {"a": 1}
    session = grid.sessions[driver.session_id or ""]
    assert [mark.source for mark in session.marks] == ["hook", "api"]
    assert session.tags == ("x", "y")


def test_an_invalid_patch_is_a_bad_request(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    path = f"/sessions/{open_driver(grid).session_id}"
    for body in (b"", b"[]", b"{}", b'{"status_ind": "green"}', b'{"tags": "x"}', b'{"colour": "red"}', b'{"name": 3}'):
        answer = call_api(grid, path, "PATCH", data=body)
        assert (answer.status_code, answer.json()["message"]) == (400, "Please provide a valid payload"), body
    app = f"{grid.app_api_url}/sessions/{open_driver(grid, APP).session_id}"
    assert call_api(grid, app, "PATCH", json={"status_ind": "skipped"}).status_code == 400, "the web's only"
    assert call_api(grid, app, "PATCH", json={"status_ind": "passed"}).status_code == 200
    assert call_api(grid, "/sessions/none", "PATCH", json={"name": "x"}).json() == NOT_FOUND


# Logs and media


def test_logs_have_a_row_per_command_message_and_request(
    any_grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(any_grid, {"platformName": "Windows 10"}, video=False, network=True)
    driver.get(f"{any_grid.base_url}/no/such/page")
    driver.execute_script("console.error('oh dear')")
    driver.quit()
    commands = call_api(any_grid, f"/sessions/{driver.session_id}/log/command").json()["data"]
    assert [row["Value"]["requestMethod"] for row in commands] == ["POST", "POST", "POST", "DELETE"]
    assert commands[1]["Value"]["requestPath"] == f"/session/{driver.session_id}/url"
    assert "/no/such/page" in commands[1]["Value"]["requestBody"]
    assert {row["logType"] for row in commands} == {"requestLog"}
    console = call_api(any_grid, f"/sessions/{driver.session_id}/log/console").json()["data"]
    assert {(row["logType"], row["Value"]["level"]) for row in console} == {("consoleLog", "SEVERE")}
    assert any("oh dear" in row["Value"]["message"] for row in console)
    assert len(call_api(any_grid, f"/sessions/{driver.session_id}/log/selenium").json()["data"]) == 4
    network = call_api(any_grid, f"/sessions/{driver.session_id}/log/network").json()["data"]
    data = details_of(any_grid, driver.session_id)
    if "real Chromium" in any_grid.describe():
        assert f"404 {any_grid.base_url}/no/such/page" in [row["Value"]["message"] for row in network]
        assert data["platform"] == "linux", "what truly ran"
        assert re.fullmatch(r"\d+\.\d+\.\d+\.\d+", data["browser_version"])
        assert data["browser_version"].split(".")[0] in any_grid.describe()
    else:
        assert (network, data["platform"]) == ([], "win10")
    assert call_api(any_grid, f"/sessions/{driver.session_id}/log/nonsense").status_code == 404


def test_logs_of_unknown_sessions_are_a_bad_request(grid: LocalGrid, call_api: CallApi) -> None:
    answer = call_api(grid, "/sessions/none/log/command")
    assert (answer.status_code, answer.json()) == (400, NOT_FOUND)


def test_the_link_to_the_video_has_the_chosen_form(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(grid)
    test_id = grid.sessions[driver.session_id or ""].test_id
    path = f"/sessions/{driver.session_id}"

    def link() -> str:
        found: str = details_of(grid, driver.session_id)["video_url"]
        return found

    assert link() == "", "nothing is recorded here"
    assert details_of(grid, driver.session_id)["screenshot_url"] == ""
    assert call_api(grid, f"{path}/video").status_code == 404
    assert call_api(grid, f"{path}/screenshots").status_code == 404
    grid.video_link = "mp4"
    assert details_of(grid, driver.session_id)["screenshot_url"].endswith("/screenshots.zip?orgId=1")
    assert link() == f"{grid.base_url}/video/{test_id}/video.mp4"
    assert requests.get(link(), timeout=10).status_code == 404, "the link is there before the file"
    grid.video_link = "player"
    assert re.search(rf"/public/video\?testID={test_id}&auth=[0-9a-f]{{32}}$", link())
    assert "<video" in requests.get(link(), timeout=10).text
    assert requests.get(link() + "0", timeout=10).status_code == 401
    grid.video_link = "signed"
    assert "X-Amz-Signature=" in link()
    assert requests.get(link(), timeout=10).status_code == 404, "valid, but there is no file"
    assert requests.get(link().replace(test_id, "OTHER"), timeout=10).status_code == 403
    assert requests.get(link() + "0", timeout=10).status_code == 403
    grid.signed_link_seconds = 0
    assert requests.get(link(), timeout=10).status_code == 403, "expired"
    answer = call_api(grid, f"/sessions/{test_id}/video").json()
    assert "local_user:local_key@" in answer["url"]
    assert answer["view_video_url"].startswith(f"{grid.base_url}/public/video?")
    grid.video_link = "none"
    assert link() == ""


# Sharing


def test_a_session_can_be_shared_by_link(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(grid, name="shared one")
    url = f"{grid.base_url}/lshs/api/v1.0/share-item/generate-sharable-link"
    body = {"entityIds": [driver.session_id], "entityType": "Automation Test", "expiresAt": 7}
    answer = call_api(grid, url, "POST", json=body).json()
    assert "shared one" in requests.get(answer["shareIdUrl"], timeout=10).text
    assert answer["shareIdUrl"].endswith(f"?shareId={answer['shareId']}")
    assert call_api(grid, url, "POST", json={**body, "expiresAt": 8}).status_code == 400
    assert call_api(grid, url, "POST", json={**body, "entityType": "App Automation Test"}).status_code == 404
    assert call_api(grid, url, "POST", json=body, auth=None).status_code == 401
    assert call_api(grid, url).status_code == 404
    assert requests.get(f"{grid.base_url}/share?shareId=x", timeout=10).status_code == 404


# The journal


def test_wait_for_returns_what_a_predicate_finds(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(grid)
    call_api(grid, f"/sessions/{driver.session_id}/log/command")
    found = grid.wait_for(lambda: [one for one in grid.api_requests if "log" in one.path], timeout=20)
    assert (found[0].method, found[0].status, found[0].session_id) == ("GET", 200, driver.session_id)
    with pytest.raises(TimeoutError, match=r"within 0\.01 s"):
        grid.wait_for(lambda: len(grid.api_requests) > 1, timeout=0.01)


def test_details_and_answers_can_be_rewritten(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    driver = open_driver(grid)
    grid.rewrite_details = lambda data: {**data, "duration": "12", "video_url": "javascript:alert(1)"}
    assert details_of(grid, driver.session_id)["duration"] == "12"
    grid.rewrite_answer = lambda answer: {"data": {"keys": sorted(answer)}}
    assert details_of(grid, driver.session_id) == {"keys": ["data", "message", "status"]}
