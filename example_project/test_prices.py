"""No browser: a test like this costs nothing and shows nothing."""

from __future__ import annotations


def test_two_teapots() -> None:
    assert f"{2 * 17.90:.2f}" == "35.80"
