"""The commands of W3C WebDriver, done by a simulated browser.

https://www.w3.org/TR/webdriver2/#endpoints, and of Appium's those about contexts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from local_grid.backends import Answer, WebDriverError, value_answer

from . import css, loading, scripts, xpath
from .browser import HEIGHT, Browser
from .dom import Element, to_html
from .locators import find_locator
from .page import NotInteractableError
from .picture import blank_png

_ERRORS: dict[type[Exception], str] = {
    ConnectionError: "unknown error",
    NotInteractableError: "element not interactable",
    css.WrongSelectorError: "invalid selector",
    loading.WrongAddressError: "invalid argument",
    scripts.NoJavaScriptError: "javascript error",
    xpath.WrongXPathError: "invalid selector",
}


@dataclass(frozen=True)
class Command:
    """What a client wants of a browser."""

    browser: Browser
    body: dict[str, Any]
    names: tuple[str, ...]
    """What the path names: an element, an attribute, a cookie."""

    @property
    def element(self) -> Element:
        return self.browser.element(self.names[0])


Handler: TypeAlias = Callable[[Command], Any]


def answer(browser: Browser, method: str, path: str, body: bytes) -> Answer:
    """Do a command and word what came of it, or of its failure."""
    try:
        handler, names = _find_handler(method, path)
        return value_answer(handler(Command(browser, _parsed(body), names)))
    except WebDriverError as error:
        return error.answer()
    except tuple(_ERRORS) as error:
        return WebDriverError(_ERRORS[type(error)], f"{_ERRORS[type(error)]}: {error}").answer()
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        # What the client sent had not the shape that the command needs.
        return WebDriverError("invalid argument", f"invalid argument: {error!r}").answer()


def _find_handler(method: str, path: str) -> tuple[Handler, tuple[str, ...]]:
    path_exists = False
    for wanted, pattern, handler in _ROUTES:
        if found := pattern.fullmatch(path):
            if wanted == method:
                return handler, found.groups()
            path_exists = True
    error = "unknown method" if path_exists else "unknown command"
    raise WebDriverError(error, f"{error}: the simulated browser has no {method} {path}")


def _parsed(body: bytes) -> dict[str, Any]:
    parsed = json.loads(body) if body else {}
    return parsed if isinstance(parsed, dict) else {}


# Pages and windows


def _close_window(command: Command) -> list[str]:
    command.browser.close_tab()
    return _window_handles(command)


def _window_handles(command: Command) -> list[str]:
    return [tab.handle for tab in command.browser.tabs]


def _switch_to_window(command: Command) -> None:
    browser, handle = command.browser, command.body["handle"]
    wanted = next((tab for tab in browser.tabs if tab.handle == handle), None)
    if wanted is None:
        raise WebDriverError("no such window", f"no such window: {handle}")
    browser.current = wanted


def _new_window(command: Command) -> dict[str, str]:
    handle = command.browser.open_tab("about:blank").handle
    return {"handle": handle, "type": command.body.get("type") or "tab"}


def _switch_to_frame(command: Command) -> None:
    if command.body.get("id") is not None:
        raise WebDriverError("no such frame", "no such frame: the simulated browser loads none")


def _set_window_rect(command: Command) -> dict[str, int]:
    rect = command.browser.rect
    rect.update({name: int(value) for name, value in command.body.items() if value is not None})
    return rect


def _no_alert(_command: Command) -> None:
    raise WebDriverError("no such alert", "no such alert")


# Elements


def _found(command: Command) -> Iterable[Element]:
    browser, using = command.browser, str(command.body["using"])
    locator = find_locator(using, browser.is_app)
    if locator is None:
        raise WebDriverError("invalid argument", f"invalid argument: no locator strategy {using!r}")
    root = command.element if command.names else browser.page.document
    return locator(browser.page, root, str(command.body["value"]))


def _find_element(command: Command) -> dict[str, str]:
    for element in _found(command):
        return command.browser.reference(element)
    asked = json.dumps({"method": command.body["using"], "selector": command.body["value"]})
    raise WebDriverError("no such element", f"no such element: Unable to locate element: {asked}")


def _find_elements(command: Command) -> list[dict[str, str]]:
    return [command.browser.reference(element) for element in _found(command)]


def _active_element(command: Command) -> dict[str, str]:
    page = command.browser.page
    return command.browser.reference(page.active if page.active and page.holds(page.active) else page.body)


def _get_attribute(command: Command) -> str | None:
    element, name = command.element, command.names[1]
    if command.browser.is_app:
        return scripts.get_attribute(command.browser.page, element, name)
    return scripts.get_dom_attribute(element, name)


def _element_rect(command: Command) -> dict[str, int]:
    """Place elements one below the other: made up, but stable and inside the window."""
    number = int(command.names[0].rpartition("-")[2]) if command.element else 0
    return {"x": 8, "y": 8 + number * 24 % (HEIGHT - 40), "width": 200, "height": 20}


def _css_value(command: Command) -> str:
    style, name = command.element.attributes.get("style", ""), re.escape(command.names[1])
    found = re.search(rf"(?:^|;)\s*{name}\s*:\s*([^;]+)", style)
    return found[1].strip() if found else ""


def _send_keys(command: Command) -> None:
    text = command.body.get("text") or "".join(command.body.get("value") or ())
    command.browser.page.type(command.element, text)


def _element_screenshot(command: Command) -> str:
    rect = _element_rect(command)
    return blank_png(rect["width"], rect["height"])


def _computed_label(command: Command) -> str:
    return command.element.attributes.get("aria-label") or command.browser.page.text(command.element)


# Scripts, input, cookies, logs


def _execute(command: Command) -> Any:
    browser = command.browser
    arguments = [browser.resolve(argument) for argument in command.body.get("args") or []]
    value = scripts.run(str(command.body["script"]), arguments, browser.page, browser.log)
    return browser.reference(value) if isinstance(value, Element) else value


def _perform_actions(command: Command) -> None:
    """Do what a chain of actions comes to: clicks where the pointer was moved, keys where the focus is."""
    page, pointed = command.browser.page, None
    for source in command.body["actions"]:
        for action in source.get("actions") or []:
            if isinstance(action.get("origin"), dict):
                pointed = command.browser.resolve(action["origin"])
            elif action["type"] == "pointerDown" and pointed:
                page.click(pointed)
            elif action["type"] == "keyDown" and page.active:
                page.type(page.active, action["value"])


def _add_cookie(command: Command) -> None:
    cookie = command.body["cookie"]
    command.browser.cookies[cookie["name"]] = {"path": "/", "secure": False, "httpOnly": False, **cookie}


def _get_cookie(command: Command) -> dict[str, Any]:
    if command.names[0] not in command.browser.cookies:
        raise WebDriverError("no such cookie", f"no such cookie: {command.names[0]}")
    return command.browser.cookies[command.names[0]]


def _delete_cookie(command: Command) -> None:
    command.browser.cookies.pop(command.names[0], None)


def _get_log(command: Command) -> list[dict[str, Any]]:
    messages = command.browser.console if command.body.get("type") == "browser" else []
    return [
        {"level": one.level, "message": one.message, "timestamp": int(one.at.timestamp() * 1000)} for one in messages
    ]


def _context(command: Command) -> str:
    return "NATIVE_APP" if command.browser.is_app else "CHROMIUM"


def _nothing(_command: Command) -> None:
    """Accept the command; it has no effect where nothing is drawn."""


_E = r"/element/([^/]+)"

_ROUTES: list[tuple[str, re.Pattern[str], Handler]] = [
    (method, re.compile(path), handler)
    for method, path, handler in (
        # What suites ask most often comes first.
        ("POST", "/element", _find_element),
        ("POST", "/elements", _find_elements),
        ("GET", f"{_E}/text", lambda command: command.browser.page.text(command.element)),
        ("POST", f"{_E}/click", lambda command: command.browser.page.click(command.element)),
        ("POST", f"{_E}/value", _send_keys),
        ("POST", "/url", lambda command: command.browser.open(str(command.body["url"]))),
        ("GET", "/url", lambda command: command.browser.page.url),
        ("GET", "/title", lambda command: command.browser.page.title),
        ("POST", "/execute(?:/sync)?", _execute),
        ("GET", "/source", lambda command: to_html(command.browser.page.document)),
        ("POST", "/back", lambda command: command.browser.tab.step(-1)),
        ("POST", "/forward", lambda command: command.browser.tab.step(1)),
        ("POST", "/refresh", lambda command: command.browser.refresh()),
        ("GET", "/window", lambda command: command.browser.tab.handle),
        ("DELETE", "/window", _close_window),
        ("POST", "/window", _switch_to_window),
        ("GET", "/window/handles", _window_handles),
        ("POST", "/window/new", _new_window),
        ("GET", "/window/rect", lambda command: command.browser.rect),
        ("POST", "/window/rect", _set_window_rect),
        ("POST", "/window/(?:maximize|minimize|fullscreen)", lambda command: command.browser.rect),
        ("POST", "/frame", _switch_to_frame),
        ("POST", "/frame/parent", _nothing),
        ("GET", "/timeouts", lambda command: command.browser.timeouts),
        ("POST", "/timeouts", lambda command: command.browser.timeouts.update(command.body)),
        ("GET", "/element/active", _active_element),
        ("POST", f"{_E}/element", _find_element),
        ("POST", f"{_E}/elements", _find_elements),
        ("GET", f"{_E}/name", lambda command: command.element.tag),
        ("GET", f"{_E}/selected", lambda command: command.element.is_on),
        ("GET", f"{_E}/enabled", lambda command: not command.element.is_disabled),
        ("GET", f"{_E}/displayed", lambda command: command.browser.page.is_shown(command.element)),
        ("GET", f"{_E}/rect", _element_rect),
        ("GET", f"{_E}/css/(.+)", _css_value),
        ("GET", f"{_E}/attribute/(.+)", _get_attribute),
        (
            "GET",
            f"{_E}/property/(.+)",
            lambda command: scripts.get_property(command.browser.page, command.element, command.names[1]),
        ),
        ("GET", f"{_E}/computedrole", lambda command: command.element.attributes.get("role", "")),
        ("GET", f"{_E}/computedlabel", _computed_label),
        ("POST", f"{_E}/clear", lambda command: command.browser.page.clear(command.element)),
        (
            "GET",
            "/screenshot",
            lambda command: blank_png(command.browser.rect["width"], command.browser.rect["height"]),
        ),
        ("GET", f"{_E}/screenshot", _element_screenshot),
        ("POST", "/actions", _perform_actions),
        ("DELETE", "/actions", _nothing),
        ("GET", "/cookie", lambda command: list(command.browser.cookies.values())),
        ("POST", "/cookie", _add_cookie),
        ("DELETE", "/cookie", lambda command: command.browser.cookies.clear()),
        ("GET", "/cookie/([^/]+)", _get_cookie),
        ("DELETE", "/cookie/([^/]+)", _delete_cookie),
        ("GET", "/alert/text", _no_alert),
        ("POST", "/alert/(?:accept|dismiss|text)", _no_alert),
        ("POST", "/(?:se/)?log", _get_log),
        ("GET", "/(?:se/)?log/types", lambda _command: ["browser"]),
        ("GET", "/context", _context),
        ("GET", "/contexts", lambda command: [_context(command)]),
        ("POST", "/context", _nothing),
        ("GET", "/orientation", lambda _command: "PORTRAIT"),
    )
]
