"""What a test's reports carry from the process that ran it. For type checkers: nobody loads this in a run.

Exact builtins only: xdist aborts on anything else. Times are seconds since the epoch on this machine's clock.
"""

from __future__ import annotations

from typing import Literal, TypedDict


class CommandPayload(TypedDict):
    """A command, or several alike in a row."""

    session: str
    name: str
    about: str
    """Which element or which address, "" if there is nothing to say that may be said."""
    at: float
    """When the first was sent."""
    seconds: float
    """From sending to the answer; of several the sum."""
    error: str | None
    times: int


class _Flags(TypedDict, total=False):
    marked: bool
    """There, and true, if the suite itself told the cloud how it went, with a hook such as `lambda-status`."""
    told_id: str | None
    """There if `id` only stands for the session, as LambdaTest tells that of a Playwright session later, or never; what
    it has told, or None."""
    own_account: bool
    """There, and true, if only the worker of xdist that opened it has its credentials, and so asks about it."""


class SessionPayload(_Flags):
    """What is known of a session where the test runs."""

    id: str
    hub: str
    started_at: float | None
    """None if the session was met after its start, through an attached driver."""
    ended_at: float | None


class UsePayload(TypedDict):
    """One attempt's use of one session."""

    id: str
    created: bool
    first_at: float
    """When the first command was sent."""
    last_at: float
    """When the last one was answered."""


class CreationFailure(TypedDict):
    """A session that a hub did not create."""

    hub: str
    error: str


class _Commands(TypedDict, total=False):
    commands: list[CommandPayload]
    """The last ones before a failure, oldest first; only on the report of what failed."""


class Payload(_Commands):
    """What an attempt did up to now: cumulative, so that any one of its reports suffices."""

    attempt: str
    """Unique in the run, whatever the test is called."""
    test: str
    """The same for all attempts of one test item, unique in the run too."""
    number: int
    """Which of the item's attempts it is, from 1."""
    snapshot: int
    """How many payloads of this attempt were made before it: of two the later one knows more."""
    uses: list[UsePayload]
    sessions: list[SessionPayload]
    """Those that it used, and those that changed since the last payload was made."""
    creation_failures: list[CreationFailure]


class UnloggedAttempt(TypedDict):
    """An attempt that used sessions, and of which no report was logged."""

    payload: Payload
    nodeid: str
    outcome: Literal["rerun", "unreported"] | None
    """None if it was interrupted."""


class Unreported(TypedDict):
    """What a process knows when its tests are over, whether or not reports said so before."""

    sessions: list[SessionPayload]
    creation_failures: list[CreationFailure]
    """Those outside of tests."""
    attempts: list[UnloggedAttempt]
    ignored_hubs: list[str]
    """Hosts of remote sessions that `lambdatest_hub` does not match."""
