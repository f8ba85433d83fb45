"""However late a video starts, and though it lost its end: links and clips show the test, as frames of it say."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from local_grid.recording import elapsed_filters, read_elapsed_seconds
from pytest_lambdatest_session.sidecar.video_length import video_seconds
from stories import outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from stories import Run, Story

FFMPEG = shutil.which("ffmpeg") or ""
pytestmark = pytest.mark.skipif(not FFMPEG, reason="needs ffmpeg")

# All sessions of a suite live through the same tests: of some videos the beginning is missing, of some the end.
FAULTS = {"whole": (0.0, 0.0), "late": (1.5, 0.0), "cut": (0.0, 1.2), "late and cut": (1.5, 1.2)}
SUITE = """
import time

@pytest.fixture(scope="module")
def drivers():
    drivers = [open_browser(name=name) for name in NAMES]
    yield drivers
    time.sleep(0.5)
    for driver in drivers:
        driver.quit()

def work(drivers):
    for _ in range(3):
        assert [driver.title for driver in drivers]
        time.sleep(0.6)

@pytest.fixture(autouse=True)
def page(drivers):
    for driver in drivers:
        driver.get("data:text/html,<title>Shop</title>")

def test_sells(drivers):
    work(drivers)

def test_total(drivers):
    work(drivers)
    assert drivers[0].title == "35.80"
"""


# Where the videos come as streams, which changes nothing about their faults.
TWO = ["whole", "late and cut"]


def paint(video: Path, seconds: float, late: float) -> None:
    """Make a video that shows in each frame how many seconds after the session's start it is."""
    picture = f"color=c=gray:s=320x64:r=12:d={seconds:.3f}"
    filters = ["-vf", f"null{elapsed_filters(late)},format=yuv420p", "-preset", "ultrafast"]
    command = [FFMPEG, "-v", "error", "-y", "-f", "lavfi", "-i", picture, *filters, "-c:v", "libx264", str(video)]
    subprocess.run(command, check=True, timeout=60)


def shown(video: Path, second: float) -> float:
    """What a frame of a video says, the last one where it is shorter."""
    last = (video_seconds(video) or 0) - 0.3
    return read_elapsed_seconds(FFMPEG, video, min(second, last))


@pytest.fixture
def _painted(story: Story, tmp_path: Path) -> None:
    """Sessions that end have a video, with the faults of their names."""
    journal = story.grid._journal
    end_session = journal.end_session

    def end(session_id: str, **changes: Any) -> bool:
        has_ended = end_session(session_id, **changes)
        record = journal.sessions()[session_id]
        late, lost = FAULTS[record.name]
        video = tmp_path / f"{session_id}.mp4"
        paint(video, (record.duration_seconds or 0) - late - lost, late)
        journal.update(session_id, video=video, recording=True)
        return has_ended

    journal.end_session = end  # type: ignore[method-assign]


