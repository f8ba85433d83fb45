"""The part of XPath 1.0 that people's locators use: steps, axes, predicates and the common functions."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from .dom import Element, text_content

if TYPE_CHECKING:
    from collections.abc import Iterator

Value: TypeAlias = "list[Element | str] | str | float | bool"
"""A node set is a list; attributes and text nodes in it are plain strings."""


@dataclass(frozen=True)
class Context:
    node: Element | str
    position: int = 1
    size: int = 1


Expression: TypeAlias = Callable[[Context], Value]

_TOKEN = re.compile(
    r"""\s*(?:(?P<literal>"[^"]*"|'[^']*')
    |(?P<number>\d+(?:\.\d+)?|\.\d+)
    |(?P<symbol>\.\.|::|//|!=|<=|>=|[./@*|()\[\],=<>+-])
    |(?P<name>[\w-]+(?:\.[\w-]+)*))""",
    re.VERBOSE,
)
_END = ("end", "")


class WrongXPathError(ValueError):
    """An expression that cannot be read."""


def select(root: Element, expression: str) -> list[Element]:
    """Return the elements that an expression yields, seen from the root."""
    value = parse(expression)(Context(root))
    if not isinstance(value, list):
        raise WrongXPathError(f"{expression!r} yields no elements")
    if any(isinstance(node, str) for node in value):
        raise WrongXPathError(f"{expression!r} yields text or attributes, not elements")
    return [node for node in value if isinstance(node, Element)]


@functools.lru_cache(maxsize=512)
def parse(expression: str) -> Expression:
    return _Parser(expression).parse()


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = list(self._tokenize(expression))
        self._index = 0

    def parse(self) -> Expression:
        parsed = self._or()
        if self._next != _END:
            raise self._wrong()
        return parsed

    # Tokens

    def _tokenize(self, expression: str) -> Iterator[tuple[str, str]]:
        position = 0
        while expression[position:].strip():
            found = _TOKEN.match(expression, position)
            if not found or not found.lastgroup:
                raise self._wrong()
            yield found.lastgroup, found[found.lastgroup]
            position = found.end()

    @property
    def _next(self) -> tuple[str, str]:
        return self._tokens[self._index] if self._index < len(self._tokens) else _END

    def _take(self) -> tuple[str, str]:
        token = self._next
        self._index += 1
        return token

    def _took(self, kind: str, *texts: str) -> str | None:
        """Take the next token and return its text if it is one of these."""
        if self._next[0] == kind and self._next[1] in texts:
            return self._take()[1]
        return None

    def _expect(self, symbol: str) -> None:
        if not self._took("symbol", symbol):
            raise self._wrong()

    def _wrong(self) -> WrongXPathError:
        return WrongXPathError(f"{self._expression!r} is not an XPath expression that is understood here")

    # Operators, from the loosest to the tightest

    def _or(self) -> Expression:
        left = self._and()
        while self._took("name", "or"):
            left = _either(left, self._and())
        return left

    def _and(self) -> Expression:
        left = self._comparison()
        while self._took("name", "and"):
            left = _both(left, self._comparison())
        return left

    def _comparison(self) -> Expression:
        left = self._sum()
        while operator := self._took("symbol", "=", "!=", "<", "<=", ">", ">="):
            left = _compared(operator, left, self._sum())
        return left

    def _sum(self) -> Expression:
        left = self._union()
        while operator := self._took("symbol", "+", "-"):
            left = _added(left, self._union(), 1 if operator == "+" else -1)
        return left

    def _union(self) -> Expression:
        left = self._path()
        while self._took("symbol", "|"):
            left = _united(left, self._path())
        return left

    # Paths

    def _path(self) -> Expression:
        start = self._start()
        steps = []
        if start is None:
            steps.append(self._step())
        while symbol := self._took("symbol", "/", "//"):
            if symbol == "//":
                steps.append(_step("descendant-or-self", "node()", []))
            steps.append(self._step())
        if start is None:
            return _path(lambda context: [context.node], steps)
        return _path(start, steps) if steps else start

    def _start(self) -> Expression | None:
        """Read what a path may begin with other than a step; None if it begins with one."""
        kind, text = self._next
        if kind == "literal":
            self._take()
            return lambda _context: text[1:-1]
        if kind == "number":
            self._take()
            return lambda _context: float(text)
        if self._took("symbol", "("):
            inside = self._or()
            self._expect(")")
            predicates = self._predicates()
            return _filtered(inside, predicates) if predicates else inside
        if kind == "symbol" and text in ("/", "//"):
            return lambda context: [_root(context.node)]
        if kind == "name" and self._peek(1) == ("symbol", "(") and text not in ("text", "node"):
            return self._function()
        return None

    def _peek(self, ahead: int) -> tuple[str, str]:
        index = self._index + ahead
        return self._tokens[index] if index < len(self._tokens) else _END

    def _step(self) -> Step:
        if self._took("symbol", ".."):
            return _step("parent", "node()", self._predicates())
        if self._took("symbol", "."):
            return _step("self", "node()", self._predicates())
        axis = "child"
        if self._took("symbol", "@"):
            axis = "attribute"
        elif self._peek(1) == ("symbol", "::"):
            axis = self._take()[1]
            self._take()
        if axis not in _AXES:
            raise self._wrong()
        return _step(axis, self._node_test(), self._predicates())

    def _node_test(self) -> str:
        kind, text = self._take()
        if kind == "name" and self._took("symbol", "("):
            self._expect(")")
            return f"{text}()"
        if kind == "name" or text == "*":
            return text
        raise self._wrong()

    def _predicates(self) -> list[Expression]:
        predicates = []
        while self._took("symbol", "["):
            predicates.append(self._or())
            self._expect("]")
        return predicates

    def _function(self) -> Expression:
        name = self._take()[1]
        self._expect("(")
        arguments = []
        while not self._took("symbol", ")"):
            arguments.append(self._or())
            if self._next != ("symbol", ")"):
                self._expect(",")
        if name not in _FUNCTIONS:
            raise WrongXPathError(f"{name}() is not known to the simulated browser")
        function = _FUNCTIONS[name]
        return lambda context: function(context, [argument(context) for argument in arguments])


# Steps

Step: TypeAlias = "Callable[[Element | str], list[Element | str]]"


def _children(node: Element) -> list[Element | str]:
    return [] if node.tag == "template" else list(node.children)


def _below(node: Element) -> list[Element | str]:
    """Return everything below a node in document order, text included."""
    found: list[Element | str] = []
    for child in _children(node):
        found.append(child)
        if isinstance(child, Element):
            found += _below(child)
    return found


def _siblings(node: Element) -> tuple[list[Element | str], list[Element | str]]:
    """Return what stands before a node, the nearest first, and what stands after it."""
    if node.parent is None:
        return [], []
    index = node.parent.children.index(node)
    return node.parent.children[:index][::-1], node.parent.children[index + 1 :]


_AXES: dict[str, Callable[[Element], list[Element | str]]] = {
    "ancestor": lambda node: list(node.ancestors()),
    "ancestor-or-self": lambda node: [node, *node.ancestors()],
    "attribute": lambda _node: [],  # needs the name: see _step
    "child": _children,
    "descendant": _below,
    "descendant-or-self": lambda node: [node, *_below(node)],
    "following-sibling": lambda node: _siblings(node)[1],
    "parent": lambda node: [node.parent] if node.parent else [],
    "preceding-sibling": lambda node: _siblings(node)[0],
    "self": lambda node: [node],
}


def _step(axis: str, test: str, predicates: list[Expression]) -> Step:
    def walk(node: Element | str) -> list[Element | str]:
        if isinstance(node, str):
            found: list[Element | str] = [node] if axis == "self" else []
        elif axis == "attribute":
            names = node.attributes if test == "*" else [test]
            found = [node.attributes[name] for name in names if name in node.attributes]
        else:
            found = [one for one in _AXES[axis](node) if _passes(one, test)]
        return _keep(found, predicates)

    return walk


def _passes(node: Element | str, test: str) -> bool:
    if test == "node()":
        return True
    if isinstance(node, str):
        return test == "text()"
    return node.tag != "#document" and test.lower() in ("*", node.tag)


def _keep(nodes: list[Element | str], predicates: list[Expression]) -> list[Element | str]:
    for predicate in predicates:
        size = len(nodes)
        nodes = [node for index, node in enumerate(nodes, 1) if _holds(predicate(Context(node, index, size)), index)]
    return nodes


def _holds(value: Value, position: int) -> bool:
    """A number as predicate means a position."""
    if isinstance(value, float) and not isinstance(value, bool):
        return value == position
    return _boolean(value)


def _path(start: Expression, steps: list[Step]) -> Expression:
    def walk(context: Context) -> Value:
        nodes = start(context)
        for step in steps:
            if not isinstance(nodes, list):
                raise WrongXPathError("a step needs elements to start from")
            nodes = _in_document_order([found for node in nodes for found in step(node)])
        return nodes

    return walk


def _filtered(inside: Expression, predicates: list[Expression]) -> Expression:
    def keep(context: Context) -> Value:
        nodes = inside(context)
        return _keep(nodes, predicates) if isinstance(nodes, list) else nodes

    return keep


def _in_document_order(nodes: list[Element | str]) -> list[Element | str]:
    """Sort a set of nodes as XPath wants it, each once. Texts and attributes have no place to sort them by."""
    elements = {id(node): node for node in nodes if isinstance(node, Element)}
    if len(elements) < len(nodes) and any(isinstance(node, str) for node in nodes):
        return nodes
    if len(elements) < 2:
        return list(elements.values())
    root = _root(nodes[0])
    everything = [root, *root.descendants()] if isinstance(root, Element) else []
    return [node for node in everything if id(node) in elements]


def _root(node: Element | str) -> Element | str:
    return [node, *node.ancestors()][-1] if isinstance(node, Element) else node


# Operators


def _either(left: Expression, right: Expression) -> Expression:
    return lambda context: _boolean(left(context)) or _boolean(right(context))


def _both(left: Expression, right: Expression) -> Expression:
    return lambda context: _boolean(left(context)) and _boolean(right(context))


def _united(left: Expression, right: Expression) -> Expression:
    def unite(context: Context) -> Value:
        one, other = left(context), right(context)
        if not isinstance(one, list) or not isinstance(other, list):
            raise WrongXPathError("only sets of elements can be united")
        return _in_document_order([*one, *other])

    return unite


def _added(left: Expression, right: Expression, sign: int) -> Expression:
    return lambda context: _number(left(context)) + sign * _number(right(context))


def _compared(operator: str, left: Expression, right: Expression) -> Expression:
    def compare(context: Context) -> Value:
        one, other = left(context), right(context)
        # A set of nodes compares true if any of its nodes does.
        ones: list[Value] = [_string([node]) for node in one] if isinstance(one, list) else [one]
        others: list[Value] = [_string([node]) for node in other] if isinstance(other, list) else [other]
        return any(_is_true(operator, a, b) for a in ones for b in others)

    return compare


def _is_true(operator: str, one: Value, other: Value) -> bool:
    if operator in ("=", "!="):
        if isinstance(one, bool) or isinstance(other, bool):
            same = _boolean(one) == _boolean(other)
        elif isinstance(one, float) or isinstance(other, float):
            same = _number(one) == _number(other)
        else:
            same = _string(one) == _string(other)
        return same == (operator == "=")
    left, right = _number(one), _number(other)
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


# Conversions and functions


def _boolean(value: Value) -> bool:
    return not math.isnan(value) and value != 0 if isinstance(value, float) else bool(value)


def _string(value: Value) -> str:
    if isinstance(value, list):
        first = value[0] if value else ""
        return first if isinstance(first, str) else text_content(first)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else str(value)
    return value


def _number(value: Value) -> float:
    if isinstance(value, bool | float):
        return float(value)
    try:
        return float(_string(value).strip())
    except ValueError:
        return math.nan


def _text_of(context: Context, arguments: list[Value]) -> str:
    return _string(arguments[0]) if arguments else _string([context.node])


def _translate(_context: Context, arguments: list[Value]) -> str:
    text, source, target = map(_string, arguments)
    return text.translate({ord(old): target[index : index + 1] for index, old in enumerate(source)})


_FUNCTIONS: dict[str, Callable[[Context, list[Value]], Value]] = {
    "concat": lambda _context, arguments: "".join(map(_string, arguments)),
    "contains": lambda _context, arguments: _string(arguments[1]) in _string(arguments[0]),
    "count": lambda _context, arguments: float(len(arguments[0])) if isinstance(arguments[0], list) else 0.0,
    "false": lambda _context, _arguments: False,
    "last": lambda context, _arguments: float(context.size),
    "local-name": lambda context, _arguments: context.node.tag if isinstance(context.node, Element) else "",
    "name": lambda context, _arguments: context.node.tag if isinstance(context.node, Element) else "",
    "normalize-space": lambda context, arguments: " ".join(_text_of(context, arguments).split()),
    "not": lambda _context, arguments: not _boolean(arguments[0]),
    "position": lambda context, _arguments: float(context.position),
    "starts-with": lambda _context, arguments: _string(arguments[0]).startswith(_string(arguments[1])),
    "string": _text_of,
    "string-length": lambda context, arguments: float(len(_text_of(context, arguments))),
    "translate": _translate,
    "true": lambda _context, _arguments: True,
}
