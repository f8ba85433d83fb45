"""What the tests' process asks the sidecar for, with the fields that a test does not care about filled in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.sidecar.messages import Account, Download, Mark, Poll, SessionRequest, Share

WEB = "https://api.lambdatest.com/automation/api/v1"
APP = "https://mobile-api.lambdatest.com/mobile-automation/api/v1"
ACCOUNT = ("planted-user", "planted-access-key")


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
