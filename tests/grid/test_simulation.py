"""The simulated browser against the real one, and against what HTML, CSS and XPath say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests
from selenium.common.exceptions import (
    ElementNotInteractableException,
    InvalidArgumentException,
    InvalidSelectorException,
    NoAlertPresentException,
    NoSuchFrameException,
    NoSuchWindowException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from local_grid.simulation import css, loading, xpath
from local_grid.simulation.dom import Element, parse_html, to_html

if TYPE_CHECKING:
    from collections.abc import Callable

    from selenium.webdriver.remote.webdriver import WebDriver

    from local_grid import LocalGrid

PAGE = """<!doctype html><title> A  shop </title>
<style>.off { display: none } /* #top { display: none } */ #amount, p.flow { display: block !important }
.veil, b { visibility: hidden } main .veil .seen, p > b { visibility: visible } .wide::before, a:blink { display: none }
#ribbon { visibility: hidden } #gift:checked ~ #ribbon { visibility: visible }</style>
<header id=top class="bar wide"><h1>Fruit &amp; more</h1><a href="#cart" class=link>Cart</a></header>
<main>
  <p lang=en-GB>First   line<br>second <b>bold</b> line <span hidden>not</span><span class=off>nor</span></p>
  <table id=prices><tr><th>Apple<td class=price>2<tr><th>Pear<td class=price>3</table>
  <ul><li data-sku=a1>one<li data-sku=a2 class=chosen>two<li data-sku=b1>three</ul>
  <details id=more><summary>More</summary><p>Folded</p></details>
  <form id=order><label for=amount>Amount</label><input id=amount name=amount value=1>
    <label id=gift-label>Gift <input type=checkbox id=gift name=gift> <i id=ribbon>with a ribbon</i></label>
    <input type=radio name=size id=small checked><input type=radio name=size id=large>
    <select id=country><option value=no>Norway<option value=de>Germany<option value=it disabled>Italy</select>
    <textarea id=note>Hello</textarea><input id=locked disabled value=x><input type=hidden id=token value=t></form>
  <div style="color: red; display: none" id=gone>gone</div>
  <div class=veil>veiled <b class=seen>seen</b> <p hidden class=flow>flows</p></div>
  <ol><li>a<ul><li>b</ul><li>c</ol>
