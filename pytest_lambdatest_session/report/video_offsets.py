"""Where in its session's video a test is: in words, and in links that start a player there. Pure.

A video need not be as long as its session. The cloud's encoder may start seconds after the browser takes commands, and
a session that is quit at once may lose its end. How long a saved video is tells how much is missing, not on which side:
what is given here is the earliest second that is possible, so that a player starts before a test and never within it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from pytest_lambdatest_session.report.formatting import clock_text

if TYPE_CHECKING:
    from pytest_lambdatest_session.report.registry import Use

LATEST_START_SECONDS = 13.0
"""By how much an encoder starts late at most, as LambdaTest's own bindings for Playwright say."""
LONGEST_LOST_END_SECONDS = 3.0
_CERTAIN_SECONDS = 0.8
_MOMENT_SECONDS, _SHORTEST_SECONDS = 0.2, 0.1
# Videos are cut off after ten minutes: of one so long what is missing may all be its end.
_CUT_OFF_SECONDS = 595.0
_MEDIA = (".mp4", ".webm", ".m3u8")


class TimeRange(NamedTuple):
    """Seconds from the session's start to a test's first command, and to the answer to its last one."""

    start: float
    end: float


class VideoRange(NamedTuple):
    """The seconds of a video that hold a test: it starts no earlier than `start` and ends no later than `end`."""

    start: float
    end: float
    is_certain: bool
    """Whether the test starts within a second of `start`."""


class VideoLag(NamedTuple):
    """How many seconds later than its session a video starts: from `least` to `most`, as far as that is known.

    Less than nothing where the video is the longer one: it may start before the hub has answered.
    """

    least: float
    most: float
    video_seconds: float | None
    """How long the video is; None if it was not measured."""

    @property
    def is_certain(self) -> bool:
        return self.most - self.least <= _CERTAIN_SECONDS

    @property
    def is_measured(self) -> bool:
        return self.video_seconds is not None

    def second_of(self, offset: float) -> float:
        """The second of the video that shows what was `offset` seconds after the session's start, or what was before.

        To seek to: not later than that, nor past the video's end.
        """
        return self._within(offset - self.most)

    def shown_second(self, offset: float) -> float:
        """What a clock in a report shows: the second of the video, or that of the session for one not measured."""
        return self.second_of(offset) if self.is_measured else offset

    def range_of(self, time_range: TimeRange) -> VideoRange:
        """Where in the video a test is."""
        start = self.second_of(time_range.start)
        return VideoRange(start, max(start, self._within(time_range.end - self.least)), self.is_certain)

    def _within(self, second: float) -> float:
        longest = second if self.video_seconds is None else self.video_seconds
        return round(max(0.0, min(second, longest)), 3)


UNMEASURED = VideoLag(0.0, LATEST_START_SECONDS + LONGEST_LOST_END_SECONDS, None)
"""Of a video that was not saved: a link leads to some seconds before the test."""


def lag_of(video_seconds: float | None, session_seconds: float | None) -> VideoLag:
    """Return how late a video starts, by its length and that of its session, which have their end in common."""
    if video_seconds is None or session_seconds is None:
        return UNMEASURED
    missing = session_seconds - video_seconds
    if missing <= 0:
        return VideoLag(missing, 0.0, video_seconds)
    least = max(0.0, missing - LONGEST_LOST_END_SECONDS)
    if least > LATEST_START_SECONDS or video_seconds >= _CUT_OFF_SECONDS:
        least = 0.0
    # Where something may be lost a moment more or less is no loss, and three seconds stay three.
    moment = _MOMENT_SECONDS if missing > _CERTAIN_SECONDS else 0.0
    return VideoLag(least, min(missing - moment, UNMEASURED.most), video_seconds)


def position(use: Use) -> tuple[str, str]:
    """Where a test starts, in the video if that was measured, and where it ends if a clock shows a difference."""
    of_video = use.video_range if use.tracked.video_lag.is_measured else None
    found = use.time_range if of_video is None else of_video
    if found is None:
        return "", ""
    start, end = clock_text(found.start), clock_text(found.end)
    place = f"{start} in the session" if of_video is None else f"{about(of_video.is_certain)}{start} in the video"
    return place, "" if start == end else f", ends at {end}"


def about(is_certain: bool) -> str:
    """What stands before a clock that may be some seconds early."""
    return "" if is_certain else "about "


def is_media(url: str) -> bool:
    """Return whether an address is that of a file or stream, not of a page that shows one, and has no fragment."""
    before_query = url.partition("?")[0].lower()
    # Of most links the end shows that they are none, and to take an address apart takes several times as long.
    return "#" not in url and before_query.endswith(_MEDIA) and urlsplit(before_query).path != ""


def fragment_of(url: str, video_range: VideoRange | None) -> str:
    """What the link to a video has to end in for a test's part of it, "" where a browser can't show that.

    Only files and streams can be entered at a second, by a media fragment (https://www.w3.org/TR/media-frags/). A test
    that begins with the video needs none.
    """
    if video_range is None or video_range.start < _SHORTEST_SECONDS or not is_media(url):
        return ""
    start = math.floor(video_range.start * 10) / 10
    return f"#t={start:g},{max(math.ceil(video_range.end), math.floor(start) + 1)}"
