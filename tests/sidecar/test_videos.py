"""A video's length is what its own file says; what ffmpeg could not make of it is missing, and nothing half is left."""

from __future__ import annotations

import shutil
import struct
import subprocess
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from job_requests import cut
from pytest_lambdatest_session.sidecar.clipping import Cutter
from pytest_lambdatest_session.sidecar.storage import Storage
from pytest_lambdatest_session.sidecar.video_length import video_seconds

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_lambdatest_session.sidecar.messages import Clipped

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
KINDS = {
    "one piece": ["-movflags", "+faststart"],
    "fragments after the first": ["-movflags", "frag_keyframe"],
    "a fragment each frame": ["-movflags", "dash+frag_every_frame"],
    "fragments without their own defaults": ["-an", "-movflags", "cmaf+omit_tfhd_offset"],
}


@needs_ffmpeg
def test_it_is_what_ffprobe_says(tmp_path: Path) -> None:
    video = tmp_path / "video.mp4"
    picture, sound = ["-f", "lavfi", "-i", "testsrc=d=7.5:r=12:s=64x64"], ["-f", "lavfi", "-i", "sine=d=7.5"]
    for kind, options in KINDS.items():
        command = ["ffmpeg", "-v", "error", "-y", *picture, *sound, "-c:v", "libx264", "-g", "24", *options, str(video)]
        subprocess.run(command, check=True, timeout=60)
        probe = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(video)]
        told = subprocess.run(probe, capture_output=True, check=True, timeout=60).stdout
        assert video_seconds(video) == pytest.approx(float(told), abs=0.01), kind


@needs_ffmpeg
def test_a_webm_says_its_length_if_it_was_written_to_its_end(tmp_path: Path) -> None:
    video, live = tmp_path / "video.webm", tmp_path / "live.webm"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=7.5:r=12:s=64x64", "-c:v", "libvpx"]
    subprocess.run([*command, str(video)], check=True, timeout=60)
    subprocess.run([*command, "-live", "1", str(live)], check=True, timeout=60)
    assert video_seconds(video) == pytest.approx(7.5, abs=0.1)
    assert video_seconds(live) is None
    whole = video.read_bytes()
    for end in range(0, 400, 7):
        live.write_bytes(whole[:end])
        assert video_seconds(live) in (None, video_seconds(video)), "a file that was broken off"


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + kind + body


def numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


MOVIE = box(b"mvhd", numbers(0, 0, 0, 1000, 9500))
LONG_MOVIE = box(b"mvhd", numbers(1 << 24, 0, 0, 0, 0, 1000), struct.pack(">Q", 9500))
UNKNOWN = box(b"mvhd", numbers(0, 0, 0, 1000, 2**32 - 1))
TRACK = box(
    b"trak",
    box(b"tkhd", numbers(1 << 24, 0, 0, 0, 0, 1)),
    box(b"mdia", box(b"mdhd", numbers(1 << 24, 0, 0, 0, 0, 100))),
)
DEFAULTS = box(b"mvex", box(b"trex", numbers(0, 1, 1, 50, 0, 0)), box(b"trex", numbers(0, 9, 1, 7, 0, 0)))


def fragment(track: int, *, flags: int = 0, fields: tuple[int, ...] = ()) -> bytes:
    header = box(b"tfhd", numbers(flags, track, *fields))
    return box(b"moof", box(b"traf", header, box(b"trun", numbers(0, 4))))


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (box(b"ftyp") + box(b"moov", MOVIE), 9.5),
        (box(b"moov", LONG_MOVIE), 9.5),
        (numbers(1) + b"mdat" + struct.pack(">Q", 20) + b"1234" + box(b"moov", MOVIE), 9.5),
        (box(b"moov", UNKNOWN), None),
        (box(b"moov", UNKNOWN, TRACK, DEFAULTS) + fragment(1) * 2 + fragment(5), 4.0),
        (box(b"moov", TRACK, DEFAULTS) + fragment(1, flags=0xB, fields=(0, 0, 1, 75)), 3.0),
        (box(b"moov", UNKNOWN, TRACK), None),
        (box(b"moov", box(b"mvhd", numbers(0, 0, 0, 0, 5))), None),
        (box(b"moov", box(b"mvhd")), None),
        (box(b"moov", numbers(3)), None),
        (box(b"moov", numbers(3, 0)), None),
        (numbers(0) + b"mdat" + box(b"moov", MOVIE), None),
        (numbers(7) + b"free", None),
        (box(b"free") * 100_001, None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_it_is_read_from_the_boxes_and_from_what_is_none_nothing(
    tmp_path: Path, content: bytes, seconds: float | None
) -> None:
    video = tmp_path / "video.mp4"
    assert video_seconds(video) is None, "it is not there"
    video.write_bytes(content)
    assert video_seconds(video) == seconds


# What is cut


def clip_of(video: Path, *, limit_bytes: int = 10**7, **differences: Any) -> tuple[Clipped, list[str]]:
    """Cut one clip, and return what is told of it, and the faults of our own."""
    results: SimpleQueue[Any] = SimpleQueue()
    faults: list[str] = []
    cutter = Cutter(results.put, lambda error: faults.append(type(error).__name__))
    cutter.add(cut(video, **differences), Storage(limit_bytes, frozenset()))
    return results.get(timeout=60), faults


@pytest.fixture
def video(tmp_path: Path) -> Path:
    file = tmp_path / "video.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=4:r=12:s=64x64", "-c:v", "libx264", str(file)]
    subprocess.run(command, check=True, timeout=60)
    return file


@needs_ffmpeg
def test_a_clip_that_fails_has_a_reason_and_the_video_stays(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reasons: dict[str, dict[str, Any]] = {
        "no time was left (lambdatest_artifacts_budget)": {"seconds": 0.0},
        "not saved, since lambdatest_artifacts_limit is reached": {"limit_bytes": 10},
        "this plugin failed inside": {
            "clips": [{"number": 1, "stem": str(video.with_name("x")), "start": None, "end": 3, "poster_at": 2}]
        },
    }
    for reason, differences in reasons.items():
        result, faults = clip_of(video, **differences)
        assert (result["clip"], result["poster"], result["missing"]) == (None, None, reason)
        assert bool(faults) is ("inside" in reason)
    ruined = video.with_name("ruined.mp4")
    ruined.write_bytes(video.read_bytes()[:200])
    assert clip_of(ruined)[0]["missing"] == "ffmpeg failed at it"
    monkeypatch.setenv("PATH", "/nowhere")
    assert clip_of(video)[0]["missing"] == "ffmpeg could not be run: No such file or directory"
    assert {file.name for file in video.parent.iterdir()} == {"video.mp4", "ruined.mp4"}


@needs_ffmpeg
def test_a_poster_alone_is_made_where_no_clip_is_wanted(video: Path) -> None:
    result, _ = clip_of(video, with_clips=False, keep_video=True)
    assert (result["clip"], result["poster"]) == (None, str(video.with_name("02-test.jpg")))
