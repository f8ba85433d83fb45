from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

SECONDS = float(os.environ.get("BENCH_TEST_SECONDS", "0"))
# Of suites that fail nowhere nobody reads the report.
FAIL_EVERY = int(os.environ.get("BENCH_FAIL_EVERY", "0"))


@pytest.mark.parametrize("number", range(int(os.environ["BENCH_TESTS"])))
def test_session(driver: WebDriver, number: int) -> None:
    assert driver.title == "Title"
    time.sleep(SECONDS)
    assert not FAIL_EVERY or number % FAIL_EVERY != FAIL_EVERY - 1
