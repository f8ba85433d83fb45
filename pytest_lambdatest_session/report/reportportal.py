"""ReportPortal: its agent sends the markers of a finished test as attributes, so sessions become markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.report.properties import SESSIONS_ATTRIBUTE

if TYPE_CHECKING:
    from collections.abc import Generator

    from pluggy import Result

    from pytest_lambdatest_session.problems import Problems

_MARKERS = {
    "lambdatest_session_id": "the id of a WebDriver session that the test used",
    "lambdatest_session_url": "the session's page in the dashboard",
    "lambdatest_status": "the cloud's status of the session, with lambdatest_fetch = teardown",
}


class ReportPortalAttributes:
    """Marks each test at its teardown. A test's second session adds markers of the same names.

    The agent reads markers when the test's protocol ends: the status is there only with `lambdatest_fetch = teardown`.
    """

    def __init__(self, config: pytest.Config, problems: Problems) -> None:
        self._problems = problems
        for name, meaning in _MARKERS.items():
            # Registered, so that --strict-markers lets them pass.
            config.addinivalue_line("markers", f"{name}(value): {meaning}")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Result[pytest.TestReport], None]:
        made = yield
        if call.when == "teardown" and made.excinfo is None:
            with self._problems.guard():
                for session in getattr(made.get_result(), SESSIONS_ATTRIBUTE, []):
                    status = session["status"] if session["state"] == "final" else None
                    # A session whose id is not known has no page.
                    for name, value in zip(_MARKERS, (session["session_id"], session["url"], status), strict=True):
                        if value:
                            item.add_marker(getattr(pytest.mark, name)(value))
