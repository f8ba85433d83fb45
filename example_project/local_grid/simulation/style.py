"""Style sheets, as far as they show and hide: the cascade of `display` and `visibility`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import css
from .dom import text_content

if TYPE_CHECKING:
    from .dom import Element

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_PROPERTIES = ("display", "visibility")


@dataclass(frozen=True)
class Rule:
    selector: str
    weight: tuple[int, int, int, int]
    """Specificity, then place: of two rules that match an element the heavier holds."""
    declared: dict[str, str]


class Styles:
    """What the page's own style sheets and style attributes say. Rules inside @media are taken as they are."""

    def __init__(self, document: Element) -> None:
        self._rules: list[Rule] = []
        for sheet in css.select(document, "style"):
            for selectors, declarations in _RULE.findall(_COMMENT.sub("", text_content(sheet))):
                self._add(selectors, _declared(declarations))

    def _add(self, selectors: str, declared: dict[str, str]) -> None:
        if not declared:
            return
        for selector in css.split_at_commas(selectors):
            # What cannot be read is passed over, as browsers do.
            if css.is_valid(selector):
                weight = (*css.specificity(selector), len(self._rules))
                self._rules.append(Rule(selector.strip(), weight, declared))

    def value(self, element: Element, name: str) -> str | None:
        """Return what is declared for the element itself; None if nothing is."""
        own = _declared(element.attributes.get("style", ""))
        if name in own:
            return own[name]
        rules = [rule for rule in self._rules if name in rule.declared and css.matches(element, rule.selector)]
        return max(rules, key=lambda rule: rule.weight).declared[name] if rules else None


def _declared(declarations: str) -> dict[str, str]:
    pairs = (declaration.partition(":") for declaration in declarations.split(";"))
    declared = {name.strip().lower(): value.split("!")[0].strip().lower() for name, _, value in pairs}
    return {name: declared[name] for name in _PROPERTIES if name in declared}
