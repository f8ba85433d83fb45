"""Where in the video a test is."""

from __future__ import annotations

import pytest

from pytest_lambdatest_session.report.video_offsets import TimeRange, ending, video_at

SPAN = TimeRange(83.4, 99.2)


@pytest.mark.parametrize(
    ("url", "time_range", "expected"),
    [
        ("https://x.example/video.mp4", SPAN, "https://x.example/video.mp4#t=83,100"),
        (
            "https://x.example/video.MP4?X-Amz-Signature=1",
            SPAN,
            "https://x.example/video.MP4?X-Amz-Signature=1#t=83,100",
        ),
        ("report-lambdatest/s1/video.webm", SPAN, "report-lambdatest/s1/video.webm#t=83,100"),
        ("https://x.example/video.mp4", TimeRange(0.4, 9), "https://x.example/video.mp4"),
        ("https://x.example/video.mp4", None, "https://x.example/video.mp4"),
        ("https://x.example/video.mp4#t=3", SPAN, "https://x.example/video.mp4#t=3"),
        ("https://x.example/index.m3u8", SPAN, "https://x.example/index.m3u8"),
        ("https://x.example/public/video?testID=T.mp4", SPAN, "https://x.example/public/video?testID=T.mp4"),
    ],
)
def test_only_a_plain_file_is_entered_at_the_tests_second(
    url: str, time_range: TimeRange | None, expected: str
) -> None:
    assert video_at(url, time_range) == expected


def test_an_end_is_named_if_a_players_clock_shows_it() -> None:
    assert ending(SPAN) == ", ends at 01:39"
    assert ending(TimeRange(83.1, 83.9)) == ""
