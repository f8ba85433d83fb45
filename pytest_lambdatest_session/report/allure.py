"""Allure: links on the test's result, before its file is written, and clips, in a file of their own at the end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from pytest_lambdatest_session.report.formatting import duration_text, shown_status
from pytest_lambdatest_session.report.properties import SESSIONS_ATTRIBUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.registry import AttemptRecord

RESULT_ATTRIBUTE = "_lambdatest_allure_result"


class AllureLinks:
    """Links to the session and, once the cloud has answered, its video and logs.

    Allure writes a result when its test ends, long before the end of the run: the status is there only with
    `lambdatest_fetch = teardown`.
    """

    def __init__(self, config: pytest.Config, problems: Problems) -> None:
        self._config = config
        self._problems = problems

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        commons: Any = sys.modules.get("allure_commons")
        if call.when == "teardown" and commons is not None:
            with self._problems.guard():
                for name, url in _links(getattr(report, SESSIONS_ATTRIBUTE, [])):
                    commons.plugin_manager.hook.add_link(url=url, link_type="link", name=name)
                reporter: Any = getattr(self._config.pluginmanager.get_plugin("allure_listener"), "allure_logger", None)
                result = reporter.get_test(None) if reporter is not None else None
                if result is not None:
                    setattr(report, RESULT_ATTRIBUTE, str(result.uuid))
        return report


class AllureClips:
    """An output: the clips of failed tests, among what Allure shows of their teardown.

    A result is written when its test ends, and what comes later goes into a container that names it.
    """

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder
        self._results: list[tuple[str, AttemptRecord]] = []
        self._written: set[str] = set()

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        result = report.__dict__.pop(RESULT_ATTRIBUTE, None)
        if result is not None:
            self._results.append((result, attempt))

    def bind(self) -> None:
        for result, attempt in self._results:
            for clip in [use.clip for use in attempt.uses if use.clip is not None and use.clip not in self._written]:
                self._written.add(clip)
                self._write(result, self._folder() / unquote(clip))

    def _write(self, result: str, clip: Path) -> None:
        # Loaded by allure-pytest.
        from allure_commons import model2, plugin_manager, utils  # noqa: PLC0415

        unique: Any = utils.uuid4
        name = f"{unique()}-attachment{clip.suffix}"
        attachment = model2.Attachment(name=clip.name, source=name, type=f"video/{clip.suffix[1:]}")
        shown = model2.TestAfterResult(name="LambdaTest clip", status="passed", attachments=[attachment])
        plugin_manager.hook.report_attached_file(source=str(clip), file_name=name)
        plugin_manager.hook.report_container(
            container=model2.TestResultContainer(uuid=unique(), children=[result], afters=[shown])
        )


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
