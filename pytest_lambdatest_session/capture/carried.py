"""The shapes of what reports carry from the process that ran a test. For type checkers: nobody loads this in a run.

Exact builtins only: xdist aborts on anything else. Times are seconds since the epoch on this machine's clock.
"""

from __future__ import annotations

from typing import TypedDict


class CarriedCommand(TypedDict):
    """A command, or several alike in a row, as a report carries it: exact builtins only."""

    session: str
    name: str
    about: str
    """Which element or which address, "" if there is nothing to say that may be said."""
    at: float
    """When the first was sent, in seconds since the epoch on this machine's clock."""
    seconds: float
    """From sending to the answer; of several the sum."""
    error: str | None
    times: int


class _CarriedMark(TypedDict, total=False):
    marked: bool
    """There, and true, if the suite itself told the cloud how it went, with a hook such as `lambda-status`."""


class CarriedSession(_CarriedMark):
    """What is known of a session where the test runs. Times are seconds since the epoch on this machine's clock."""

    id: str
    hub: str
    started_at: float | None
    """None if the session was met after its start, through an attached driver."""
    ended_at: float | None


class CarriedUse(TypedDict):
    """One attempt's use of one session."""

    id: str
    created: bool
    first_at: float
    """When the first command was sent."""
    last_at: float
    """When the last one was answered."""


class CarriedRefusal(TypedDict):
    """A session that a hub did not start."""

    hub: str
    error: str


class _CarryOfFailure(TypedDict, total=False):
    """What only the report of a phase that failed carries."""

    commands: list[CarriedCommand]
    """The last commands before the failure, oldest first."""


class Carry(_CarryOfFailure):
    """What a report carries from the process that ran the test: exact builtins only, xdist aborts on anything else.

    Cumulative for the attempt, so that any one of its reports suffices; some plugins hide or drop single reports.
    """

    attempt: int
    uses: list[CarriedUse]
    sessions: list[CarriedSession]
    refusals: list[CarriedRefusal]
