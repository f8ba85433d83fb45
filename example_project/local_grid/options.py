"""What a test may turn while the grid runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

VideoLink: TypeAlias = Literal["auto", "mp4", "player", "signed", "none"]


@dataclass(eq=False)
class Knobs:
    """Plain attributes, read afresh for every request."""

    ready_after: float = 0.7
    """Seconds from a session's end until the API gives its final details."""
    missing_until_ready: bool = False
    """Until then the API answers 404, as the mobile one does, instead of "running"."""
    latency: float = 0.0
    """Seconds that every request to the API takes."""
    record: bool = True
    """Record what real browsers show."""
    video_link: VideoLink = "auto"
    """How `video_url` looks. "auto" is a plain mp4 where the session is recorded, else empty, as is then
    the screenshots' link."""
    echo_capabilities: bool = False
    """Give LT:Options, the access key included, back in the capabilities, as some hubs do."""
    refuse_sessions: str | None = None
    """The hub answers every new session with `session not created` and this message."""
    signed_link_seconds: float = 60.0
    """How long a signed link works."""
    accounts: dict[str, str] = field(default_factory=dict, repr=False)
    """Access key of every user name that may come in. An account sees its own sessions only."""
    rewrite_details: Callable[[dict[str, Any]], Any] | None = None
    """Puts odd values into the `data` of a session's details: gets it, returns what is sent instead."""
    rewrite_answer: Callable[[dict[str, Any]], Any] | None = None
    """The same for the whole answer, `message` and `status` included."""