def uses(run: Run) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Of each session, by its name, its record and the failed test in it."""
    return {record["name"]: (record, record["tests"][1]) for record in run.records}


def allure_clips(run: Run) -> dict[str, list[str]]:
    """`{test: [name of its clip, ...]}`, as Allure would show them."""
    folder = run.folder / "allure"
    results = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*-result.json")]
    found: dict[str, list[str]] = {}
    for result in results:
        clips = [one for one in result.get("attachments", ()) if one["name"].endswith(" clip")]
        for clip in clips:
            assert clip["type"] == "video/mp4"
            assert (folder / clip["source"]).read_bytes()[4:8] == b"ftyp"
            found.setdefault(result["name"], []).append(clip["name"])
    return found


@pytest.mark.usefixtures("_painted")
def test_links_and_clips_show_the_failed_test(story: Story) -> None:
    story.tests(f"NAMES = {list(FAULTS)}" + SUITE)
    run = story.run("--lambdatest-artifacts=failed", "--lambdatest-clips=failed")
    assert outcomes(run) == {"passed": 1, "failed": 1}
    assert set(uses(run)) == set(FAULTS)
    links = dict(zip(FAULTS, run.table.row_links(1), strict=True))
    for name, (record, use) in uses(run).items():
        late, lost = FAULTS[name]
        assert use["video_offset_is_certain"] is (name == "whole")
        assert ("about" in run.table.uses(1)[list(FAULTS).index(name)][1][2]) is (name != "whole")
        video, clip, poster = (
            run.folder / unquote(path) for path in (record["artifacts"]["video"], use["clip"], use["poster"])
        )
        linked = next(link for full, link in run.table.detail_links(1) if link.startswith(record["artifacts"]["video"]))
        second = float(linked.partition("#t=")[2].partition(",")[0] or 0)
        assert linked.startswith(record["artifacts"]["video"])
        linked_to = shown(video, second)
        assert use["offset"] - 0.7 - lost <= linked_to, name
        assert linked_to <= use["offset"] + 0.7, "early, and late by no more than a moment"
        assert shown(clip, 0) <= max(late, use["offset"]) + 0.3
        assert shown(clip, 1000) >= min(use["end_offset"], record["duration"] - lost) - 0.4
        assert dict(links[name])["clip"] == use["clip"]
        assert clip.name == "02-test_total.mp4"
        assert poster.read_bytes().startswith(b"\xff\xd8")
        assert f"clip: {unquote(use['clip'])}" in run.output
    assert "starts at about" in run.output
    assert uses(run)["whole"][1]["poster"] in run.table.everything


@pytest.mark.usefixtures("_painted")
def test_clips_alone_are_kept_without_the_whole_video(story: Story) -> None:
    """Which comes as a stream."""
    story.grid.video_link = "stream"
    story.tests(f"NAMES = {TWO}" + SUITE)
    run = story.run("--lambdatest-clips=failed", "-n1", "--alluredir=allure")
    assert allure_clips(run) == {"test_total": [f"LambdaTest {place} clip" for place in (1, 2)]}
    for name, (record, use) in uses(run).items():
        assert record["artifacts"] == {}
        clip = run.folder / unquote(use["clip"])
        names = {file.name for file in clip.parent.iterdir()}
        assert names == {"02-test_total.mp4", "02-test_total.jpg", "index.html"}, "the page plays the clip"
        assert record["player"] == f"{use['clip'].rpartition('/')[0]}/index.html"
        assert shown(clip, 0) <= max(FAULTS[name][0], use["offset"]) + 0.3
        assert record["video_seconds"] > 1


@pytest.mark.usefixtures("_painted")
def test_without_ffmpeg_there_are_no_clips_and_a_stream_stays_in_pieces(story: Story) -> None:
    story.grid.video_link = "stream"
    story.file("conftest.py", "import os\nos.environ['PATH'] = '/nowhere'")
    story.tests(f"NAMES = {TWO}" + SUITE)
    run = story.run("--lambdatest-clips=failed", "--lambdatest-artifacts=failed", "--alluredir=allure")
    assert outcomes(run) == {"passed": 1, "failed": 1}
    assert not list((run.folder / "allure").glob("*.m3u8")), "of pieces, which are not there"
    assert run.output.count("needs ffmpeg, which is not on the path") == 1
    assert "2 videos kept in pieces, as no ffmpeg joined them; VLC plays such an index.m3u8 from disk" in run.output
    row = run.row("test_total")
    assert "The video is in pieces: VLC plays such an index.m3u8 from disk" in row.details
    for name, (record, use) in uses(run).items():
        assert (use["clip"], use["poster"]) == (None, None)
        playlist = run.folder / unquote(record["artifacts"]["video"])
        assert playlist.name == "index.m3u8"
        assert record["video_seconds"] == pytest.approx(record["duration"] + 0.5 - sum(FAULTS[name]), abs=0.8)
        links = " ".join(link for _, link in run.table.detail_links(1))
        second = f"#t={math.floor(use['video_offset'] * 10) / 10:g},"
        assert f"{record['artifacts']['video']}{second}" in links or use["video_offset"] < 1
    story.tests(
        "def test_red():\n    with open_browser(name='whole') as driver:\n        assert driver.title == '35.80'\n"
    )
    again = story.run("--lambdatest-clips=failed")
    assert again.output.count("needs ffmpeg, which is not on the path") == 1
    (record,) = again.records
    assert "video" not in record["artifacts"]
