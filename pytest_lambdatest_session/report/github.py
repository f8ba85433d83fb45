"""GitHub Actions: counts, and a table of the failed tests with links to their sessions, in the job's summary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.formatting import (
    counts_text,
    escape_control_characters,
    pluralize,
    session_links,
    session_titles,
    status_counts,
    summary_text,
)
from pytest_lambdatest_session.report.priority import failed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry

_REASON_LIMIT = 250
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


class GithubSummary:
    """An output: appends to the file that GitHub names in `GITHUB_STEP_SUMMARY`."""

    def __init__(self, path: Path, registry: Registry, problems: Problems) -> None:
        self._path = path
        self._registry = registry
        self._problems = problems
        self._start: int | None = None

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        """Nothing to do: a row is about what came of an attempt."""

    def bind(self) -> None:
        rows = list(self._rows())
        sessions = [tracked.public for tracked in self._registry.sessions.values()]
        if not (sessions or rows):
            return
        lines = ["### LambdaTest sessions", ""]
        if sessions:
            lines += [f"{pluralize(len(sessions), 'session')}: {_escape(counts_text(status_counts(sessions)))}", ""]
        if rows:
            lines += ["| Test | Failure | Session | Links |", "|---|---|---|---|", *rows, ""]
        try:
            with self._path.open("a", encoding="utf-8") as file:
                # Bound again, it is written again; a pipe has no place to go back to.
                if self._start is not None:
                    file.truncate(self._start)
                elif file.seekable():  # pragma: no branch - a pipe
                    self._start = file.tell()
                file.write("\n".join(lines) + "\n")
        except OSError as error:
            self._problems.add(f"the job summary {self._path} could not be written: {error.strerror or error}")

    def _rows(self) -> Iterator[str]:
        for attempt in self._registry.attempts.values():
            reason = attempt.failure.partition("\n")[0][:_REASON_LIMIT]
            cells = f"{_escape(attempt.nodeid)} {attempt.outcome} | {_escape(reason)}"
            for tracked, title in session_titles(attempt.sessions).items():
                if failed(attempt) or attempt.disagrees_with(tracked):
                    whose = f"{title}: " if len(attempt.sessions) > 1 else ""
                    said = _escape(whose + summary_text(tracked, attempt))
                    yield f"| {cells} | {said} | {_links(tracked.public)} |"
            if failed(attempt) and not attempt.sessions:
                yield f"| {cells} | refused | |"


def _links(session: ReportedSession) -> str:
    # A page on GitHub can't open what is relative to a report elsewhere.
    links = [
        (name, url) for name, url in session_links(session, with_logs=False) if url.startswith(("https://", "http://"))
    ]
    return " ".join(f"[{_escape(name)}](<{url}>)" for name, url in links)


def _escape(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", escape_control_characters(text))
