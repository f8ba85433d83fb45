"""The page of a session is written whatever is missing or broken, and nothing of a zip decides where files go."""

from __future__ import annotations

import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from made_up_runs import MadeUpRun
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.player import stills
from pytest_lambdatest_session.report.player.pages import PlayerPages
from pytest_lambdatest_session.report.player.stills import unpack

if TYPE_CHECKING:
    from pathlib import Path

PNG, JPG = b"\x89PNG\r\n\x1a\n" + b"p" * 50, b"\xff\xd8\xff" + b"j" * 50


def zipped(path: Path, entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def data_in(page: Path) -> dict[str, Any]:
    found = re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def saved(run: MadeUpRun, folder: Path, **files: bytes) -> None:
    """A failed test's session `s1`, of which these files were saved."""
    run.attempt("test_x.py::test_red", "failed", "s1", at=30)
    public = run.says("s1", status="failed").public
    (folder / "s1").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / "s1" / name).write_bytes(content)
        public["artifacts"][name] = f"{folder.name}/s1/{name}"
    public["artifacts_missing"]["network"] = "empty"


def test_pictures_come_out_in_order_under_our_names_wherever_theirs_lead(tmp_path: Path) -> None:
    archive = zipped(
        tmp_path / "shots.zip",
        {
            "shots/step-10.jpg": JPG,
            "shots/step-2.png": PNG,
            "../../../escape-1.png": PNG,
            "folder/": b"",
            "shots/step-1.html": b"<script>1</script>",
            "/etc/step-3.svg": b"<svg onload=1>",
        },
    )
    folder = tmp_path / "out"
    folder.mkdir()
    assert unpack(archive, folder) == ["screenshot-001.png", "screenshot-002.png", "screenshot-003.jpg"]
    assert sorted(file.name for file in tmp_path.rglob("*")) == [
        *("out", "screenshot-001.png", "screenshot-002.png", "screenshot-003.jpg", "shots.zip")
    ]


def test_a_zip_gives_no_more_than_a_session_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = zipped(tmp_path / "many.zip", {f"{number}.png": PNG for number in range(stills.MOST + 5)})
    assert len(unpack(many, tmp_path)) == stills.MOST
    bomb = zipped(tmp_path / "bomb.zip", {f"{number}.png": PNG + bytes(9 * 2**20) for number in range(2)})
    assert unpack(bomb, tmp_path) == [], "each is larger than a picture"
    large = zipped(tmp_path / "large.zip", {f"{number}.png": PNG + bytes(7 * 2**20) for number in range(9)})
    assert len(unpack(large, tmp_path)) == 8, "and all of them together"
    monkeypatch.setattr(stills, "_MOST_ENTRIES", 3)
    with pytest.raises(zipfile.BadZipFile):
        unpack(many, tmp_path)
    assert unpack(zipped(tmp_path / "odd.zip", {"1.png": PNG}, zipfile.ZIP_LZMA), tmp_path) == []
    protected = bytearray(zipped(tmp_path / "protected.zip", {"1.png": PNG}).read_bytes())
    for header, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        protected[protected.index(header) + flags] |= 1
    tmp_path.joinpath("protected.zip").write_bytes(protected)
    with pytest.raises(zipfile.BadZipFile):
        unpack(tmp_path / "protected.zip", tmp_path)


def test_a_page_shows_the_screenshots_where_there_is_no_video(tmp_path: Path) -> None:
    run, folder = MadeUpRun(), tmp_path / "report-lambdatest"
    pictures = zipped(tmp_path / "shots.zip", {f"{number}.png": PNG for number in range(4)}).read_bytes()
    saved(run, folder, screenshots=pictures)
    run.attempt("test_x.py::test_green", "passed", "s1", at=40)
    PlayerPages(run.registry, Problems(), lambda: folder, None).bind()
    tracked = run.registry.sessions["s1"]
    assert tracked.public["player"] == "report-lambdatest/s1/index.html"
    assert data_in(folder / "s1" / "index.html")["stills"] == [f"screenshot-00{number}.png" for number in range(1, 5)]
    assert tracked.uses[0].poster == "report-lambdatest/s1/screenshot-003.png", "the failure is in the middle"
    assert tracked.uses[1].poster is None


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"command": b"[" * 90_000, "console": b"\xff\x00", "network": b"{}"},
        {"screenshots": b"PK nothing"},
        {"video": b"no video"},
    ],
    ids=["nothing", "broken logs", "broken zip", "broken video"],
)
def test_a_fault_in_an_artifact_leaves_a_page_without_it(tmp_path: Path, files: dict[str, bytes]) -> None:
    run, folder, problems = MadeUpRun(), tmp_path / "report-lambdatest", Problems()
    saved(run, folder, **files)
    run.registry.sessions["s1"].public["artifacts"]["selenium"] = "report-lambdatest/s1/elsewhere.json"
    PlayerPages(run.registry, problems, lambda: folder, tmp_path / "my report.html").bind()
    assert list(problems) == []
    page = folder / "s1" / "index.html"
    assert data_in(page)["tests"][0]["failure"] == 30
    assert data_in(page)["lag"] == data_in(page)["uncertain"] == 16, (
        "of a video that was not measured: early, never late"
    )
    assert '"../../my%20report.html"' in page.read_text(encoding="utf-8")


def test_what_keeps_pages_from_being_written_is_said(tmp_path: Path) -> None:
    run, problems = MadeUpRun(), Problems()
    saved(run, tmp_path / "report-lambdatest")
    PlayerPages(run.registry, problems, lambda: tmp_path / "report-lambdatest", None, seconds=-1).bind()
    (tmp_path / "file").write_text("")
    PlayerPages(run.registry, problems, lambda: tmp_path / "file", None).bind()
    assert [problem for problem, _ in problems] == [
        "pages with a player were written for 0 of 1 saved sessions",
        "a page with a player was not written: Not a directory",
    ]
    assert run.registry.sessions["s1"].public["player"] is None
