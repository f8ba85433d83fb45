"""pytest-html: three columns in the table of results, a block in each row's details, a table in the summary.

A row has a marker, for which the page's script draws cells and details. Rows are made while tests run, long before the
cloud's last word: where the marker leads and what the row is sorted by is written when the run ends, into `ReportData`,
of which pytest-html's title hook gives a reference. That it is read again when the page is written is not documented:
each step checks the shape, and of another shape nothing is changed. Tests pin it.

The table is the suite's: our columns come last, after all hooks have done with theirs, so that no index of theirs meets
ours. They are there only if the run had a session: a plugin that is merely installed changes no report. Reports of
several runs that are merged align all the same, since behind the last column nothing is shifted.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from pytest_lambdatest_session.capture.recorder import ATTEMPT_ATTRIBUTE
from pytest_lambdatest_session.report.html.rows import header_cells, marker, place_of, sort_keys
from pytest_lambdatest_session.report.html.summary import sessions_block, style
from pytest_lambdatest_session.report.terminal import COMMANDS_TITLE, SESSION_TITLE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.html.view import Inline
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry


_OUR_SECTION = re.compile(f"-+ (?:{SESSION_TITLE}|{COMMANDS_TITLE}) -+\n")


class HtmlReport:
    """The hooks of pytest-html, and what the controller calls when it learns of a report and when it binds."""

    def __init__(self, registry: Registry, problems: Problems, inline: Inline | None = None) -> None:
        """`inline` gives the text of a saved log that shall stand in the page, see `sessions_block`."""
        self._registry = registry
        self._problems = problems
        self._inline = inline
        self._token = os.urandom(3).hex()
        self._report_data: Any = None
        self._columns_before_ours = 0
        self._logged: tuple[pytest.TestReport, str] | None = None
        """The report that was logged last, and the id of its attempt."""

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        """Remember whose row the report may become; reports that were logged before say it themselves."""
        self._logged = report, attempt.id

    def bind(self) -> None:
        """Nothing to do yet: pytest-html asks for its summary just before it writes, when most is known."""

    def _bind_rows(self) -> None:
        attempts = self._registry.attempts
        if not (attempts or self._registry.sessions):
            self._take_columns_away()
            return
        places = {attempt_id: place for place, attempt_id in enumerate(attempts)}
        for row, cells in self._rows():
            # Other plugins may have moved our cell, taken it, or made it two.
            for at, cell in enumerate(cells):
                if (attempt_id := place_of(cell)) is not None:
                    cells[at] = marker(f"{self._token}.{places.get(attempt_id, '')}")
                    row.update(sort_keys(attempts.get(attempt_id)))

    def _take_columns_away(self) -> None:
        headers = getattr(self._report_data, "table_header", None)
        ours = header_cells()
        for cells in (headers if isinstance(headers, list) else [], *(cells for _, cells in self._rows())):
            cells[:] = [cell for cell in cells if place_of(cell) is None and cell not in ours]

    def _rows(self) -> Iterator[tuple[dict[str, Any], list[Any]]]:
        """Yield each row with its cells."""
        data = getattr(self._report_data, "data", None)
        tests = data.get("tests") if isinstance(data, dict) else None
        for rows in list(tests.values()) if isinstance(tests, dict) else []:
            for row in rows if isinstance(rows, list) else []:
                if isinstance(row, dict) and isinstance(row.get("resultsTableRow"), list):
                    yield row, row["resultsTableRow"]

    # The hooks of pytest-html

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        self._report_data = report

    @pytest.hookimpl(hookwrapper=True, tryfirst=True, optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[Any]) -> Generator[None, None, None]:
        yield
        self._columns_before_ours = len(cells)
        cells += header_cells()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True, optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[Any]) -> Generator[None, None, None]:
        yield
        if cells:  # else the suite leaves this row out
            cells += ["<td></td>"] * (self._columns_before_ours - len(cells))
            logged, attempt_id = self._logged or (None, "")
            cells.append(marker(attempt_id if logged is report else getattr(report, ATTEMPT_ATTRIBUTE, "")))

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, data: list[Any]) -> None:
        """Take our sections out of the row's log: the details say the same, and with what was known later."""
        data[:] = [entry for entry in data if not _OUR_SECTION.match(str(entry))]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], summary: list[str]) -> None:
        with self._problems.guard():
            self._bind_rows()
            block = sessions_block(self._registry, self._problems, self._token, self._inline)
            if block:
                prefix.append(style())
                summary.append(block)
