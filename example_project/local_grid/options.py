"""What a test may change while the grid runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

VideoLink: TypeAlias = Literal["auto", "mp4", "player", "signed", "stream", "none"]


@dataclass(eq=False)
class GridOptions:
    """Plain attributes, read afresh for every request."""

    ready_after: float = 0.7
    """Seconds from a session's end until the API returns its final details."""
    missing_until_ready: bool = False
    """Until then answer 404, as the mobile API does, instead of "running"."""
    latency: float = 0.0
    """Seconds that every request to the API takes."""
    record: bool = True
    """Record real browsers."""
    video_starts_late: float = 0.0
    """Seconds of the session's start that are missing in its video."""
    video_loses_tail: float = 0.0
    """Seconds of the session's end that are missing in its video."""
    video_shows_time: bool = False
    """Paint the session's elapsed time into the video, for `recording.read_elapsed_seconds`."""
    video_link: VideoLink = "auto"
    """Form of `video_url`. "auto" is the mp4 of a recorded session; a session that is not recorded has no links.
    "stream" is a playlist (m3u8) of pieces of that mp4."""
    echo_capabilities: bool = False
    """Return `LT:Options`, access key included, in the capabilities, as some hubs do."""
    answer_actions_after: float | None = 0.0
    """Seconds until Playwright's `lambdatest_action` is answered; with None there are no test details."""
    refuse_sessions: str | None = None
    """Answer every new session with `session not created` and this message."""
    signed_link_seconds: float = 60.0
    """Lifetime of a signed link."""
    accounts: dict[str, str] = field(default_factory=dict, repr=False)
    """`{user name: access key}`. An account sees only its own sessions."""
    rewrite_details: Callable[[dict[str, Any]], Any] | None = None
    """Called with the `data` of a session's details; returns what is sent instead."""
    rewrite_answer: Callable[[dict[str, Any]], Any] | None = None
    """The same for the whole answer, `message` and `status` included."""
