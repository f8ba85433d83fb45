"""A video that comes in pieces becomes one file, or a playlist that plays from where it lies."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from job_requests import ACCOUNT, download
from local_grid.recording import elapsed_filters, read_elapsed_seconds
from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.cloud.errors import CloudError
from pytest_lambdatest_session.credentials import Credentials
from pytest_lambdatest_session.sidecar.downloading import download_jobs
from pytest_lambdatest_session.sidecar.policy import Policy
from pytest_lambdatest_session.sidecar.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_lambdatest_session.sidecar.messages import Downloaded
    from scripted_server import Exchange, ScriptedServer

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


def signed(folder: Path) -> None:
    stream(folder)
    playlist = (folder / "index.m3u8").read_text()
    signed_lines = re.sub(r"(?m)^(\w\S*)", r"http://HOST/elsewhere/\1?X-Amz-Signature=a%2Fb", playlist)
    (folder / "index.m3u8").write_text(signed_lines)


def best_of_several(folder: Path) -> None:
    stream(folder)
    (folder / "master.m3u8").write_text(MASTER)


MADE: dict[str, Callable[[Path], None]] = {
    "pieces": stream,
    "fragments": lambda folder: stream(folder, "-hls_segment_type", "fmp4"),
    "ranges": lambda folder: stream(folder, "-hls_flags", "single_file"),
    "ranges of fragments": lambda folder: stream(folder, "-hls_segment_type", "fmp4", "-hls_flags", "single_file"),
    "discontinuity": with_discontinuity,
    "discontinuity of fragments": lambda folder: with_discontinuity(folder, "-hls_segment_type", "fmp4"),
    "signed": signed,
    "best of several": best_of_several,
}


class Saving:
    """One session's video, from an API that serves a folder."""

    def __init__(self, api: ScriptedServer, served: Path, folder: Path) -> None:
        self.api = api
        self.served = served
        self.folder = folder
        self.told: list[Downloaded] = []
        self.client = Client(api.base_url, Credentials(*ACCOUNT), timeout_seconds=5)
        request = download(folder, api.base_url)
        jobs = download_jobs(request, Storage(10**7, frozenset()), time.monotonic(), Policy(), self.told.append)  # type: ignore[arg-type]
        self.job = next(job for job in jobs if job.name == "video")
        api.will(self._answer)

    def _answer(self, exchange: Exchange) -> None:
        path = exchange.request.path.partition("?")[0]
        if path.endswith("/video"):
            first = "master.m3u8" if (self.served / "master.m3u8").exists() else "index.m3u8"
            self.api.json({"url": f"{self.api.base_url}/media/{first}"})(exchange)
            return
        file = self.served / re.sub(r"^.*?/(media|elsewhere)/", "", path)
        body = file.read_bytes() if file.is_file() else b""
        if file.suffix == ".m3u8":
            body = body.replace(b"HOST", f"127.0.0.1:{self.api.port}".encode())
        self.api.answer(body, 200 if file.is_file() else 404)(exchange)

    def step(self) -> bool:
        outcome: object
        try:
            outcome = self.job.step(self.client)
        except CloudError as error:
            outcome = error
        self.job.handle(outcome, time.monotonic(), finishing=True)
        return self.job.is_over

    @property
    def files(self) -> set[str]:
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture
def saving(api: ScriptedServer, tmp_path: Path) -> Iterator[Saving]:
    (tmp_path / "served").mkdir()
    made = Saving(api, tmp_path / "served", tmp_path / "s1")
    yield made
    made.client.close()


@needs_ffmpeg
@pytest.mark.parametrize("kind", MADE)
def test_a_stream_becomes_one_file_or_plays_from_where_it_lies(
    saving: Saving, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    MADE[kind](saving.served)
    assert saving.step(), saving.job.__dict__
    assert saving.files == {"video.mp4"}
    assert saving.told[-1]["seconds"] == pytest.approx(8, abs=0.2)
    for second in (0.5, 3.5, 5, 7.5):
        shown = read_elapsed_seconds(FFMPEG, saving.folder / "video.mp4", second)
        assert shown == pytest.approx(second, abs=0.2)
    assert len({request.path for request in saving.api.requests}) == len(saving.api.requests), "each thing once"

    (saving.folder / "video.mp4").unlink()
    monkeypatch.setenv("PATH", "/nowhere")
    again = Saving(saving.api, saving.served, saving.folder)
    assert again.step()
    again.client.close()
    playlist = saving.folder / "video" / "index.m3u8"
    assert again.told[-1]["path"] == str(playlist)
    assert again.told[-1]["seconds"] == pytest.approx(8, abs=0.2)
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
def test_what_is_no_stream_of_this_video_is_not_kept(saving: Saving, playlist: str, reason: str) -> None:
    (saving.served / "index.m3u8").write_text(playlist)
    (saving.served / "a.ts").write_bytes(PIECE)
    (saving.served / "b.html").write_bytes(b"<html>")
    saving.step()
    saving.job.give_up(None)
    missing = saving.told[-1]["missing"]
    assert missing is not None
    assert missing.endswith(reason)
    assert saving.files == set()


def test_a_stream_that_has_no_end_yet_is_waited_for(saving: Saving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    (saving.served / "index.m3u8").write_text(ONE.replace("#EXT-X-ENDLIST\n", ""))
    (saving.served / "a.ts").write_bytes(PIECE)
    assert not saving.step()
    saving.job._began_at -= 100
    assert saving.step()
    assert saving.files == {"video/index.m3u8", "video/0000.ts"}
