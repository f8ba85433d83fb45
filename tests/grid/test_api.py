"""The REST API in the documented shape, oddities included."""

from __future__ import annotations

import io
import re
import zipfile
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


def test_a_running_session_lacks_what_only_the_end_tells(
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


def test_an_ended_session_has_it_all(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    driver = open_driver(grid, {"platformName": "Windows 10", "browserVersion": "latest"})
    driver.quit()
    data = details_of(grid, driver.session_id)
    assert (data["status_ind"], data["remark"]) == ("completed", "completed")
    assert data["duration"] == 0
    assert (data["browser"], data["browser_version"], data["platform"]) == ("chrome", "latest", "win10")
    for name in ("create_timestamp", "start_timestamp", "end_timestamp"):
        assert PLAIN_TIME.fullmatch(data[name])
    ended = datetime.strptime(data["end_timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
    assert abs((datetime.now(timezone.utc) - ended).total_seconds()) < 5
    for kind in ("console", "network", "command", "selenium"):
        assert data[f"{kind}_logs_url"] == f"{grid.api_url}/sessions/{driver.session_id}/log/{kind}"
    assert details_of(grid, data["test_id"]) == data, "the test id leads to the same"


def test_real_browsers_report_what_truly_ran(chromium_grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    driver = open_driver(chromium_grid, {"platformName": "Windows 10", "browserVersion": "latest"}, video=False)
    driver.quit()
    data = details_of(chromium_grid, driver.session_id)
    assert (data["browser"], data["platform"]) == ("chrome", "linux")
    assert re.fullmatch(r"\d+\.\d+\.\d+\.\d+", data["browser_version"])
    assert data["browser_version"].split(".")[0] in chromium_grid.describe()


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


def test_the_api_knows_of_the_end_only_after_a_while(open_driver: Callable[..., WebDriver], call_api: CallApi) -> None:
    with LocalGrid(backend="simulated", ready_after=3600) as grid:
        driver = open_driver(grid)
        driver.quit()
        assert details_of(grid, driver.session_id)["status_ind"] == "running"
        grid.missing_until_ready = True
        assert call_api(grid, f"/sessions/{driver.session_id}").json() == NOT_FOUND
        grid.ready_after = 0
        assert details_of(grid, driver.session_id)["status_ind"] == "completed"


def test_the_end_becomes_known_when_the_time_is_over(open_driver: Callable[..., WebDriver]) -> None:
    with LocalGrid(backend="simulated", ready_after=0.2) as grid:
        driver = open_driver(grid)
        driver.quit()
        session = grid.sessions[driver.session_id or ""]
        grid.wait_for(lambda: details_of(grid, driver.session_id)["status_ind"] == "completed", timeout=5)
        known_after = grid.api_requests[-1].time - (session.ended or 0)
        assert known_after >= 0.2


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_both_versions_answer(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi, version: str
) -> None:
    url = f"{grid.base_url}/automation/api/{version}/sessions/{open_driver(grid).session_id}"
    assert call_api(grid, url).status_code == 200


@pytest.mark.parametrize("auth", [None, ("local_user", "wrong"), ("nobody", "local_key")], ids=["none", "key", "user"])
def test_without_the_right_credentials_the_answer_is_a_bare_string(
    grid: LocalGrid, call_api: CallApi, auth: tuple[str, str] | None
) -> None:
    answer = call_api(grid, "/sessions/x", auth=auth)
    assert answer.status_code == 401
    assert answer.json() == "HTTP Basic: Access denied."
    seen = grid.api_requests[-1]
    assert (seen.authorised, seen.username, seen.has_authorization) == (False, auth and auth[0], auth is not None)


def test_another_account_sees_none_of_it(open_driver: Callable[..., WebDriver], call_api: CallApi) -> None:
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


def test_a_session_can_be_judged_from_outside(
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


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"status_ind": "green"}', b'{"tags": "x"}', b'{"colour": "red"}', b'{"name": 3}'],
)
def test_a_wrong_change_is_refused(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi, body: bytes
) -> None:
    answer = call_api(grid, f"/sessions/{open_driver(grid).session_id}", "PATCH", data=body)
    assert answer.status_code == 400
    assert answer.json() == {"message": "Please provide a valid payload", "status": "fail"}


def test_an_app_session_can_only_pass_or_fail(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    url = f"{grid.app_api_url}/sessions/{open_driver(grid, APP).session_id}"
    assert call_api(grid, url, "PATCH", json={"status_ind": "skipped"}).status_code == 400
    assert call_api(grid, url, "PATCH", json={"status_ind": "passed"}).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("PATCH", ""), ("DELETE", ""), ("PUT", "/stop")])
def test_what_is_not_there_cannot_be_changed(grid: LocalGrid, call_api: CallApi, method: str, path: str) -> None:
    answer = call_api(grid, f"/sessions/none{path}", method, json={"name": "x"})
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_session_is_stopped_once(grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi) -> None:
    driver = open_driver(grid)
    path = f"/sessions/{driver.session_id}/stop"
    assert call_api(grid, path, "PUT").json()["status"] == "success"
    assert call_api(grid, path, "PUT").status_code == 400
    assert details_of(grid, driver.session_id)["status_ind"] == "stopped"


def test_a_deleted_session_is_gone(grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi) -> None:
    driver = open_driver(grid)
    path = f"/sessions/{driver.session_id}"
    assert call_api(grid, path, "DELETE").status_code == 200
    assert call_api(grid, path).json() == NOT_FOUND
    assert call_api(grid, "/sessions").json()["data"] is None
    assert requests.get(f"{grid.base_url}/test", params={"testID": driver.session_id}, timeout=10).status_code == 404
    assert grid.sessions[driver.session_id or ""].deleted


# Lists


def test_lists_name_things_differently(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(grid, build="b", tags=["smoke"])
    driver.quit()
    answer = call_api(grid, "/sessions").json()
    assert answer["Meta"]["result_set"] == {"count": 1, "limit": 10, "offset": 0, "total": 1}
    row = answer["data"][0]
    assert row["duration"] == "0"
    assert row["end_timestamp"].endswith(".000Z")
    assert row["command_logs"].endswith("/log/command")
    assert (row["tag"], row["customdata"], row["version"]) == (["smoke"], {}, "")
    assert not {"command_logs_url", "browser_version", "customData"} & set(row)


def test_lists_are_filtered_and_cut(grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi) -> None:
    ids = []
    for number in range(3):
        driver = open_driver(grid, name=f"test {number}", build="one" if number else "two")
        ids.append(driver.session_id or "")
        if number < 2:
            driver.quit()

    def listed(**query: Any) -> list[str]:
        rows = call_api(grid, "/sessions", params=query).json()["data"]
        return [row["session_id"] for row in rows or []]

    build_id = details_of(grid, ids[1])["build_id"]
    today = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    assert listed() == ids[::-1]
    assert listed(limit=1, offset=1) == [ids[1]]
    assert listed(build_id=build_id) == [ids[2], ids[1]]
    assert listed(status="running") == [ids[2]]
    assert listed(status="completed,failed", test_name="test 0") == [ids[0]]
    assert listed(fromdate=today, username="local_user") == ids[::-1]
    assert listed(tags="none") == listed(offset=9) == listed(todate="2000-01-01") == []


# Logs and media


def test_logs_are_rows_that_hold_what_happened(
    any_grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(any_grid, video=False)
    driver.get("data:text/html,<title>t</title>")
    driver.execute_script("console.error('oh dear')")
    driver.quit()
    commands = call_api(any_grid, f"/sessions/{driver.session_id}/log/command").json()["data"]
    assert [row["Value"]["requestMethod"] for row in commands] == ["POST", "POST", "POST", "DELETE"]
    assert commands[1]["Value"]["requestPath"] == f"/session/{driver.session_id}/url"
    assert "data:text/html" in commands[1]["Value"]["requestBody"]
    assert {row["logType"] for row in commands} == {"requestLog"}
    console = call_api(any_grid, f"/sessions/{driver.session_id}/log/console").json()["data"]
    assert [(row["logType"], row["Value"]["level"]) for row in console] == [("consoleLog", "SEVERE")]
    assert "oh dear" in console[0]["Value"]["message"]
    assert len(call_api(any_grid, f"/sessions/{driver.session_id}/log/selenium").json()["data"]) == 4
    assert call_api(any_grid, f"/sessions/{driver.session_id}/log/network").json()["data"] == []
    assert call_api(any_grid, f"/sessions/{driver.session_id}/log/nonsense").status_code == 404


def test_the_network_is_logged_if_asked(
    chromium_grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(chromium_grid, network=True, video=False)
    driver.get(f"{chromium_grid.base_url}/no/such/page")
    driver.quit()
    rows = call_api(chromium_grid, f"/sessions/{driver.session_id}/log/network").json()["data"]
    assert f"404 {chromium_grid.base_url}/no/such/page" in [row["Value"]["message"] for row in rows]
    har = call_api(chromium_grid, f"/sessions/{driver.session_id}/log/network.har").json()
    assert {"status": 404} in [entry["response"] for entry in har["log"]["entries"]]


def test_logs_of_unknown_sessions_are_a_bad_request(grid: LocalGrid, call_api: CallApi) -> None:
    """And not a 404, as everywhere else."""
    for path in ("/sessions/none/log/command", "/sessions/none/v2/log/command"):
        answer = call_api(grid, path)
        assert (answer.status_code, answer.json()) == (400, NOT_FOUND)


def test_signed_links_open_without_credentials_for_a_short_time(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(grid)
    driver.quit()
    link = call_api(grid, f"/sessions/{driver.session_id}/v2/log/command").json()["url"]
    content = requests.get(link, timeout=10).content
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["command-1.json"]
    link = call_api(grid, f"/sessions/{driver.session_id}/v2/log/selenium").json()["url"]
    assert requests.get(link, timeout=10).json()["data"]
    assert requests.get(link.replace("selenium", "console"), timeout=10).status_code == 403
    assert call_api(grid, f"/sessions/{driver.session_id}/v2/log/nonsense").status_code == 404
    grid.signed_link_seconds = 0
    link = call_api(grid, f"/sessions/{driver.session_id}/v2/log/command").json()["url"]
    assert requests.get(link, timeout=10).status_code == 403


def test_the_link_to_the_video_has_the_style_that_is_chosen(
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
    answer = call_api(grid, f"/test/{test_id}/video").json()
    assert "local_user:local_key@" in answer["url"]
    assert answer["view_video_url"].startswith(f"{grid.base_url}/public/video?")
    grid.video_link = "none"
    assert link() == ""


# Sharing


@pytest.mark.parametrize("days", ["3", "7", "10", "30"])
def test_how_long_a_link_is_shared_is_remembered(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi, days: str
) -> None:
    driver = open_driver(grid)
    assert call_api(grid, f"/sessions/{driver.session_id}", params={"shareExpiryLimit": days}).status_code == 200
    assert grid.api_requests[-1].query == {"shareExpiryLimit": days}


def test_other_times_are_refused(grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi) -> None:
    driver = open_driver(grid)
    build_id = details_of(grid, driver.session_id)["build_id"]
    for path in (f"/sessions/{driver.session_id}", f"/builds/{build_id}"):
        assert call_api(grid, path, params={"shareExpiryLimit": "5"}).status_code == 400


def test_a_build_has_a_public_link_if_asked(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    for name in ("first", "second <b>"):
        driver = open_driver(grid, name=name, build="night")
        driver.quit()
    build_id = details_of(grid, driver.session_id)["build_id"]
    data = call_api(grid, f"/builds/{build_id}").json()["data"]
    assert (data["name"], data["status_ind"]) == ("night", "completed")
    assert "public_url" not in data
    data = call_api(grid, f"/builds/{build_id}", params={"shareExpiryLimit": "7"}).json()["data"]
    page = requests.get(data["public_url"], timeout=10).text
    assert "first" in page
    assert "second &lt;b&gt;" in page
    assert requests.get(data["dashboard_url"], timeout=10).text == page
    assert call_api(grid, "/builds/1").json() == NOT_FOUND


def test_a_session_can_be_shared_by_link(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(grid, name="shared one")
    url = f"{grid.base_url}/lshs/api/v1.0/share-item/generate-sharable-link"
    body = {"entityIds": [driver.session_id], "entityType": "Automation Test", "expiresAt": 7}
    answer = call_api(grid, url, "POST", json=body).json()
    assert "shared one" in requests.get(answer["shareIdUrl"], timeout=10).text
    assert answer["shareIdUrl"].endswith(f"?shareId={answer['shareId']}")
    build_id = str(details_of(grid, driver.session_id)["build_id"])
    body |= {"entityIds": [build_id], "entityType": "Automation Build"}
    assert call_api(grid, url, "POST", json=body).status_code == 200
    assert call_api(grid, url, "POST", json={**body, "expiresAt": 8}).status_code == 400
    assert call_api(grid, url, "POST", json={**body, "entityType": "App Automation Build"}).status_code == 404
    assert call_api(grid, url, "POST", json=body, auth=None).status_code == 401
    assert call_api(grid, url).status_code == 404
    assert requests.get(f"{grid.base_url}/share?shareId=x", timeout=10).status_code == 404


# The journal


def test_tests_can_wait_for_what_happens(
    grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: CallApi
) -> None:
    driver = open_driver(grid)
    call_api(grid, f"/sessions/{driver.session_id}/log/command")
    found = grid.wait_for(lambda: [one for one in grid.api_requests if "log" in one.path], timeout=5)
    assert (found[0].method, found[0].status, found[0].session_id) == ("GET", 200, driver.session_id)
    with pytest.raises(TimeoutError, match=r"within 0\.01 s"):
        grid.wait_for(lambda: len(grid.api_requests) > 1, timeout=0.01)


def test_odd_values_can_be_put_into_the_answer(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    driver = open_driver(grid)
    grid.rewrite_details = lambda data: {**data, "duration": "12", "video_url": "javascript:alert(1)"}
    assert details_of(grid, driver.session_id)["duration"] == "12"
    grid.rewrite_answer = lambda answer: {"data": {"keys": sorted(answer)}}
    assert details_of(grid, driver.session_id) == {"keys": ["data", "message", "status"]}
