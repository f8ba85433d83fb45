"""What ffmpeg could not make is missing, with the reason, and nothing half is left."""

from __future__ import annotations

import shutil
import subprocess
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from pytest_lambdatest_session.sidecar.clipping import Cutter
from pytest_lambdatest_session.sidecar.storage import Storage

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_lambdatest_session.sidecar.messages import Clipped, Cut

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")


def cut(video: Path, *, limit_bytes: int = 10**7, **differences: Any) -> tuple[Clipped, list[str]]:
    """Cut one clip, and return what is told of it, and the faults of our own."""
    results: SimpleQueue[Any] = SimpleQueue()
    faults: list[str] = []
    request: Cut = {
        "type": "cut",
        "session_id": "s",
        "video": str(video),
        "clips": [{"number": 1, "stem": str(video.with_name("02-test")), "start": 1.0, "end": 3.0, "poster_at": 2.0}],
        "with_clips": True,
        "keep_video": False,
        "seconds": 30.0,
    }
    request.update(differences)  # type: ignore[typeddict-item]
    cutter = Cutter(results.put, lambda error: faults.append(type(error).__name__))
    cutter.add(request, Storage(limit_bytes, frozenset()))
    return results.get(timeout=60), faults


@pytest.fixture
def video(tmp_path: Path) -> Path:
    file = tmp_path / "video.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=4:r=12:s=64x64", "-c:v", "libx264", str(file)]
    subprocess.run(command, check=True, timeout=60)
    return file


def test_a_clip_that_fails_has_a_reason_and_the_video_stays(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reasons: dict[str, dict[str, Any]] = {
        "no time was left (lambdatest_artifacts_budget)": {"seconds": 0.0},
        "not saved, since lambdatest_artifacts_limit is reached": {"limit_bytes": 10},
        "this plugin failed inside": {
            "clips": [{"number": 1, "stem": str(video.with_name("x")), "start": None, "end": 3, "poster_at": 2}]
        },
    }
    for reason, differences in reasons.items():
        result, faults = cut(video, **differences)
        assert (result["clip"], result["poster"], result["missing"]) == (None, None, reason)
        assert bool(faults) is ("inside" in reason)
    ruined = video.with_name("ruined.mp4")
    ruined.write_bytes(video.read_bytes()[:200])
    assert cut(ruined)[0]["missing"] == "ffmpeg failed at it"
    monkeypatch.setenv("PATH", "/nowhere")
    assert cut(video)[0]["missing"] == "ffmpeg could not be run: No such file or directory"
    assert {file.name for file in video.parent.iterdir()} == {"video.mp4", "ruined.mp4"}


def test_a_poster_alone_is_made_where_no_clip_is_wanted(video: Path) -> None:
    result, _ = cut(video, with_clips=False, keep_video=True)
    assert (result["clip"], result["poster"]) == (None, str(video.with_name("02-test.jpg")))
