"""Real browsers are recorded without disturbing tests."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from selenium.webdriver.support.wait import WebDriverWait

from local_grid.recording import Frame, frame_list, stills, video_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from selenium.webdriver.remote.webdriver import WebDriver

    from local_grid import LocalGrid

# Changes its colour every 50 ms, and in the end its title.
LIVELY_PAGE = """data:text/html,<title>lively</title><body style='font-size:120px'><p id=n>0</p><script>
let n = 0; const timer = setInterval(() => { document.getElementById('n').textContent = ++n;
document.body.style.background = n %25 2 ? 'gold' : 'teal';
if (n == 12) { clearInterval(timer); document.title = n; } }, 50);</script>"""


def probe(video: Path) -> dict[str, Any]:
    """Return what ffprobe says of a video."""
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        pytest.skip("ffprobe is not installed")
    command = [ffprobe, "-v", "error", "-show_streams", "-show_format", "-of", "json", str(video)]
    told: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    return told


def test_a_session_is_filmed_whatever_its_windows_do(
    recording_grid: LocalGrid, open_driver: Callable[..., WebDriver], call_api: Callable[..., requests.Response]
) -> None:
    grid, driver = recording_grid, open_driver(recording_grid)
    path = f"/sessions/{driver.session_id}"
    driver.get("data:text/html,<script>setTimeout(() => alert('still here'), 0)</script>")
    alert = WebDriverWait(driver, 20, 0.05).until(lambda browser: browser.switch_to.alert)
    assert alert.text == "still here"
    alert.accept()
    call_api(grid, path, "PATCH", json={"status_ind": "passed"})
    driver.switch_to.new_window("window")
    driver.get(LIVELY_PAGE)
    WebDriverWait(driver, 20, 0.05).until(lambda browser: browser.title == "12")
    driver.quit()
    page = (grid.pages_dir or Path()) / (driver.session_id or "") / "index.html"
    grid.wait_for(page.exists, timeout=60)
    session = grid.sessions[driver.session_id or ""]
    assert session.video
    film = session.video.read_bytes()
    assert film[4:8] == b"ftyp"
    assert film.index(b"moov") < film.index(b"mdat"), "a browser can begin before all has arrived"

    data = call_api(grid, path).json()["data"]
    link = data["video_url"]
    whole = requests.get(link, timeout=30)
    assert (whole.content, whole.headers["Content-Type"]) == (film, "video/mp4")
    for part, content in (("4-7", film[4:8]), ("-3", film[-3:]), (f"{len(film) - 2}-", film[-2:])):
        answer = requests.get(link, headers={"Range": f"bytes={part}"}, timeout=30)
        assert (answer.status_code, answer.content) == (206, content)
    assert answer.headers["Content-Range"] == f"bytes {len(film) - 2}-{len(film) - 1}/{len(film)}"
    assert requests.get(link, headers={"Range": f"bytes={len(film)}-"}, timeout=30).status_code == 416
    head = requests.head(link, timeout=30)
    assert (head.content, head.headers["Content-Length"]) == (b"", str(len(film)))
    bundler = call_api(grid, f"{path}/video").json()["url"]
    assert requests.get(bundler, timeout=30).content == film, "the credentials are in this address"
    assert page.with_name("video.mp4").read_bytes() == film
    assert 'src="video.mp4"' in page.read_text(encoding="utf-8")

    link = call_api(grid, f"{path}/screenshots").json()["url"]
    assert link == data["screenshot_url"]
    with zipfile.ZipFile(io.BytesIO(requests.get(link, timeout=30).content)) as archive:
        assert 2 <= len(archive.namelist()) <= 10
        assert archive.read("screenshot-1.jpg").startswith(b"\xff\xd8")

    told = probe(session.video)
    stream = told["streams"][0]
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")
    assert stream["width"] % 2 == stream["height"] % 2 == 0
    # On a busy machine the last picture is held longer.
    assert session.duration_seconds
    assert -1 <= float(told["format"]["duration"]) - session.duration_seconds <= 5


def test_each_frame_is_shown_until_the_next_from_the_videos_begin_on(tmp_path: Path) -> None:
    frames = [Frame(tmp_path / f"{number}.jpg", 100 + number) for number in range(4)]

    def listed(begin: float, end: float, *shown: Frame) -> list[tuple[str, str]]:
        lines = frame_list(shown, (begin, end)).splitlines()
        assert lines[0] == "ffconcat version 1.0"
        assert lines[-1] == lines[-3], "ffmpeg ignores the duration of the last entry"
        return [(file[6:7], length[9:]) for file, length in zip(lines[1:-1:2], lines[2:-1:2], strict=True)]

    assert listed(99.5, 103.0, *frames[:3]) == [("0", "1.500"), ("1", "1.000"), ("2", "1.000")]
    assert listed(101.5, 104.0, *frames) == [("1", "0.500"), ("2", "1.000"), ("3", "1.000")]
    assert listed(100.0, 100.0, frames[0]) == [("0", "0.167")], "a video has some length"
    sizes = {(1200, 701): (1200, 700), (2560, 1600): (1280, 800), (375, 812): (368, 800), (1, 1): (2, 2)}
    for page, film in sizes.items():
        assert video_size(Frame(tmp_path, 0, *page)) == film
    assert [still.stem for still in stills(frames * 25)] == ["0", "2", "0", "2", "0", "2", "0", "2", "0", "2"]
    assert stills([]) == ()
