"""pytest-json-report: the full data, in the report and under each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.registry import Registry

KEY = "lambdatest_sessions"


class JsonReport:
    """Adds `lambdatest_sessions`: at the top every session with its tests, under each test those of its attempts."""

    def __init__(self, registry: Registry, problems: Problems) -> None:
        self._registry = registry
        self._problems = problems

    # Called when the report is about to be saved, after our own session finish.
    @pytest.hookimpl(optionalhook=True)
    def pytest_json_modifyreport(self, json_report: dict[str, Any]) -> None:
        if self._registry.sessions:
            with self._problems.guard():
                self._add(json_report)

    def _add(self, json_report: dict[str, Any]) -> None:
        json_report[KEY] = [tracked.record() for tracked in self._registry.sessions.values()]
        by_nodeid: dict[str, list[ReportedSession]] = {}
        for attempt in self._registry.attempts.values():
            by_nodeid.setdefault(attempt.nodeid, []).extend(tracked.public for tracked in attempt.sessions)
        for test in json_report.get("tests", ()):
            sessions = by_nodeid.get(test.get("nodeid"))
            if sessions:
                test[KEY] = sessions
