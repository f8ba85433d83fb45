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


def test_an_app_session_has_logs_of_its_own_and_a_running_one_lacks_keys() -> None:
    web_logs = ("selenium_logs_url", "command_logs_url", "console_logs_url", "network_logs_url")
    app_logs: dict[str, Any] = {
        f"{kind}_logs_url": f"https://mobile-api.lambdatest.com/{kind}" for kind in ("appium", "device", "crash")
    }
    missing = ("device", "end_timestamp", "duration")
    details = parse(*web_logs, *missing, status_ind="running", device_name="Pixel 9", test_id="APPTESAbC", **app_logs)
    assert [kind for kind, _ in details.logs] == ["appium", "device", "crash"]
    assert (details.device, details.phase) == ("Pixel 9", "running")
    assert (details.ended_at, details.duration) == (None, None)


@pytest.mark.parametrize(
    "body",
    [{"data": FINISHED}, {"data": [FINISHED]}, FINISHED, {**FINISHED, "data": None, "status": "success"}],
    ids=["envelope", "list-of-one", "no-envelope", "null-beside-the-fields"],
)
def test_the_session_is_found_wherever_it_lies(body: object) -> None:
    assert parse_session(body) == parse()


@pytest.mark.parametrize(
    "body",
    [None, {"data": {"name": "x"}}, {"data": [FINISHED, FINISHED]}, {"data": {"session_id": [], "test_id": None}}],
    ids=lambda body: str(body)[:40],
)
def test_an_answer_without_a_session_is_malformed(body: object) -> None:
    with pytest.raises(MalformedAnswer, match=r"^no session in the answer$"):
        parse_session(body)


def test_what_an_answer_without_a_session_says_is_masked_and_told() -> None:
    with pytest.raises(MalformedAnswer, match=r"^no session in the answer, which says 'no session for \*\*\*'$"):
        parse_session({"message": "no session\nfor s3cret", "data": None}, secrets=("s3cret",))


@pytest.mark.parametrize(("value", "seconds"), [(1.5, 1.5), (" 8.25 ", 8.25), (0, 0.0)])
def test_a_duration_is_read_in_every_spelling(value: object, seconds: float) -> None:
    assert parse(duration=value).duration == seconds


@pytest.mark.parametrize(
    "value",
    [*("", "fast", "-3", "1e9", "٣", "9" * 40), *(-1, True, [], 10**9, float("nan"), float("inf"))],
    ids=repr,
)
def test_a_duration_that_is_none_is_taken_from_start_and_end(value: object) -> None:
    assert parse(duration=value).duration == 22.0
    assert parse("end_timestamp", duration=value).duration is None
    assert parse(duration=value, end_timestamp="2026-10-20 09:00:00").duration is None, "it ends before its start"


@pytest.mark.parametrize(
    "value",
    [
        *(" 2026-10-20 10:00:01 UTC ", "2026-10-20 10:00:01 +0000 UTC", "2026-10-20t10:00:01z"),
        *("2026-10-20T12:00:01+02:00", "2026-10-20T04:30:01-0530", 1792490401, 1792490401000, "1792490401"),
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
        *(None, "soon", "0001-01-01T00:00:00Z", "9999-12-31 23:59:59", "2026-02-30 00:00:00", "2026-10-20"),
        *("٢٠٢٦-10-20 10:00:00", 0, True, 10**15, float("nan"), []),
    ],
    ids=repr,
)
def test_a_time_that_is_none_is_not_known(value: object) -> None:
    assert parse(end_timestamp=value).ended_at is None


def test_without_a_start_the_creation_counts() -> None:
    assert parse(start_timestamp="").started_at == utc(2026, 10, 20, 10, 0, 0)


@pytest.mark.parametrize("screenshots", ["index.m3u8", "frames.MP4?a=b", "shots.zip", None])
@pytest.mark.parametrize("video", ["a.webm", "player", "shots.zip"])
def test_only_media_that_are_the_wrong_way_round_in_both_are_put_right(video: str, screenshots: str | None) -> None:
    """A video stays the video, whatever stands among the screenshots."""
    given = (
        f"https://cdn.lambdatest.com/{video}",
        screenshots and f"https://cdn.lambdatest.com/{screenshots}",
    )
    details = parse(video_url=given[0], screenshot_url=given[1])
    wrong_in_both = video == "shots.zip" and screenshots in ("index.m3u8", "frames.MP4?a=b")
    assert (details.video_url, details.screenshot_url) == (given[::-1] if wrong_in_both else given)


SIGNED = "https://x.org/v.mp4?X-Amz-Signature=abc"


@pytest.mark.parametrize("share", [False, True])
def test_links_that_open_without_a_login_are_held_back_and_named_unless_asked_for(share: bool) -> None:
    public = "https://x.org/s?shareId=1"
    details = parse(video_url=SIGNED, command_logs_url=SIGNED, public_url=public, share=share)
    assert details.withheld == (() if share else ("video", "share", "command"))
    assert (details.video_url, details.share_url) == ((SIGNED, public) if share else (None, None))
    assert dict(details.logs).get("command") == (SIGNED if share else None)
    account_wide = "https://automation.lambdatest.com/public/video?testID=Z17EF"
    assert parse(share=share).video_url == account_wide, "without the account's token"


def test_what_repeats_a_secret_is_masked_or_left_out() -> None:
    details = parse(
        name="at s3cret\n" + "n" * 999,
        remark="x" * 498 + "s3cret",
        video_url="https://x.org/s3cret/v.mp4",
        command_logs_url="https://x.org/?a=s3%63ret",
        device_logs_url="https://se%account.example/log",
        secrets=("s3cret", "se%account"),
    )
    assert (str(details.name)[:8], len(str(details.name))) == ("at *** n", 256)
    assert "s3" not in str(details.remark)
    assert details.video_url is None
    assert dict(details.logs).keys().isdisjoint({"command", "device"})


ENDED, LINKS = {"ended_at": utc(2026, 1, 1)}, {"logs": (("command", "https://x.org/"),)}


@pytest.mark.parametrize(
    ("status", "parts", "phase"),
    [
        *((word, LINKS, "running") for word in ("running", "In-Progress", None)),
        ("queued", {}, "running"),
        ("in progress", ENDED | LINKS, "running"),  # not yet updated
        ("passed", LINKS, "incomplete"),  # marked before quit
        ("completed", ENDED, "incomplete"),  # links are to come
        *((word, ENDED | LINKS, "complete") for word in ("completed", "a new word", None)),
        ("passed", {"duration": 3.0} | LINKS, "complete"),
        ("passed", {"duration": 0.0} | LINKS, "incomplete"),
        ("passed", {"duration": 3.0, "withheld": ("video",)}, "complete"),  # held back is not missing
    ],
    ids=str,
)
def test_the_phase_tells_whether_asking_again_may_bring_more(
    status: str | None, parts: dict[str, Any], phase: Phase
) -> None:
    assert SessionDetails(status=status, **parts).phase == phase


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
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=8
)
ENVELOPES = st.fixed_dictionaries({"data": st.dictionaries(KEYS, SCALARS | JSON, max_size=12)}) | JSON


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
