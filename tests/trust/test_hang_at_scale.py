"""Trouble does not grow with the suite: what a hanging API costs is one budget, for two tests or many."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stories import outcomes
from tails import seconds_of_the_tail, time_the_tail

if TYPE_CHECKING:
    from collections.abc import Callable

    from stories import Run, Story

TESTS = 150
BUDGET, TIMEOUT = 2, 1
SUITE = f"""
@pytest.mark.parametrize("number", range({TESTS}))
def test_number(number):
    open_browser().quit()
"""


def test_an_api_that_hangs_costs_a_long_suite_one_budget_and_one_timeout(
    story: Story, record_property: Callable[[str, object], None]
) -> None:
    time_the_tail(story)
    story.tests(SUITE)
    story.grid.fault = "hang"
    run = story.run(f"--lambdatest-budget={BUDGET}", f"--lambdatest-timeout={TIMEOUT}", "-q", timeout=200)
    assert outcomes(run) == {"passed": TESTS}
    assert len(run.records) == TESTS
    figures = {
        "seconds": _seconds(run),
        "seconds after the last test": seconds_of_the_tail(run),
        "questions": len(story.grid.api_requests),
    }
    for name, figure in figures.items():
        record_property(name, round(figure, 2))
    print(figures)  # noqa: T201 - for whoever runs it with -s
    # The promise is budget and timeout; the rest is pytest-html writing its rows, and a busy machine.
    assert figures["seconds after the last test"] < BUDGET + TIMEOUT + 20
    assert figures["questions"] < TESTS / 5, "the API was left alone when it was known to hang"
    assert figures["seconds"] < TESTS * TIMEOUT / 2, "no test waited for an answer"


def _seconds(run: Run) -> float:
    found = re.search(r"passed.* in ([\d.]+)s", run.output)
    assert found is not None
    return float(found[1])
