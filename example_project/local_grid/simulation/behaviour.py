"""What a page does without JavaScript: steps that stand in its `data-click` and `data-submit` attributes.

The simulated browser runs no scripts. A page that should work in both says in attributes what a click, or sending
a form, does, and carries `behaviour.js`, which does the same in a real browser:

    <form data-submit="needs #new; add #row | #todos; clear #new; count #todos li | #total">

Steps are separated by `;`, their arguments by `|`. Arguments are CSS selectors; `this` is the element that has the
attribute, and `^li` the nearest `li` around it.

    needs S          go no further unless the field S holds something
    add T | S        append a copy of the template T to S; in it, `[data-from="F"]` shows the value of the field F
    put F | S        show the value of the field F in S
    say words | S    show these words in S
    count C | S      show in S how many elements match C
    clear S          empty the field S
    remove S         remove S from the page
    show S, hide S   show S or hide it
    toggle name | S  add the class to S, or take it away
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from . import css

if TYPE_CHECKING:
    from collections.abc import Callable

    from .dom import Element

SCRIPT = Path(__file__).with_name("behaviour.js").read_text(encoding="utf-8")


def run(steps: str, document: Element, this: Element) -> None:
    """Do the steps of one attribute."""
    for step in steps.split(";"):
        verb, _, rest = step.strip().partition(" ")
        arguments = [argument.strip() for argument in rest.split("|")]
        if verb == "needs":
            if not all(field.value.strip() for field in _find(arguments[0], document, this)):
                return
        elif verb in _VERBS:
            _VERBS[verb](document, this, arguments)


def _find(selector: str, document: Element, this: Element) -> list[Element]:
    if selector == "this":
        return [this]
    if selector.startswith("^"):
        around = (one for one in (this, *this.ancestors()) if css.matches(one, selector[1:]))
        return list(around)[:1]
    return list(css.select(document, selector))


def _add(document: Element, this: Element, arguments: list[str]) -> None:
    for template in _find(arguments[0], document, this)[:1]:
        for place in _find(arguments[1], document, this):
            for child in template.copy().children:
                place.append(child)
                if not isinstance(child, str):
                    _fill(child, document, this)


def _fill(added: Element, document: Element, this: Element) -> None:
    for one in (added, *added.descendants()):
        source = one.attributes.get("data-from")
        if source:
            one.set_text(_value(source, document, this))


def _put(document: Element, this: Element, arguments: list[str]) -> None:
    for place in _find(arguments[1], document, this):
        place.set_text(_value(arguments[0], document, this))


def _say(document: Element, this: Element, arguments: list[str]) -> None:
    for place in _find(arguments[1], document, this):
        place.set_text(arguments[0])


def _count(document: Element, this: Element, arguments: list[str]) -> None:
    for place in _find(arguments[1], document, this):
        place.set_text(str(len(_find(arguments[0], document, this))))


def _clear(document: Element, this: Element, arguments: list[str]) -> None:
    for field in _find(arguments[0], document, this):
        field.typed = ""


def _remove(document: Element, this: Element, arguments: list[str]) -> None:
    for element in _find(arguments[0], document, this):
        element.remove()


def _show(document: Element, this: Element, arguments: list[str]) -> None:
    for element in _find(arguments[0], document, this):
        element.attributes.pop("hidden", None)


def _hide(document: Element, this: Element, arguments: list[str]) -> None:
    for element in _find(arguments[0], document, this):
        element.attributes["hidden"] = ""


def _toggle(document: Element, this: Element, arguments: list[str]) -> None:
    name = arguments[0]
    for element in _find(arguments[1], document, this):
        classes = element.classes
        kept = [one for one in classes if one != name]
        element.attributes["class"] = " ".join(kept if name in classes else [*classes, name])


def _value(selector: str, document: Element, this: Element) -> str:
    return next((field.value for field in _find(selector, document, this)), "")


_VERBS: dict[str, Callable[[Element, Element, list[str]], None]] = {
    "add": _add,
    "clear": _clear,
    "count": _count,
    "hide": _hide,
    "put": _put,
    "remove": _remove,
    "say": _say,
    "show": _show,
    "toggle": _toggle,
}
