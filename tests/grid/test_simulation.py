"""The simulated browser, compared with Chromium where both are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests
from selenium.common.exceptions import (
    ElementNotInteractableException,
    InvalidArgumentException,
    InvalidSelectorException,
    JavascriptException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from shop import ADDRESS, Shop

if TYPE_CHECKING:
    from collections.abc import Callable

    from selenium.webdriver.remote.webdriver import WebDriver

    from local_grid import LocalGrid

PAGE = """<!doctype html><title> A  shop </title><style>b { color: red }</style>
<h1 id=top class="bar wide">Fruit &amp; more</h1><a href="#cart" class=link>To the cart</a>
<p lang=en-GB>First   line <b>bold</b><span hidden>not</span><span style="display: none">nor</span></p>
<table><tr><th>Apple</th><td class=price>2</td></tr><tr><th>Pear</th><td class=price>3</td></tr></table>
<form><input id=amount name=amount value=1><input type=checkbox id=gift name=gift>
<textarea id=note>Hello</textarea><input id=locked disabled value=x><input type=hidden id=token value=t></form>
<div style="display: none" id=gone>gone</div>"""
PAGE_URL = "data:text/html," + quote(PAGE)

LOCATORS = [
    (By.ID, "top"),
    (By.NAME, "amount"),
    (By.CLASS_NAME, "wide"),
    (By.TAG_NAME, "td"),
    (By.LINK_TEXT, "To the cart"),
    (By.PARTIAL_LINK_TEXT, "cart"),
    (By.CSS_SELECTOR, "html, :root, h1.bar + a"),
    (By.CSS_SELECTOR, "tr:nth-child(2) > td.price:not(.none), [lang|=en]"),
    (By.XPATH, "//tr[th[.='Pear']]/td"),
    (By.XPATH, "//*[contains(@class, 'wide')]/following-sibling::a | (//input)[last()]"),
    (By.XPATH, "//nothing"),
]


@pytest.fixture
def driver(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> WebDriver:
    driver = open_driver(grid)
    driver.get(PAGE_URL)
    return driver


def test_elements_are_the_same_in_either_browser(
    driver: WebDriver, chromium_grid: LocalGrid, open_driver: Callable[..., WebDriver]
) -> None:
    def seen(browser: WebDriver) -> list[Any]:
        browser.get(PAGE_URL)
        names = ("id", "value", "checked", "disabled", "type", "nothing")
        ids = ("top", "amount", "gift", "note", "locked", "token", "gone")
        elements = [browser.find_element(By.ID, name) for name in ids]
        elements[1].send_keys("2", Keys.END, "34")
        elements[3].clear()
        elements[3].send_keys("Bye")
        for name in ("gift", "gift", "locked", "gift"):
            browser.find_element(By.ID, name).click()
        found = [
            browser.title,
            [[element.tag_name for element in browser.find_elements(*locator)] for locator in LOCATORS],
            [browser.find_element(By.CSS_SELECTOR, selector).text for selector in ("h1", "p", "a", "td", "#gone")],
            [(element.is_displayed(), element.is_enabled(), element.is_selected()) for element in elements],
            [element.get_property("value") for element in elements[1:6]],
            [element.get_attribute(name) for name in names for element in (elements[0], elements[2], elements[5])],
            elements[0] == browser.find_element(By.TAG_NAME, "h1"),
            [element.text for element in browser.find_element(By.TAG_NAME, "tr").find_elements(By.XPATH, "td")],
        ]
        with pytest.raises(NoSuchElementException):
            browser.find_element(By.ID, "absent")
        shop = Shop(browser).open()
        signed = [shop.sign(name) for name in ("Ada Byron", "Ada King")]
        return [*found, browser.current_url == ADDRESS, shop.title, shop.item_prices, signed, shop.wrap_as_gift()]

    assert seen(driver) == seen(open_driver(chromium_grid, video=False))


def test_malformed_selectors_are_invalid(driver: WebDriver) -> None:
    for selector in ("li[", "li >", "a,,b", ":unknown", "&"):
        with pytest.raises(InvalidSelectorException):
            driver.find_element(By.CSS_SELECTOR, selector)
    for expression in ("//", "//li[", "unknown()", "//td/@class", "1 + 1", "$x", "//comment()[1] | //text()"):
        with pytest.raises(InvalidSelectorException):
            driver.find_element(By.XPATH, expression)


def test_an_address_has_a_page_or_is_refused(driver: WebDriver) -> None:
    for url, text in (
        ("data:text/html,<p>a%20b", "a b"),
        ("data:text/html;base64,PHA+YQ==", "a"),
        ("data:text/html;charset=latin-1,<p>%E9", "é"),
        ("data:text/html,<p>a#b", "a"),
        ("https://shop.example", "shop.example The simulated browser opens no page of the network."),
        ("about:blank", ""),
    ):
        driver.get(url)
        assert driver.find_element(By.TAG_NAME, "body").text == text
        assert driver.current_url.rstrip("/") == url
        assert text.partition(" ")[0] in driver.page_source
    for url in ("nonsense", "ftp://x/", "data:nothing", "data:text/html;charset=none,a", "file:///etc"):
        with pytest.raises(InvalidArgumentException):
            driver.get(url)


def test_hidden_elements_are_not_interactable_and_former_ones_stale(driver: WebDriver) -> None:
    for locator in ((By.ID, "token"), (By.ID, "locked"), (By.TAG_NAME, "h1")):
        with pytest.raises(ElementNotInteractableException):
            driver.find_element(*locator).send_keys("x")
    gone = driver.find_element(By.ID, "gone")
    with pytest.raises(ElementNotInteractableException):
        gone.click()
    driver.refresh()
    with pytest.raises(StaleElementReferenceException):
        gone.click()


def test_a_few_scripts_need_no_javascript_engine(driver: WebDriver, grid: LocalGrid) -> None:
    assert driver.execute_script("return document.title") == "A shop"
    assert driver.execute_script("return document.readyState;") == "complete"
    assert driver.execute_script("return window.location.href") == PAGE_URL
    assert driver.execute_script('return [1, {"a": null}]') == [1, {"a": None}]
    with pytest.raises(JavascriptException, match=r"runs no JavaScript: 'return document\.cookie'"):
        driver.execute_script("return document.cookie")
    driver.execute_script("console.warn('nearly empty')")
    driver.quit()
    console = [(one.level, one.message) for one in grid.sessions[driver.session_id or ""].console]
    assert console == [("WARNING", "nearly empty")]


def test_cookies_window_and_timeouts_are_kept(driver: WebDriver) -> None:
    driver.add_cookie({"name": "a", "value": "1"})
    assert driver.get_cookie("a") == {"name": "a", "value": "1", "path": "/", "secure": False, "httpOnly": False}
    assert [cookie["name"] for cookie in driver.get_cookies()] == ["a"]
    driver.delete_all_cookies()
    assert driver.get_cookie("a") is None
    driver.set_window_size(640, 480)
    assert driver.get_window_size() == {"width": 640, "height": 480}
    driver.switch_to.window(driver.window_handles[0])
    driver.implicitly_wait(3)
    assert driver.timeouts.implicit_wait == 3
    assert driver.get_screenshot_as_png().startswith(b"\x89PNG")


def test_malformed_commands_are_invalid_and_others_unknown(driver: WebDriver, grid: LocalGrid) -> None:
    url = f"{grid.hub_url_plain}/session/{driver.session_id}"
    for path, body in (("/url", b"not json"), ("/url", b"{}"), ("/element", b"[]"), ("/element", b'{"using": "x"}')):
        answer = requests.post(url + path, data=body, timeout=30)
        assert answer.json()["value"]["error"] == "invalid argument"
    answer = requests.post(url + "/element", json={"using": "magic", "value": "x"}, timeout=30)
    assert answer.json()["value"]["error"] == "invalid argument"
    for path in ("/nonsense", "/alert/text", "/element"):
        assert requests.get(url + path, timeout=30).json()["value"]["error"] == "unknown command"
