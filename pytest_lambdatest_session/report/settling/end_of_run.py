"""What is left to do with the cloud when the tests are over: mark, ask, share and save, within one budget.

The same in a process that writes reports and in a worker of xdist that has the credentials.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from pytest_lambdatest_session.report.settling.waiting import saving_text, waiting_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import pytest

    from pytest_lambdatest_session.cloud.follower import OnWait
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.ledger import Ledger
    from pytest_lambdatest_session.report.settling.artifacts import Artifacts
    from pytest_lambdatest_session.report.settling.asking import Asking
    from pytest_lambdatest_session.report.settling.marking import Marking
    from pytest_lambdatest_session.report.settling.sharing import Sharing


class CloudWork(NamedTuple):
    """What this process does with the cloud; None where nobody asked for it, or another process does it."""

    asking: Asking | None
    marking: Marking | None
    sharing: Sharing | None
    artifacts: Artifacts | None


NO_WORK = CloudWork(None, None, None, None)


class EndOfRun:
    """Belongs to the main thread. Neither a fault in one step nor Ctrl-C costs the other steps, or the reports."""

    def __init__(
        self, config: pytest.Config, ledger: Ledger, work: CloudWork, problems: Problems, budget_seconds: float
    ) -> None:
        self._config = config
        self._ledger = ledger
        self._work = work
        self._problems = problems
        self._budget_seconds = budget_seconds
        self._interrupted = False
        self._deadline: float | None = None

    def settle(self, *, interrupted: bool) -> None:
        """Bring the ledger's records up to date. Nothing is waited for once somebody pressed Ctrl-C, now or before."""
        self._interrupted = interrupted
        # One for the whole run: it is called again if the suite's own hooks ended sessions meanwhile.
        deadline = self._deadline = self._deadline or time.monotonic() + self._budget_seconds

        def left() -> float:
            return 0.0 if self._interrupted else max(0.0, deadline - time.monotonic())

        asking, marking, sharing, artifacts = self._work
        if marking is not None:
            self._step(marking.begin_end, "interrupted before all sessions were marked")
        if asking is not None and self._ledger.entries:
            self._step(
                lambda: self._ask(asking, left()),
                "interrupted while waiting for sessions; what was known by then is reported",
            )
        if marking is not None:
            self._step(lambda: marking.wait(left()), "interrupted before all sessions were marked")
        if sharing is not None:
            self._step(lambda: sharing.wait(left()), "interrupted while links to share were made")
        if artifacts is not None and not self._interrupted:
            self._step(
                lambda: self._save(artifacts),
                "interrupted while artifacts were saved; what was whole by then is reported",
            )

    def _step(self, step: Callable[[], None], when_interrupted: str) -> None:
        # Whoever is tired of waiting is not made to wait for anything else.
        self._interrupted |= self._problems.survive(step, when_interrupted)

    def _ask(self, asking: Asking, seconds: float) -> None:
        with self._line() as on_wait:
            asking.wait(seconds, on_wait)

    def _save(self, artifacts: Artifacts) -> None:
        with self._line(saving_text) as on_wait:
            artifacts.save(on_wait)

    def _line(self, text: Callable[[int, float], str] | None = None) -> AbstractContextManager[OnWait | None]:
        # A worker of xdist has no terminal, and so no line.
        return waiting_line(self._config, self._problems, text)
