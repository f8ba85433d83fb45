"""pytest-html: cells in each row, a block in its details, a table in the summary.

Rows are made while tests run, long before the cloud's last word. What is bound late is bound in two objects that
pytest-html hands out and reads again when it writes: the dicts in `report.extras`, and `ReportData`, of which the title
hook gives a reference. That it reads them again is not documented: each step checks the shape, and a pytest-html of
another shape shows what was known when the row was made. Tests pin the shape.

The table is the suite's: our columns come last, after all hooks have done with theirs, so that no index of theirs meets
ours. They are there only if the run had a session: a plugin that is merely installed changes no report. Reports of
several runs that are merged align all the same, since behind the last column nothing is shifted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pytest_html import extras

from pytest_lambdatest_session.report.html.evidence import evidence_block, evidence_style
from pytest_lambdatest_session.report.html.rows import (
    column_of,
    detail_block,
    header_cells,
    marker_of,
    row_cells,
    sort_keys,
)
from pytest_lambdatest_session.report.html.summary import sessions_table, style

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.html.evidence import Inline
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Ledger


class HtmlReport:
    """The hooks of pytest-html, and what the controller calls when it learns of a report and when it binds."""

    def __init__(self, ledger: Ledger, problems: Problems, inline: Inline | None = None) -> None:
        """`inline` gives the text of a saved log that shall stand in the page, see `evidence_block`."""
        self._ledger = ledger
        self._problems = problems
        self._inline = inline
        self._report_data: Any = None
        self._columns_before_ours = 0
        # By id of the report, with the report to keep it alive: some reports can't be hashed.
        self._attempts: dict[int, tuple[pytest.TestReport, AttemptRecord]] = {}
        self._numbers: dict[AttemptRecord, int] = {}
        self._blocks: dict[AttemptRecord, dict[str, Any]] = {}

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        """Give a report that may become a row its details, and remember whose row it is."""
        self._attempts[id(report)] = (report, attempt)
        self._numbers.setdefault(attempt, len(self._numbers))
        if report.when != "call" and report.outcome == "passed":
            return  # makes no row
        present = getattr(report, "extras", None)
        if present is None:
            report.extras = present = []  # type: ignore[attr-defined]
        block = self._block_of(attempt)
        if not any(extra is block for extra in present):
            present.append(block)

    def _block_of(self, attempt: AttemptRecord) -> dict[str, Any]:
        if attempt not in self._blocks:
            self._blocks[attempt] = extras.html(self._details(attempt))
        return self._blocks[attempt]

    def bind(self) -> None:
        """Nothing to do yet: pytest-html asks for its summary just before it writes, when most is known."""

    def _bind_rows(self) -> None:
        for attempt, block in self._blocks.items():
            block["content"] = self._details(attempt)
        if not (self._numbers or self._ledger.entries):
            self._take_columns_away()
            return
        attempts = {str(number): attempt for attempt, number in self._numbers.items()}
        ours = {id(block) for block in self._blocks.values()}
        for row, cells in self._rows():
            marker = next(filter(None, map(marker_of, cells)), "")
            if marker in attempts:
                self._bind_row(row, cells, attempts[marker], ours)

    def _take_columns_away(self) -> None:
        headers = getattr(self._report_data, "table_header", None)
        for cells in (headers if isinstance(headers, list) else [], *(cells for _, cells in self._rows())):
            cells[:] = [cell for cell in cells if marker_of(cell) is None]

    def _details(self, attempt: AttemptRecord) -> str:
        return detail_block(attempt) + evidence_block(attempt, self._inline)

    def _bind_row(self, row: dict[str, Any], cells: list[Any], attempt: AttemptRecord, ours: set[int]) -> None:
        """Replace those of our cells that are there, wherever: other plugins may have moved or taken some."""
        bound = {column_of(cell): cell for cell in row_cells(attempt, str(self._numbers[attempt]))}
        found = [place for place, cell in enumerate(cells) if column_of(cell) in bound]
        for place in found:
            cells[place] = bound[column_of(cells[place])]
        row.update(sort_keys([cells[place] for place in found]))
        # pytest-html 4.2 gives each row of a test the extras of all its attempts: only this attempt's stays.
        others = [extra for extra in row.get("extras", []) if id(extra) not in ours]
        row["extras"] = [*others, self._block_of(attempt)]

    def _rows(self) -> Iterator[tuple[dict[str, Any], list[Any]]]:
        """Each row with its cells."""
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

    @pytest.hookimpl(wrapper=True, tryfirst=True, optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[Any]) -> Generator[None, object, object]:
        answer = yield
        self._columns_before_ours = len(cells)
        cells += header_cells()
        return answer

    @pytest.hookimpl(wrapper=True, tryfirst=True, optionalhook=True)
    def pytest_html_results_table_row(
        self, report: pytest.TestReport, cells: list[Any]
    ) -> Generator[None, object, object]:
        answer = yield
        if cells:  # else the suite leaves this row out
            cells += ["<td></td>"] * (self._columns_before_ours - len(cells))
            cells += self._cells_of(report)
        return answer

    def _cells_of(self, report: pytest.TestReport) -> list[str]:
        _, attempt = self._attempts.get(id(report), (None, None))
        if attempt is not None:
            with self._problems.guard():
                return row_cells(attempt, str(self._numbers[attempt]))
        return row_cells(None, "")

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], summary: list[str]) -> None:
        with self._problems.guard():
            self._bind_rows()
            table = sessions_table(self._ledger, self._problems)
            if table:
                prefix.append(style() + evidence_style())
                summary.append(table)
