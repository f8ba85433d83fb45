"""The rhythm of asking again."""

from __future__ import annotations

import pytest

from pytest_lambdatest_session.sidecar.policy import Policy


@pytest.mark.parametrize(
    ("step", "age_seconds", "seconds"),
    [
        pytest.param(0, 1.0, 0.4, id="first"),
        pytest.param(1, 1.0, 0.64, id="second"),
        pytest.param(9, 1.0, 5.0, id="longest-while-young"),
        pytest.param(9, 31.0, 27.487790694400004, id="longer-with-age"),
        pytest.param(99999, 31.0, 60.0, id="longest-of-all"),
    ],
)
def test_questions_come_less_often_with_time(step: int, age_seconds: float, seconds: float) -> None:
    assert Policy().backoff(step, age_seconds) == pytest.approx(seconds)
