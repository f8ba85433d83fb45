"""Each file that is saved comes whole, or its job says why it does not."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from local_grid.recording import elapsed_filters, read_elapsed_seconds
from pytest_lambdatest_session.sidecar.downloading import scrub_log
from saving import Saving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scripted_server import Exchange, ScriptedServer

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(100)
WEBM = b"\x1aE\xdf\xa3" + bytes(100)
ZIP = b"PK\x03\x04" + bytes(100)


@pytest.fixture
def saving(api: ScriptedServer, tmp_path: Path) -> Saving:
    return Saving(api, tmp_path / "s1")


@pytest.mark.parametrize(
    ("kind", "content", "name"),
    [("video", MP4, "video.mp4"), ("video", WEBM, "video.webm"), ("screenshots", ZIP, "screenshots.zip")],
    ids=["mp4", "webm", "zip"],
)
def test_a_file_is_named_by_what_it_is_and_what_comes_in_its_place_is_not_kept(
    saving: Saving, kind: str, content: bytes, name: str
) -> None:
    api = saving.api
    link = api.json({"url": f"{api.base_url}/v"})
    api.will(link, api.answer(b"<html>in a minute</html>"), link, api.answer(content))
    assert not saving.step(kind)
    assert (saving.files, saving.told) == ({}, [])
    assert saving.jobs[kind]._missing == "not ready yet: something else came in its place"
    assert saving.step(kind)
    assert saving.files == {name: content}
    assert saving.last == (str(saving.folder / name), None)


def test_a_video_that_was_promised_is_waited_for(saving: Saving) -> None:
    api = saving.api
    api.will(api.json({"url": f"{api.base_url}/v.mp4"}), api.answer(b"", 404))
    saving.age("video", 100)
    assert not saving.step("video")
    saving.jobs["video"].give_up(None)
    assert saving.last == (None, "not ready yet")


@pytest.mark.parametrize(
    ("name", "missing"),
    [("screenshots", "LambdaTest has none"), ("video", "LambdaTest has none; video: true in LT:Options records one")],
)
def test_media_that_are_not_there_are_asked_for_a_moment_longer(saving: Saving, name: str, missing: str) -> None:
    """Screenshots as long as the video is, since they come together."""
    saving.api.will(saving.api.answer(b"", 404))
    saving.age(name, 100 if name == "screenshots" else -100)
    assert not saving.step(name)
    if name == "screenshots":
        saving.jobs["video"].give_up(None)
        saving.age(name, -100)
        assert not saving.step(name)
    saving.age(name, 10)
    assert saving.step(name)
    assert saving.last == (None, missing)


def test_a_video_of_which_the_cloud_spoke_is_waited_for_longer(api: ScriptedServer, tmp_path: Path) -> None:
    api.will(api.answer(b"", 404))
    for has_video in (True, False):
        saving = Saving(api, tmp_path, has_video=has_video)
        saving.age("video", 4)
        assert saving.step("video") is not has_video


@pytest.mark.parametrize(
    ("status", "tries", "missing"),
    [
        (400, 3, "LambdaTest has none"),
        (404, 3, "LambdaTest has none"),
        (500, 3, "500 from 127."),
        (401, 1, "401 from "),
    ],
)
def test_a_log_that_does_not_come_is_asked_for_three_times_unless_refused(
    saving: Saving, status: int, tries: int, missing: str
) -> None:
    saving.api.will(saving.api.answer(b"{}", status))
    assert [saving.step("command") for _ in range(tries)] == [False] * (tries - 1) + [True], "it may come late"
    assert str(saving.last[1]).startswith(missing)


@pytest.mark.parametrize(
    ("name", "body", "missing"),
    [
        *[("command", body, "empty") for body in (b'{"data": []}', b'{"data": 7}', b"not JSON")],
        ("console", b"[]", "empty; console: true in LT:Options records it"),
        ("network", b"[]", "empty; network: true in LT:Options records it"),
    ],
)
def test_a_log_without_rows_is_not_saved(saving: Saving, name: str, body: bytes, missing: str) -> None:
    saving.api.will(saving.api.answer(body))
    assert saving.step(name)
    assert (saving.last, saving.files) == ((None, missing), {})


def test_what_an_earlier_run_saved_is_not_asked_for(saving: Saving) -> None:
    saving.folder.mkdir()
    (saving.folder / "video.webm").write_bytes(WEBM)
    (saving.folder / "command-log.json").write_bytes(b"[1]")
    (saving.folder / "console-log.json").write_bytes(b"")
    saving.api.will(saving.api.answer(b"[2]"))
    assert [saving.step(name) for name in ("video", "command", "console")] == [True, True, True]
    names = ("video.webm", "command-log.json", "console-log.json")
    assert [told["path"] for told in saving.told] == [str(saving.folder / name) for name in names]
    assert len(saving.api.requests) == 1, "a file that is empty is none"


def test_when_the_limit_is_reached_or_the_disk_fails_nothing_more_is_tried(api: ScriptedServer, tmp_path: Path) -> None:
    saving = Saving(api, tmp_path, limit_bytes=100)
    api.will(api.json({"url": f"{api.base_url}/v.mp4"}), api.answer(MP4))
    assert [saving.step("video"), saving.step("command")] == [True, True]
    reason = "not saved, since lambdatest_artifacts_limit is reached"
    assert [told["missing"] for told in saving.told] == [reason, reason]
    assert (len(api.requests), saving.files) == (2, {})
    (tmp_path / "file").write_text("where the folder should be")
    saving = Saving(api, tmp_path / "file")
    api.will(api.answer(b"[1]"))
    assert [saving.step("command"), saving.step("console")] == [True, True]
    assert {told["missing"] for told in saving.told} == {"File exists, while it was written"}
    assert len(api.requests) == 3


@pytest.mark.parametrize("has_failed", [False, True], ids=["not-asked", "asked-in-vain"])
def test_at_the_end_it_says_what_the_last_try_said_or_that_there_was_no_time(saving: Saving, has_failed: bool) -> None:
    saving.api.will(saving.api.answer(b"", 404))
    if has_failed:
        saving.step("command")
    job = saving.jobs["command"]
    job.give_up(job.reason_at_end("trouble", "silence"))
    missing = "LambdaTest has none" if has_failed else "no time was left (lambdatest_artifacts_budget)"
    assert saving.last == (None, missing)
    assert {job.circuit for job in saving.jobs.values()} == {(saving.api.base_url, "files")}, (
        "it says nothing of the API"
    )


def test_a_log_is_cleared_of_credentials_however_json_spells_them() -> None:
    log = (
        r'{"requestBody": "{\"LT:Options\": {\"accessKey\": \"unknown-key\", \"user\": \"me\"}}", '
        r'"password": "hunter2", "url": "https://me:other@hub.lambdatest.com", "text": "a \"quoted\" key"}'
    )
    assert scrub_log(log, ['a "quoted" key']) == (
        r'{"requestBody": "{\"LT:Options\": {\"accessKey\": \"***\", \"user\": \"***\"}}", '
        r'"password": "***", "url": "https://***@hub.lambdatest.com", "text": "***"}'
    )


# A video that comes in pieces becomes one file, or a playlist that plays from where it lies

FFMPEG = shutil.which("ffmpeg") or ""
needs_ffmpeg = pytest.mark.skipif(not FFMPEG, reason="needs ffmpeg")
PIECE = b"\x47" + bytes(187)
MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=10\nlow.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=20\nindex.m3u8\n"
ONE = "#EXTM3U\n#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n"


def stream(folder: Path, *options: str, late: float = 0.0, seconds: float = 8.0) -> None:
    """Make a stream whose frames show their second."""
    folder.mkdir(exist_ok=True)
    picture = ["-f", "lavfi", "-i", f"color=c=gray:s=320x64:r=12:d={seconds}", "-g", "24"]
    filters = ["-vf", f"null{elapsed_filters(late)},format=yuv420p", "-c:v", "libx264"]
    playlist = ["-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", *options, "index.m3u8"]
    command = [FFMPEG, "-v", "error", "-y", *picture, *filters, *playlist]
    subprocess.run(command, cwd=folder, check=True, timeout=60)


def with_discontinuity(folder: Path, *options: str) -> None:
    """Two recordings in one playlist, as of an encoder that was started again: each has its own clock."""
    stream(folder / "a", *options, seconds=4)
    stream(folder / "b", *options, late=4, seconds=4)
    first, second = ((folder / name / "index.m3u8").read_text() for name in "ab")
    lines = [re.sub(r"(?m)^(\w)|(?<=URI=\")", rf"{name}/\1", text) for name, text in (("a", first), ("b", second))]
    head, body = lines[0].replace("#EXT-X-ENDLIST\n", ""), lines[1][lines[1].index("#EXT-X-MEDIA-SEQUENCE") :]
    (folder / "index.m3u8").write_text(head + "#EXT-X-DISCONTINUITY\n" + body.partition("\n")[2])


def signed_and_best_of_several(folder: Path) -> None:
    stream(folder)
    playlist = (folder / "index.m3u8").read_text()
    signed_lines = re.sub(r"(?m)^(\w\S*)", r"http://HOST/elsewhere/\1?X-Amz-Signature=a%2Fb", playlist)
    (folder / "index.m3u8").write_text(signed_lines)
    (folder / "master.m3u8").write_text(MASTER)


MADE: dict[str, Callable[[Path], None]] = {
    "discontinuity of ranges": lambda folder: with_discontinuity(folder, "-hls_flags", "single_file"),
    "ranges of fragments": lambda folder: stream(folder, "-hls_segment_type", "fmp4", "-hls_flags", "single_file"),
    "discontinuity of fragments": lambda folder: with_discontinuity(folder, "-hls_segment_type", "fmp4"),
    "signed and best of several": signed_and_best_of_several,
}


@pytest.fixture
def served(saving: Saving) -> Path:
    """The folder that the API serves, with one session's video."""
    api, served = saving.api, saving.folder.with_name("served")
    served.mkdir()

    def answer(exchange: Exchange) -> None:
        path = exchange.request.path.partition("?")[0]
        if path.endswith("/video"):
            first = "master.m3u8" if (served / "master.m3u8").exists() else "index.m3u8"
            api.json({"url": f"{api.base_url}/media/{first}"})(exchange)
            return
        file = served / re.sub(r"^.*?/(media|elsewhere)/", "", path)
        body = file.read_bytes() if file.is_file() else b""
        if file.suffix == ".m3u8":
            body = body.replace(b"HOST", f"127.0.0.1:{api.port}".encode())
        api.answer(body, 200 if file.is_file() else 404)(exchange)

    api.will(answer)
    return served


