"""Where in the video a test is."""

from __future__ import annotations

from itertools import product

import pytest

from pytest_lambdatest_session.report.video_offsets import TimeRange, VideoRange, fragment_of, lag_of

RANGE = VideoRange(83.4, 99.2, is_certain=True)


@pytest.mark.parametrize(
    ("url", "video_range", "expected"),
    [
        ("https://x.example/video.mp4", RANGE, "https://x.example/video.mp4#t=83.4,100"),
        (
            "https://x.example/video.MP4?X-Amz-Signature=1",
            RANGE,
            "https://x.example/video.MP4?X-Amz-Signature=1#t=83.4,100",
        ),
        ("report-lambdatest/s1/video.webm", RANGE, "report-lambdatest/s1/video.webm#t=83.4,100"),
        ("https://x.example/index.m3u8", RANGE, "https://x.example/index.m3u8#t=83.4,100"),
        ("https://x.example/video.mp4", VideoRange(8, 8, is_certain=True), "https://x.example/video.mp4#t=8,9"),
        ("https://x.example/video.mp4", VideoRange(0.04, 9, is_certain=True), "https://x.example/video.mp4"),
        ("https://x.example/video.mp4", None, "https://x.example/video.mp4"),
        ("https://x.example/video.mp4#t=3", RANGE, "https://x.example/video.mp4#t=3"),
        ("https://x.example/public/video?testID=T.mp4", RANGE, "https://x.example/public/video?testID=T.mp4"),
        ("https://x.example/play?of=/videos/T.mp4", RANGE, "https://x.example/play?of=/videos/T.mp4"),
        ("https://x.mp4", RANGE, "https://x.mp4"),
    ],
)
def test_only_a_file_or_a_stream_is_entered_at_the_tests_second(
    url: str, video_range: VideoRange | None, expected: str
) -> None:
    assert url + fragment_of(url, video_range) == expected


@pytest.mark.parametrize("is_saved", [True, False], ids=["saved", "not-saved"])
@pytest.mark.parametrize("late", [-2.0, 0.0, 0.8, 2.0, 7.0, 13.0])
def test_a_link_leads_before_the_test_and_never_past_the_end(late: float, is_saved: bool) -> None:
    """However late the video starts, and whatever it lost of its end, or all that comes after ten minutes."""
    lengths = (18.0, 60.0, 590.0, *((610.0, 700.0) if is_saved and late >= 0 else ()))
    for length, lost in product(lengths, (0.0, 1.0, 3.0) if late >= 0 else (0.0,)):
        video_seconds = min(length - late - lost, 600.0)
        lag = lag_of(video_seconds if is_saved else None, length)
        for at in range(0, int(length) - 4, 5):
            start, end, is_certain = lag.range_of(TimeRange(at, at + 4.0))
            shown_from, shown_until = min(max(0.0, at - late), video_seconds), min(at + 4.0 - late, video_seconds)
            assert start <= shown_from + 0.21
            if is_saved:
                assert start <= end <= video_seconds
                assert end >= shown_until
                assert not is_certain or shown_from - start <= 1
                if length < 600:
                    assert shown_from - start <= max(lost, -late) + 0.01, "no earlier than by what is not known"
            else:
                assert not is_certain


def test_a_session_whose_length_is_not_known_tells_nothing() -> None:
    assert not lag_of(5.0, None).is_measured
