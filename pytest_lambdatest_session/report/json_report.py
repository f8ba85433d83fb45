"""pytest-json-report: the full data, in the report and under each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.ledger import Ledger
    from pytest_lambdatest_session.report.records import ReportedSession

KEY = "lambdatest_sessions"


class JsonReport:
    """Adds `lambdatest_sessions`: at the top every session with its tests, under each test those of its attempts."""

    def __init__(self, ledger: Ledger, problems: Problems) -> None:
        self._ledger = ledger
        self._problems = problems

    # Called when the report is about to be saved, after our own session finish.
    @pytest.hookimpl(optionalhook=True)
    def pytest_json_modifyreport(self, json_report: dict[str, Any]) -> None:
        if self._ledger.entries:
            with self._problems.guard():
                self._add(json_report)

    def _add(self, json_report: dict[str, Any]) -> None:
        json_report[KEY] = [entry.record() for entry in self._ledger.entries.values()]
        by_nodeid: dict[str, list[ReportedSession]] = {}
        for attempt in self._ledger.attempts.values():
            by_nodeid.setdefault(attempt.nodeid, []).extend(entry.public for entry in attempt.entries)
        for test in json_report.get("tests", ()):
            sessions = by_nodeid.get(test.get("nodeid"))
            if sessions:
                test[KEY] = sessions
