"""What the sidecar makes of each request: a line in, lines out."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from job_requests import ACCOUNT, about, download, mark, poll, share
from pytest_lambdatest_session.sidecar import main
from pytest_lambdatest_session.sidecar.main import serve

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_lambdatest_session.sidecar.messages import Account, Clip, Cut, Request, Start
    from scripted_server import Exchange, ScriptedServer

DEADLINE_SECONDS = 20.0
KEY = ACCOUNT[1]


def start(account: Account | None = None) -> Start:
    return {
        "type": "start",
        "path": [],
        "folder": ".",
        "parent": os.getpid(),
        "timeout_seconds": 5.0,
        "share_days": None,
        "account": account,
    }


def answers(count: int, *requests: Request | dict[str, str], account: Account | None = None) -> list[dict[str, Any]]:
    """So many results of these requests."""
    output = io.BytesIO()
    serve(start(account), [json.dumps(request).encode() + b"\n" for request in requests], output)
    deadline, event = time.monotonic() + DEADLINE_SECONDS, threading.Event()
    while (lines := output.getvalue().splitlines()) is not None and len(lines) < count:
        assert time.monotonic() < deadline, lines
        event.wait(0.005)
    return [json.loads(line) for line in lines]


def test_a_session_is_polled(api: ScriptedServer) -> None:
    *_, last = answers(1, poll("s1", api.base_url, ended=False))
    assert (last["type"], last["session_id"], last["state"], last["done"]) == ("polled", "s1", "final", True)
    assert last["details"]["status"] == "passed"
    assert api.requests[0].headers["Authorization"].startswith("Basic ")


def test_a_session_is_marked(api: ScriptedServer) -> None:
    api.will(api.details(status_ind="completed"))
    (told,) = answers(1, mark("s1", api.base_url, verdict=("failed", "boom")))
    assert told == {"type": "marked", "session_id": "s1", "written": ["failed", "boom"], "failure": None}
    assert [request.method for request in api.requests] == ["GET", "PATCH"]


def test_a_session_is_shared(api: ScriptedServer) -> None:
    api.will(api.json({"shareIdUrl": "https://x.org/1"}))
    (told,) = answers(1, share("s1", api.base_url))
    assert told == {"type": "shared", "session_id": "s1", "url": "https://x.org/1", "failure": None}
    (request,) = api.requests
    assert (request.method, request.path) == ("POST", "/automation/api/v1/generate-sharable-link")


@pytest.mark.parametrize("kind", ["mark", "share"])
def test_without_credentials_nothing_is_written_and_nothing_is_shared(kind: str) -> None:
    (told,) = answers(1, mark("s1", account=None) if kind == "mark" else share("s1", account=None))
    assert told["failure"].startswith("no credentials: set LT_USERNAME and LT_ACCESS_KEY")


def test_files_are_saved_within_the_limit(api: ScriptedServer, tmp_path: Path) -> None:
    api.will(api.answer(b'{"data": [1]}'))
    told = answers(6, {"type": "limits", "megabytes": 0.00003}, download(tmp_path, api.base_url))
    assert {one["type"] for one in told} == {"downloaded"}
    assert {one["name"] for one in told} == {"command", "console", "network", "selenium", "screenshots", "video"}
    assert [one["path"] is not None for one in told].count(True) == 2, "31 bytes are room for two of 13"


def test_a_video_is_cut(tmp_path: Path) -> None:
    """One that is none: nothing comes of it, and the answer says why."""
    (tmp_path / "video.mp4").write_bytes(b"no video")
    clip: Clip = {"number": 1, "stem": str(tmp_path / "01-test"), "start": 0.0, "end": 1.0, "poster_at": 0.5}
    cut: Cut = {
        "type": "cut",
        "session_id": "s1",
        "video": str(tmp_path / "video.mp4"),
        "clips": [clip],
        "with_clips": True,
        "keep_video": True,
        "seconds": 5.0,
    }
    (told,) = answers(1, cut)
    assert (told["type"], told["number"], told["clip"]) == ("clipped", 1, None)
    assert told["missing"]
    # A folder can't be taken away as a video can.
    (told,) = answers(1, {**cut, "video": str(tmp_path), "clips": [], "keep_video": False})
    assert told["type"] == "trouble"


def test_nothing_half_is_left_of_what_is_at_work_at_the_end(
    api: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ffmpeg that takes its time: it joins the pieces of a stream."""
    (tmp_path / "ffmpeg").write_text(
        '#!/bin/sh\nfor last; do :; done; echo half > "${last#file:}"; exec /bin/sleep 3\n'
    )
    (tmp_path / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    playlist = b"#EXTM3U\n#EXTINF:2,\n0.ts\n#EXT-X-ENDLIST\n"
    api.will(api.json({"url": f"{api.base_url}/v.m3u8"}), api.answer(playlist), api.answer(b"G" * 188))
    request, folder = download(tmp_path / "s1", api.base_url), tmp_path / "s1"
    request["files"] = ["video"]
    lines = [json.dumps(one).encode() + b"\n" for one in ({"type": "limits", "megabytes": 1.0}, request)]
    server = serve(start(), lines, io.BytesIO())
    deadline, event = time.monotonic() + DEADLINE_SECONDS, threading.Event()
    while not list(folder.glob(".*.part.mp4")):
        assert time.monotonic() < deadline
        event.wait(0.005)
    (folder / "command-log.json").write_text("{}")
    server.remove_drafts()
    assert [file.name for file in folder.iterdir()] == ["command-log.json"]


@pytest.mark.parametrize("known", ["to-the-run", "to-the-session"])
def test_no_key_that_is_known_is_saved_in_a_log(api: ScriptedServer, tmp_path: Path, known: str) -> None:
    """Where `lambdatest_fetch` is off, a session's account comes with the download and not before."""
    api.will(api.json({"data": [{"text": f"with {KEY}"}]}))
    request = download(tmp_path, api.base_url)
    if known == "to-the-run":
        request["account"] = ("somebody", "else")
    request["files"] = ["command", "console", "network", "selenium"]
    answers(4, {"type": "limits", "megabytes": 1.0}, request, account=ACCOUNT if known == "to-the-run" else None)
    logs = [file.read_text(encoding="utf-8") for file in tmp_path.iterdir()]
    assert logs == ['{"data": [{"text": "with ***"}]}'] * 4


def test_the_end_gives_up_what_is_not_over(api: ScriptedServer) -> None:
    api.will(api.hang())
    (told,) = answers(1, poll("s1", api.base_url, ended_at=1.0), {"type": "finish", "seconds": 0.1})
    assert (told["state"], told["done"]) == ("unavailable", True)


def test_a_look_that_ends_after_the_waiting_is_followed_by_no_write(api: ScriptedServer) -> None:
    proceed = threading.Event()

    def answer_too_late(exchange: Exchange) -> None:
        proceed.wait(DEADLINE_SECONDS)
        api.details(status_ind="completed")(exchange)

    api.will(answer_too_late)
    (told,) = answers(1, mark("s1", api.base_url), {"type": "finish", "seconds": 0.1})
    assert told["failure"] == "no time was left (lambdatest_budget)"
    proceed.set()
    assert not threading.Event().wait(0.3)
    assert [request.method for request in api.requests] == ["GET"]


def test_what_comes_after_the_order_to_stop_is_not_read(api: ScriptedServer) -> None:
    (told,) = answers(1, poll("s1", account=None), {"type": "stop"}, poll("s2", api.base_url))
    assert told["session_id"] == "s1"
    assert api.requests == []


def test_a_request_of_a_kind_that_is_not_known_is_passed_over() -> None:
    (told,) = answers(1, {"type": "dance"}, poll("s1", account=None))
    assert told["session_id"] == "s1"


def test_a_fault_is_told_by_its_kind_and_place_alone() -> None:
    request: Any = {"type": "poll", **about("s1", f"http://{KEY}.example/api"), "ended_at": None}
    told = answers(2, request)
    texts = [one["text"] for one in told if one["type"] == "trouble"]
    assert [text.partition(", line ")[0] for text in texts] == ["ValueError in checked_api_url"]


@pytest.mark.parametrize("name", ["posix", "nt"])
def test_a_process_that_runs_is_alive(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", name)
        alive = main._is_alive(os.getpid())
    assert alive


def test_a_line_that_ctrl_c_broke_is_passed_over() -> None:
    output = io.BytesIO()
    serve(start(), [b'{"type":"po{"type":"stop"}\n', b'{"type":"stop"}\n'], output)
    assert output.getvalue() == b""
