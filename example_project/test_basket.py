"""One browser for all tests of a class: the session is on each of them, with its place in the video."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browsers import open_browser
from shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="class")
def shop() -> Iterator[Shop]:
    driver = open_browser("basket")
    yield Shop(driver).open()
    driver.quit()


class TestBasket:
    def test_has_two_teapots(self, shop: Shop) -> None:
        assert shop.item_prices == ["17.90", "17.90"]

    def test_wraps_a_gift(self, shop: Shop) -> None:
        assert shop.wrap_as_gift()
