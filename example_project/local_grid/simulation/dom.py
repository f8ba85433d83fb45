"""A tree of elements from HTML text, and what can be read off it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

VOID_TAGS = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_HEAD_TAGS = frozenset(["base", "link", "meta", "noscript", "script", "style", "template", "title"])
_RAW_TAGS = frozenset(("script", "style"))
# A start tag of the left ends an open element of the right, unless a border lies between them.
_ENDED_BY = {
    "dd": {"dd", "dt"},
    "dt": {"dd", "dt"},
    "li": {"li"},
    "optgroup": {"option", "optgroup"},
    "option": {"option"},
    "tbody": {"thead", "tbody", "tr", "td", "th"},
    "td": {"td", "th"},
    "th": {"td", "th"},
    "tr": {"tr", "td", "th"},
}
_BORDERS = frozenset(["body", "dl", "ol", "select", "table", "template", "ul"])
_BLOCK_TAGS = frozenset(
    "address article aside blockquote body dd details dialog div dl dt fieldset figcaption figure footer form "  # noqa: SIM905 -- a list would be forty lines
    "h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol option p pre section summary table tbody tfoot thead tr "
    "ul".split()
)
_ENDS_PARAGRAPH = _BLOCK_TAGS - {"body", "html", "li", "tbody", "tfoot", "thead", "tr", "summary", "legend", "option"}

Node: TypeAlias = "Element | str"


@dataclass(eq=False)
class Element:
    """An element; equal to nothing but itself."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    parent: Element | None = field(default=None, repr=False)
    typed: str | None = None
    """The field's value if somebody typed or cleared it."""
    chosen: bool | None = None
    """Whether the box is checked or the option selected, if somebody clicked it."""

    @property
    def elements(self) -> list[Element]:
        return [child for child in self.children if isinstance(child, Element)]

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def append(self, node: Node) -> None:
        self.children.append(node)
        if isinstance(node, Element):
            node.parent = self

    def remove(self) -> None:
        if self.parent:
            self.parent.children.remove(self)
            self.parent = None

    def set_text(self, text: str) -> None:
        for child in self.elements:
            child.parent = None
        self.children = [text] if text else []

    def ancestors(self) -> Iterator[Element]:
        ancestor = self.parent
        while ancestor:
            yield ancestor
            ancestor = ancestor.parent

    def descendants(self) -> Iterator[Element]:
        """Walk down in document order; what is inside a template is not part of the document."""
        for child in self.elements:
            yield child
            if child.tag != "template":
                yield from child.descendants()

    def copy(self) -> Element:
        twin = Element(self.tag, dict(self.attributes))
        for child in self.children:
            twin.append(child if isinstance(child, str) else child.copy())
        return twin

    @property
    def input_type(self) -> str:
        return self.attributes.get("type", "text").lower()

    @property
    def is_checkable(self) -> bool:
        return self.tag == "input" and self.input_type in ("checkbox", "radio")

    @property
    def is_chosen(self) -> bool:
        """Whether the box is checked or the option selected."""
        if self.chosen is not None:
            return self.chosen
        return ("selected" if self.tag == "option" else "checked") in self.attributes

    @property
    def is_on(self) -> bool:
        """Whether this is a checked box or the selected option of a drop-down."""
        return self._is_selected if self.tag == "option" else self.is_checkable and self.is_chosen

    @property
    def _is_selected(self) -> bool:
        """Whether an option is the drop-down's choice, which is the first one where none was made."""
        select = next((one for one in self.ancestors() if one.tag == "select"), None)
        if self.is_chosen or select is None or "multiple" in select.attributes:
            return self.is_chosen
        options = [one for one in select.descendants() if one.tag == "option"]
        return options[0] is self and not any(one.is_chosen for one in options)

    @property
    def is_disabled(self) -> bool:
        holders = (self, *(one for one in self.ancestors() if one.tag in ("fieldset", "optgroup", "select")))
        return any("disabled" in one.attributes for one in holders)

    @property
    def value(self) -> str:
        """What a form would send."""
        if self.tag == "select":
            options = (one for one in self.descendants() if one.tag == "option")
            return next((one.value for one in options if one.is_on), "")
        if self.typed is not None:
            return self.typed
        if self.tag == "textarea":
            return text_content(self).removeprefix("\n")
        if self.tag == "option":
            return self.attributes.get("value", " ".join(text_content(self).split()))
        return self.attributes.get("value", "on" if self.is_checkable else "")


class _Builder(HTMLParser):
    """Builds a document that always has html, head and body, as browsers do."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.document = Element("#document")
        self._html, self._head, self._body = Element("html"), Element("head"), Element("body")
        self.document.append(self._html)
        self._html.append(self._head)
        self._html.append(self._body)
        self._open = [self._head]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes: dict[str, str] = {}
        for name, value in attrs:
            attributes.setdefault(name, value or "")
        given = {"html": self._html, "head": self._head, "body": self._body}.get(tag)
        if given:
            given.attributes.update(attributes)
            self._open = [self._head if given is not self._body else self._body]
            return
        if self._open[0] is self._head and len(self._open) == 1 and tag not in _HEAD_TAGS:
            self._open = [self._body]
        self._end_implied(tag)
        if tag == "tr" and self._open[-1].tag == "table":
            self._add(Element("tbody"))
        self._add(Element(tag, attributes))

    def _add(self, element: Element) -> None:
        self._open[-1].append(element)
        if element.tag not in VOID_TAGS:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # HTML ignores the slash; only elements that have no content end here.
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "head":
            self._open = [self._body]
        for index in range(len(self._open) - 1, 0, -1):
            if self._open[index].tag == tag:
                del self._open[index:]
                return

    def handle_data(self, data: str) -> None:
        if self._open == [self._head]:
            if not data.strip():
                return
            self._open = [self._body]
        self._open[-1].append(data)

    def _end_implied(self, tag: str) -> None:
        ended = _ENDED_BY.get(tag, {"p"} if tag in _ENDS_PARAGRAPH else set())
        for index in range(len(self._open) - 1, 0, -1):
            if self._open[index].tag in _BORDERS:
                return
            if self._open[index].tag in ended:
                del self._open[index:]


def parse_html(text: str) -> Element:
    builder = _Builder()
    builder.feed(text)
    builder.close()
    return builder.document


def text_content(element: Element) -> str:
    """Return all text below an element as it stands there."""
    return "".join(child if isinstance(child, str) else text_content(child) for child in element.children)


def to_html(element: Element) -> str:
    """Write an element, tags included."""
    inside = inner_html(element)
    if element.tag == "#document":
        return inside
    attributes = "".join(f' {name}="{html.escape(value)}"' for name, value in element.attributes.items())
    if element.tag in VOID_TAGS:
        return f"<{element.tag}{attributes}>"
    return f"<{element.tag}{attributes}>{inside}</{element.tag}>"


def inner_html(element: Element) -> str:
    raw = element.tag in _RAW_TAGS
    return "".join(
        to_html(child) if isinstance(child, Element) else child if raw else html.escape(child, quote=False)
        for child in element.children
    )


def tidy_text(pieces: Iterator[str]) -> str:
    """Collapse white space as a page does: a line for each block, single spaces within."""
    lines = (re.sub(r"[ \t\r\f\v\xa0]+", " ", line).strip() for line in "".join(pieces).split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip("\n")


def is_block(element: Element) -> bool:
    return element.tag in _BLOCK_TAGS
