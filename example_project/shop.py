"""The page under test, and a page object for it.

A `data:` URL is a page that any browser can open, one in the cloud as well, with neither server nor tunnel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from selenium.webdriver.common.by import By

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Teapot shop</title>
<style>
body { font: 18px/1.5 Georgia, serif; max-width: 40em; margin: 2em auto; color: #2b2b2b; background: #fbf7f0; }
h1 { color: #7a3b10; } li { margin: .5em 0; } .price { float: right; font-variant-numeric: tabular-nums; }
input[type=text] { font: inherit; padding: .2em .5em; } #total { font-weight: bold; }
#wrap-note { visibility: hidden; color: #7a3b10; } #gift:checked ~ #wrap-note { visibility: visible; }
</style>
</head>
<body>
<h1>Teapot shop</h1>
<ul id="basket">
<li class="item">Green teapot <span class="price">17.90</span></li>
<li class="item">Green teapot <span class="price">17.90</span></li>
</ul>
<p>Total <span class="price" id="total">34.80</span></p>
<p><label for="name">Your name</label> <input type="text" id="name" name="name" value=""></p>
<p><input type="checkbox" id="gift"> <label for="gift">Wrap it as a gift</label>
<span id="wrap-note">with a ribbon</span></p>
<p id="delivery">Delivered in three days.</p>
<script>
const prices = [...document.querySelectorAll("#basket .price")].map(price => Number(price.textContent));
const sum = prices.reduce((one, other) => one + other).toFixed(2);
const total = document.getElementById("total").textContent;
if (sum !== total) console.error(`The prices add up to ${sum}, the total says ${total}`);
</script>
</body>
</html>
"""
ADDRESS = "data:text/html;charset=utf-8," + quote(PAGE)


class Shop:
    """The shop as a customer uses it."""

    def __init__(self, driver: WebDriver) -> None:
        self._driver = driver

    def open(self) -> Shop:
        self._driver.get(ADDRESS)
        return self

    @property
    def title(self) -> str:
        return self._driver.title

    @property
    def item_prices(self) -> list[str]:
        return [price.text for price in self._driver.find_elements(By.CSS_SELECTOR, "#basket .price")]

    @property
    def total(self) -> str:
        return self._driver.find_element(By.ID, "total").text

    def sign(self, name: str) -> str:
        """Type a name and return what the field then holds."""
        field = self._driver.find_element(By.ID, "name")
        field.clear()
        field.send_keys(name)
        return str(field.get_property("value"))

    def wrap_as_gift(self) -> bool:
        """Tick the box and return whether it is ticked."""
        box = self._driver.find_element(By.ID, "gift")
        box.click()
        return box.is_selected()
