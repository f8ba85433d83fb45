"""`lambdatest_clips`: of each failed test its part of the video, and the frame at its failure."""

from __future__ import annotations

import re
import shutil
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.asked import Asked
from pytest_lambdatest_session.report.registry import FAILED_OUTCOMES
from pytest_lambdatest_session.report.saved_files import link_to, saved_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.registry import Registry, TrackedSession, Use
    from pytest_lambdatest_session.sidecar.messages import Clip, Clipped, CutRequest

_BEFORE_SECONDS, _AFTER_SECONDS = 0.5, 2.0
# The last frame of a video lies some way before its end.
_LAST_FRAME_SECONDS = 0.25
_NO_FFMPEG = "no clips were made: lambdatest_clips = failed needs ffmpeg, which is not on the path"


class Clips(Asked):
    """Asks for clips of saved videos, and notes in the sessions' uses what came."""

    part = "number"
    budget = "lambdatest_artifacts_budget"

    def __init__(self, registry: Registry, problems: Problems, folder: Callable[[], Path], *, wanted: bool) -> None:
        super().__init__(registry, problems)
        self._folder = folder
        self._with_clips = wanted

    @cached_property
    def can_be_made(self) -> bool:
        """Whether ffmpeg is there; where clips are wanted and it is not, that is said."""
        is_there = shutil.which("ffmpeg") is not None
        if self._with_clips and not is_there and any(one.was_in_a_failure for one in self._registry.sessions.values()):
            self._problems.add(_NO_FFMPEG)
        return is_there

    def wanted(self, *, keep_videos: bool) -> Iterator[CutRequest]:
        """Yield which videos to cut, and where."""
        for tracked in self._registry.sessions.values():
            video = saved_file(tracked.public, "video", self._folder().parent)
            if video is None or video.suffix == ".m3u8":
                continue  # what ffmpeg could not join it can't cut
            uses = [(part, use) for part, use in enumerate(tracked.uses) if not self.was_asked(tracked.id, part)]
            clips = [clip for part, use in uses if (clip := _clip_of(use, part, video.parent)) is not None]
            for clip in clips:
                tracked.uses[clip["number"]].clip_offset = clip["start"] + tracked.video_lag.most
                self.begin(tracked.id, clip["number"])
            if clips:
                yield {
                    "session_id": tracked.id,
                    "video": str(video),
                    "clips": clips,
                    "with_clips": self._with_clips,
                    "keep_video": keep_videos,
                }

    def _put(self, tracked: TrackedSession, part: int, result: Clipped | str) -> tuple[str, str] | None:
        report_folder = self._folder().parent
        if saved_file(tracked.public, "video", report_folder) is None:
            tracked.public["artifacts"].pop("video", None)
        missing = result if isinstance(result, str) else result["missing"]
        if not isinstance(result, str):
            clip, poster = result["clip"], result["poster"]
            tracked.uses[part].clip = None if clip is None else link_to(clip, report_folder)
            tracked.uses[part].poster = None if poster is None else link_to(poster, report_folder)
        return ("clip", f"not made: {missing}") if missing is not None and self._with_clips else None


def _clip_of(use: Use, number: int, folder: Path) -> Clip | None:
    """What to cut for a failed test; None if the video has nothing of it."""
    lag, time_range, failure_offset = use.tracked.video_lag, use.time_range, use.failure_offset
    if use.attempt.outcome not in (*FAILED_OUTCOMES, "rerun") or lag.video_seconds is None:
        return None
    if time_range is None or failure_offset is None or time_range.end <= lag.least:
        return None
    start, end, _ = lag.range_of(time_range)
    return {
        "number": number,
        "stem": str(folder / f"{number + 1:02}-{_slug(use.attempt.nodeid)}"),
        "start": round(max(0.0, start - _BEFORE_SECONDS), 3),
        "end": end + _AFTER_SECONDS,
        "poster_at": max(0.0, min(lag.second_of(failure_offset), lag.video_seconds - _LAST_FRAME_SECONDS)),
    }


def _slug(nodeid: str) -> str:
    """A test's name, as far as it can be a file's."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", nodeid.rpartition("::")[2])[:60].strip("._") or "test"
