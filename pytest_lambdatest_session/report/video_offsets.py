"""Where in its session's video a test is: in words, and in links that start a player there. Pure."""

from __future__ import annotations

import math
from typing import NamedTuple
from urllib.parse import urlsplit

from pytest_lambdatest_session.report.formatting import clock_text


class TimeRange(NamedTuple):
    """Seconds from the session's start to a test's first command, and to the answer to its last one."""

    start: float
    end: float


def ending(time_range: TimeRange) -> str:
    """Return `, ends at 01:40`, to follow where a test starts; "" if a clock shows no difference."""
    end = clock_text(time_range.end)
    return "" if end == clock_text(time_range.start) else f", ends at {end}"


def video_at(url: str, time_range: TimeRange | None) -> str:
    """Return the link to a video, for a test's part of it where a browser can show that."""
    return url + fragment_of(url, time_range)


def fragment_of(url: str, time_range: TimeRange | None) -> str:
    """Return what the link to a video has to end in for a test's part of it, "" where a browser can't show that.

    Only plain files can be entered at a second, by a media fragment (https://www.w3.org/TR/media-frags/). A test that
    begins with its session needs none.
    """
    if time_range is None or time_range.start < 1 or not is_plain_video(url) or "#" in url:
        return ""
    return f"#t={math.floor(time_range.start)},{math.ceil(time_range.end)}"


def is_plain_video(url: str) -> bool:
    return urlsplit(url).path.lower().endswith((".mp4", ".webm"))
