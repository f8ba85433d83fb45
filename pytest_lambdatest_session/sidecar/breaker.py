"""Whether an API is worth asking; one breaker for each.

Closed, everybody may ask. Failures in a row open it: nobody may, until a cool-down is over and one
request, the probe, goes through. Its success closes the breaker, its failure opens it for twice as long.
The end of the run has no time for that: from `last_chance` on an open breaker gets one probe at once, and
if that fails the API is given up.

Pure bookkeeping: time is passed in, and whoever shares a breaker among threads holds a lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Hashable

    from pytest_lambdatest_session.sidecar.policy import Policy

Admission = Literal["go", "probe", "wait"]


class Breaker:
    """What one API's answers say about it."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._failures: set[Hashable] = set()
        self._cool_down_seconds = policy.cool_down_seconds
        self._is_last_chance = False
        self._is_held = False
        self.reason: str | None = None
        """The line of the last failure."""
        self.open_until: float | None = None
        """When the next probe is due; None while closed."""
        self.is_probing = False
        self.is_given_up = False

    @property
    def has_failed(self) -> bool:
        """Return whether the last answer was a failure."""
        return bool(self._failures)

    @property
    def is_open(self) -> bool:
        return self.open_until is not None

    def admit(self, now: float) -> Admission:
        """Tell whether to ask; `probe` is given to one request at a time, and to be reported as such."""
        if self.open_until is None:
            return "go"
        if self.is_probing or self.is_given_up or now < self.open_until:
            return "wait"
        self.is_probing = True
        return "probe"

    def succeeded(self, *, probe: bool = False) -> None:
        """Note an answer: whatever it said, the API is there."""
        self._failures.clear()
        # A late answer to an earlier request does not undo what the API asked for.
        if probe or not self._is_held:
            self._close()

    def failed(self, reason: str, now: float, *, session_id: str | None = None, probe: bool = False) -> None:
        """Note a failure; one that may be the session's alone, not the API's, names it and counts once."""
        self.reason = reason
        self._failures.add(object() if session_id is None else session_id)
        if probe and self.is_probing:  # nobody else got an answer meanwhile
            self.is_probing = False
            self.is_given_up = self._is_last_chance
            self._open(now)
        elif not self.is_open and len(self._failures) >= self._policy.failure_threshold:
            self._open(now)

    def hold(self, reason: str, now: float, seconds: float, *, probe: bool = False) -> None:
        """Note that the API wants to be left alone for so long."""
        self.reason = reason
        self._is_held = True
        self.is_probing = self.is_probing and not probe
        self.open_until = max(self.open_until or 0.0, now + seconds)

    def last_chance(self, now: float, deadline: float) -> None:
        """Switch to the ways of the end of the run, which lasts until `deadline` at most."""
        self._is_last_chance = True
        if self.open_until is not None and not self._is_held:
            self.open_until = min(self.open_until, now)
        self.give_up_after(deadline)

    def give_up_after(self, deadline: float) -> None:
        """Give up if nobody may ask before `deadline`."""
        if self.open_until is not None and self.open_until > deadline:
            self.is_given_up = True

    def _open(self, now: float) -> None:
        if self._is_last_chance:
            self.open_until = now + self._policy.backoff_seconds
            return
        self.open_until = now + self._cool_down_seconds
        self._cool_down_seconds = min(2 * self._cool_down_seconds, self._policy.longest_cool_down_seconds)

    def _close(self) -> None:
        self.open_until = None
        self.is_probing = False
        self.is_given_up = False
        self._is_held = False
        self._cool_down_seconds = self._policy.cool_down_seconds
