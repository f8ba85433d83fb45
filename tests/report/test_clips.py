"""Which clips are asked for, and what is said of those that did not come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from made_up_runs import MadeUpRun
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.clips import Clips

if TYPE_CHECKING:
    from pathlib import Path


def test_failed_tests_that_the_video_shows_are_cut_out(tmp_path: Path) -> None:
    run, problems = MadeUpRun(), Problems()
    run.attempt("test_x.py::test_before_the_video", "failed", "s1", at=2)
    run.attempt("test_x.py::test_fine", "passed", "s1", at=20)
    run.attempt("test_x.py::test_red[a/b c]", "rerun", "s1", at=30)
    run.attempt("test_x.py::test_red[a/b c]", "failed", "s1", at=40, number=2)
    run.attempt("::", "error", "s2", at=5)
    run.attempt("test_x.py::test_of_a_session_without_a_video", "failed", "s3")
    for session_id, seconds in (("s1", 50.0), ("s2", 60.0), ("s3", None)):
        public = run.says(session_id).public
        public["video_seconds"] = seconds
        if seconds is not None:
            public["artifacts"]["video"] = f"report-lambdatest/{session_id}/video.mp4"
            (tmp_path / "report-lambdatest" / session_id).mkdir(parents=True)
            (tmp_path / "report-lambdatest" / session_id / "video.mp4").touch()
    clips = Clips(run.registry, problems, lambda: tmp_path / "report-lambdatest", wanted=True)
    first, second = clips.wanted(keep_videos=True)
    folder = tmp_path / "report-lambdatest"
    assert [clip["stem"] for clip in first["clips"]] == [
        str(folder / "s1" / "03-test_red_a_b_c"),
        str(folder / "s1" / "04-test_red_a_b_c"),
    ]
    assert [(clip["start"], clip["end"], clip["poster_at"]) for clip in first["clips"]] == [
        (19.7, 25.0, 20.2),
        (29.7, 35.0, 30.2),
    ]
    assert second["clips"][0]["stem"] == str(folder / "s2" / "01-test")
    assert clips.waiting == 3
    assert list(clips.wanted(keep_videos=True)) == [], "each once"
    clips.take(
        {"type": "clipped", "session_id": "s1", "number": 2, "clip": None, "poster": None, "missing": "ffmpeg failed"}
    )
    clips.bind(None)
    clips.bind(None)  # as where the suite ended sessions after that
    assert sorted(problem for problem, count in problems if count == 1) == [
        "1 clip not made: ffmpeg failed",
        "2 clips not made: no time was left (lambdatest_artifacts_budget)",
    ]
