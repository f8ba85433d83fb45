"""The few scripts that the simulated browser understands although it runs no JavaScript."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from . import css
from .dom import Element, inner_html, text_content, to_html

if TYPE_CHECKING:
    from collections.abc import Callable

    from .page import Page

USER_AGENT = "Mozilla/5.0 (simulated) LocalGrid/1"

_BOOLEAN_ATTRIBUTES = frozenset(
    ["autofocus", "checked", "disabled", "hidden", "multiple", "open", "readonly", "required", "selected"]
)

# Properties that are there, and empty, where the attribute is not.
_EMPTY_PROPERTIES = frozenset(["class", "dir", "id", "lang", "title"])
_EMPTY_FIELD_PROPERTIES = frozenset(["name", "placeholder"])
_TYPES = {"button": "submit", "input": "text", "select": "select-one", "textarea": "textarea"}


class NoJavaScriptError(Exception):
    """A script that is not among those few."""


def run(script: str, arguments: list[Any], page: Page, log: Callable[[str, str], None]) -> Any:
    """Return what the script would; elements among the arguments are `Element`s."""
    # Selenium sends these two as scripts of several kilobytes; the comment at their head says which it is.
    if script.startswith("/* getAttribute */"):
        return get_attribute(page, arguments[0], str(arguments[1]))
    if script.startswith("/* isDisplayed */"):
        return page.is_shown(arguments[0])
    for pattern, handler in _SCRIPTS:
        if found := pattern.fullmatch(script.strip().rstrip(";").rstrip()):
            return handler(page, arguments, found, log)
    return _constant(script)


def get_attribute(page: Page, element: Element, name: str) -> str | None:
    """Return what selenium's get_attribute does: the property where there is one, else the attribute."""
    name = name.lower() if name.lower() in _BOOLEAN_ATTRIBUTES else name
    if name in ("checked", "selected"):
        return "true" if element.is_on else None
    if name in _BOOLEAN_ATTRIBUTES:
        return "true" if get_property(page, element, name) else None
    if name in ("innerHTML", "outerHTML", "innerText", "textContent", "tagName"):
        return str(get_property(page, element, name))
    if name == "value" and element.tag in ("input", "option", "select", "textarea", "button"):
        return element.value
    name = "class" if name == "className" else name
    if name == "type" and element.tag in _TYPES:
        return element.attributes.get("type", _TYPES[element.tag])
    has_property = name in _EMPTY_PROPERTIES or (element.tag in _TYPES and name in _EMPTY_FIELD_PROPERTIES)
    return element.attributes.get(name, "" if has_property else None)


def get_dom_attribute(element: Element, name: str) -> str | None:
    """Return an attribute as it stands in the page; of the boolean ones, that they are there."""
    if name.lower() in _BOOLEAN_ATTRIBUTES:
        return "true" if name.lower() in element.attributes else None
    return element.attributes.get(name)


def get_property(page: Page, element: Element, name: str) -> Any:
    if name in _PROPERTIES:
        return _PROPERTIES[name](page, element)
    if name in _BOOLEAN_ATTRIBUTES:
        return name in element.attributes
    return element.attributes.get(name)


_PROPERTIES: dict[str, Callable[[Page, Element], Any]] = {
    "checked": lambda _page, element: element.is_on if element.is_checkable else None,
    "className": lambda _page, element: element.attributes.get("class", ""),
    "disabled": lambda _page, element: element.is_disabled,
    "innerHTML": lambda _page, element: inner_html(element),
    "innerText": lambda page, element: page.text(element),
    "outerHTML": lambda _page, element: to_html(element),
    "selected": lambda _page, element: element.is_on if element.tag == "option" else None,
    "tagName": lambda _page, element: element.tag.upper(),
    "textContent": lambda _page, element: text_content(element),
    "value": lambda _page, element: element.value,
}


def _constant(script: str) -> Any:
    """Evaluate `return 42;` and its like."""
    found = re.fullmatch(r"return\s+(.+?);?\s*", script.strip(), re.DOTALL)
    try:
        return json.loads(found[1]) if found else _refuse(script)
    except ValueError:
        return _refuse(script)


def _refuse(script: str) -> Any:
    raise NoJavaScriptError(f"javascript error: the simulated browser runs no JavaScript: {script[:80]!r}")


def _page_value(page: Page, _arguments: list[Any], found: re.Match[str], _log: object) -> Any:
    values: dict[str, Any] = {
        "document.title": page.title,
        "document.readyState": "complete",
        "document.URL": page.url,
        "document.body.innerText": page.text(page.body),
        "document.documentElement.outerHTML": to_html(page.document),
        "location.href": page.url,
        "navigator.userAgent": USER_AGENT,
    }
    return values[found[1]]


def _argument_value(page: Page, arguments: list[Any], found: re.Match[str], _log: object) -> Any:
    element = _argument(arguments, found)
    return get_property(page, element, found["name"]) if found["name"] else element


def _click(page: Page, arguments: list[Any], found: re.Match[str], _log: object) -> None:
    page.click(_argument(arguments, found))


def _set_value(_page: Page, arguments: list[Any], found: re.Match[str], _log: object) -> None:
    value = arguments[int(found["from"])] if found["from"] else found["literal"][1:-1]
    _argument(arguments, found).typed = str(value)


def _count(page: Page, _arguments: list[Any], found: re.Match[str], _log: object) -> int:
    return len(list(css.select(page.document, found[2])))


def _log_message(_page: Page, _arguments: list[Any], found: re.Match[str], log: Callable[[str, str], None]) -> None:
    log({"error": "SEVERE", "warn": "WARNING"}.get(found[1], "INFO"), found[3])


def _nothing(*_arguments: Any) -> None:
    """Scrolling has no effect where nothing is drawn."""


def _argument(arguments: list[Any], found: re.Match[str]) -> Any:
    return arguments[int(found["index"])]


_SCRIPTS: list[tuple[re.Pattern[str], Callable[..., Any]]] = [
    (
        re.compile(
            r"return (?:window\.)?(document\.(?:title|readyState|URL|body\.innerText|documentElement\.outerHTML)"
            r"|location\.href|navigator\.userAgent)"
        ),
        _page_value,
    ),
    (re.compile(r"return arguments\[(?P<index>\d)\](?:\.(?P<name>\w+))?"), _argument_value),
    (re.compile(r"(?:return )?arguments\[(?P<index>\d)\]\.click\(\)"), _click),
    (
        re.compile(
            r"arguments\[(?P<index>\d)\]\.value\s*=\s*"
            r"(?:arguments\[(?P<from>\d)\]|(?P<literal>'[^']*'|\"[^\"]*\"))"
        ),
        _set_value,
    ),
    (re.compile(r"arguments\[\d\]\.scrollIntoView\(.*\)", re.DOTALL), _nothing),
    (re.compile(r"(?:window\.)?scroll(?:To|By)?\(.*\)", re.DOTALL), _nothing),
    (re.compile(r"return document\.querySelectorAll\((['\"])(.*?)\1\)\.length"), _count),
    (re.compile(r"console\.(log|info|warn|error)\((['\"])(.*)\2\)", re.DOTALL), _log_message),
]
