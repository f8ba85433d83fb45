"""NUnit XML of pytest-nunit, which pytest-azurepipelines publishes: sessions as properties, text and attachments.

It keeps a dict for each test, of the last attempt, and makes its file of them when the run ends. That it does is not
documented, so one of another shape is left as it is. Tests pin the shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_lambdatest_session.report.formatting import escape_control_characters
from pytest_lambdatest_session.report.junit_fields import file_fields, session_fields
from pytest_lambdatest_session.report.junit_flavours import text_lines
from pytest_lambdatest_session.report.properties import numbered_properties

if TYPE_CHECKING:
    import pytest

    from pytest_lambdatest_session.report.junit_fields import Folders
    from pytest_lambdatest_session.report.registry import AttemptRecord


class NunitXml:  # pragma: no cover - pytest-nunit, tested where readers are installed
    """An output: each test case says which sessions its attempts used, those of the last one first."""

    def __init__(self, config: pytest.Config, folders: Folders) -> None:
        self._config = config
        self._folders = folders
        self._attempts: dict[str, dict[int, AttemptRecord]] = {}
        """By node id and number."""
        self._errors: dict[str, object] = {}
        """What stood in a failure before, by node id."""
        self._is_bound = False

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        self._attempts.setdefault(report.nodeid, {})[attempt.number] = attempt

    def bind(self) -> None:
        for plugin in self._config.pluginmanager.get_plugins():
            if type(plugin).__name__ == "NunitXML" and hasattr(plugin, "cases"):
                for nodeid, attempts in self._attempts.items():
                    if nodeid in plugin.cases:
                        self._complete(nodeid, plugin.cases[nodeid], [*reversed(attempts.values())])
                if self._is_bound:
                    plugin.pytest_sessionfinish(None)  # writes the file again: the suite ended sessions after that
        self._is_bound = True

    def _complete(self, nodeid: str, case: dict[str, Any], attempts: list[AttemptRecord]) -> None:
        sessions = [tracked.public for attempt in attempts for tracked in attempt.sessions]
        for name, value in numbered_properties(sessions, nodeid, attempts[0].number):
            case["properties"][name] = escape_control_characters(str(value))
        files = {one["file_absolute"]: one for attempt in attempts for one in file_fields(attempt, self._folders, None)}
        if files:
            named = {path: f"{one['title']} {one['file_kind']}" for path, one in files.items()}
            case["attachments"] = {**(case["attachments"] or {}), **named}
        if case["outcome"] == "failed":
            before = self._errors.setdefault(nodeid, case["error"])
            lines = [line for attempt in attempts for line in text_lines(session_fields(attempt))]
            case["error"] = "\n".join(filter(None, [str(before), *lines]))
