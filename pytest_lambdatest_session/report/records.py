"""The public shape of a session: what the sessions file, the reports and the users' hooks are given."""

from __future__ import annotations

from typing import Literal, TypedDict

State = Literal["final", "running", "pending", "not_found", "unavailable", "unchecked"]
Outcome = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed", "rerun", "unreported"]
"""`unreported`: it ran to its end, and no report of it was logged."""


class SessionUse(TypedDict):
    """One attempt of one test that used a session."""

    nodeid: str
    outcome: Outcome | None
    """None while the attempt runs, or if its worker died."""
    attempt: int
    """Counted from 1; reruns make more."""
    worker: str | None
    """xdist's worker id."""
    offset: float | None
    """Seconds from the session's start to the test's first command."""
    end_offset: float | None
    """The same to the answer to its last command, those of its teardown included."""
    video_offset: float | None
    """The second of the video at which the test starts, or some seconds before it; None without a video."""
    video_end_offset: float | None
    """The second at which it has ended."""
    video_offset_is_certain: bool
    """Whether the test starts within a second of `video_offset`."""
    clip: str | None
    """The path of a failed test's part of the video, relative to the report's folder."""
    poster: str | None
    """That of the frame at its failure."""


class ReportedSession(TypedDict):
    """A session as reports carry it: exact builtins only, and nothing secret. Unknown is None."""

    session_id: str
    test_id: str | None
    hub: str
    kind: Literal["web", "app"]
    state: State
    error: str | None
    """Why the state is not final, in one line."""
    status: str | None
    """The cloud's word as it is; `completed` means ended and unmarked, not passed."""
    remark: str | None
    duration: float | None
    """Seconds."""
    started_at: str | None
    """RFC 3339 in UTC, on the cloud's clock; so is ended_at."""
    ended_at: str | None
    name: str | None
    build_name: str | None
    browser: str | None
    browser_version: str | None
    platform: str | None
    device: str | None
    url: str
    """The session's page in the dashboard."""
    share_url: str | None
    """Opens without a login, until the day of `shared_until` (`YYYY-MM-DD`)."""
    shared_until: str | None
    video_url: str | None
    screenshot_url: str | None
    logs: dict[str, str]
    """`{kind: url}`: command, console, network, selenium; of apps also appium and device. The API asks for a login."""
    artifacts: dict[str, str]
    """`{name: path}` of what was saved: video, screenshots and kinds of logs; relative to the report's folder."""
    artifacts_missing: dict[str, str]
    """`{name: why}` of what was to be saved and was not."""
    video_seconds: float | None
    """How long the saved video is; None if it was not saved or does not say."""
    player: str | None
    """The page beside the report that plays it: its path, relative to the report's folder."""
    links: dict[str, str]
    """`{name: url}` of the links that the suite's own hook added."""


class SessionRecord(ReportedSession):
    """A session with the tests that used it: a line of the sessions file."""

    tests: list[SessionUse]