@needs_ffmpeg
@pytest.mark.parametrize("kind", MADE)
def test_a_stream_becomes_one_file_or_plays_from_where_it_lies(
    saving: Saving, served: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    MADE[kind](served)
    assert saving.step(), vars(saving.jobs["video"])
    assert set(saving.files) == {"video.mp4"}
    assert saving.told[-1]["seconds"] == pytest.approx(8, abs=0.2)
    for second in (0.5, 3.5, 5, 7.5):
        shown = read_elapsed_seconds(FFMPEG, saving.folder / "video.mp4", second)
        assert shown == pytest.approx(second, abs=0.2)
    assert len({request.path for request in saving.api.requests}) == len(saving.api.requests), "each thing once"

    (saving.folder / "video.mp4").unlink()
    monkeypatch.setenv("PATH", "/nowhere")
    again = Saving(saving.api, saving.folder)
    assert again.step()
    playlist = saving.folder / "video" / "index.m3u8"
    assert again.told[-1]["path"] == str(playlist)
    assert again.told[-1]["seconds"] == pytest.approx(8, abs=0.2)
    assert playlist.read_text().count("#EXT-X-DISCONTINUITY\n") == kind.startswith("discontinuity")
    assert "http" not in playlist.read_text()
    assert "/" not in playlist.read_text(), "it may be moved to any place"
    assert all(name.startswith("video/") for name in saving.files)
    # ffmpeg 5.1 finds no second in a stream of fragments, so as one file.
    joined = saving.folder / "joined.mp4"
    subprocess.run([FFMPEG, "-v", "error", "-i", str(playlist), "-c", "copy", str(joined)], check=True, timeout=60)
    assert read_elapsed_seconds(FFMPEG, joined, 5) == pytest.approx(5, abs=0.2)


@pytest.mark.parametrize(
    ("playlist", "reason"),
    [
        ("#EXTM3U\n#EXTINF:two,\na.ts\n#EXT-X-ENDLIST", "a playlist that can't be read (ValueError)"),
        ("#EXTM3U\n#EXT-X-ENDLIST", "a playlist of 0 pieces"),
        ("#EXTM3U\n#EXTINF:nan,\na.ts\n#EXT-X-ENDLIST", "a playlist with a piece of no length"),
        ("#EXTM3U\n#EXTINF:2,\n#EXT-X-BYTERANGE:x@y\na.ts\n#EXT-X-ENDLIST", "a playlist with a range of no bytes"),
        (f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="k"{ONE[7:]}', "a stream that is encrypted (AES-128)"),
        (ONE.replace("a.ts", "https://internal.example/a.ts"), "pieces on another host, internal.example"),
        (ONE.replace("a.ts", "http://127.0.0.1:1/a.ts"), "pieces on another host, 127.0.0.1"),
        (ONE.replace("a.ts", "file:///etc/passwd"), "pieces on another host, file:"),
        (ONE.replace("a.ts", "b.html"), "a piece of the stream is no video"),
    ],
)
def test_what_is_no_stream_of_this_video_is_not_kept(saving: Saving, served: Path, playlist: str, reason: str) -> None:
    (served / "index.m3u8").write_text(playlist)
    (served / "a.ts").write_bytes(PIECE)
    (served / "b.html").write_bytes(b"<html>")
    saving.step()
    saving.jobs["video"].give_up(None)
    assert str(saving.last[1]).endswith(reason)
    assert saving.files == {}


def test_a_stream_that_has_no_end_yet_is_waited_for(
    saving: Saving, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    (served / "index.m3u8").write_text(ONE.replace("#EXT-X-ENDLIST\n", ""))
    (served / "a.ts").write_bytes(PIECE)
    saving.age("video", -100)
    assert not saving.step()
    saving.age("video", 100)
    assert saving.step()
    assert set(saving.files) == {"video/index.m3u8", "video/0000.ts"}
