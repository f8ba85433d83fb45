from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

SECONDS = float(os.environ.get("BENCH_TEST_SECONDS", "0"))


@pytest.mark.parametrize("_number", range(int(os.environ["BENCH_TESTS"])))
def test_session(driver: WebDriver, _number: int) -> None:
    assert driver.title == "Title"
    time.sleep(SECONDS)
