"""Allure: links to a test's sessions, which go into its result when the test ends, and are completed when the run does.

A result is a file that allure-pytest writes in the process that ran the test, under a name that it tells nobody. It
has an id in it, which a report of the test brings along.
"""

from __future__ import annotations

import json
import shutil
import sys
from mimetypes import guess_type
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from pytest_lambdatest_session.report.formatting import duration_text, shown_status
from pytest_lambdatest_session.report.properties import SESSIONS_ATTRIBUTE
from pytest_lambdatest_session.report.saved_files import folder_name
from pytest_lambdatest_session.report.sessions_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

    from pluggy import Result

    from pytest_lambdatest_session.problems import Problems
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
            sessions: list[ReportedSession] = getattr(report, SESSIONS_ATTRIBUTE, [])
            with self._problems.guard():
                for name, url in _links(sessions):
                    commons.plugin_manager.hook.add_link(url=url, link_type=_LINK_TYPE, name=name)
                if sessions:
                    self._note_result(report)

    def _note_result(self, report: pytest.TestReport) -> None:
        reporter: Any = getattr(self._config.pluginmanager.get_plugin("allure_listener"), "allure_logger", None)
        result = reporter.get_test(None) if reporter is not None else None
        setattr(report, RESULT_ATTRIBUTE, getattr(result, "uuid", None))


class AllureResults:
    """An output: completes the results of this run's tests. `artifacts` is what paths of saved files start from."""

    def __init__(self, folder: Path, artifacts: Path, problems: Problems) -> None:
        self._folder = folder
        self._artifacts = artifacts
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
        sessions = [tracked.public for tracked in attempt.sessions]
        links = [{"type": _LINK_TYPE, "url": url, "name": name} for name, url in _links(sessions)]
        result["links"] = [link for link in result.get("links", ()) if link.get("type") != _LINK_TYPE] + links
        others = [one for one in result.get("attachments", ()) if not one["source"].startswith(_PREFIX)]
        result["attachments"] = others + list(self._attachments(attempt))
        write_whole(path, [json.dumps(result, ensure_ascii=False)])

    def _attachments(self, attempt: AttemptRecord) -> Iterator[dict[str, str]]:
        titles = (title for title, _ in _titled(tracked.public for tracked in attempt.sessions))
        for title, use in zip(titles, attempt.uses, strict=True):
            for kind, artifact in use.saved_files.items():
                saved = self._artifacts / unquote(artifact)
                if saved.suffix == ".m3u8":
                    continue  # of pieces, which lie beside it
                # Allure takes for attachments what is named so. A clip is of one test, all else of the session.
                of = saved.stem if kind == "clip" else kind
                name = f"{_PREFIX}{folder_name(use.tracked.id)}-{of}-attachment{saved.suffix}"
                target = self._folder / name
                if not target.exists():
                    shutil.copyfile(saved, target)
                yield {"name": f"{title} {kind}", "source": name, "type": guess_type(saved)[0] or "text/plain"}


def _titled(sessions: Iterable[ReportedSession]) -> list[tuple[str, ReportedSession]]:
    listed = list(sessions)
    if len(listed) == 1:
        return [("LambdaTest", listed[0])]
    return [(f"LambdaTest {position}", session) for position, session in enumerate(listed, 1)]


def _links(sessions: Iterable[ReportedSession]) -> Iterator[tuple[str, str]]:
    for title, session in _titled(sessions):
        facts = [shown_status(session)] if session["state"] == "final" else []
        if session["duration"] is not None:
            facts.append(duration_text(session["duration"]))
        if session["url"]:
            yield f"{title} session" + (f" ({', '.join(facts)})" if facts else ""), session["url"]
        if session["video_url"]:
            yield f"{title} video", session["video_url"]
        for kind, url in session["logs"].items():
            yield f"{title} {kind} log", url