</main>"""
PAGE_URL = "data:text/html," + quote(PAGE)

SELECTORS = [
    "*",
    "#top",
    ".bar.wide",
    "header > h1",
    "main p, header a",
    "li + li",
    "li ~ li",
    "ul > li:first-child",
    "li:last-child",
    "li:nth-child(2n+1)",
    "li:nth-child(odd)",
    "ol > li:nth-of-type(2)",
    "li:not(.chosen)",
    "main li:not([data-sku^='a'])",
    "[data-sku]",
    "[data-sku=b1]",
    '[data-sku$="2"]',
    "[data-sku*='1']",
    "[lang|=en]",
    "[class~=wide]",
    "[data-sku='A1' i]",
    "input:checked",
    "option:checked",
    ":disabled",
    "input:enabled",
    "input[type=checkbox]",
    "td.price:only-child",
    "tr:has(td)",
    "tbody > tr > th",
    "form :is(input, textarea)",
    "span:empty",
]
EXPRESSIONS = [
    "//li",
    "/html/body/main/ul/li[2]",
    "//li[last()]",
    "(//li)[last()]",
    "//ul/li[position() > 1]",
    "//li[@data-sku]",
    "//li[@data-sku='a2']",
    "//*[@id='top']//a",
    "//h1[text()='Fruit & more']",
    "//li[contains(@class, 'chosen')]",
    "//li[starts-with(@data-sku, 'a') and not(@class)]",
    "//td[.='3']/preceding-sibling::th",
    "//th[normalize-space()='Apple']/following-sibling::td",
    "//b/..",
    "//b/ancestor::main",
    "//summary | //h1",
    "//label[contains(normalize-space(.), 'Gift')]/input",
    "//tr[td[.='2']]/th",
    "//*[@type='radio' or @type='checkbox']",
    "//li[count(ul) = 1]",
    "//option[string-length(@value) = 2][2]",
    "//li[contains(translate(., 'ONE', 'one'), 'one')]",
    "//descendant::li[1]",
    "//main/child::*[2]",
    "//p[@*]",
    "//li[2 = position()]",
    "//input[@name != 'size']",
]


@pytest.fixture
def driver(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> WebDriver:
    driver = open_driver(grid)
    driver.get(PAGE_URL)
    return driver


def test_locators_find_the_same_in_either_browser(
    driver: WebDriver, chromium_grid: LocalGrid, open_driver: Callable[..., WebDriver]
) -> None:
    real = open_driver(chromium_grid, video=False)
    real.get(PAGE_URL)

    def found(browser: WebDriver, by: str, value: str) -> list[str | None]:
        return [element.get_attribute("outerHTML") for element in browser.find_elements(by, value)]

    # The root's inside differs: a real browser writes the style sheet's white space as it was.
    for selector in SELECTORS[1:]:
        assert found(driver, By.CSS_SELECTOR, selector) == found(real, By.CSS_SELECTOR, selector), selector
    for expression in EXPRESSIONS:
        assert found(driver, By.XPATH, expression) == found(real, By.XPATH, expression), expression
    assert len(driver.find_elements(By.CSS_SELECTOR, "*")) == len(real.find_elements(By.CSS_SELECTOR, "*"))


def test_text_and_state_are_the_same_in_either_browser(
    driver: WebDriver, chromium_grid: LocalGrid, open_driver: Callable[..., WebDriver]
) -> None:
    real = open_driver(chromium_grid, video=False)
    real.get(PAGE_URL)

    def state(browser: WebDriver) -> list[Any]:
        shown = browser.find_elements(
            By.CSS_SELECTOR, "body, main, form, select, h1, p, td, li, summary, label, div, a, b, i, br"
        )
        fields = browser.find_elements(By.CSS_SELECTOR, "input, select, textarea, option")
        names = ("id", "value", "checked", "disabled", "type", "name", "nothing")
        return [
            browser.title,
            [(element.text, element.is_displayed(), element.tag_name) for element in shown],
            [(field.is_enabled(), field.is_selected(), field.is_displayed()) for field in fields],
            [[field.get_attribute(name) for name in names] for field in fields],
            [[field.get_dom_attribute(name) for name in names] for field in fields],
        ]

    def act(browser: WebDriver) -> None:
        browser.find_element(By.ID, "gift-label").click()
        browser.find_element(By.ID, "large").click()
        browser.find_element(By.TAG_NAME, "summary").click()
        Select(browser.find_element(By.ID, "country")).select_by_visible_text("Germany")
        browser.find_element(By.ID, "amount").send_keys("2", Keys.BACKSPACE, "34")
        note = browser.find_element(By.ID, "note")
        note.clear()
        note.send_keys("Bye")
        amount = browser.find_element(By.ID, "amount")
        amount.send_keys(Keys.CONTROL, "a", Keys.NULL, "7")

    def changes(browser: WebDriver) -> list[Any]:
        fields = browser.find_elements(By.CSS_SELECTOR, "input, select, textarea")
        values = [(field.get_attribute("value"), field.is_selected()) for field in fields]
        return [values, [browser.find_element(By.ID, name).text for name in ("more", "ribbon", "order")]]

    assert state(driver) == state(real)
    act(driver)
    act(real)
    assert changes(driver) == changes(real)


@pytest.mark.parametrize(
    ("selector", "ids"),
    [(r"#a\:b", ["a:b"]), ("[title='a, b']", ["c"]), (":root > body > #c", ["c"]), ("P:first-of-type", ["c"])],
)
def test_selectors_of_the_odder_sort_are_read(selector: str, ids: list[str]) -> None:
    document = parse_html("<i id='a:b'></i><p id=c title='a, b'></p>")
    assert [one.attributes["id"] for one in css.select(document, selector)] == ids


@pytest.mark.parametrize("selector", ["", "li[", "li >", "a,,b", "li:nth-child(x)", ":unknown", "&", "li:not("])
def test_wrong_selectors_are_called_so(driver: WebDriver, selector: str) -> None:
    with pytest.raises((InvalidSelectorException, InvalidArgumentException)):
        driver.find_element(By.CSS_SELECTOR, selector)


@pytest.mark.parametrize(
    "expression", ["//", "//li[", "unknown()", "//li/@data-sku", "1 + 1", "//li[contains(.)]", "$x"]
)
def test_wrong_expressions_are_called_so(driver: WebDriver, expression: str) -> None:
    with pytest.raises((InvalidSelectorException, InvalidArgumentException)):
        driver.find_element(By.XPATH, expression)


def test_numbers_and_words_of_xpath_compare_as_they_should() -> None:
    document = parse_html("<p id=a>1.5</p><p id=b>x</p>")

    def ids(expression: str) -> list[str]:
        return [one.attributes["id"] for one in xpath.select(document, expression)]

    assert ids("//p[. > 1]") == ["a"]
    assert ids("//p[. <= 1.5 or false()]") == ["a"]
    assert ids("//p[position() = last() - 1 + 1]") == ["b"]
    assert ids("//p[string(@id) = 'b' and true()]") == ["b"]
    assert ids("//p[concat(@id, '-', local-name()) = 'b-p']") == ["b"]
    assert ids("//p[(@id)[1] = 'a']") == ["a"]
    assert ids("//p[@id = //p[2]/@id]") == ["b"]
    assert ids("//p[not(following-sibling::p)]") == ["b"]
    assert ids("//p[self::node()][name() = 'p'][.//text() = 'x']") == ["b"]


def test_html_is_repaired_as_browsers_do() -> None:
    markup = "<title>t</title><p>one<p>two<br/><div>three</div><select><option>a<option selected>b</select>&copy;"
    body = (
        "<body><p>one</p><p>two<br></p><div>three</div>"
        '<select><option>a</option><option selected="">b</option></select>©</body>'
    )
    assert to_html(parse_html(markup)) == f"<html><head><title>t</title></head>{body}</html>"
    assert to_html(parse_html("<html lang=en><head></head>x")) == '<html lang="en"><head></head><body>x</body></html>'


@pytest.mark.parametrize(
    ("url", "markup"),
    [
        ("data:text/html,<p>a%20b", "<p>a b"),
        ("data:text/html;base64,PHA+YQ==", "<p>a"),
        ("data:text/html;charset=latin-1,%E9", "é"),
        ("data:text/html;charset=nonsense,%C3%A9", "é"),
        ("data:text/html,<p>a#b", "<p>a"),
        ("data:,<p>", "<body><pre>&lt;p&gt;</pre></body>"),
        ("about:blank", ""),
    ],
)
def test_data_addresses_are_read(url: str, markup: str) -> None:
    assert loading.load(url) == markup


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://x/", "data:nothing", "data:text/html;base64,a", "file:///etc/passwd"]
)
def test_addresses_that_no_browser_opens_are_refused(driver: WebDriver, url: str) -> None:
    with pytest.raises(InvalidArgumentException):
        driver.get(url)


def test_pages_of_this_machine_are_loaded_and_others_are_not(driver: WebDriver, grid: LocalGrid) -> None:
    driver.get(f"{grid.base_url}/no/such/page")
    assert driver.find_element(By.TAG_NAME, "body").text == "404 page not found"
    driver.get("https://www.example.com")
    assert driver.title == "www.example.com"
    assert driver.current_url == "https://www.example.com/"
    with pytest.raises(WebDriverException, match="ERR_CONNECTION_REFUSED"):
        driver.get("http://127.0.0.1:9/")


def test_history_windows_and_cookies_are_kept(driver: WebDriver) -> None:
    driver.get(
        "data:text/html,<title>two</title><a href='data:text/html,<title>three</title>'>on</a><a href=%23x>x</a>"
    )
    first = driver.current_window_handle
    driver.find_element(By.LINK_TEXT, "x").click()
    assert driver.current_url.endswith("#x")
    driver.find_element(By.PARTIAL_LINK_TEXT, "o").click()
    assert driver.title == "three"
    driver.back()
    assert driver.title == "two"
    driver.forward()
    driver.refresh()
    assert driver.title == "three"

    driver.switch_to.new_window("tab")
    assert driver.title == ""
    assert len(driver.window_handles) == 2
    driver.close()
    with pytest.raises(NoSuchWindowException):
        _ = driver.title
    with pytest.raises(NoSuchWindowException):
        driver.switch_to.window("none")
    driver.switch_to.window(first)
    driver.switch_to.default_content()
    with pytest.raises(NoSuchFrameException):
        driver.switch_to.frame(0)

    driver.add_cookie({"name": "a", "value": "b"})
    assert driver.get_cookie("a") == {"name": "a", "value": "b", "path": "/", "secure": False, "httpOnly": False}
    assert len(driver.get_cookies()) == 1
    driver.delete_cookie("a")
    assert driver.get_cookie("a") is None
    driver.delete_all_cookies()


def test_windows_have_a_size_a_picture_and_timeouts(driver: WebDriver) -> None:
    driver.set_window_size(640, 480)
    driver.maximize_window()
    assert driver.get_window_size() == {"width": 640, "height": 480}
    png = driver.get_screenshot_as_png()
    assert png.startswith(b"\x89PNG")
    assert (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")) == (640, 480)
    heading = driver.find_element(By.TAG_NAME, "h1")
    assert heading.screenshot_as_png.startswith(b"\x89PNG")
    assert heading.rect["width"] == 200
    assert driver.find_element(By.ID, "gone").value_of_css_property("color") == "red"
    driver.implicitly_wait(3)
    assert driver.timeouts.implicit_wait == 3
    assert heading.accessible_name == "Fruit & more"
    assert heading.aria_role == ""


def test_what_a_person_could_not_do_is_refused(driver: WebDriver) -> None:
    driver.find_element(By.ID, "locked").click()
    with pytest.raises(ElementNotInteractableException):
        driver.find_element(By.ID, "gone").click()
    with pytest.raises(ElementNotInteractableException):
        driver.find_element(By.ID, "token").send_keys("x")
    with pytest.raises(ElementNotInteractableException):
        driver.find_element(By.TAG_NAME, "h1").send_keys("x")
    with pytest.raises(ElementNotInteractableException):
        driver.find_element(By.ID, "locked").clear()
    with pytest.raises(NoAlertPresentException):
        driver.switch_to.alert.accept()
    heading = driver.find_element(By.TAG_NAME, "h1")
    driver.refresh()
    with pytest.raises(StaleElementReferenceException):
        _ = heading.text
    with pytest.raises(InvalidArgumentException):
        driver.execute("findElement", {"using": "accessibility id", "value": "x"})


def test_keyboard_and_pointer_actions_arrive(driver: WebDriver) -> None:
    amount = driver.find_element(By.ID, "amount")
    ActionChains(driver).move_to_element(amount).click().send_keys("23").perform()
    assert amount.get_attribute("value") == "123"
    assert driver.switch_to.active_element == amount
    amount.send_keys(Keys.TAB)
    assert driver.switch_to.active_element.get_attribute("id") == "gift"
    driver.switch_to.active_element.send_keys(" ")
    assert driver.find_element(By.ID, "gift").is_selected()
    driver.find_element(By.ID, "country").send_keys("Ger")
    assert driver.find_element(By.ID, "country").get_attribute("value") == "de"


def test_common_scripts_are_understood(driver: WebDriver) -> None:
    gift = driver.find_element(By.ID, "gift")
    amount = driver.find_element(By.ID, "amount")
    assert driver.execute_script("return document.title") == "A shop"
    assert driver.execute_script("return document.readyState;") == "complete"
    assert driver.execute_script("return window.location.href") == PAGE_URL
    assert driver.execute_script("return arguments[0]", gift) == gift
    assert driver.execute_script("return arguments[0].tagName;", gift) == "INPUT"
    assert driver.execute_script("return document.querySelectorAll('li').length") == 6
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'});", gift)
    driver.execute_script("window.scrollTo(0, document.body.scrollHeight)")
    driver.execute_script("arguments[0].click();", gift)
    driver.execute_script("arguments[0].value = arguments[1]", amount, "9")
    driver.execute_script("console.error('oh dear')")
    assert gift.is_selected()
    assert amount.get_property("value") == "9"
    assert gift.get_property("checked") is True
    assert driver.execute_script('return [1, {"a": null}]') == [1, {"a": None}]


def test_what_the_console_said_is_in_its_log(driver: WebDriver, grid: LocalGrid) -> None:
    driver.execute_script("console.warn('nearly empty')")
    driver.quit()
    console = grid.sessions[driver.session_id or ""].console
    assert [(line.level, line.message) for line in console] == [("WARNING", "nearly empty")]


def test_nonsense_is_an_invalid_argument(driver: WebDriver, grid: LocalGrid) -> None:
    url = f"{grid.hub_url_plain}/session/{driver.session_id}"
    for path, body in (("/url", b"not json"), ("/url", b"{}"), ("/element", b"[]"), ("/actions", b"{}")):
        answer = requests.post(url + path, data=body, timeout=10)
        assert answer.json()["value"]["error"] == "invalid argument"
    assert requests.put(f"{url}/title", timeout=10).json()["value"]["error"] == "unknown method"


def test_elements_are_equal_to_nothing_but_themselves() -> None:
    assert Element("p") != Element("p")
