"""Real browsers are recorded without disturbing tests."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import requests
from selenium.webdriver.support.wait import WebDriverWait

from local_grid import LocalGrid
from local_grid.recording import Frame, find_ffmpeg, frame_list, read_elapsed_seconds, stills, video_size

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver

    from local_grid import SessionRecord


def probe(video: Path | None) -> dict[str, Any]:
    """Return what ffprobe says of a video."""
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        pytest.skip("ffprobe is not installed")
    command = [ffprobe, "-v", "error", "-show_streams", "-show_format", "-of", "json", str(video)]
    told: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=20).stdout)
    return told


def test_the_video_can_be_loaded_whole_and_in_part(
    recording_grid: LocalGrid, filmed: SessionRecord, call_api: Callable[..., requests.Response]
) -> None:
    assert filmed.video
    film = filmed.video.read_bytes()
    assert film[4:8] == b"ftyp"
    assert film.index(b"moov") < film.index(b"mdat"), "a browser can begin before all has arrived"

    link = call_api(recording_grid, f"/sessions/{filmed.session_id}").json()["data"]["video_url"]
    whole = requests.get(link, timeout=10)
    assert (whole.content, whole.headers["Content-Type"]) == (film, "video/mp4")
    part = requests.get(link, headers={"Range": "bytes=4-7"}, timeout=10)
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert part.headers["Content-Range"] == f"bytes 4-7/{len(film)}"
    assert requests.get(link, headers={"Range": "bytes=-3"}, timeout=10).content == film[-3:]
    assert requests.get(link, headers={"Range": f"bytes={len(film)}-"}, timeout=10).status_code == 416
    head = requests.head(link, timeout=10)
    assert (head.content, head.headers["Content-Length"]) == (b"", str(len(film)))
    bundler = call_api(recording_grid, f"/sessions/{filmed.session_id}/video").json()["url"]
    assert requests.get(bundler, timeout=10).content == film, "the credentials are in this address"


def test_the_video_is_as_long_as_the_session(filmed: SessionRecord) -> None:
    told = probe(filmed.video)
    stream = told["streams"][0]
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")
    assert stream["width"] % 2 == stream["height"] % 2 == 0
    assert filmed.duration_seconds is not None
    # To the second, as the API's own times are: on a busy machine the last picture is held longer.
    assert float(told["format"]["duration"]) == pytest.approx(filmed.duration_seconds, abs=1)


def test_a_video_can_lack_its_beginning_and_its_end(filmed_with_faults: SessionRecord) -> None:
    ffmpeg, video, length = find_ffmpeg(), filmed_with_faults.video, filmed_with_faults.duration_seconds
    assert ffmpeg
    assert video
    assert length
    duration = float(probe(video)["format"]["duration"])
    assert duration == pytest.approx(length - 0.5, abs=0.2)
    for at in (0, 0.25, duration - 0.1):
        assert read_elapsed_seconds(ffmpeg, video, at) == pytest.approx(at + 0.3, abs=0.15)


def test_the_page_on_disk_plays_the_video(
    recording_grid: LocalGrid, filmed: SessionRecord, open_driver: Callable[..., WebDriver], tmp_path: Path
) -> None:
    """Opened from a copy of its folder."""
    driver = open_driver(recording_grid, video=False)
    pages = recording_grid.pages_dir
    assert pages
    shutil.copytree(pages / filmed.session_id, tmp_path / "copy")
    driver.get((tmp_path / "copy" / "index.html").as_uri())
    WebDriverWait(driver, 10, 0.05).until(
        lambda browser: browser.execute_script("return document.querySelector('video').readyState > 0")
    )
    film: dict[str, Any] = driver.execute_async_script(
        """const film = document.querySelector('video'), done = arguments[0];
        film.addEventListener('timeupdate', () => film.currentTime > 0 && done(
            {duration: film.duration, width: film.videoWidth, error: film.error}));
        film.muted = true; film.play();"""
    )
    assert film["error"] is None
    assert film["duration"] > 0.5
    assert film["width"] > 600


def test_alerts_new_windows_and_a_status_do_not_end_the_recording(
    recording_grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: Callable[..., requests.Response]
) -> None:
    driver = open_driver(recording_grid)
    session_id = driver.session_id or ""
    driver.get("data:text/html,<script>setTimeout(() => alert('still here'), 0)</script>")
    alert = WebDriverWait(driver, 10, 0.05).until(lambda browser: browser.switch_to.alert)
    assert alert.text == "still here"
    alert.accept()
    call_api(recording_grid, f"/sessions/{session_id}", "PATCH", json={"status_ind": "passed"})
    assert recording_grid.sessions[session_id].recording
    driver.switch_to.new_window("window")
    before = recording_grid.frame_count(session_id)
    # Changes until it is recorded: the browser announces a new window some time later.
    driver.get("data:text/html,<body>")
    driver.execute_script(
        "let hue = 0; setInterval(() => document.body.style.background = `hsl(${hue += 7} 90% 50%)`, 50)"
    )
    WebDriverWait(driver, 20, 0.05).until(lambda _: recording_grid.frame_count(session_id) > before + 2)
    driver.quit()
    recording_grid.wait_for(lambda: recording_grid.sessions[session_id].video, timeout=20)
    assert len(recording_grid.sessions[session_id].screenshots) > 1


def test_a_session_of_a_moment_has_a_video_or_no_link(
    recording_grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: Callable[..., requests.Response]
) -> None:
    driver = open_driver(recording_grid)
    driver.quit()
    session_id = driver.session_id or ""
    recording_grid.wait_for(
        lambda: recording_grid.sessions[session_id].video or not recording_grid.sessions[session_id].recording, 20
    )
    link = call_api(recording_grid, f"/sessions/{session_id}").json()["data"]["video_url"]
    assert link == "" or requests.get(link, timeout=10).content[4:8] == b"ftyp"


def test_screenshots_come_in_a_zip(
    recording_grid: LocalGrid, filmed: SessionRecord, call_api: Callable[..., requests.Response]
) -> None:
    link = call_api(recording_grid, f"/sessions/{filmed.session_id}/screenshots").json()["url"]
    assert link == call_api(recording_grid, f"/sessions/{filmed.session_id}").json()["data"]["screenshot_url"]
    with zipfile.ZipFile(io.BytesIO(requests.get(link, timeout=10).content)) as archive:
        assert 1 <= len(archive.namelist()) <= 10  # a busy machine films few frames
        assert archive.read("screenshot-1.jpg").startswith(b"\xff\xd8")


def test_recording_can_be_switched_off(chromium_grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    assert "recording with ffmpeg" in chromium_grid.describe() or "not recording" in chromium_grid.describe()
    chromium_grid.record = False
    try:
        driver = open_driver(chromium_grid)
        assert chromium_grid.describe().endswith(", not recording")
    finally:
        chromium_grid.record = True
    assert not chromium_grid.sessions[driver.session_id or ""].recording


def test_every_page_is_written_when_there_is_no_time_for_videos(
    recording_grid: LocalGrid, open_driver: Callable[..., WebDriver], tmp_path: Path
) -> None:
    assert recording_grid.describe()
    with LocalGrid(backend="chromium", pages_dir=tmp_path, finish_timeout=0) as grid:
        drivers = [open_driver(grid) for _ in range(2)]
        for driver in drivers:
            driver.get("data:text/html,<h1>hello")
        drivers[0].quit()
    for driver in drivers:
        assert (tmp_path / f"{driver.session_id}" / "index.html").exists()


def test_each_frame_is_shown_until_the_next(tmp_path: Path) -> None:
    frames = [Frame(tmp_path / f"{number}.jpg", 100 + number, 1200, 700) for number in range(3)]
    assert frame_list(frames, (99.5, 103.0)).splitlines() == [
        "ffconcat version 1.0",
        "file '0.jpg'",
        "duration 1.500",
        "file '1.jpg'",
        "duration 1.000",
        "file '2.jpg'",
        "duration 1.000",
        "file '2.jpg'",
    ]


def test_frames_before_the_video_are_left_out(tmp_path: Path) -> None:
    frames = [Frame(tmp_path / f"{number}.jpg", 100 + number, 1200, 700) for number in range(4)]
    assert frame_list(frames, (101.5, 104.0)).splitlines() == [
        "ffconcat version 1.0",
        "file '1.jpg'",
        "duration 0.500",
        "file '2.jpg'",
        "duration 1.000",
        "file '3.jpg'",
        "duration 1.000",
        "file '3.jpg'",
    ]


def test_a_single_frame_makes_a_video_of_some_length(tmp_path: Path) -> None:
    listing = frame_list([Frame(tmp_path / "0.jpg", 100, 1200, 700)], (100.0, 100.0))
    assert "duration 0.167" in listing


@pytest.mark.parametrize(
    ("page", "film"),
    [((1200, 701), (1200, 700)), ((2560, 1600), (1280, 800)), ((375, 812), (368, 800)), ((1, 1), (2, 2))],
)
def test_videos_fit_a_screen_and_have_even_sides(tmp_path: Path, page: tuple[int, int], film: tuple[int, int]) -> None:
    assert video_size(Frame(tmp_path, 0, *page)) == film


def test_screenshots_are_spread_over_the_session(tmp_path: Path) -> None:
    frames = [Frame(tmp_path / f"{number}.jpg", number, 10, 10) for number in range(100)]
    assert [still.stem for still in stills(frames)] == [str(number) for number in range(0, 100, 10)]
    assert stills([]) == ()
