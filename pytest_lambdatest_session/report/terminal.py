"""The terminal: sections in each failure, and one at the end of the run. More with `-v`; with `-q` problems alone.

The texts are in `terminal_lines`, which runs without sessions and failures need not load.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry
    from pytest_lambdatest_session.report.terminal_lines import Style

SESSION_TITLE = "LambdaTest session"
COMMANDS_TITLE = "LambdaTest last commands"

_STYLES_WITHOUT_SECTIONS = ("no",) if pytest.version_tuple >= (9,) else ("no", "line")


class FailureSections:
    """An output: the sections in the reports of failed tests.

    When a report is logged they have what needs no API. Pytest prints the failures after the session finished, so each
    is replaced by then with what the cloud said.
    """

    def __init__(self, style: Callable[[], Style]) -> None:
        self._style = style
        self._attached: list[tuple[list[tuple[str, str]], AttemptRecord, list[tuple[str, str]]]] = []

    @cached_property
    def texts(self) -> ModuleType:
        """What makes the texts: loaded with the first failure, or before tests run that could replace the importer."""
        from pytest_lambdatest_session.report import terminal_lines  # noqa: PLC0415

        return terminal_lines

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        if report.failed and SESSION_TITLE not in dict(report.sections):
            sections = self._sections(attempt, None)
            report.sections.extend(sections)
            self._attached.append((report.sections, attempt, sections))

    def bind(self) -> None:
        style = self._style()
        for place, (present, attempt, former) in enumerate(self._attached):
            current = self._sections(attempt, style)
            # Other plugins may have put sections behind ours, or have taken one away.
            replaced = {id(before): section for before, section in zip(former, current, strict=False)}
            present[:] = [replaced.get(id(section), section) for section in present]
            self._attached[place] = (present, attempt, current)

    def _sections(self, attempt: AttemptRecord, style: Style | None) -> list[tuple[str, str]]:
        sections = [(SESSION_TITLE, self.texts.failure_text(attempt, style))]
        # The commands are of the phase that failed first: a teardown that fails after it has no more to say.
        if attempt.commands:
            sections.append((COMMANDS_TITLE, "\n".join(self.texts.command_lines(attempt))))
        return sections


class TerminalSummary:
    """The hook that writes the section at the end."""

    def __init__(self, registry: Registry, problems: Problems, style: Callable[[], Style]) -> None:
        self._registry = registry
        self._problems = problems
        self._style = style

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        with self._problems.guard():
            registry = self._registry
            told = [registry.sessions, registry.attempts, registry.creation_failures, list(self._problems)]
            if any(told) or (registry.ignored_hubs and config.getoption("verbose") > 0):
                self._write(terminalreporter, config)

    def _write(self, terminal: pytest.TerminalReporter, config: pytest.Config) -> None:
        from pytest_lambdatest_session.report import terminal_lines as texts  # noqa: PLC0415

        lines = list(texts.problem_lines(self._problems))
        if config.getoption("verbose") >= 0:
            with_failures = not _shows_sections(terminal, config)
            lines[:0] = texts.summary_lines(self._registry, self._style(), with_failures=with_failures)
            terminal.write_sep("=", "LambdaTest sessions")
        texts.write_lines(terminal, lines)


def _shows_sections(terminal: pytest.TerminalReporter, config: pytest.Config) -> bool:
    """Return whether failures were printed with their sections; reporters that are not pytest's own may not."""
    option = config.option
    is_pytests_own = type(terminal).__module__ == "_pytest.terminal"
    return is_pytests_own and option.tbstyle not in _STYLES_WITHOUT_SECTIONS and option.showcapture == "all"
