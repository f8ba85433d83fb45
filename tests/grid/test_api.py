"""The REST API answers as LambdaTest documents it."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
import requests

from local_grid import LocalGrid

if TYPE_CHECKING:
    from collections.abc import Callable

    from selenium.webdriver.remote.webdriver import WebDriver

    CallApi = Callable[..., requests.Response]

NOT_FOUND = {"message": "Either resource not found or already deleted", "status": "fail"}
APP = {"appium:app": "lt://APP1016", "appium:deviceName": "Pixel 8", "appium:platformVersion": "15"}


def test_details_gain_the_keys_of_the_end_some_time_after_it(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    """Until then the keys are absent, not null."""
    grid.ready_after = 3600
    driver = open_driver(grid, {"platformName": "Windows 10", "browserVersion": "latest"}, name="n", build="b")
    path = f"/sessions/{driver.session_id}"
    answers = [call_api(grid, path).json()]
    driver.quit()
    answers.append(call_api(grid, path).json())
    grid.ready_after = 0
    final = call_api(grid, path).json()["data"]
    for answer in answers:
        assert (answer["message"], answer["status"]) == ("Retrieve session was successful", "success")
        assert (answer["data"]["status_ind"], answer["data"]["remark"]) == ("running", "running")
        assert set(final) - set(answer["data"]) == {"end_timestamp", "duration", "device", "selenium_logs_url"}
    assert (final["status_ind"], final["remark"], final["name"]) == ("completed", "completed", "n")
    assert (final["build_name"], isinstance(final["build_id"], int)) == ("b", True)
    assert (final["browser"], final["browser_version"], final["platform"]) == ("chrome", "latest", "win10")
    ended = datetime.strptime(final["end_timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
    assert abs((datetime.now(timezone.utc) - ended).total_seconds()) < 60
    assert 0 <= final["duration"] < 60
    for kind in ("console", "network", "command", "selenium"):
        assert final[f"{kind}_logs_url"] == f"{grid.api_url}{path}/log/{kind}"
    assert call_api(grid, f"/sessions/{final['test_id']}").json()["data"] == final, "the test id leads to the same"


def test_an_app_session_is_asked_for_at_the_mobile_api(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(grid, APP)
    path = f"/sessions/{driver.session_id}"
    driver.quit()
    data = call_api(grid, grid.app_api_url + path).json()["data"]
    assert data["appium_logs_url"] == f"{grid.app_api_url}{path}/log/appium"
    assert (data["device_name"], data["os_version"]) == ("Pixel 8", "15")
    assert "selenium_logs_url" not in data
    for kind in ("appium", "devicelog"):
        log = call_api(grid, f"{grid.app_api_url}{path}/log/{kind}")
        assert log.headers["Content-Type"].startswith("text/plain")
    assert call_api(grid, path).json() == NOT_FOUND
    assert call_api(grid, f"{grid.app_api_url}/sessions/{open_driver(grid).session_id}").status_code == 404


def test_who_and_what_is_unknown_gets_the_answer_that_it_gets_there(call_api: CallApi) -> None:
    with LocalGrid(backend="simulated", accounts={"bob": "bobs key"}) as grid:
        body = {"capabilities": {"alwaysMatch": {"LT:Options": {"user": "bob", "accessKey": "bobs key"}}}}
        session_id = requests.post(f"{grid.base_url}/session", json=body, timeout=30).json()["value"]["sessionId"]
        path = f"/sessions/{session_id}"
        assert call_api(grid, path).json() == NOT_FOUND, "another account's"
        assert call_api(grid, path, auth=("bob", "bobs key")).status_code == 200
        for auth in (None, ("local_user", "wrong"), ("nobody", "local_key")):
            answer = call_api(grid, path, auth=auth)
            assert (answer.status_code, answer.json()) == (401, "HTTP Basic: Access denied.")
            seen = grid.api_requests[-1]
            assert (seen.authorised, seen.username) == (False, auth and auth[0])
        for method, wrong in (("GET", "/nonsense"), ("POST", path), ("GET", f"{path}/y/z"), ("GET", f"{path}/log/x")):
            answer = call_api(grid, wrong, method, auth=("bob", "bobs key"))
            assert (answer.status_code, answer.text) == (404, "404 page not found")
        answer = call_api(grid, "/sessions/none/log/command")
        assert (answer.status_code, answer.json()) == (400, NOT_FOUND)
        with pytest.raises(TimeoutError, match=r"within 0\.01 s"):
            grid.wait_for(lambda: len(grid.sessions) > 1, timeout=0.01)


def test_a_session_can_be_changed_and_shared(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(grid)
    driver.execute_script("lambda-status=passed")
    driver.quit()
    path = f"/sessions/{driver.session_id}"
    body = {"name": "new", "status_ind": "failed", "reason": "3 != 4", "custom_data": {"a": 1}, "tags": ["x", "y"]}
    answer = call_api(grid, path, "PATCH", json=body)
    assert answer.json() == {"message": "Session updated successfully", "status": "success"}
    data = call_api(grid, path).json()["data"]
    assert (data["status_ind"], data["remark"], data["name"]) == ("failed", "3 != 4", "new")
    assert [mark.source for mark in grid.sessions[driver.session_id or ""].marks] == ["hook", "api"]
    for wrong in (
        b"",
        b"[]",
        b"{}",
        b'{"status_ind": "green"}',
        b'{"tags": "x"}',
        b'{"colour": "red"}',
        b'{"name": 3}',
    ):
        answer = call_api(grid, path, "PATCH", data=wrong)
        assert (answer.status_code, answer.json()["message"]) == (400, "Please provide a valid payload"), wrong
    app = f"{grid.app_api_url}/sessions/{open_driver(grid, APP).session_id}"
    assert call_api(grid, app, "PATCH", json={"status_ind": "skipped"}).status_code == 400, "the web's only"
    assert call_api(grid, "/sessions/none", "PATCH", json={"name": "x"}).json() == NOT_FOUND

    url = f"{grid.base_url}/lshs/api/v1.0/share-item/generate-sharable-link"
    item = {"entityIds": [driver.session_id], "entityType": "Automation Test", "expiresAt": 7}
    link = call_api(grid, url, "POST", json=item).json()["shareIdUrl"]
    assert "<h1>new <span" in requests.get(link, timeout=30).text
    assert requests.get(f"{link}x", timeout=30).status_code == 404
    assert call_api(grid, url, "POST", json={**item, "expiresAt": 8}).status_code == 400
    assert call_api(grid, url, "POST", json={**item, "entityType": "App Automation Test"}).status_code == 404
    for days, status in (("3", 200), ("30", 200), ("5", 400)):
        assert call_api(grid, path, params={"shareExpiryLimit": days}).status_code == status


def test_the_link_to_the_video_has_the_chosen_form(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(grid)
    test_id = grid.sessions[driver.session_id or ""].test_id
    path = f"/sessions/{driver.session_id}"

    def link(name: str = "video_url") -> str:
        return str(call_api(grid, path).json()["data"][name])

    assert link() == link("screenshot_url") == "", "nothing is recorded here"
    assert {call_api(grid, f"{path}/{kind}").status_code for kind in ("video", "screenshots")} == {404}
    grid.video_link = "mp4"
    assert link("screenshot_url").endswith("/screenshots.zip?orgId=1")
    assert link() == f"{grid.base_url}/video/{test_id}/video.mp4"
    assert requests.get(link(), timeout=30).status_code == 404, "the link is there before the file"
    grid.video_link = "player"
    assert re.search(rf"/public/video\?testID={test_id}&auth=[0-9a-f]{{32}}$", link())
    assert "<video" in requests.get(link(), timeout=30).text
    assert requests.get(link() + "0", timeout=30).status_code == 401
    grid.video_link = "signed"
    assert requests.get(link(), timeout=30).status_code == 404, "valid, but there is no file"
    assert requests.get(link().replace(test_id, "OTHER"), timeout=30).status_code == 403
    answer = call_api(grid, f"/sessions/{test_id}/video").json()
    assert "local_user:local_key@" in answer["url"]
    assert answer["view_video_url"].startswith(f"{grid.base_url}/public/video?")
