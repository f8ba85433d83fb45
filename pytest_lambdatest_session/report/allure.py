"""Allure: links on the test's result, in the process that ran the test, before its result file is written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_lambdatest_session.report.formatting import duration_text, shown_status
from pytest_lambdatest_session.report.properties import SESSIONS_ATTRIBUTE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pluggy import Result

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.records import ReportedSession


class AllureLinks:
    """Links to the session and, once the cloud has answered, its video and logs.

    Allure writes a result when its test ends, long before the end of the run: the status is there only with
    `lambdatest_fetch = teardown`.
    """

    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, Result[pytest.TestReport], None]:
        made = yield
        commons: Any = sys.modules.get("allure_commons")
        if call.when == "teardown" and commons is not None and made.excinfo is None:
            with self._problems.guard():
                for name, url in _links(getattr(made.get_result(), SESSIONS_ATTRIBUTE, [])):
                    commons.plugin_manager.hook.add_link(url=url, link_type="link", name=name)


def _links(sessions: list[ReportedSession]) -> Iterator[tuple[str, str]]:
    for position, session in enumerate(sessions, 1):
        title = "LambdaTest" if len(sessions) == 1 else f"LambdaTest {position}"
        facts = [shown_status(session)] if session["state"] == "final" else []
        if session["duration"] is not None:
            facts.append(duration_text(session["duration"]))
        yield f"{title} session" + (f" ({', '.join(facts)})" if facts else ""), session["url"]
        if session["video_url"]:
            yield f"{title} video", session["video_url"]
        for kind, url in session["logs"].items():
            yield f"{title} {kind} log", url
