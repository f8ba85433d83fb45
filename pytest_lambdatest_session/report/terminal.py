"""The terminal: sections in each failure, and one at the end of the run. Silent with `-q`, more of it with `-v`.

The texts are in `terminal_lines` and `last_commands`, which runs without sessions and failures need not load.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    import pytest

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry

SESSION_TITLE = "LambdaTest session"
COMMANDS_TITLE = "LambdaTest last commands"


class FailureSections:
    """An output: the `LambdaTest session` sections in the reports of failed tests.

    A section is static when the report is logged, with what needs no API. Pytest prints the failures after the session
    finished, so each is replaced by then with what the cloud said.
    """

    def __init__(self) -> None:
        self._sections: list[tuple[list[tuple[str, str]], tuple[str, str], AttemptRecord]] = []

    @cached_property
    def texts(self) -> ModuleType:
        """What makes the texts: loaded with the first failure, or before tests run that could replace the importer."""
        from pytest_lambdatest_session.report import terminal_lines  # noqa: PLC0415

        return terminal_lines

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        if report.failed and SESSION_TITLE not in dict(report.sections):
            section = (SESSION_TITLE, self.texts.static_text(attempt))
            report.sections.append(section)
            self._sections.append((report.sections, section, attempt))

    def bind(self) -> None:
        self._sections = [
            (sections, _replace(sections, former, (SESSION_TITLE, self.texts.final_text(attempt))), attempt)
            for sections, former, attempt in self._sections
        ]


def _replace(sections: list[tuple[str, str]], former: tuple[str, str], current: tuple[str, str]) -> tuple[str, str]:
    # Other plugins may have put sections behind ours, or have taken it away.
    for place, section in enumerate(sections):
        if section is former:
            sections[place] = current
    return current


class CommandSections:
    """An output: a section with the last commands in the report of a failed test."""

    @cached_property
    def texts(self) -> ModuleType:
        """As those of `FailureSections`."""
        from pytest_lambdatest_session.report import last_commands  # noqa: PLC0415

        return last_commands

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        # The commands are of the phase that failed first: a teardown that fails after it has no more to say.
        if report.failed and attempt.commands and COMMANDS_TITLE not in dict(report.sections):
            report.sections.append((COMMANDS_TITLE, "\n".join(self.texts.command_lines(attempt))))

    def bind(self) -> None:
        """Nothing to do: all was known when the test failed."""


class TerminalSummary:
    """The hook that writes the section at the end."""

    def __init__(self, registry: Registry, problems: Problems) -> None:
        self._registry = registry
        self._problems = problems

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        verbosity = config.getoption("verbose")
        if verbosity >= 0 and self._has_something_to_say():
            with self._problems.guard():
                from pytest_lambdatest_session.report.terminal_lines import write_summary  # noqa: PLC0415

                write_summary(terminalreporter, self._registry, self._problems, verbosity)

    def _has_something_to_say(self) -> bool:
        return bool(
            self._registry.sessions
            or self._registry.attempts
            or self._registry.creation_failures
            or list(self._problems)
        )
