"""Cuts the parts of failed tests out of saved videos, with ffmpeg: what is cut is copied, and not encoded again."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_lambdatest_session.sidecar.ffmpeg import COPY, run_ffmpeg, source

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.sidecar.jobs import Emit
    from pytest_lambdatest_session.sidecar.messages import Clip, Clipped, Cut
    from pytest_lambdatest_session.sidecar.storage import Storage

_POSTER = ("-frames:v", "1", "-vf", "scale=min(960\\,iw):-2", "-q:v", "4", "-update", "1", "-f", "image2")


class Cutter:
    """Works on a few videos at a time."""

    def __init__(self, emit: Emit, on_fault: Callable[[Exception], None]) -> None:
        self._emit = emit
        self._on_fault = on_fault
        self._threads = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1))

    def add(self, request: Cut, storage: Storage) -> None:
        until = time.monotonic() + request["seconds"]
        self._threads.submit(self._cut_all, request, storage, until)

    def _cut_all(self, request: Cut, storage: Storage, until: float) -> None:
        video = Path(request["video"])
        results = [self._result(request, clip) for clip in request["clips"]]
        try:
            # Clips first: a picture takes longer, since all frames from the key frame before it are decoded.
            if request["with_clips"]:
                for clip, result in zip(request["clips"], results, strict=True):
                    _make_clip(video, clip, result, storage, until)
            for clip, result in zip(request["clips"], results, strict=True):
                _make_poster(video, clip, result, storage, until)
            if not request["keep_video"] and all(result["clip"] for result in results):
                video.unlink(missing_ok=True)
        except Exception as error:  # noqa: BLE001 - no fault of ours leaves the run waiting
            self._on_fault(error)
        for result in results:
            self._emit(result)

    def _result(self, request: Cut, clip: Clip) -> Clipped:
        return {
            "type": "clipped",
            "session_id": request["session_id"],
            "number": clip["number"],
            "clip": None,
            "poster": None,
            "missing": "this plugin failed inside",
        }


def _make_clip(video: Path, clip: Clip, result: Clipped, storage: Storage, until: float) -> None:
    """Cut it out: fast, as it begins at the key frame before, and an edit list has players start at the very second."""
    path = Path(clip["stem"] + video.suffix)
    span = ("-ss", f"{clip['start']:.3f}", "-t", f"{clip['end'] - clip['start']:.3f}")
    result["missing"] = run_ffmpeg([*span, *source(video)], COPY, path, until, storage.take)
    result["clip"] = str(path) if result["missing"] is None else None


def _make_poster(video: Path, clip: Clip, result: Clipped, storage: Storage, until: float) -> None:
    path = Path(clip["stem"] + ".jpg")
    at = ("-ss", f"{clip['poster_at']:.3f}")
    missing = run_ffmpeg([*at, *source(video)], _POSTER, path, until, storage.take)
    result["poster"] = str(path) if missing is None else None
