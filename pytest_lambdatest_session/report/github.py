"""GitHub Actions: a table of the failed tests with links to their sessions, in the job's summary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.formatting import duration_text, shown_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry, TrackedSession

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


class GithubSummary:
    """An output: appends to the file that GitHub names in `GITHUB_STEP_SUMMARY`."""

    def __init__(self, path: Path, registry: Registry, problems: Problems) -> None:
        self._path = path
        self._registry = registry
        self._problems = problems
        self._start: int | None = None

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        """Nothing to do: the table is made at the end."""

    def bind(self) -> None:
        rows = list(_rows(self._registry))
        if not rows:
            return
        lines = [
            "### LambdaTest sessions of failed tests",
            "",
            "| Test | Session | Links |",
            "|---|---|---|",
            *rows,
            "",
        ]
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


def _rows(registry: Registry) -> Iterator[str]:
    for attempt in registry.attempts.values():
        for tracked in attempt.sessions:
            if attempt.outcome in ("failed", "error") or attempt.disagrees_with(tracked):
                test = f"{_escape(attempt.nodeid)} {attempt.outcome}"
                yield f"| {test} | {_status(tracked, attempt)} | {_links(tracked)} |"


def _status(tracked: TrackedSession, attempt: AttemptRecord) -> str:
    session = tracked.public
    words = [_escape(shown_status(session))]
    if session["duration"] is not None:
        words.append(duration_text(session["duration"]))
    if attempt.disagrees_with(tracked):
        words.append("disagrees")
    return ", ".join(words)


def _links(tracked: TrackedSession) -> str:
    session = tracked.public
    named = [("session", session["url"]), ("video", session["video_url"]), *session["links"].items()]
    # A page on GitHub can't open what is relative to a report elsewhere.
    return " ".join(
        f"[{_escape(name)}](<{url}>)" for name, url in named if url and url.startswith(("https://", "http://"))
    )


def _escape(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)
