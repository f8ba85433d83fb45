"""A `unittest.TestCase`: its browser opens and quits inside pytest's call phase."""

from __future__ import annotations

import unittest

from browsers import open_browser
from shop import Shop


class AccountTest(unittest.TestCase):
    def setUp(self) -> None:
        self.driver = open_browser(self._testMethodName)
        self.addCleanup(self.driver.quit)

    def test_a_name_can_be_changed(self) -> None:
        shop = Shop(self.driver).open()
        shop.sign("Ada Byron")
        assert shop.sign("Ada King") == "Ada King"
