"""What the tests' process asks the sidecar for, with the fields that a test does not care about filled in."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.sidecar.messages import (
        Account,
        Cut,
        Download,
        Mark,
        Poll,
        SessionRequest,
        Share,
        Start,
    )

WEB = "https://api.lambdatest.com/automation/api/v1"
APP = "https://mobile-api.lambdatest.com/mobile-automation/api/v1"
ACCOUNT = ("planted-user", "planted-access-key")


def start(**differences: Any) -> Start:
    usual: Start = {
        "type": "start",
        "path": [],
        "folder": str(Path.cwd()),
        "parent": os.getpid(),
        "timeout_seconds": 30.0,
        "share_days": None,
        "account": None,
    }
    return {**usual, **differences}  # type: ignore[typeddict-item]


def about(
    session_id: str, base_url: str, *, kind: Kind = "web", account: Account | None = ACCOUNT, rank: int = 1
) -> SessionRequest:
    return {"session_id": session_id, "base_url": base_url, "kind": kind, "account": account, "rank": rank}


def poll(
    session_id: str = "s",
    base_url: str = WEB,
    *,
    ended: bool = True,
    ended_at: float | None = None,
    kind: Kind = "web",
    account: Account | None = ACCOUNT,
    rank: int = 1,
) -> Poll:
    """About a session that ended just now, unless told otherwise."""
    if ended and ended_at is None:
        ended_at = time.time()
    asked = about(session_id, base_url, kind=kind, account=account, rank=rank)
    return {"type": "poll", **asked, "ended_at": ended_at}


def mark(
    session_id: str = "s",
    base_url: str = WEB,
    *,
    verdict: tuple[str, str] | None = ("passed", ""),
    overwrite: bool = False,
    account: Account | None = ACCOUNT,
) -> Mark:
    """Of a session that ended long ago; an app's has the same verdict."""
    return {
        "type": "mark",
        **about(session_id, base_url, account=account),
        "ended_at": 0.0,
        "verdicts": {"web": verdict, "app": verdict},
        "overwrite": overwrite,
    }


def share(session_id: str = "s", share_url: str = WEB, *, account: Account | None = ACCOUNT) -> Share:
    return {
        "type": "share",
        **about(session_id, "https://not.asked.example", account=account),
        "share_url": share_url,
        "test_id": f"T-{session_id}",
        "days": 7,
    }


def download(folder: Path, base_url: str, session_id: str = "s", *, has_video: bool = True) -> Download:
    files = ["command", "console", "network", "selenium", "screenshots", "video"]
    return {
        "type": "download",
        **about(session_id, base_url),
        "folder": str(folder),
        "files": files,
        "has_video": has_video,
    }


def cut(video: Path, **differences: Any) -> Cut:
    """One clip, and nothing of the video beside it."""
    usual: Cut = {
        "type": "cut",
        "session_id": "s",
        "video": str(video),
        "clips": [{"number": 1, "stem": str(video.with_name("02-test")), "start": 1.0, "end": 3.0, "poster_at": 2.0}],
        "with_clips": True,
        "keep_video": False,
        "seconds": 30.0,
    }
    return {**usual, **differences}  # type: ignore[typeddict-item]
