"""Whether an API is worth asking; one breaker for each.

Closed, everybody may ask. Failures in a row open it: nobody may, until a cool-down is over and one
request, the probe, goes through. Its success closes the breaker, its failure opens it for twice as long.
The end of the run has no time for that: from `last_chance` on an open breaker gets one probe at once, and
if that fails the API is given up.

Pure bookkeeping: time is passed in, and whoever shares a breaker among threads holds a lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from pytest_lambdatest_session.sidecar.policy import Policy


class Breaker:
    """What one API's answers say about it; `asker` stands for a request, and may be any object."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._failures: set[Hashable] = set()
        self._cool_down_seconds = policy.cool_down_seconds
        self._is_last_chance = False
        self._is_held = False
        self._probe: object = None
        """The request that is let through while it is open."""
        self.reason: str | None = None
        """The line of the last failure; None once there was an answer."""
        self.open_until: float | None = None
        """When the next probe is due; None while closed."""
        self.is_given_up = False

    @property
    def is_open(self) -> bool:
        return self.open_until is not None

    def admits(self, asker: object, now: float) -> bool:
        """Return whether to ask; while it is open, one request at a time, which is the probe then."""
        if self.open_until is None:
            return True
        if self._probe is not None or self.is_given_up or now < self.open_until:
            return False
        self._probe = asker
        return True

    def succeeded(self, asker: object) -> None:
        """Note an answer: whatever it said, the API is there."""
        self._failures.clear()
        # A late answer to an earlier request does not undo what the API asked for.
        if not self._is_held or self._probe is asker:
            self._probe = self.reason = self.open_until = None
            self.is_given_up = self._is_held = False
            self._cool_down_seconds = self._policy.cool_down_seconds

    def failed(self, asker: object, reason: str, now: float, *, of: Hashable = None) -> None:
        """Note a failure; one that may be a session's alone, not the API's, is `of` that session and counts once."""
        self.reason = reason
        self._failures.add(of or object())
        if self._probe is asker:
            self._probe = None
            self.is_given_up = self._is_last_chance
        elif self.is_open or len(self._failures) < self._policy.failure_threshold:
            return
        seconds = self._policy.backoff_seconds if self._is_last_chance else self._cool_down_seconds
        self.open_until = now + seconds
        self._cool_down_seconds = min(2 * self._cool_down_seconds, self._policy.longest_cool_down_seconds)

    def hold(self, asker: object, reason: str, now: float, seconds: float) -> None:
        """Note that the API wants to be left alone for so long."""
        self.reason = reason
        self._is_held = True
        self._probe = None if self._probe is asker else self._probe
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
