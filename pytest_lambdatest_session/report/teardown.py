"""`lambdatest_fetch = teardown`: each test's teardown waits for the cloud's answer about the sessions that ended in it.

For readers of results that can't wait for the end of the run: Allure, ReportPortal, reportlog, a suite's own hooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from pytest_lambdatest_session.capture.payload import SessionPayload
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.registry import Registry
    from pytest_lambdatest_session.report.updates import Updates


class TeardownFetch:
    """`news` gives what no report has carried yet: what ended in this teardown, where no earlier phase saw it."""

    def __init__(
        self,
        registry: Registry,
        updates: Callable[[], Updates],
        news: Callable[[], list[SessionPayload]],
        problems: Problems,
    ) -> None:
        self._registry = registry
        self._updates = updates
        self._news = news
        self._problems = problems

    # Outermost: fixtures have quit their drivers by then, and the report of the teardown is yet to be made.
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, None, None]:
        yield
        with self._problems.guard():
            self._ask_about_ended()

    def _ask_about_ended(self) -> None:
        self._registry.merge(self._news())
        for tracked in list(self._registry.unasked.values()):
            if tracked.ended:
                self._updates().fetch_now(tracked)
