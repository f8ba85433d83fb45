"""Which sessions have artifacts saved, under which names, and what is read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from made_up_runs import MadeUpRun
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.saved_files import SavedFiles, folder_name, inline_reader

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_lambdatest_session.sidecar.messages import Downloaded


def folder_of(tmp_path: Path) -> Path:
    return tmp_path / "report-lambdatest"


def saving(run: MadeUpRun, tmp_path: Path, problems: Problems) -> SavedFiles:
    return SavedFiles(run.registry, problems, lambda: folder_of(tmp_path))


def told(problems: Problems) -> list[str]:
    return [problem for problem, _ in problems]


def downloaded(
    session_id: str, name: str, path: Path | None = None, missing: str | None = None, seconds: float | None = None
) -> Downloaded:
    path_text = None if path is None else str(path)
    return {
        "type": "downloaded",
        "session_id": session_id,
        "name": name,
        "path": path_text,
        "missing": missing,
        "seconds": seconds,
    }


def test_of_very_many_sessions_a_thousand_are_saved_those_of_failed_tests_first(tmp_path: Path) -> None:
    run, problems = MadeUpRun(), Problems()
    for number in range(1001):
        run.attempt(f"test_{number}", "passed", f"s{number}")
        run.says(f"s{number}", status="passed")
    run.attempt("test_red", "failed", "red")
    run.says("red", status="failed")
    wanted = list(saving(run, tmp_path, problems).wanted(lambda _: True, of_all=True))
    assert told(problems) == ["artifacts were saved of 1,000 of 1,002 sessions"]
    assert len(wanted) == 1000
    assert wanted[0][0].id == "red"
    files = ["command", "console", "network", "selenium", "screenshots", "video"]
    assert wanted[0][1] == {"folder": str(folder_of(tmp_path) / "red"), "files": files, "has_video": True}


def test_what_came_and_what_did_not_stands_in_the_sessions_record(tmp_path: Path) -> None:
    run, problems = MadeUpRun(), Problems()
    run.attempt("test_red", "failed", "s 1")
    public = run.says("s 1", status="failed").public
    files = saving(run, tmp_path, problems)
    ((_, request),) = files.wanted(lambda _: True, of_all=False)
    assert files.waiting == 6
    video = folder_of(tmp_path) / "video.mp4"
    files.take(downloaded("s 1", "video", video, seconds=57.5))
    files.take(downloaded("s 1", "console", missing="empty; console: true in LT:Options records it"))
    files.take(downloaded("s 1", "network", missing="LambdaTest has none"))
    files.take(downloaded("s 1", "selenium", missing="500 from somewhere"))
    assert files.waiting == 2
    files.bind(None)
    no_time = "no time was left (lambdatest_artifacts_budget)"
    assert (public["artifacts"], public["video_seconds"]) == ({"video": "report-lambdatest/video.mp4"}, 57.5)
    assert public["artifacts_missing"] == {
        "command": no_time,
        "console": "empty; console: true in LT:Options records it",
        "network": "LambdaTest has none",
        "selenium": "500 from somewhere",
        "screenshots": no_time,
    }
    assert sorted(told(problems)) == [
        "1 artifact not saved: 500 from somewhere",
        f"2 artifacts not saved: {no_time}",
    ]
    assert " " not in request["folder"].rpartition("/")[2]


def test_where_no_more_came_since_the_process_ended_that_is_the_reason(tmp_path: Path) -> None:
    run, problems = MadeUpRun(), Problems()
    run.attempt("test_red", "failed", "s1")
    run.says("s1", status="failed")
    files = saving(run, tmp_path, problems)
    list(files.wanted(lambda _: True, of_all=False))
    files.bind("it ended early")
    assert told(problems) == ["6 artifacts not saved: it ended early"]


@pytest.mark.parametrize(
    ("session_id", "starts"),
    [
        ("a1b2-c3", "a1b2-c3"),
        ("../../etc/passwd", "_.._etc_passwd-"),
        ("..", "-"),
        ("C:\\session", "C__session-"),
        ("x" * 300, "x" * 80 + "-"),
        ("\ud800", "_-"),
    ],
)
def test_a_folder_is_named_as_its_session_as_far_as_that_is_a_name(session_id: str, starts: str) -> None:
    name = folder_name(session_id)
    assert name.startswith(starts)
    assert (name == session_id) is (starts == session_id)
    assert len(name) < 100


def test_names_that_had_to_be_changed_stay_apart() -> None:
    assert len({folder_name(session_id) for session_id in ("a/b", "a_b", "a\\b", "a:b")}) == 4


def test_only_short_texts_and_pictures_are_read_for_a_page_that_stands_by_itself(tmp_path: Path) -> None:
    files = {"short.json": b"[1]", "odd.txt": b"\xff", "p.png": b"png", "long.json": b" " * 70_000, "v.mp4": b"v"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    read = inline_reader(tmp_path)
    assert [read(name) for name in (*files, "gone.json")] == [
        *("[1]", "\N{REPLACEMENT CHARACTER}", "data:image/png;base64,cG5n"),
        *(None, None, None),
    ]
