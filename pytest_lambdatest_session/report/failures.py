"""The message of each attempt's first failure, for what shows it before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.formatting import escape_control_characters

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_lambdatest_session.report.registry import AttemptRecord

_LIMIT, _MOST_LINES = 2000, 40
# Half a secret may stand where a message is cut.
_READ = 2 * _LIMIT


class Failures:
    """An output: notes in each attempt why it failed. `scrub` masks secrets in a text."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self._scrub = scrub
        self._messages: dict[AttemptRecord, str] = {}

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        # That of a skipped test is a tuple.
        if report.outcome != "passed" and report.longrepr and not isinstance(report.longrepr, tuple):
            self._messages.setdefault(attempt, message_of(report.longrepr))

    def bind(self) -> None:
        for attempt, message in self._messages.items():
            attempt.failure = shown(self._scrub(message))


def message_of(longrepr: object) -> str:
    """What pytest's short summary says, with all its lines."""
    crash = getattr(longrepr, "reprcrash", None)
    return str(getattr(crash, "message", None) or longrepr)[:_READ]


def shown(message: str) -> str:
    """The first lines, without characters that act."""
    lines = message[:_LIMIT].splitlines()
    cut = ["…"] if len(lines) > _MOST_LINES or len(message) > _LIMIT else []
    return "\n".join([*map(escape_control_characters, lines[:_MOST_LINES]), *cut])
