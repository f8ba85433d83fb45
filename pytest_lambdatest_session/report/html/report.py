"""pytest-html: cells in each row, a block in its details, a table in the summary.

Rows are made while tests run, long before the cloud's last word. What is bound late is bound in two objects that
pytest-html hands out and reads again when it writes: the dicts in `report.extras`, and `ReportData`, of which the title
hook gives a reference. That it reads them again is not documented: each step checks the shape, and a pytest-html of
another shape shows what was known when the row was made. Tests pin the shape.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from pytest_html import extras

from pytest_lambdatest_session.report.html.evidence import evidence_block, evidence_style
from pytest_lambdatest_session.report.html.rows import detail_block, header_cells, row_cells, sort_keys
from pytest_lambdatest_session.report.html.summary import sessions_table, style

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.html.evidence import Inline
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Ledger

_MARKER = re.compile(r'data-lt-row="(\d*)"')


class HtmlReport:
    """The hooks of pytest-html, and what the controller calls when it learns of a report and when it binds."""

    def __init__(self, ledger: Ledger, problems: Problems, inline: Inline | None = None) -> None:
        """`inline` gives the text of a saved log that shall stand in the page, see `evidence_block`."""
        self._ledger = ledger
        self._problems = problems
        self._inline = inline
        self._report_data: Any = None
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
        block = self._blocks.get(attempt)
        if block is None:
            block = self._blocks[attempt] = extras.html(self._details(attempt))
        present = getattr(report, "extras", None)
        if present is None:
            report.extras = present = []  # type: ignore[attr-defined]
        if not any(extra is block for extra in present):
            present.append(block)

    def bind(self) -> None:
        """Nothing to do yet: pytest-html asks for its summary just before it writes, when most is known."""

    def _bind_rows(self) -> None:
        for attempt, block in self._blocks.items():
            block["content"] = self._details(attempt)
        used = bool(self._numbers or self._ledger.entries)
        attempts = list(self._numbers)
        ours = {id(block) for block in self._blocks.values()}
        for row in self._rows():
            cells = row.get("resultsTableRow")
            marker, places = _find_ours(cells if isinstance(cells, list) else [])
            if marker:
                self._bind_row(row, places, attempts[int(marker)], ours)
            elif not used:
                _remove(cells, places)
        if not used:
            headers = getattr(self._report_data, "table_header", None)
            _remove(headers, _find_ours(headers if isinstance(headers, list) else [])[1])

    def _details(self, attempt: AttemptRecord) -> str:
        return detail_block(attempt) + evidence_block(attempt, self._inline)

    def _bind_row(self, row: dict[str, Any], places: list[int], attempt: AttemptRecord, ours: set[int]) -> None:
        cells = row_cells(attempt, str(self._numbers[attempt]))
        for place, cell in zip(places, cells, strict=True):
            row["resultsTableRow"][place] = cell
        row.update(sort_keys(cells))
        # pytest-html 4.2 gives each row of a test the extras of all its attempts: only this attempt's stays.
        others = [extra for extra in row.get("extras", []) if id(extra) not in ours]
        row["extras"] = [*others, self._blocks[attempt]]

    def _rows(self) -> Iterator[dict[str, Any]]:
        data = getattr(self._report_data, "data", None)
        tests = data.get("tests") if isinstance(data, dict) else None
        for rows in list(tests.values()) if isinstance(tests, dict) else []:
            for row in rows if isinstance(rows, list) else []:
                if isinstance(row, dict):
                    yield row

    # The hooks of pytest-html

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        self._report_data = report

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        cells[-1:-1] = header_cells()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        if not cells:
            return  # another plugin dropped the row
        _, attempt = self._attempts.get(id(report), (None, None))
        ours = row_cells(None, "")
        if attempt is not None:
            with self._problems.guard():
                ours = row_cells(attempt, str(self._numbers[attempt]))
        cells[-1:-1] = ours

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], summary: list[str]) -> None:
        with self._problems.guard():
            self._bind_rows()
            table = sessions_table(self._ledger, self._problems)
            if table:
                prefix.append(style() + evidence_style())
                summary.append(table)


def _find_ours(cells: list[str]) -> tuple[str, list[int]]:
    """The marker of our cells, and their places among those of other plugins."""
    found = {place: match.group(1) for place, cell in enumerate(cells) if (match := _MARKER.search(str(cell)))}
    return next(iter(found.values()), ""), list(found)


def _remove(cells: Any, places: list[int]) -> None:
    for place in reversed(places):
        del cells[place]
