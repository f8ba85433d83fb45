"""What the tests' process and the sidecar say to each other: one JSON object a line, told apart by `type`.

The first line to the sidecar is `Start`; whatever of credentials it needs comes by these lines and by no other way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from pytest_lambdatest_session.cloud.endpoints import Kind

Account = tuple[str, str]
"""User name and access key; a list in JSON."""
NO_TIME = "no time was left ({})"
"""Why something is not done, given the setting that limits the time."""
STILL_RUNNING = "LambdaTest still lists it as running"
"""Why a session was not marked that ended only just now."""
State = Literal["final", "running", "pending", "not_found", "unavailable"]


class Start(TypedDict):
    """Where to import from, and what holds for the whole run."""

    type: Literal["start"]
    path: list[str]
    """For `sys.path`, which the sidecar starts without."""
    folder: str
    """The working folder; relative paths in the environment, such as that of `REQUESTS_CA_BUNDLE`, begin there."""
    parent: int
    """The process id whose end ends the sidecar."""
    timeout_seconds: float
    share_days: int | None
    account: Account | None
    """The pair of the environment: masked in what is downloaded, whoever opened the session."""


class SessionRequest(TypedDict):
    """What each request about a session says."""

    session_id: str
    base_url: str
    """Of the API to ask, as `cloud.endpoints` chose it."""
    kind: Kind
    account: Account | None
    rank: int
    """Of those that are due, the lowest goes first."""


class Poll(SessionRequest):
    """Ask until the answer is final; of a session that was not quit, once."""

    type: Literal["poll"]
    ended_at: float | None
    """When it was quit, in seconds since the epoch; None if it was not."""


class Mark(SessionRequest):
    """Write pytest's outcome to a session when LambdaTest knows that it ended."""

    type: Literal["mark"]
    ended_at: float | None
    verdicts: dict[Kind, tuple[str, str] | None]
    """Status and remark by product, since the hub's name does not always tell which one the session is of."""
    overwrite: bool


class ShareRequest(TypedDict):
    """Which link to make."""

    share_url: str
    """Base address of the share service."""
    test_id: str
    days: int


class Share(SessionRequest, ShareRequest):
    """Make a link that opens without a login."""

    type: Literal["share"]


class DownloadRequest(TypedDict):
    """What to save where."""

    folder: str
    files: list[str]
    """Their names."""
    has_video: bool
    """Whether LambdaTest spoke of a video: then it is waited for a little longer."""


class Download(SessionRequest, DownloadRequest):
    """Save logs, screenshots and video into a folder."""

    type: Literal["download"]


class Clip(TypedDict):
    """The part of a video that has one test."""

    number: int
    """Which of the session's uses it is."""
    stem: str
    """The path of what is made, without its ending."""
    start: float
    """Seconds of the video."""
    end: float
    poster_at: float


class CutRequest(TypedDict):
    """Which video to cut, and where."""

    session_id: str
    video: str
    clips: list[Clip]
    with_clips: bool
    """Whether more than posters is wanted."""
    keep_video: bool
    """Whether the whole video stays when everything was cut out of it."""


class Cut(CutRequest):
    """Cut clips out of a saved video, within so many seconds; it takes no talk with LambdaTest."""

    type: Literal["cut"]
    seconds: float


class DownloadLimits(TypedDict):
    """What all downloads together may take; comes before them."""

    type: Literal["limits"]
    megabytes: float


class Finish(TypedDict):
    """The tests are over: be quick, and give up what is not done in so many seconds."""

    type: Literal["finish"]
    seconds: float


Request = Start | Poll | Mark | Share | Download | DownloadLimits | Cut | Finish


class Hello(TypedDict):
    """The sidecar's process id, as soon as there is one."""

    type: Literal["hello"]
    pid: int


class Polled(TypedDict):
    """What is known of a session; once more whenever that changes, until `done`."""

    type: Literal["polled"]
    session_id: str
    state: State
    kind: Kind
    error: str | None
    details: dict[str, object] | None
    """The cloud's fields of `ReportedSession`."""
    done: bool


class Marked(TypedDict):
    """How marking went: `written` what was, `failure` why not; neither where the session was left as it is."""

    type: Literal["marked"]
    session_id: str
    written: tuple[str, str] | None
    failure: str | None


class Shared(TypedDict):
    type: Literal["shared"]
    session_id: str
    url: str | None
    failure: str | None


class Downloaded(TypedDict):
    """One file: its path, or why it is missing."""

    type: Literal["downloaded"]
    session_id: str
    name: str
    path: str | None
    missing: str | None
    seconds: float | None
    """How long a video is; None if it does not say, and for all else."""


class Clipped(TypedDict):
    """What was cut for one test: paths, or why the clip is missing."""

    type: Literal["clipped"]
    session_id: str
    number: int
    clip: str | None
    poster: str | None
    missing: str | None


class Trouble(TypedDict):
    """Something in the sidecar failed: the kind and place, in words for the terminal."""

    type: Literal["trouble"]
    text: str


Result = Hello | Polled | Marked | Shared | Downloaded | Clipped | Trouble
