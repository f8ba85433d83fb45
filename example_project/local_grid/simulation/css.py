"""CSS selectors: which elements match."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .dom import Element

Test: TypeAlias = "Callable[[Element], bool]"
Complex: TypeAlias = "list[tuple[str, list[Test]]]"
"""Compounds from left to right, each with the combinator that stands before it."""

_NAME = r"-?(?:[\w\u00a0-\uffff-]|\\.)+"
_TOKEN = re.compile(
    rf"""(?P<tag>\*|{_NAME})
    |\#(?P<id>{_NAME})
    |\.(?P<class>{_NAME})
    |\[\s*(?P<attribute>[\w:-]+)\s*(?:(?P<operator>[~|^$*]?=)\s*
        (?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>{_NAME}))\s*(?P<case>[iIsS])?\s*)?\]
    |::?(?P<pseudo>[\w-]+)(?P<open>\()?""",
    re.VERBOSE,
)
_COMBINATOR = re.compile(r"\s*([>+~])\s*|\s+")
_NTH = re.compile(r"(?P<step>[+-]?\d*)n\s*(?:(?P<sign>[+-])\s*(?P<offset>\d+))?|(?P<only>[+-]?\d+)")

_CONTAINS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda has, wants: has == wants,
    "~=": lambda has, wants: wants in has.split(),
    "|=": lambda has, wants: has == wants or has.startswith(wants + "-"),
    "^=": lambda has, wants: bool(wants) and has.startswith(wants),
    "$=": lambda has, wants: bool(wants) and has.endswith(wants),
    "*=": lambda has, wants: bool(wants) and wants in has,
}


class WrongSelectorError(ValueError):
    """A selector that cannot be read."""


def select(root: Element, selector: str) -> Iterator[Element]:
    """Walk over the elements below the root that match, in document order."""
    wanted = parse(selector)
    return (element for element in root.descendants() if _matches_any(element, wanted))


def matches(element: Element, selector: str) -> bool:
    return _matches_any(element, parse(selector))


@functools.lru_cache(maxsize=512)
def parse(selector: str) -> tuple[Complex, ...]:
    return tuple(_parse_complex(part) for part in split_at_commas(selector))


def split_at_commas(selector: str) -> list[str]:
    """Split a list of selectors; WrongSelectorError where brackets or quotes do not match."""
    parts, depth, quote = [""], 0, ""
    for character in selector:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append("")
            continue
        parts[-1] += character
    if not all(part.strip() for part in parts) or depth or quote:
        raise WrongSelectorError(f"{selector!r} is not a valid selector")
    return parts


def is_valid(selector: str) -> bool:
    try:
        parse(selector)
    except WrongSelectorError:
        return False
    return True


def specificity(selector: str) -> tuple[int, int, int]:
    """Count ids, then classes, attributes and pseudo-classes, then tags."""
    found = [match for match in _TOKEN.finditer(selector) if match["pseudo"] not in ("not", "is", "has", "where")]
    tags = sum(match["tag"] not in (None, "*") for match in found)
    ids = sum(match["id"] is not None for match in found)
    universal = sum(match["tag"] == "*" for match in found)
    return ids, len(found) - ids - tags - universal, tags


def _parse_complex(text: str) -> Complex:
    text = text.strip()
    compounds: Complex = []
    combinator, position = "", 0
    while position < len(text):
        tests, position = _parse_compound(text, position)
        compounds.append((combinator, tests))
        if position < len(text):
            found = _COMBINATOR.match(text, position)
            if not found or found.end() == len(text):
                raise WrongSelectorError(f"{text!r} is not a valid selector")
            combinator, position = found[1] or " ", found.end()
    return compounds


def _parse_compound(text: str, position: int) -> tuple[list[Test], int]:
    tests: list[Test] = []
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found or (found["tag"] and tests):
            break
        position = found.end()
        if found["open"]:
            argument, position = _argument(text, position)
            tests.append(_pseudo(found["pseudo"], argument))
        else:
            tests.append(_simple(found))
    if not tests:
        raise WrongSelectorError(f"{text!r} is not a valid selector")
    return tests, position


def _argument(text: str, position: int) -> tuple[str, int]:
    """Return what stands in the parentheses that were opened, and where they end."""
    depth = 1
    for index in range(position, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return text[position:index].strip(), index + 1
    raise WrongSelectorError(f"{text!r} is not a valid selector")


def _simple(found: re.Match[str]) -> Test:
    if found["tag"]:
        tag = _unescaped(found["tag"]).lower()
        return lambda element: tag in ("*", element.tag)
    if found["id"]:
        wanted_id = _unescaped(found["id"])
        return lambda element: element.attributes.get("id") == wanted_id
    if found["class"]:
        wanted_class = _unescaped(found["class"])
        return lambda element: wanted_class in element.classes
    if found["attribute"]:
        return _attribute(found)
    return _pseudo(found["pseudo"], "")


def _attribute(found: re.Match[str]) -> Test:
    name, operator = found["attribute"].lower(), found["operator"]
    if not operator:
        return lambda element: name in element.attributes
    given = next((found[group] for group in ("double", "single", "bare") if found[group] is not None), "")
    wanted, compare = _unescaped(given), _CONTAINS[operator]
    if (found["case"] or "").lower() == "i":
        return lambda element: name in element.attributes and compare(element.attributes[name].lower(), wanted.lower())
    return lambda element: name in element.attributes and compare(element.attributes[name], wanted)


def _pseudo(name: str, argument: str) -> Test:
    if name in _PLAIN_PSEUDOS and not argument:
        return _PLAIN_PSEUDOS[name]
    if name in ("not", "is", "where"):
        wanted = parse(argument)
        return lambda element: _matches_any(element, wanted) == (name != "not")
    if name == "has":
        inside = parse(argument)
        return lambda element: any(_matches_any(one, inside) for one in element.descendants())
    if name in ("nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type"):
        return _nth(name, argument)
    raise WrongSelectorError(f":{name} is not known to the simulated browser")


def _nth(name: str, argument: str) -> Test:
    found = _NTH.fullmatch({"odd": "2n+1", "even": "2n"}.get(argument, argument))
    if not found:
        raise WrongSelectorError(f":{name}({argument}) is not a valid selector")
    if found["only"]:
        step, offset = 0, int(found["only"])
    else:
        step = int(found["step"] + "1" if found["step"] in ("", "+", "-") else found["step"])
        offset = int((found["sign"] or "+") + (found["offset"] or "0"))

    def test(element: Element) -> bool:
        away = _position(element, of_type="type" in name, from_end="last" in name) - offset
        return away == 0 if step == 0 else away % step == 0 and away // step >= 0

    return test


def _position(element: Element, *, of_type: bool = False, from_end: bool = False) -> int:
    siblings = element.parent.elements if element.parent else [element]
    if of_type:
        siblings = [one for one in siblings if one.tag == element.tag]
    index = siblings.index(element)
    return len(siblings) - index if from_end else index + 1


_FIELD_TAGS = ("button", "fieldset", "input", "optgroup", "option", "select", "textarea")

_PLAIN_PSEUDOS: dict[str, Test] = {
    "first-child": lambda element: _position(element) == 1,
    "last-child": lambda element: _position(element, from_end=True) == 1,
    "only-child": lambda element: _position(element) == 1 == _position(element, from_end=True),
    "first-of-type": lambda element: _position(element, of_type=True) == 1,
    "last-of-type": lambda element: _position(element, of_type=True, from_end=True) == 1,
    "empty": lambda element: not element.children,
    "root": lambda element: element.tag == "html",
    "checked": lambda element: element.is_on,
    "disabled": lambda element: element.tag in _FIELD_TAGS and element.is_disabled,
    "enabled": lambda element: element.tag in _FIELD_TAGS and not element.is_disabled,
}


def _matches_any(element: Element, wanted: tuple[Complex, ...]) -> bool:
    return any(_matches(element, one, len(one) - 1) for one in wanted)


def _matches(element: Element, wanted: Complex, index: int) -> bool:
    """Compare from right to left: the element with the compound at the index, then what stands around it."""
    combinator, tests = wanted[index]
    if not all(test(element) for test in tests):
        return False
    return index == 0 or any(_matches(one, wanted, index - 1) for one in _around(element, combinator))


def _around(element: Element, combinator: str) -> Iterator[Element]:
    if combinator == " ":
        yield from element.ancestors()
    elif combinator == ">":
        if element.parent:
            yield element.parent
    elif element.parent:
        siblings = element.parent.elements
        before = siblings[: siblings.index(element)]
        yield from reversed(before) if combinator == "~" else before[-1:]


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
