"""W3C WebDriver's commands, run by a simulated browser: https://www.w3.org/TR/webdriver2/#endpoints."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from local_grid.backends import Answer, WebDriverError, value_answer

from . import browser as page
from .browser import ELEMENT_KEY, Browser

if TYPE_CHECKING:
    from lxml.html import HtmlElement

Handler: TypeAlias = Callable[..., Any]
"""Called with the browser, the command's JSON and what the path names; returns the answer's `value`."""

_PNG_OF_ONE_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEANl9ngAAAAABJRU5ErkJggg=="


def answer(browser: Browser, method: str, path: str, body: bytes) -> Answer:
    """Run a command and return its answer, which is an error in W3C WebDriver's form if it fails."""
    try:
        handler, names = _route(method, path)
        parsed = json.loads(body) if body else {}
        return value_answer(handler(browser, parsed, *names))
    except WebDriverError as error:
        return error.answer()
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        return WebDriverError("invalid argument", f"invalid argument: {error!r}").answer()


def _route(method: str, path: str) -> tuple[Handler, tuple[str, ...]]:
    for wanted, pattern, handler in _ROUTES:
        if wanted == method and (found := pattern.fullmatch(path)):
            return handler, found.groups()
    raise WebDriverError("unknown command", f"unknown command: the simulated browser has no {method} {path}")


# Elements


def _find_elements(browser: Browser, body: dict[str, Any], within_id: str | None = None) -> list[dict[str, str]]:
    within = browser.element(within_id) if within_id else None
    return [browser.reference(one) for one in browser.find(body["using"], body["value"], within)]


def _find_element(browser: Browser, body: dict[str, Any], within_id: str | None = None) -> dict[str, str]:
    found = _find_elements(browser, body, within_id)
    if not found:
        asked = json.dumps({"method": body["using"], "selector": body["value"]})
        raise WebDriverError("no such element", f"no such element: Unable to locate element: {asked}")
    return found[0]


def _of_element(function: Callable[..., Any]) -> Handler:
    """Return a handler that calls `function` with the element that the path names."""
    return lambda browser, _body, element_id, *names: function(browser.element(element_id), *names)


def _send_keys(browser: Browser, body: dict[str, Any], element_id: str) -> None:
    """Append a text to a field's; keys that are not characters have no effect."""
    element = browser.element(element_id)
    typed = "".join(key for key in body["text"] if not "\ue000" <= key <= "\uf8ff")
    page.set_value(element, page.value(element) + typed)


def _property(element: HtmlElement, name: str) -> Any:
    if name in ("checked", "disabled", "hidden", "selected"):
        return name in element.attrib
    return page.attribute(element, name)


# Scripts


def _execute(browser: Browser, body: dict[str, Any]) -> Any:
    """Return the value of one of the few scripts that need no JavaScript engine; refuse any other."""
    script = str(body["script"]).strip().rstrip(";")
    arguments = body.get("args") or []
    # Selenium's get_attribute and is_displayed are scripts of several kilobytes with these comments at their head.
    if script.startswith("/* getAttribute */"):
        return page.attribute(browser.element(arguments[0][ELEMENT_KEY]), arguments[1])
    if script.startswith("/* isDisplayed */"):
        return page.is_displayed(browser.element(arguments[0][ELEMENT_KEY]))
    if logged := re.fullmatch(r"console\.(log|warn|error)\((['\"])(.*)\2\)", script, re.DOTALL):
        browser.log({"error": "SEVERE", "warn": "WARNING"}.get(logged[1], "INFO"), logged[3])
        return None
    returned = script.removeprefix("return ").removeprefix("window.")
    if script.startswith("return ") and returned in _VALUES:
        return _VALUES[returned](browser)
    try:
        return json.loads(script.removeprefix("return "))
    except ValueError:
        message = f"javascript error: the simulated browser runs no JavaScript: {script[:80]!r}"
        raise WebDriverError("javascript error", message) from None


_VALUES: dict[str, Callable[[Browser], str]] = {
    "document.readyState": lambda _browser: "complete",
    "document.title": lambda browser: browser.title,
    "location.href": lambda browser: browser.url,
    "navigator.userAgent": lambda _browser: "Mozilla/5.0 (simulated) LocalGrid/1",
}


# The window and cookies


def _set_rect(browser: Browser, body: dict[str, Any]) -> dict[str, int]:
    browser.rect.update({name: int(value) for name, value in body.items() if value is not None})
    return browser.rect


def _get_cookie(browser: Browser, _body: dict[str, Any], name: str) -> dict[str, Any]:
    if name not in browser.cookies:
        raise WebDriverError("no such cookie", f"no such cookie: {name}")
    return browser.cookies[name]


def _add_cookie(browser: Browser, body: dict[str, Any]) -> None:
    cookie = body["cookie"]
    browser.cookies[cookie["name"]] = {"path": "/", "secure": False, "httpOnly": False, **cookie}


_E = r"/element/([^/]+)"

_ROUTES: list[tuple[str, re.Pattern[str], Handler]] = [
    (method, re.compile(path), handler)
    for method, path, handler in (
        ("GET", "/title", lambda browser, _body: browser.title),
        ("POST", "/url", lambda browser, body: browser.open(body["url"])),
        ("GET", "/url", lambda browser, _body: browser.url),
        ("POST", "/refresh", lambda browser, _body: browser.open(browser.url)),
        ("GET", "/source", lambda browser, _body: browser.source),
        ("POST", "/element", _find_element),
        ("POST", "/elements", _find_elements),
        ("POST", f"{_E}/element", _find_element),
        ("POST", f"{_E}/elements", _find_elements),
        ("GET", f"{_E}/text", _of_element(page.text)),
        ("POST", f"{_E}/click", _of_element(page.click)),
        ("POST", f"{_E}/value", _send_keys),
        ("POST", f"{_E}/clear", _of_element(lambda element: page.set_value(element, ""))),
        ("GET", f"{_E}/name", _of_element(lambda element: element.tag)),
        ("GET", f"{_E}/displayed", _of_element(page.is_displayed)),
        ("GET", f"{_E}/enabled", _of_element(page.is_enabled)),
        ("GET", f"{_E}/selected", _of_element(page.is_selected)),
        ("GET", f"{_E}/attribute/(.+)", _of_element(page.attribute)),
        ("GET", f"{_E}/property/(.+)", _of_element(_property)),
        ("POST", "/execute/(?:a?sync)", _execute),
        ("GET", "/screenshot", lambda _browser, _body: _PNG_OF_ONE_PIXEL),
        ("GET", "/window", lambda browser, _body: browser.window_handle),
        ("GET", "/window/handles", lambda browser, _body: [browser.window_handle]),
        ("POST", "/window", lambda _browser, _body: None),
        ("DELETE", "/window", lambda _browser, _body: []),
        ("GET", "/window/rect", lambda browser, _body: browser.rect),
        ("POST", "/window/rect", _set_rect),
        ("POST", "/window/maximize", lambda browser, _body: browser.rect),
        ("GET", "/timeouts", lambda browser, _body: browser.timeouts),
        ("POST", "/timeouts", lambda browser, body: browser.timeouts.update(body)),
        ("GET", "/cookie", lambda browser, _body: list(browser.cookies.values())),
        ("POST", "/cookie", _add_cookie),
        ("DELETE", "/cookie", lambda browser, _body: browser.cookies.clear()),
        ("GET", "/cookie/([^/]+)", _get_cookie),
    )
]
