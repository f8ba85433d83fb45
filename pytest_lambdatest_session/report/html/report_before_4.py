"""pytest-html 3: the same cells, details and summary as in `report`, by the means of that release.

It makes its rows and its page in its `pytest_sessionfinish`, when all is known: nothing has to be filled in later, and
a session that the suite quits only after that is shown as running. Cells are elements of py.xml, which escapes texts;
the script of its page sorts by the text or comment that comes first in a cell, so that is our key.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from py.xml import html, raw

from pytest_lambdatest_session.report.html.rows import cell_texts, details, disagreement, links, sort_keys
from pytest_lambdatest_session.report.html.summary import sessions_block, style
from pytest_lambdatest_session.report.html.table import shown

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.html.view import Inline
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry


class HtmlReportBefore4:  # pragma: no cover - pytest-html 3, tested with pytest 7
    """The hooks of pytest-html 3, and what the controller calls when it learns of a report and when it binds."""

    def __init__(self, registry: Registry, problems: Problems, inline: Inline | None = None) -> None:
        """`inline` as for `HtmlReport`."""
        self._registry = registry
        self._problems = problems
        self._inline = inline
        self._token = os.urandom(3).hex()
        self._of_reports: dict[int, tuple[pytest.TestReport, AttemptRecord]] = {}
        """By id of the report, with the report to keep it alive: some reports can't be hashed."""
        self._places: dict[AttemptRecord, int] = {}

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        """Remember whose row a report may become: pytest-html takes a test's last one, or that of a rerun."""
        self._of_reports[id(report)] = (report, attempt)

    def bind(self) -> None:
        """Nothing to do: all is made after this, when pytest-html asks for it."""

    def _attempt_of(self, report: pytest.TestReport) -> AttemptRecord | None:
        return self._of_reports.get(id(report), (None, None))[1]

    def _place_of(self, attempt: AttemptRecord) -> str:
        """The place of an attempt in the page's table: by then all attempts are known."""
        self._places = self._places or {one: place for place, one in enumerate(self._registry.attempts.values())}
        return f"{self._token}.{self._places[attempt]}"

    @pytest.hookimpl(hookwrapper=True, tryfirst=True, optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[Any]) -> Generator[None, None, None]:
        yield
        if self._of_reports or self._registry.sessions:
            cells += [
                html.th("LambdaTest", class_="sortable", col="ltstatus"),
                html.th("Session time", class_="sortable", col="ltduration"),
                html.th("Session links", col="ltlinks"),
            ]

    @pytest.hookimpl(hookwrapper=True, tryfirst=True, optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[Any]) -> Generator[None, None, None]:
        yield
        if cells and (self._of_reports or self._registry.sessions):  # without cells the suite leaves this row out
            with self._problems.guard():
                cells += self._cells(report, self._attempt_of(report))

    def _cells(self, report: pytest.TestReport, attempt: AttemptRecord | None) -> list[Any]:
        if attempt is None:
            return [html.td(raw("<!--9-->")), html.td(raw("<!---->")), html.td()]
        keys = sort_keys(attempt)
        statuses, durations = cell_texts(attempt)
        return [
            html.td(
                raw(f"<!--{keys['ltstatus']}-->{statuses}"),
                class_="col-ltstatus",
                id=shown(report.nodeid),  # the summary leads here
                **({"title": verdict} if (verdict := disagreement(attempt)) else {}),
            ),
            html.td(raw(f"<!--{keys['ltduration']}-->{durations}"), class_="col-ltduration"),
            html.td(raw(links(attempt, self._place_of(attempt))), class_="col-links col-ltlinks"),
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: pytest.TestReport, data: list[Any]) -> None:
        with self._problems.guard():
            attempt = self._attempt_of(report)
            if attempt is not None:
                data.insert(0, raw(details(self._place_of(attempt))))

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[Any], summary: list[Any]) -> None:
        with self._problems.guard():
            block = sessions_block(self._registry, self._problems, self._token, self._inline)
            if block:
                prefix.append(raw(style()))
                summary.append(raw(block))
