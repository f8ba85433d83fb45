"""How often, how long and with how many threads the API is asked; one policy for all that is asked of it."""

from __future__ import annotations

from dataclasses import dataclass, field


class InitialDelay:
    """How long after a session's end it is asked about: as long as LambdaTest was seen to need to notice an end.

    Asked earlier, it still says `running`, and is asked once more. Whether less would do, one session at a time tries.
    """

    def __init__(self, seconds: float = 0.8, longest_seconds: float = 5.0) -> None:
        self.usual_seconds = self.seconds = seconds
        self._longest_seconds = longest_seconds
        self._is_known = self._may_try_less = False

    def for_next(self) -> float:
        """Return the seconds for another session."""
        if not self._may_try_less:
            return self.seconds
        self._may_try_less = False
        return self.seconds / 2

    def answered(self, seconds: float, *, had_ended: bool) -> None:
        """Learn from the first answer about a session, and whether LambdaTest knew of its end after so many seconds."""
        if had_ended and (seconds < self.seconds or not self._is_known):
            self.seconds = seconds
            self._may_try_less = True
        self._may_try_less &= had_ended or seconds < self.seconds
        self._is_known = True

    def noticed(self, seconds: float, *, asked_after: float) -> None:
        """Learn that LambdaTest knew of an end, about which it was asked too early, after so many seconds."""
        if asked_after < self.seconds:  # a try, or from before this was learned
            return
        self.seconds = min(seconds, self._longest_seconds)
        self._may_try_less = self.seconds > self.usual_seconds  # it was an exception, perhaps


@dataclass(frozen=True, slots=True)
class Policy:
    """All figures in one place, so that tests can pass smaller ones."""

    threads: int = 32
    """At most, and only while requests wait: eight, asked for 200 sessions in six seconds by an API that takes one,
    kept the end of the run waiting for 22 s, sixteen for 10 s, and these for 3.5 s. See docs/performance.md."""
    initial_delay: InitialDelay = field(default_factory=InitialDelay)
    """From a session's end to the first request. At the end of the run, which waits, what was not asked about yet is
    asked about at once nevertheless, once."""
    backoff_seconds: float = 0.4
    backoff_factor: float = 1.6
    longest_backoff_seconds: float = 5.0
    """For `missing_seconds`; after that, while tests run, a session may rest up to twelve times as long."""
    incomplete_seconds: float = 3.0
    """How long an answer with parts still to come is asked again before it counts as all there will be."""
    missing_seconds: float = 30.0
    """How long a 404 may still turn into an answer while tests run."""
    missing_at_finish_seconds: float = 4.0
    """The same once the run waits: a session id that LambdaTest never knew must not cost the whole budget."""
    tries: int = 4
    """How many failures one session may have once the run waits for it."""
    failure_threshold: int = 3
    """How many failures in a row close an API for `cool_down_seconds`, doubled each time a probe fails."""
    cool_down_seconds: float = 30.0
    longest_cool_down_seconds: float = 300.0

    def backoff(self, step: int, age_seconds: float = 0.0) -> float:
        """Return the seconds to wait before the next request, after so many of them."""
        is_young = age_seconds < self.missing_seconds
        longest = self.longest_backoff_seconds * (1 if is_young else 12)
        # Bounded, as a night of failures would overflow a float.
        return min(self.backoff_seconds * self.backoff_factor ** min(step, 50), longest)
