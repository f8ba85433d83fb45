"""The API's JSON, in every shape it was seen or feared in."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_lambdatest_session.cloud.details import (
    LOG_KINDS,
    Phase,
    SessionDetails,
    parse_session,
)
from pytest_lambdatest_session.cloud.errors import MalformedAnswer
from pytest_lambdatest_session.cloud.status import verdict_of

if TYPE_CHECKING:
    from pytest_lambdatest_session.cloud.status import Verdict

API = "https://api.lambdatest.com/automation/api/v1"
FINISHED: dict[str, Any] = {
    "test_id": "Z17EF-OPUKH-BDAE8-YEPXU",
    "name": "checkout",
    "user_id": 1,
    "username": "me",
    "duration": 22,
    "platform": "win10",
    "browser": "chrome",
    "browser_version": "130.0",
    "device": "",
    "status_ind": "completed",
    "session_id": "0123456789abcdef",
    "build_name": "nightly",
    "create_timestamp": "2026-10-20 10:00:00",
    "start_timestamp": "2026-10-20 10:00:01",
    "end_timestamp": "2026-10-20 10:00:23",
    "remark": "completed",
    "console_logs_url": f"{API}/sessions/0123456789abcdef/log/console",
    "network_logs_url": f"{API}/sessions/0123456789abcdef/log/network",
    "command_logs_url": "http://api.lambdatest.com/automation/api/v1/sessions/0123456789abcdef/log/command",
    "selenium_logs_url": "http://api.lambdatest.com/automation/api/v1/sessions/0123456789abcdef/log/selenium",
    "screenshot_url": "https://video-bundler.lambdatest.com/Z17EF/screenshots.zip?orgId=1",
    "video_url": "https://automation.lambdatest.com/public/video?testID=Z17EF&auth=0123456789abcdef0123456789abcdef",
    "customData": {},
}


def parse(*without: str, share: bool = False, secrets: tuple[str, ...] = (), **changes: object) -> SessionDetails:
    data = {key: value for key, value in {**FINISHED, **changes}.items() if key not in without}
    body = {"data": data, "message": "Retrieve session was successful", "status": "success"}
    return parse_session(body, share=share, secrets=secrets)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.utc)  # type: ignore[misc,arg-type]


def test_a_finished_session_is_read_whole() -> None:
    assert parse() == SessionDetails(
        session_id="0123456789abcdef",
        test_id="Z17EF-OPUKH-BDAE8-YEPXU",
        status="completed",
        remark="completed",
        duration=22.0,
        started_at=utc(2026, 10, 20, 10, 0, 1),
        ended_at=utc(2026, 10, 20, 10, 0, 23),
        name="checkout",
        build_name="nightly",
        browser="chrome",
        browser_version="130.0",
        platform="win10",
        device=None,
        video_url="https://automation.lambdatest.com/public/video?testID=Z17EF",
        screenshot_url="https://video-bundler.lambdatest.com/Z17EF/screenshots.zip?orgId=1",
        share_url=None,
        logs=(
            ("command", f"{API}/sessions/0123456789abcdef/log/command"),
            ("console", f"{API}/sessions/0123456789abcdef/log/console"),
            ("network", f"{API}/sessions/0123456789abcdef/log/network"),
            ("selenium", f"{API}/sessions/0123456789abcdef/log/selenium"),
        ),
    )


def test_a_running_session_lacks_keys_and_is_read_all_the_same() -> None:
    details = parse(
        *("end_timestamp", "duration", "device", "selenium_logs_url"), status_ind="running", remark="running"
    )
    assert details.phase == "running"
    assert details.ended_at is None
    assert details.duration is None
    assert details.video_url is not None


def test_an_app_session_has_logs_of_its_own() -> None:
    details = parse(
        *("selenium_logs_url", "command_logs_url", "console_logs_url", "network_logs_url", "device"),
        appium_logs_url="https://mobile-api.lambdatest.com/a",
        device_logs_url="https://mobile-api.lambdatest.com/d",
        crash_logs_url="https://mobile-api.lambdatest.com/c",
        device_name="Pixel 9",
        test_id="APPTESAbC",
    )
    assert [kind for kind, _ in details.logs] == ["appium", "device", "crash"]
    assert details.device == "Pixel 9"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"data": FINISHED}, id="envelope"),
        pytest.param({"data": [FINISHED]}, id="list-of-one"),
        pytest.param(FINISHED, id="no-envelope"),
        pytest.param({**FINISHED, "data": None, "status": "success"}, id="null-beside-the-fields"),
    ],
)
def test_the_session_is_found_wherever_it_lies(body: object) -> None:
    assert parse_session(body) == parse()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(None, "no session in the answer", id="null"),
        pytest.param([], "no session in the answer", id="list"),
        pytest.param("HTTP Basic: Access denied.", "no session in the answer", id="string"),
        pytest.param(7, "no session in the answer", id="number"),
        pytest.param({}, "no session in the answer", id="empty"),
        pytest.param({"data": None}, "no session in the answer", id="null-data"),
        pytest.param({"data": [FINISHED, FINISHED]}, "no session in the answer", id="two-sessions"),
        pytest.param({"data": {"name": "x"}}, "no session in the answer", id="data-of-something-else"),
        pytest.param({"data": {"session_id": [], "test_id": None}}, "no session in the answer", id="ids-of-no-use"),
        pytest.param(
            {"status": "fail", "message": "Unauthorized\n", "data": None},
            "no session in the answer, which says 'Unauthorized'",
            id="error-with-status-200",
        ),
    ],
)
def test_an_answer_without_a_session_is_malformed(body: object, reason: str) -> None:
    with pytest.raises(MalformedAnswer) as caught:
        parse_session(body)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param(22, 22.0, id="int"),
        pytest.param(1.5, 1.5, id="float"),
        pytest.param("369", 369.0, id="text"),
        pytest.param(" 8.25 ", 8.25, id="text-with-spaces"),
        pytest.param(0, 0.0, id="zero"),
    ],
)
def test_a_duration_is_read_in_every_spelling(value: object, seconds: float) -> None:
    assert parse(duration=value).duration == seconds


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", " ", "fast", "-3", "1e9", "٣", "NaN", -1, True, False, [], {}, 10**400, 10**9),
        *(float("nan"), float("inf"), float("-inf"), "9" * 40),
    ],
    ids=repr,
)
def test_a_duration_that_is_none_is_taken_from_start_and_end(value: object) -> None:
    assert parse(duration=value).duration == 22.0
    assert parse("end_timestamp", duration=value).duration is None


def test_a_session_that_ends_before_its_start_has_no_duration() -> None:
    assert parse("duration", end_timestamp="2026-10-20 09:00:00").duration is None


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("2026-10-20 10:00:01", id="without-zone-is-utc"),
        pytest.param("2026-10-20T10:00:01Z", id="rfc-3339"),
        pytest.param("2026-10-20t10:00:01z", id="rfc-3339-lower"),
        pytest.param("2026-10-20T10:00:01.000Z", id="fraction"),
        pytest.param("2026-10-20T12:00:01+02:00", id="offset-east"),
        pytest.param("2026-10-20T04:30:01-0530", id="offset-west"),
        pytest.param("2026-10-20 10:00:01 +0000 UTC", id="go"),
        pytest.param(" 2026-10-20 10:00:01 UTC ", id="utc-by-name"),
        pytest.param(1792490401, id="seconds"),
        pytest.param(1792490401000, id="milliseconds"),
        pytest.param("1792490401", id="seconds-as-text"),
    ],
)
def test_a_time_is_read_in_every_spelling(value: object) -> None:
    assert parse(start_timestamp=value).started_at == utc(2026, 10, 20, 10, 0, 1)


def test_a_fraction_of_a_second_is_kept_to_the_microsecond() -> None:
    details = parse(start_timestamp="2026-10-20T10:00:01.123456789Z", end_timestamp="2026-10-20T10:00:02,5Z")
    assert details.started_at == utc(2026, 10, 20, 10, 0, 1, 123456)
    assert details.ended_at == utc(2026, 10, 20, 10, 0, 2, 500000)


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "soon", "0001-01-01T00:00:00Z", "9999-12-31 23:59:59", "2026-13-01 00:00:00"),
        *("2026-02-30 00:00:00", "2026-10-20 25:00:00", "2026-10-20", "٢٠٢٦-10-20 10:00:00"),
        *(0, -1, True, 10**15, 10**400, float("nan"), float("inf"), [], {}),
    ],
    ids=repr,
)
def test_a_time_that_is_none_is_not_known(value: object) -> None:
    assert parse(end_timestamp=value).ended_at is None


def test_without_a_start_the_creation_counts() -> None:
    assert parse("start_timestamp").started_at == utc(2026, 10, 20, 10, 0, 0)
    assert parse(start_timestamp="").started_at == utc(2026, 10, 20, 10, 0, 0)


@pytest.mark.parametrize(
    "value", [None, "", "  ", [], {}, "sessions/1/log/appium", "?mobile=true&auth=x", "javascript:alert(1)"], ids=repr
)
def test_a_link_that_is_none_is_not_there(value: object) -> None:
    links = {f"{kind}_logs_url": value for kind in LOG_KINDS} | {"video_url": value, "screenshot_url": value}
    details = parse_session({"data": {**FINISHED, **links}})
    assert (details.video_url, details.screenshot_url, details.logs) == (None, None, ())


def test_the_media_of_the_vendors_example_are_put_right() -> None:
    details = parse(
        screenshot_url="https://cdn.lambdatest.com/video/index.m3u8",
        video_url="https://cdn.lambdatest.com/screenshots.zip",
    )
    assert details.video_url == "https://cdn.lambdatest.com/video/index.m3u8"
    assert details.screenshot_url == "https://cdn.lambdatest.com/screenshots.zip"


@pytest.mark.parametrize("screenshots", ["index.m3u8", "frames.mp4", "shots.zip", "shots", None])
@pytest.mark.parametrize("video", ["video.mp4", "video.MP4?a=b", "index.m3u8", "a.webm", "player", "shots.zip"])
def test_only_media_that_are_the_wrong_way_round_in_both_are_put_right(video: str, screenshots: str | None) -> None:
    """A video stays the video, whatever stands among the screenshots."""
    given = (
        f"https://cdn.lambdatest.com/{video}",
        screenshots and f"https://cdn.lambdatest.com/{screenshots}",
    )
    details = parse(video_url=given[0], screenshot_url=given[1])
    wrong_in_both = video == "shots.zip" and screenshots in ("index.m3u8", "frames.mp4")
    assert (details.video_url, details.screenshot_url) == (given[::-1] if wrong_in_both else given)


SIGNED = "https://x.org/v.mp4?X-Amz-Signature=abc"


def test_links_that_open_without_a_login_are_held_back_and_named() -> None:
    details = parse(video_url=SIGNED, command_logs_url=SIGNED, public_url="https://x.org/public/1")
    assert details.video_url is None
    assert details.share_url is None
    assert "command" not in dict(details.logs)
    assert details.withheld == ("video", "share", "command")


def test_links_that_open_without_a_login_are_kept_when_sharing_was_asked_for() -> None:
    details = parse(video_url=SIGNED, command_logs_url=SIGNED, public_url="https://x.org/s?shareId=1", share=True)
    assert details.video_url == SIGNED
    assert details.share_url == "https://x.org/s?shareId=1"
    assert dict(details.logs)["command"] == SIGNED
    assert details.withheld == ()


def test_the_account_wide_token_goes_even_when_sharing_was_asked_for() -> None:
    assert parse(share=True).video_url == "https://automation.lambdatest.com/public/video?testID=Z17EF"


def test_what_repeats_a_secret_is_masked_or_left_out() -> None:
    details = parse(
        name="at s3cret",
        remark="x" * 498 + "s3cret",
        video_url="https://x.org/s3cret/v.mp4",
        command_logs_url="https://x.org/?a=s3%63ret",
        secrets=("s3cret",),
    )
    assert details.name == "at ***"
    assert details.remark is not None
    assert "s3" not in details.remark
    assert details.video_url is None
    assert "command" not in dict(details.logs)


def test_a_link_with_a_secret_that_looks_like_an_escape_is_left_out() -> None:
    details = parse(device_logs_url="https://se%account.example/log", secrets=("se%account",))
    assert dict(details.logs).keys().isdisjoint({"device"})


def test_what_an_answer_without_a_session_says_is_masked_too() -> None:
    with pytest.raises(MalformedAnswer, match=r"which says 'no session for \*\*\*'"):
        parse_session({"message": "no session for s3cret"}, secrets=("s3cret",))


def test_free_text_is_one_harmless_line() -> None:
    details = parse(remark="AssertionError\n\x1b[31mexpected <b>", name="n" * 999)
    assert details.remark == "AssertionError ␛[31mexpected <b>"
    assert details.name is not None
    assert len(details.name) == 256


@pytest.mark.parametrize(
    ("status", "ended", "links", "phase"),
    [
        pytest.param("running", False, True, "running", id="running"),
        pytest.param("queued", False, False, "running", id="queued"),
        pytest.param("In-Progress", False, True, "running", id="in-progress"),
        pytest.param("in progress", True, True, "running", id="not-yet-updated"),
        pytest.param(None, False, True, "running", id="nothing-known"),
        pytest.param("passed", False, True, "incomplete", id="marked-before-quit"),
        pytest.param("completed", True, False, "incomplete", id="links-to-come"),
        pytest.param(None, True, True, "complete", id="ended-without-status"),
        pytest.param("completed", True, True, "complete", id="completed"),
        pytest.param("a new word", True, True, "complete", id="unknown-word"),
    ],
)
def test_the_phase_tells_whether_asking_again_may_bring_more(
    status: str | None, ended: bool, links: bool, phase: Phase
) -> None:
    details = SessionDetails(
        status=status,
        ended_at=utc(2026, 1, 1) if ended else None,
        logs=(("command", "https://x.org/"),) if links else (),
    )
    assert details.phase == phase


def test_a_duration_alone_is_a_sign_of_the_end_but_zero_is_none() -> None:
    assert SessionDetails(status="passed", duration=3.0, video_url="https://x.org/").phase == "complete"
    assert SessionDetails(status="passed", duration=0.0, video_url="https://x.org/").phase == "incomplete"


def test_links_held_back_are_not_missing() -> None:
    assert SessionDetails(status="passed", duration=3.0, withheld=("video",)).phase == "complete"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *[(word, "failed") for word in ("failed", "FAILED", "error", "timeout", "lambda-error", "lambda error")],
        ("passed", "passed"),
        *[(word, None) for word in ("completed", "skipped", "ignored", "unknown", "running", "stopped", "", None)],
    ],
)
def test_only_passed_and_failure_words_are_a_verdict(status: str | None, verdict: Verdict | None) -> None:
    assert verdict_of(status) == verdict


ROW = {
    "session_id": "s1",
    "status_ind": "failed",
    "duration": "22",
    "version": "130.0",
    "command_logs": f"{API}/sessions/s1/log/command",
    "start_timestamp": "2022-09-01T10:00:00.000Z",
    "build": "nightly",
}


def test_rows_of_the_list_have_other_names_and_are_read_alike() -> None:
    assert parse_session({"data": [ROW]}) == SessionDetails(
        session_id="s1",
        status="failed",
        duration=22.0,
        browser_version="130.0",
        build_name="nightly",
        started_at=utc(2022, 9, 1, 10),
        logs=(("command", f"{API}/sessions/s1/log/command"),),
    )


KEYS = st.sampled_from([*FINISHED, *ROW, "data", "message", "public_url", "appium_logs_url", "device_name"]) | st.text()
TEXTS = st.text(alphabet=st.characters(exclude_categories=[])) | st.sampled_from(
    ["running", "2026-10-20 10:00:00", "2026-10-20T10:00:00+99:99", "https://x.org/?auth=1", "http://u:k@x", "1e400"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=12), max_leaves=30
)
ENVELOPES = st.fixed_dictionaries({"data": st.dictionaries(KEYS, JSON, max_size=20)}) | JSON


@given(ENVELOPES, st.booleans())
@example({"data": {"session_id": 10**5000, "test_id": 1}}, False)
@example({"data": {"session_id": "s", "start_timestamp": "2099-12-31 23:59:59-99:59", "duration": []}}, True)
def test_any_json_gives_bounded_details_or_malformed_answer(body: object, share: bool) -> None:
    try:
        details = parse_session(body, share=share)
    except MalformedAnswer as error:
        refusal, details = str(error), SessionDetails()
    else:
        refusal = ""
    assert len(refusal) < 400
    assert details.phase in ("running", "incomplete", "complete")
    values = dataclasses.asdict(details)
    assert all(link.startswith(("http://", "https://")) for _, link in details.logs)
    for name, value in values.items():
        assert not isinstance(value, str) or len(value) <= (4096 * 12 if name.endswith("_url") else 500)
    for moment in (details.started_at, details.ended_at):
        assert moment is None or (moment.utcoffset() is not None and 1999 <= moment.year <= 2100)
    assert details.duration is None or 0 <= details.duration <= 10**7
    json.dumps(values, default=str).encode("utf-8")
