"""One simulated browser: its page, an lxml tree, and the elements whose ids the client knows."""

from __future__ import annotations

import functools
import html
import urllib.request
from typing import Any
from urllib.parse import urldefrag, urlsplit
from uuid import uuid4

import lxml.html
from cssselect import HTMLTranslator, SelectorError
from lxml import etree

from local_grid.backends import WebDriverError
from local_grid.journal import LoggedMessage, now

# https://www.w3.org/TR/webdriver2/#elements
ELEMENT_KEY = "element-6066-11e4-a52e-4f735466cecf"

_FIELD_TAGS = ("button", "input", "option", "select", "textarea")
_HIDES = "@hidden or @type='hidden' or contains(translate(@style, ' ', ''), 'display:none')"
_IS_HIDDEN = f"boolean(ancestor-or-self::*[{_HIDES}])"
_TEXTS = f".//text()[not(ancestor::*[self::script or self::style or self::title or {_HIDES}])]"

# Locator strategies but CSS and XPath: conditions on an element. Appium's clients use the last four.
_CONDITIONS = {
    "link text": "self::a and normalize-space() = $value",
    "partial link text": "self::a and contains(., $value)",
    "id": "@id = $value",
    "accessibility id": "@aria-label = $value",
    "name": "@name = $value",
    "class name": "@class = $value",
}


class Browser:
    """The state of one session. Not thread-safe."""

    def __init__(self, first_page: str) -> None:
        self.window_handle = uuid4().hex.upper()
        self.cookies: dict[str, dict[str, Any]] = {}
        self.timeouts = {"implicit": 0, "pageLoad": 300_000, "script": 30_000}
        self.rect = {"x": 0, "y": 0, "width": 1280, "height": 800}
        self.console: list[LoggedMessage] = []
        self.open(first_page)

    def open(self, url: str) -> None:
        """Load a page; elements of the page before become stale."""
        self.url, markup = _load(url)
        self.root = lxml.html.document_fromstring(markup or "<html></html>", ensure_head_body=True)
        self._elements: dict[str, lxml.html.HtmlElement] = {}
        self._ids: dict[lxml.html.HtmlElement, str] = {}

    @property
    def title(self) -> str:
        return " ".join(str(self.root.xpath("string(//title)")).split())

    @property
    def source(self) -> str:
        return str(lxml.html.tostring(self.root, encoding="unicode"))

    def find(self, using: str, value: str, within: lxml.html.HtmlElement | None) -> list[lxml.html.HtmlElement]:
        """Return the elements that match, in document order; raise `WebDriverError` for a malformed selector."""
        axis = "//" if within is None else "descendant::"
        try:
            if using in ("css selector", "tag name"):
                expression = _css_to_xpath(value, axis)
            elif using == "xpath":
                expression = value
            else:
                expression = f"{axis}*[{_CONDITIONS[using]}]"
            found = (self.root if within is None else within).xpath(expression, value=value)
        except KeyError:
            raise WebDriverError("invalid argument", f"invalid argument: no locator strategy {using!r}") from None
        except (SelectorError, etree.XPathError) as error:
            raise WebDriverError("invalid selector", f"invalid selector: {value!r}: {error}") from error
        if not isinstance(found, list) or not all(isinstance(one, lxml.html.HtmlElement) for one in found):
            raise WebDriverError("invalid selector", f"invalid selector: {value!r} selects no elements")
        return found

    def reference(self, element: lxml.html.HtmlElement) -> dict[str, str]:
        """Return an element as WebDriver's JSON; the same element always has the same id."""
        if element not in self._ids:
            self._ids[element] = uuid4().hex
            self._elements[self._ids[element]] = element
        return {ELEMENT_KEY: self._ids[element]}

    def element(self, element_id: str) -> lxml.html.HtmlElement:
        """Return the element with this id; raise `WebDriverError` if it is not on the present page."""
        if element_id not in self._elements:
            message = "stale element reference: stale element not found in the current frame"
            raise WebDriverError("stale element reference", message)
        return self._elements[element_id]

    def log(self, level: str, message: str) -> None:
        self.console.append(LoggedMessage(level, message, now()))


# What a user sees and does


def text(element: lxml.html.HtmlElement) -> str:
    """Return the text inside an element that is not hidden, on one line."""
    return " ".join("".join(element.xpath(_TEXTS)).split())


def is_displayed(element: lxml.html.HtmlElement) -> bool:
    """Return whether no `hidden` attribute and no inline style hides the element; style sheets are ignored."""
    return not element.xpath(_IS_HIDDEN)


def is_enabled(element: lxml.html.HtmlElement) -> bool:
    return element.tag not in _FIELD_TAGS or "disabled" not in element.attrib


def is_selected(element: lxml.html.HtmlElement) -> bool:
    return "checked" in element.attrib or "selected" in element.attrib


def value(element: lxml.html.HtmlElement) -> str:
    if element.tag == "textarea":
        return element.text or ""
    return str(element.get("value", "on" if element.get("type") == "checkbox" else ""))


def set_value(element: lxml.html.HtmlElement, new_value: str) -> None:
    """Replace the text of a field; raise `WebDriverError` if a user could not."""
    if element.tag not in ("input", "textarea") or not is_displayed(element) or not is_enabled(element):
        raise WebDriverError("element not interactable", "element not interactable")
    if element.tag == "textarea":
        element.text = new_value
    else:
        element.set("value", new_value)


def click(element: lxml.html.HtmlElement) -> None:
    """Toggle a checkbox; any other click has no effect, except that a hidden element raises `WebDriverError`."""
    if not is_displayed(element):
        raise WebDriverError("element not interactable", "element not interactable")
    if element.get("type") == "checkbox" and is_enabled(element):
        element.checked = not element.checked


def attribute(element: lxml.html.HtmlElement, name: str) -> str | None:
    """Return what Selenium's `get_attribute` does for this name: "true" for a boolean attribute that is set."""
    if name == "value" and element.tag in _FIELD_TAGS:
        return value(element)
    if name in ("checked", "disabled", "hidden", "readonly", "required", "selected"):
        return "true" if name in element.attrib else None
    found: str | None = element.get(name)
    return found


# Pages


def _load(url: str) -> tuple[str, str]:
    """Return the address as browsers report it, and the page's HTML; only `data:` addresses have content."""
    parts = urlsplit(url)
    if parts.scheme == "data":
        try:
            with urllib.request.DataHandler().data_open(urllib.request.Request(urldefrag(url).url)) as content:
                charset = content.headers.get_content_charset("utf-8")
                return url, content.read().decode(charset, errors="replace")
        except (ValueError, LookupError) as error:
            raise WebDriverError("invalid argument", f"invalid argument: {error}") from error
    if parts.scheme in ("http", "https") and parts.hostname:
        name = html.escape(parts.hostname)
        markup = f"<title>{name}</title><h1>{name}</h1> <p>The simulated browser opens no page of the network.</p>"
        return (url if parts.path else parts._replace(path="/").geturl()), markup
    if parts.scheme == "about":
        return url, ""
    raise WebDriverError("invalid argument", f"invalid argument: {url[:80]!r} is no address that a browser opens")


@functools.lru_cache(maxsize=512)
def _css_to_xpath(selector: str, axis: str) -> str:
    return HTMLTranslator().css_to_xpath(selector, prefix=axis)
