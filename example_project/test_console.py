"""WebDriver BiDi: the browser tells the test what happens, by a WebSocket of its own."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

import pytest

from browsers import open_browser
from shop import Shop

if TYPE_CHECKING:
    from selenium.webdriver.common.bidi.log import ConsoleLogEntry


def test_the_page_complains_of_its_total() -> None:
    with open_browser("console", bidi=True) as driver:
        if not isinstance(driver.capabilities.get("webSocketUrl"), str):
            pytest.skip("this browser has no BiDi")
        messages: queue.Queue[ConsoleLogEntry] = queue.Queue()
        driver.script.add_console_message_handler(messages.put)
        Shop(driver).open()
        assert messages.get(timeout=20).text == "The prices add up to 35.80, the total says 34.80"
