"""The terminal: a section in each failure, and one at the end of the run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.words import counted, duration_text, shown_status, verdict_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Entry, Ledger

SECTION_TITLE = "LambdaTest session"


class FailureSections:
    """The `LambdaTest session` sections in the reports of failed tests.

    A section is static when the report is made, with what needs no API. Pytest prints the failures after the session
    finished, so each is replaced by then with what the cloud said.
    """

    def __init__(self) -> None:
        self._sections: list[tuple[list[tuple[str, str]], tuple[str, str], AttemptRecord]] = []

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        if not report.failed:
            return
        section = (SECTION_TITLE, "\n".join(_static_lines(attempt)))
        report.sections.append(section)
        self._sections.append((report.sections, section, attempt))

    def bind(self) -> None:
        for sections, static, attempt in self._sections:
            # Other plugins may have put sections behind ours, or have taken it away.
            for place, section in enumerate(sections):
                if section is static:
                    sections[place] = (SECTION_TITLE, "\n".join(_final_lines(attempt)))


def _static_lines(attempt: AttemptRecord) -> Iterator[str]:
    for entry in attempt.entries:
        yield f"{entry.id}\n{entry.public['url']}"
    yield from _refusal_lines(attempt)


def _final_lines(attempt: AttemptRecord) -> Iterator[str]:
    for entry in attempt.entries:
        session = entry.public
        yield f"{entry.id}  {_headline(entry, attempt)}"
        yield f"  session  {session['url']}"
        if session["video_url"]:
            yield f"  video    {session['video_url']}"
        for kind, url in session["logs"].items():
            yield f"  {kind:<8} {url}"
    yield from _refusal_lines(attempt)


def _headline(entry: Entry, attempt: AttemptRecord | None) -> str:
    session = entry.public
    parts = [shown_status(session)]
    if session["duration"] is not None:
        parts.append(duration_text(session["duration"]))
    if attempt is not None and attempt.disagrees_with(entry):
        parts.append(verdict_text(session, attempt))
    if session["error"]:
        parts.append(session["error"])
    return ", ".join(parts)


def _refusal_lines(attempt: AttemptRecord) -> Iterator[str]:
    for refusal in attempt.refusals:
        yield f"no session: {refusal['hub']} refused it ({refusal['error']})"


class TerminalSummary:
    """The hook that writes the section at the end; silent with `-q`."""

    def __init__(self, ledger: Ledger, problems: Problems) -> None:
        self._ledger = ledger
        self._problems = problems

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        if config.get_verbosity() >= 0:
            with self._problems.guard():
                write_summary(terminalreporter, self._ledger, self._problems)


def write_summary(terminal: pytest.TerminalReporter, ledger: Ledger, problems: Problems) -> None:
    """The section `LambdaTest sessions`: counts, a line per session of a failed test, each problem once."""
    lines = [*_count_lines(ledger), *_failed_lines(ledger), *_problem_lines(problems)]
    if lines:
        terminal.write_sep("=", "LambdaTest sessions")
        for line in lines:
            terminal.write_line(line)


def _count_lines(ledger: Ledger) -> Iterator[str]:
    entries = ledger.entries.values()
    if entries:
        counts = Counter(shown_status(entry.public) for entry in entries)
        words = ", ".join(f"{count} {word}" for word, count in counts.most_common())
        yield f"{counted(len(entries), 'session')}: {words}"
    refusals = list(_all_refusals(ledger))
    if refusals:
        hubs = ", ".join(sorted({refusal["hub"] for refusal in refusals}))
        yield f"{counted(len(refusals), 'session')} refused by {hubs}"


def _all_refusals(ledger: Ledger) -> Iterator[dict[str, str]]:
    for refusals in (ledger.refusals, *(attempt.refusals for attempt in ledger.attempts.values())):
        for refusal in refusals:
            yield {"hub": refusal["hub"], "error": refusal["error"]}


def _failed_lines(ledger: Ledger) -> Iterator[str]:
    for attempt in ledger.attempts.values():
        for entry in attempt.entries:
            if attempt.outcome in ("failed", "error") or attempt.disagrees_with(entry):
                yield f"{_outcome(attempt)} {attempt.nodeid}"
                yield f"  {_headline(entry, attempt)}  {entry.public['video_url'] or entry.public['url']}"


def _outcome(attempt: AttemptRecord) -> str:
    return (attempt.outcome or "unfinished").upper()


def _problem_lines(problems: Iterable[tuple[str, int]]) -> Iterator[str]:
    for problem, count in problems:
        yield f"! {problem}" + (f" ({count} times)" if count > 1 else "")
