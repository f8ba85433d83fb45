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

from pytest_lambdatest_session.report.formatting import (
    duration_text,
    severity_of,
    shown_status,
    status_text,
    verdict_text,
)
from pytest_lambdatest_session.report.html.rows import SESSIONS_SHOWN, marker, sort_keys
from pytest_lambdatest_session.report.html.summary import sessions_block, style
from pytest_lambdatest_session.report.html.table import shown
from pytest_lambdatest_session.report.links import is_link

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

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
        duration_key = f"{keys['ltduration']:012.3f}" if keys["ltduration"] != -1 else ""
        statuses, durations, links = self._columns(attempt)
        return [
            html.td(
                raw(f"<!--{keys['ltstatus']}-->"),
                statuses,
                class_="col-ltstatus",
                id=shown(report.nodeid),  # the summary leads here
                **({"title": verdict} if (verdict := self._disagreement(attempt)) else {}),
            ),
            html.td(raw(f"<!--{duration_key}-->"), durations, class_="col-ltduration"),
            html.td(raw(marker(self._place_of(attempt))), links, class_="col-links col-ltlinks"),
        ]

    @classmethod
    def _columns(cls, attempt: AttemptRecord) -> Iterator[Any]:
        """Yield what stands in the cells of status, time and links; the page's script replaces the last."""
        lines = list(cls._lines(attempt))
        for parts in zip(*lines, strict=True):
            yield parts[0] if len(lines) == 1 else [html.div(part) for part in parts]

    @classmethod
    def _lines(cls, attempt: AttemptRecord) -> Iterator[tuple[Any, str, Any]]:
        for use in attempt.uses[:SESSIONS_SHOWN]:
            session = use.tracked.public
            badges = [cls._badge(severity_of(shown_status(session)), status_text(session))]
            if attempt.disagrees_with(use.tracked):
                badges += [" ", cls._badge("warn", "disagrees")]
            url = session["url"]
            link = html.a("session", href=url) if url and is_link(url) else shown(session["session_id"])
            yield badges, duration_text(session["duration"]), link
        if rest := len(attempt.uses[SESSIONS_SHOWN:]):
            yield f"and {rest} more", "", ""
        if times := len(attempt.creation_failures):
            yield cls._badge("bad", "refused" if times == 1 else f"refused {times} times"), "", ""

    @staticmethod
    def _badge(severity: str, text: str) -> Any:
        return html.b(shown(text), class_=f"lt-badge lt-{severity}")

    @staticmethod
    def _disagreement(attempt: AttemptRecord) -> str:
        """Return how an attempt's first session that does so disagrees with pytest, "" if none does."""
        verdicts = (
            verdict_text(use.tracked.public, attempt.outcome)
            for use in attempt.uses
            if attempt.disagrees_with(use.tracked)
        )
        return next(verdicts, "")

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: pytest.TestReport, data: list[Any]) -> None:
        with self._problems.guard():
            attempt = self._attempt_of(report)
            if attempt is not None:
                data.insert(0, raw(marker(self._place_of(attempt))))

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[Any], summary: list[Any]) -> None:
        with self._problems.guard():
            block = sessions_block(self._registry, self._problems, self._token, self._inline)
            if block:
                prefix.append(raw(style()))
                summary.append(raw(block))
