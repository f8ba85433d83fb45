"""What a grid is started with, and what a test may change while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BackendName: TypeAlias = Literal["auto", "chromium", "simulated"]
VideoLink: TypeAlias = Literal["auto", "mp4", "player", "signed", "stream", "none"]


@dataclass(eq=False, kw_only=True, repr=False)
class GridOptions:
    """Plain attributes. Those behind `port` are read afresh for every request."""

    backend: BackendName = "auto"
    """"auto" is Chromium where it is installed, and else the simulated browser."""
    username: str = "local_user"
    access_key: str = "local_key"
    pages_dir: Path | None = None
    """Where each session has its page written, if anywhere."""
    port: int = 0
    """0 takes a free one, which stands here from `start` on, also after `close`: files of the run contain it."""
    ready_after: float = 0.7
    """Seconds from a session's end until the API returns its final details."""
    latency: float = 0.0
    """Seconds that every request to the API takes."""
    retry_after: float | str = 1
    """The `Retry-After` of the faults "throttled" and "unavailable"."""
    record: bool = True
    """Record real browsers."""
    video_starts_late: float = 0.0
    """Seconds of the session's start that are missing in its video."""
    video_shows_time: bool = False
    """Paint the session's elapsed time into the video, for `recording.read_elapsed_seconds`."""
    video_link: VideoLink = "auto"
    """Form of `video_url`. "auto" is the mp4 of a recorded session; a session that is not recorded has no links.
    "stream" is a playlist (m3u8) of pieces of that mp4."""
    echo_capabilities: bool = False
    """Return `LT:Options`, access key included, in the capabilities, as some hubs do."""
    answer_actions_after: float | None = 0.0
    """Seconds until Playwright's `lambdatest_action` is answered; with None there are no test details."""
    accounts: dict[str, str] = field(default_factory=dict)
    """`{user name: access key}`, the one above included. An account sees only its own sessions."""
    rewrite_details: Callable[[dict[str, Any]], Any] | None = None
    """Called with the `data` of a session's details; returns what is sent instead."""
    rewrite_answer: Callable[[dict[str, Any]], Any] | None = None
    """The same for the whole answer, `message` and `status` included."""
