"""The message of each attempt's first failure, for what shows it before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.formatting import escape_control_characters

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_lambdatest_session.report.registry import AttemptRecord

_LIMIT, _MOST_LINES = 2000, 40


class Failures:
    """An output: notes in each attempt why it failed. `scrub` masks secrets in a text."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self._scrub = scrub
        self._messages: dict[AttemptRecord, str] = {}

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        # That of a skipped test is a tuple.
        if report.outcome != "passed" and report.longrepr and not isinstance(report.longrepr, tuple):
            # Half a secret may stand where a message is cut: it is cut again.
            self._messages.setdefault(attempt, message_of(report)[: 2 * _LIMIT])

    def bind(self) -> None:
        for attempt, message in self._messages.items():
            scrubbed = self._scrub(message)
            lines = scrubbed[:_LIMIT].splitlines()
            cut = ["…"] if len(lines) > _MOST_LINES or len(scrubbed) > _LIMIT else []
            attempt.failure = "\n".join([*map(escape_control_characters, lines[:_MOST_LINES]), *cut])


def message_of(report: pytest.TestReport) -> str:
    """Return why a test failed or was skipped, as pytest's short summary has it, with all lines; "" if it was neither.

    In a traceback that is text, as of pytest-forked, it stands behind an `E` in the margin.
    """
    longrepr = report.longrepr
    if isinstance(longrepr, tuple):
        return longrepr[2].strip()
    message = getattr(getattr(longrepr, "reprcrash", None), "message", None)
    if message is not None:
        return str(message).strip()
    text = str(longrepr or "")
    return next((line[1:] for line in text.splitlines() if line.startswith("E   ")), text).strip()
