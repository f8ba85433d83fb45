"""Properties of a report: ours are brought up to date in place, others are left alone."""

from __future__ import annotations

from pytest_lambdatest_session.report.properties import update_properties


def test_ours_are_replaced_where_they_stand_and_new_ones_go_to_the_end() -> None:
    properties: list[tuple[str, object]] = [("ticket", "T-1"), ("lambdatest_state", "pending"), ("owner", "me")]
    update_properties(properties, [("lambdatest_state", "final"), ("lambdatest_status", "passed")])
    assert properties == [
        ("ticket", "T-1"),
        ("lambdatest_state", "final"),
        ("owner", "me"),
        ("lambdatest_status", "passed"),
    ]
