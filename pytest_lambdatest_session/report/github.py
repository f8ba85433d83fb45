"""GitHub Actions: counts, and a table of the failed tests with links to their sessions, in the job's summary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.formatting import (
    counts_text,
    duration_text,
    escape_control_characters,
    pluralize,
    session_titles,
    shown_status,
    status_counts,
    verdict_text,
)
from pytest_lambdatest_session.report.priority import failed
from pytest_lambdatest_session.report.verdicts import first_line_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry, TrackedSession

_REASON_LIMIT = 250
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


class GithubSummary:
    """An output: appends to the file that GitHub names in `GITHUB_STEP_SUMMARY`."""

    def __init__(self, path: Path, registry: Registry, problems: Problems, clean: Callable[[str, int], str]) -> None:
        self._path = path
        self._registry = registry
        self._problems = problems
        self._clean = clean
        self._reasons: dict[AttemptRecord, str] = {}
        self._start: int | None = None

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        """Note the first line of a failure."""
        if report.failed and attempt not in self._reasons:
            # Cleaned before it is cut: half a key is still half a key.
            self._reasons[attempt] = self._clean(first_line_of(report), _REASON_LIMIT)

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
            cells = f"{_escape(attempt.nodeid)} {attempt.outcome} | {_escape(self._reasons.get(attempt, ''))}"
            titles = session_titles([tracked.public for tracked in attempt.sessions])
            for tracked, title in zip(attempt.sessions, titles, strict=True):
                if failed(attempt) or attempt.disagrees_with(tracked):
                    whose = f"{_escape(title)}: " if len(titles) > 1 else ""
                    yield f"| {cells} | {whose}{_status(tracked, attempt)} | {_links(tracked)} |"
            if failed(attempt) and not attempt.sessions:
                yield f"| {cells} | refused | |"


def _status(tracked: TrackedSession, attempt: AttemptRecord) -> str:
    session = tracked.public
    disagrees = attempt.disagrees_with(tracked)
    words = [_escape(verdict_text(session, attempt.outcome) if disagrees else shown_status(session))]
    if session["duration"] is not None:
        words.append(duration_text(session["duration"]))
    return ", ".join(words)


def _links(tracked: TrackedSession) -> str:
    session = tracked.public
    named = [("session", session["url"]), ("video", session["video_url"]), *session["links"].items()]
    # A page on GitHub can't open what is relative to a report elsewhere.
    return " ".join(
        f"[{_escape(name)}](<{url}>)" for name, url in named if url and url.startswith(("https://", "http://"))
    )


def _escape(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", escape_control_characters(text))
