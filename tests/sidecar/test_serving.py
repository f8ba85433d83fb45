"""What the sidecar makes of each request: a line in, lines out."""

from __future__ import annotations

import io
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from eventually import DEADLINE_SECONDS, eventually
from job_requests import ACCOUNT, about, cut, download, mark, poll, share, start
from pytest_lambdatest_session.sidecar import main
from pytest_lambdatest_session.sidecar.main import serve

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_lambdatest_session.sidecar.messages import Account
    from scripted_server import Exchange, ScriptedServer

KEY = ACCOUNT[1]


def answers(count: int, *requests: object, account: Account | None = None) -> list[dict[str, Any]]:
    """So many results of these requests."""
    return served(count, (json.dumps(request).encode() + b"\n" for request in requests), account)


def served(count: int, lines: Iterable[bytes], account: Account | None = None) -> list[dict[str, Any]]:
    output = io.BytesIO()
    serve(start(account=account), lines, output)
    assert eventually(lambda: output.getvalue().count(b"\n") >= count)
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_a_session_is_polled(api: ScriptedServer) -> None:
    *_, last = answers(1, poll("s1", api.base_url, ended=False))
    assert (last["type"], last["session_id"], last["state"], last["done"]) == ("polled", "s1", "final", True)
    assert last["details"]["status"] == "passed"
    assert api.requests[0].headers["Authorization"].startswith("Basic ")


def test_a_session_is_marked_and_shared(api: ScriptedServer) -> None:
    api.will(api.details(status_ind="completed"))
    (told,) = answers(1, mark("s1", api.base_url, verdict=("failed", "boom")))
    assert told == {"type": "marked", "session_id": "s1", "written": ["failed", "boom"], "failure": None}
    api.will(api.json({"shareIdUrl": "https://x.org/1"}))
    (told,) = answers(1, share("s1", api.base_url))
    assert told == {"type": "shared", "session_id": "s1", "url": "https://x.org/1", "failure": None}
    path = "/automation/api/v1/generate-sharable-link"
    assert [request.method for request in api.requests] == ["GET", "PATCH", "POST"]
    assert api.requests[-1].path == path


def test_without_credentials_nothing_is_asked_written_or_shared() -> None:
    told = answers(3, mark("s1", account=None), share("s1", account=None), poll("s1", account=None))
    reasons = [one.get("failure") or one["error"] for one in told]
    assert [reason.partition(" to see")[0] for reason in reasons] == [
        "no credentials: set LT_USERNAME and LT_ACCESS_KEY"
    ] * 3
    assert told[2]["state"] == "unavailable"


def test_files_are_saved_within_the_limit(api: ScriptedServer, tmp_path: Path) -> None:
    api.will(api.answer(b'{"data": [1]}'))
    told = answers(6, {"type": "limits", "megabytes": 0.00003}, download(tmp_path, api.base_url))
    assert {one["type"] for one in told} == {"downloaded"}
    assert {one["name"] for one in told} == {"command", "console", "network", "selenium", "screenshots", "video"}
    assert [one["path"] is not None for one in told].count(True) == 2, "31 bytes are room for two of 13"


def test_a_video_is_cut(tmp_path: Path) -> None:
    """One that is none: nothing comes of it, and the answer says why."""
    (tmp_path / "video.mp4").write_bytes(b"no video")
    request = cut(tmp_path / "video.mp4", keep_video=True)
    (told,) = answers(1, request)
    assert (told["type"], told["number"], told["clip"]) == ("clipped", 1, None)
    assert told["missing"]
    # A folder can't be taken away as a video can.
    (told,) = answers(1, cut(tmp_path, clips=[]))
    assert told["type"] == "trouble"


def test_nothing_half_is_left_of_what_is_at_work_at_the_end(
    api: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ffmpeg that takes its time: it joins the pieces of a stream."""
    os.mkfifo(tmp_path / "end")
    (tmp_path / "ffmpeg").write_text(
        f'#!/bin/sh\nfor last; do :; done; echo half > "${{last#file:}}"; exec /bin/cat {tmp_path}/end\n'
    )
    (tmp_path / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    playlist = b"#EXTM3U\n#EXTINF:2,\n0.ts\n#EXT-X-ENDLIST\n"
    api.will(api.json({"url": f"{api.base_url}/v.m3u8"}), api.answer(playlist), api.answer(b"G" * 188))
    request, folder = download(tmp_path / "s1", api.base_url), tmp_path / "s1"
    request["files"] = ["video"]
    lines = [json.dumps(one).encode() for one in ({"type": "limits", "megabytes": 1.0}, request)]
    server = serve(start(), lines, io.BytesIO())
    assert eventually(lambda: list(folder.glob(".*.part.mp4")))
    (folder / "command-log.json").write_text("{}")
    server.remove_drafts()
    left = [file.name for file in folder.iterdir()]
    (tmp_path / "end").write_text("")
    assert left == ["command-log.json"]


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


def test_a_look_that_ends_after_the_waiting_is_followed_by_no_write(api: ScriptedServer) -> None:
    proceed = threading.Event()

    def answer_too_late(exchange: Exchange) -> None:
        proceed.wait(DEADLINE_SECONDS)
        api.details(status_ind="completed")(exchange)

    def lines() -> Iterable[bytes]:
        yield json.dumps(mark("s1", api.base_url)).encode()
        assert eventually(lambda: api.requests)
        yield b'{"type": "finish", "seconds": 0}'

    api.will(answer_too_late)
    (told,) = served(1, lines())
    assert told["failure"] == "no time was left (lambdatest_budget)"
    proceed.set()
    assert not eventually(lambda: len(api.requests) > 1, 0.3)


def test_what_makes_no_sense_or_comes_after_the_order_to_stop_is_passed_over(api: ScriptedServer) -> None:
    """Such as a line that Ctrl-C broke: it comes once more."""
    meant = [{"type": "dance"}, poll("s1", account=None), {"type": "stop"}, poll("s2", api.base_url)]
    (told,) = served(1, [b'{"type":"po{"type":"stop"}\n', *(json.dumps(one).encode() for one in meant)])
    assert (told["session_id"], api.requests) == ("s1", [])


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
