"""Allure: links to a test's sessions, which go into its result when the test ends, and are completed when the run does.

A result is a file that allure-pytest writes in the process that ran the test, under a name that it tells nobody. It
has an id in it, which a report of the test brings along.
"""

from __future__ import annotations

import json
import shutil
import sys
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_lambdatest_session.report.formatting import duration_text, session_links, shown_status
from pytest_lambdatest_session.report.junit_fields import file_fields, title_of
from pytest_lambdatest_session.report.properties import SESSIONS_ATTRIBUTE
from pytest_lambdatest_session.report.saved_files import folder_name
from pytest_lambdatest_session.report.sessions_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from pluggy import Result

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.junit_fields import Folders
    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.registry import AttemptRecord

RESULT_ATTRIBUTE = "_lambdatest_allure_result"
_LINK_TYPE = "lambdatest"
_PREFIX = "lambdatest-"


class AllureLinks:
    """Adds to each result what is known when its test ends, in the process that ran the test."""

    def __init__(self, config: pytest.Config, problems: Problems) -> None:
        self._config = config
        self._problems = problems

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, Result[pytest.TestReport], None]:
        made = yield
        commons: Any = sys.modules.get("allure_commons")
        if call.when == "teardown" and commons is not None and made.excinfo is None:
            report = made.get_result()
            with self._problems.guard():
                if sessions := getattr(report, SESSIONS_ATTRIBUTE, []):
                    for link in _links(sessions):
                        commons.plugin_manager.hook.add_link(url=link["url"], link_type=link["type"], name=link["name"])
                    self._note_result(report)

    def _note_result(self, report: pytest.TestReport) -> None:
        reporter: Any = getattr(self._config.pluginmanager.get_plugin("allure_listener"), "allure_logger", None)
        result = reporter.get_test(None) if reporter is not None else None
        setattr(report, RESULT_ATTRIBUTE, getattr(result, "uuid", None))


class AllureResults:
    """An output: completes the results of this run's tests."""

    def __init__(self, folder: Path, folders: Folders, problems: Problems) -> None:
        self._folder = folder
        self._folders = folders
        self._problems = problems
        self._attempts: dict[str, AttemptRecord] = {}
        """By the id of a result."""

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        result = report.__dict__.pop(RESULT_ATTRIBUTE, None)
        if result is not None:
            self._attempts[result] = attempt

    def bind(self) -> None:
        for path in self._folder.glob("*-result.json") if self._attempts else ():
            try:
                result = json.loads(path.read_text(encoding="utf-8"))
                attempt = self._attempts.get(result["uuid"])
            except (OSError, ValueError, LookupError, TypeError):
                continue  # somebody else's, or taken away
            try:
                if attempt is not None:
                    self._complete(path, result, attempt)
            except OSError as error:
                self._problems.add(f"results of Allure could not be completed: {error.strerror or error}")

    def _complete(self, path: Path, result: dict[str, Any], attempt: AttemptRecord) -> None:
        others = [link for link in result.get("links", ()) if link.get("type") != _LINK_TYPE]
        result["links"] = [*others, *_links([tracked.public for tracked in attempt.sessions])]
        others = [one for one in result.get("attachments", ()) if not one["source"].startswith(_PREFIX)]
        result["attachments"] = [*others, *self._attachments(attempt)]
        write_whole(path, [json.dumps(result, ensure_ascii=False)])

    def _attachments(self, attempt: AttemptRecord) -> Iterator[dict[str, str]]:
        for fields in file_fields(attempt, self._folders, None):
            saved, kind = Path(fields["file_absolute"]), fields["file_kind"]
            if saved.suffix == ".m3u8":
                continue  # of pieces, which lie beside it
            # Allure takes for attachments what is named so. A clip is of one test, all else of the session.
            of = saved.stem if kind == "clip" else kind
            source = f"{_PREFIX}{folder_name(fields['session_id'])}-{of}-attachment{saved.suffix}"
            if not (self._folder / source).exists():
                shutil.copyfile(saved, self._folder / source)
            yield {
                "name": f"{fields['title']} {kind}",
                "source": source,
                "type": guess_type(saved)[0] or "text/plain",
            }


def _links(sessions: Sequence[ReportedSession]) -> Iterator[dict[str, str]]:
    for position, session in enumerate(sessions, 1):
        is_final = session["state"] == "final"
        facts = ", ".join(filter(None, (shown_status(session) if is_final else "", duration_text(session["duration"]))))
        for name, url in session_links(session):
            told = f" ({facts})" if name == "session" and facts else ""
            yield {"type": _LINK_TYPE, "url": url, "name": f"{title_of(position, len(sessions))} {name}{told}"}
