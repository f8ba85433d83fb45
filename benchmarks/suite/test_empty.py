from __future__ import annotations

import os

import pytest


@pytest.mark.parametrize("number", range(int(os.environ["BENCH_TESTS"])))
def test_empty(number: int) -> None:
    pass
