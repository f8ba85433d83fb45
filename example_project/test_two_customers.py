"""Two browsers in one test: both are reported."""

from __future__ import annotations

from browsers import open_browser
from shop import Shop


def test_two_customers_do_not_share_a_form() -> None:
    with open_browser("customer one") as one, open_browser("customer two") as two:
        first, second = Shop(one).open(), Shop(two).open()
        assert first.sign("Ada") == "Ada"
        assert second.sign("Grace") == "Grace"
