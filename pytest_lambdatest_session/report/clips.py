"""`lambdatest_clips`: of each failed test its part of the video, and the frame at its failure."""

from __future__ import annotations

import re
import shutil
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from pytest_lambdatest_session.report.asked import Asked
from pytest_lambdatest_session.report.registry import FAILED_OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        self._folder_of_run = folder
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
            video = tracked.public["artifacts"].get("video")
            if video is None or video.endswith(".m3u8"):
                continue  # what ffmpeg could not join it can't cut
            clips = list(self._clips_of(tracked, video))
            if clips:
                yield {
                    "session_id": tracked.id,
                    "video": str(self._folder / unquote(video)),
                    "clips": clips,
                    "with_clips": self._with_clips,
                    "keep_video": keep_videos,
                }

    def _put(self, tracked: TrackedSession, part: int, result: Clipped | str) -> tuple[str, str] | None:
        video = tracked.public["artifacts"].get("video")
        if video is not None and not (self._folder / unquote(video)).exists():
            del tracked.public["artifacts"]["video"]
        missing = result if isinstance(result, str) else result["missing"]
        if not isinstance(result, str):
            use = tracked.uses[part]
            use.clip, use.poster = self._link(result["clip"]), self._link(result["poster"])
        return ("clip", f"not made: {missing}") if missing is not None and self._with_clips else None

    @property
    def _folder(self) -> Path:
        return self._folder_of_run().parent

    def _clips_of(self, tracked: TrackedSession, video: str) -> Iterator[Clip]:
        for number, use in enumerate(tracked.uses):
            if use.attempt.outcome in (*FAILED_OUTCOMES, "rerun") and not self.was_asked(tracked.id, number):
                clip = _clip_of(use, number, (self._folder / unquote(video)).parent)
                if clip is not None:
                    use.clip_offset = clip["start"] + tracked.video_lag.most
                    self.begin(tracked.id, number)
                    yield clip

    def _link(self, path: str | None) -> str | None:
        return None if path is None else quote(Path(path).relative_to(self._folder).as_posix())


def _clip_of(use: Use, number: int, folder: Path) -> Clip | None:
    """What to cut for a test; None if the video has nothing of it."""
    lag, time_range, failure_offset = use.tracked.video_lag, use.time_range, use.failure_offset
    if lag.video_seconds is None or time_range is None or failure_offset is None or time_range.end <= lag.least:
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
