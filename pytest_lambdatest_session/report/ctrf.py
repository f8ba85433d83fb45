"""CTRF: tests in the file of pytest-json-ctrf get their sessions and what was saved of them, those run again too.

That plugin takes nothing from others, and writes its file when the run ends; so the file is completed after that.
"""

from __future__ import annotations

import json
from mimetypes import guess_type
from typing import TYPE_CHECKING, Any

import pytest

from pytest_lambdatest_session.report.junit_fields import file_fields, session_fields
from pytest_lambdatest_session.report.junit_flavours import text_lines
from pytest_lambdatest_session.report.sessions_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.junit_fields import Folders
    from pytest_lambdatest_session.report.registry import AttemptRecord

_FACTS = ("session_id", "state", "status", "duration", "url", "video_url")
_TITLE = "LambdaTest"


class CtrfFile:  # pragma: no cover - pytest-json-ctrf, tested where readers are installed
    """An output: completes the file of this run once it is there."""

    def __init__(self, path: Path, folders: Folders, problems: Problems) -> None:
        self._path = path
        self._folders = folders
        self._problems = problems
        self._attempts: dict[str, dict[int, AttemptRecord]] = {}
        """By node id and number."""
        self._is_written = False

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        self._attempts.setdefault(report.nodeid, {})[attempt.number] = attempt

    def bind(self) -> None:
        if self._is_written and self._attempts:
            try:
                document = json.loads(self._path.read_text(encoding="utf-8"))
                for test in document["results"]["tests"]:
                    self._complete_test(test)
                write_whole(self._path, [json.dumps(document, indent=4)])
            except (OSError, ValueError, LookupError, TypeError) as error:
                self._problems.add(f"the CTRF file could not be completed: {error}")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_sessionfinish(self) -> Generator[None, None, None]:
        yield
        self._is_written = True
        with self._problems.guard():
            self.bind()

    def _complete_test(self, test: dict[str, Any]) -> None:
        again = {one["attempt"]: one for one in test.get("retryAttempts", ())}
        for number, attempt in self._attempts.get(test["name"], {}).items():
            self._complete(again.get(number, test), attempt)

    def _complete(self, entry: dict[str, Any], attempt: AttemptRecord) -> None:
        sessions = [{name: tracked.public[name] for name in _FACTS} for tracked in attempt.sessions]  # type: ignore[literal-required]
        entry["extra"] = {**entry.get("extra", {}), "lambdatest": sessions}
        said = [line for line in entry.get("stdout", ()) if not line.startswith(_TITLE)]
        entry["stdout"] = said + text_lines(session_fields(attempt))
        others = [one for one in entry.get("attachments", ()) if not one["name"].startswith(_TITLE)]
        entry["attachments"] = others + [
            {
                "name": f"{of_file['title']} {of_file['file_kind']}",
                "contentType": guess_type(of_file["file"])[0] or "text/plain",
                "path": of_file["file"],
            }
            for of_file in file_fields(attempt, self._folders, None)
        ]
