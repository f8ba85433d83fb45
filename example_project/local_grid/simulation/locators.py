"""The ways to find elements: WebDriver's, and for apps Appium's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from . import css, xpath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .dom import Element
    from .page import Page

Locator: TypeAlias = "Callable[[Page, Element, str], Iterable[Element]]"

_UI_SELECTOR = re.compile(r"\.(?P<kind>text|textContains|description|resourceId)\(\"(?P<wanted>[^\"]*)\"\)")


def find_locator(using: str, for_app: bool) -> Locator | None:
    return _WEB.get(using) or (_APP.get(using) if for_app else None)


def _by_link(page: Page, root: Element, text: str) -> Iterable[Element]:
    return (link for link in css.select(root, "a") if page.text(link) == text)


def _by_partial_link(page: Page, root: Element, text: str) -> Iterable[Element]:
    return (link for link in css.select(root, "a") if text in page.text(link))


def _by_ui_selector(page: Page, root: Element, value: str) -> Iterable[Element]:
    """Understand the text, description and resource id of Android's UiSelector."""
    found = _UI_SELECTOR.search(value)
    if not found:
        raise css.WrongSelectorError(f"{value!r} is not known to the simulated app")
    kind, wanted = found["kind"], found["wanted"]
    if kind == "text":
        return (one for one in root.descendants() if page.text(one) == wanted)
    if kind == "textContains":
        return (one for one in root.descendants() if wanted in page.text(one))
    name = "aria-label" if kind == "description" else "id"
    return (one for one in root.descendants() if one.attributes.get(name) == wanted.rpartition("/")[2])


def _by_attribute(name: str) -> Locator:
    # A resource id may be written with its package: com.example:id/greet.
    return lambda _page, root, value: (
        one for one in root.descendants() if value.rpartition(":id/")[2] == one.attributes.get(name)
    )


def _by_css(_page: Page, root: Element, value: str) -> Iterable[Element]:
    return css.select(root, value)


_WEB: dict[str, Locator] = {
    "css selector": _by_css,
    "link text": _by_link,
    "partial link text": _by_partial_link,
    "tag name": _by_css,
    "xpath": lambda _page, root, value: xpath.select(root, value),
}
_APP: dict[str, Locator] = {
    "-android uiautomator": _by_ui_selector,
    "accessibility id": _by_attribute("aria-label"),
    "class name": _by_attribute("class"),
    "id": _by_attribute("id"),
    "name": _by_attribute("name"),
}
