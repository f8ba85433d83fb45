"""What becomes of a report that pytest-html made in another shape than those that we know."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from made_up_runs import MadeUpRun
from page_tables import PageTable
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.html.report import HtmlReport

SHAPES: dict[str, Any] = {
    "no data": SimpleNamespace(),
    "a list": SimpleNamespace(data=[]),
    "no tests": SimpleNamespace(data={}),
    "tests in a list": SimpleNamespace(data={"tests": [{}]}),
    "rows in a dict": SimpleNamespace(data={"tests": {"test_x.py::test": {}}}),
    "rows that are none": SimpleNamespace(data={"tests": {"test_x.py::test": [None, "a row"]}}),
    "rows without cells": SimpleNamespace(data={"tests": {"test_x.py::test": [{}, {"resultsTableRow": "cells"}]}}),
}


@pytest.mark.parametrize("data", SHAPES.values(), ids=SHAPES)
def test_rows_of_another_shape_are_left_as_they_are_and_the_summary_is_there(data: Any) -> None:
    run, problems = MadeUpRun(), Problems()
    run.attempt("test_x.py::test", "passed", "s1")
    before = repr(data)
    html = HtmlReport(run.registry, problems)
    html.pytest_html_report_title(data)
    summary: list[str] = []
    html.pytest_html_results_summary([], summary)
    assert list(problems) == []
    assert repr(data) == before
    assert PageTable("".join(summary)).summary_rows[0].startswith("passed test_x.py::test pending")
