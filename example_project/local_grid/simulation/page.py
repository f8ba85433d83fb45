"""A loaded page: what is seen of it, and what happens when somebody clicks and types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import behaviour, css
from .dom import Element, is_block, parse_html, text_content, tidy_text
from .style import Styles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NEVER_SHOWN = frozenset(["br", "head", "link", "meta", "noscript", "script", "style", "template", "title"])
_BLOCK_DISPLAYS = ("block", "flex", "grid", "list-item", "table", "table-row")
_FIELD_TAGS = ("button", "input", "select", "textarea")
_TYPED_TAGS = ("input", "textarea")
_UNTYPED_INPUTS = ("button", "checkbox", "hidden", "image", "radio", "reset", "submit")
_FOCUSABLE = "a[href], button, input, select, textarea, summary"

# https://www.w3.org/TR/webdriver2/#keyboard-actions
_ENTER = "\ue006\ue007\n"
_NULL, _BACKSPACE, _TAB, _DELETE = "\ue000", "\ue003", "\ue004", "\ue017"
_CONTROL = "\ue009\ue03d\ue051"


class NotInteractableError(Exception):
    """A person could not do this to the element either."""


class Page:
    """`follow` is called with the link of an anchor, or of a form, that was activated."""

    def __init__(self, url: str, markup: str, follow: Callable[[str], None]) -> None:
        self.url = url
        self.document = parse_html(markup)
        self._follow = follow
        self._styles = Styles(self.document)
        self.active: Element | None = None

    @property
    def title(self) -> str:
        found = next(css.select(self.document, "title"), None)
        return " ".join(text_content(found).split()) if found else ""

    @property
    def body(self) -> Element:
        return next(css.select(self.document, "body"))

    def holds(self, element: Element) -> bool:
        return any(one is self.document for one in element.ancestors())

    # What is seen

    def is_shown(self, element: Element) -> bool:
        if element.tag == "option":
            return True
        return self._is_visible(element) and not any(map(self._is_removed, (element, *element.ancestors())))

    def _is_removed(self, element: Element) -> bool:
        """Whether the element takes no part in the page, nor what is inside it."""
        if element.tag in _NEVER_SHOWN or (element.tag == "input" and element.input_type == "hidden"):
            return True
        display = self._styles.value(element, "display")
        if display == "none" or (display is None and "hidden" in element.attributes):
            return True
        is_folded = element.parent and element.parent.tag == "details" and "open" not in element.parent.attributes
        return bool(is_folded) and element.tag != "summary"

    def _is_visible(self, element: Element) -> bool:
        """Whether the element is drawn where it stands; children of what is not may be."""
        values = (self._styles.value(one, "visibility") for one in (element, *element.ancestors()))
        return next((value for value in values if value not in (None, "inherit")), "visible") == "visible"

    def text(self, element: Element) -> str:
        """Return what a reader sees of an element, as WebDriver has it."""
        is_removed = any(map(self._is_removed, (element, *element.ancestors())))
        return "" if is_removed else tidy_text(self._pieces(element))

    def _pieces(self, element: Element) -> Iterator[str]:
        is_visible = self._is_visible(element)
        for child in element.children:
            if isinstance(child, str):
                yield child.replace("\n", " ") if is_visible else ""
            elif child.tag == "br":
                yield "\n"
            elif not self._is_removed(child):
                edge = self._edge(child)
                yield edge
                yield from self._pieces(child)
                yield edge

    def _edge(self, element: Element) -> str:
        """Return what parts an element's text from the text around it."""
        display = self._styles.value(element, "display")
        if is_block(element) if display is None else display in _BLOCK_DISPLAYS:
            return "\n"
        return " " if element.tag in ("td", "th") else ""

    # What is done

    def click(self, element: Element) -> None:
        if element.tag == "option":
            _choose_option(element)
            return
        if not self.is_shown(element):
            raise NotInteractableError("element not interactable")
        if element.is_disabled:
            return
        self.active = element
        if element.is_checkable:
            self._toggle(element)
        for one in (element, *element.ancestors()):
            behaviour.run(one.attributes.get("data-click", ""), self.document, one)
        self._default_action(element)

    def _toggle(self, box: Element) -> None:
        if box.input_type == "checkbox":
            box.chosen = not box.is_chosen
            return
        name = box.attributes.get("name", "")
        for other in css.select(self.document, 'input[type="radio"]'):
            if name and other.attributes.get("name") == name:
                other.chosen = False
        box.chosen = True

    def _default_action(self, clicked: Element) -> None:
        """Do what browsers do by themselves, for the nearest element around the click that does something."""
        for element in (clicked, *clicked.ancestors()):
            if element.tag == "a" and "href" in element.attributes:
                self._follow(element.attributes["href"])
            elif element.tag == "summary" and element.parent:
                _flip(element.parent.attributes, "open")
            elif _submits(element):
                self.submit(element)
            elif element.tag == "label":
                self._click_labelled(element)
            elif element.tag not in _FIELD_TAGS:
                continue
            return

    def _click_labelled(self, label: Element) -> None:
        wanted = label.attributes.get("for")
        fields = [one for one in self.document.descendants() if one.tag in _FIELD_TAGS]
        for field in fields:
            if field.attributes.get("id") == wanted if wanted else label in field.ancestors():
                self.click(field)
                return

    def submit(self, field: Element) -> None:
        """Send the form that a field or button belongs to."""
        form = next((one for one in (field, *field.ancestors()) if one.tag == "form"), None)
        if form is None:
            return
        if "data-submit" in form.attributes:
            behaviour.run(form.attributes["data-submit"], self.document, form)
        elif form.attributes.get("action"):
            self._follow(form.attributes["action"])

    def clear(self, element: Element) -> None:
        if not _is_typed_in(element) or not self.is_shown(element) or element.is_disabled:
            raise NotInteractableError("element cannot be cleared")
        element.typed = ""

    def type(self, element: Element, text: str) -> None:
        """Press keys on an element; of the special ones those that edit, move on or submit have an effect."""
        if not self.is_shown(element) or element.is_disabled:
            raise NotInteractableError("element not interactable")
        self.active = element
        if not _is_typed_in(element):
            self._press_on(element, text)
            return
        with_control = selected = False
        for key in text:
            if key in _CONTROL:
                with_control = True
            elif key == _NULL:
                with_control = False
            elif with_control:
                selected = selected or key in "aA"
            elif key == _TAB:
                self._focus_next(element)
            elif key in _ENTER and element.tag == "input":
                self.submit(element)
            else:
                element.typed = _edited("" if selected else element.value, key)
                selected = False

    def _press_on(self, element: Element, text: str) -> None:
        if element.tag in ("input", "button", "a", "summary") and (set(text) & set(_ENTER + " ")):
            self.click(element)
        elif element.tag == "select":
            options = [one for one in element.descendants() if one.tag == "option"]
            found = next((one for one in options if text_content(one).strip().startswith(text)), None)
            if found:
                _choose_option(found)
        elif element.tag not in ("body", "html", *_TYPED_TAGS, "button", "a"):
            raise NotInteractableError("element not interactable")

    def _focus_next(self, element: Element) -> None:
        fields = [one for one in css.select(self.document, _FOCUSABLE) if self.is_shown(one)]
        index = fields.index(element) + 1 if element in fields else 0
        self.active = fields[index % len(fields)] if fields else None


def _is_typed_in(element: Element) -> bool:
    if element.tag == "input":
        return element.input_type not in _UNTYPED_INPUTS
    return element.tag == "textarea"


def _submits(element: Element) -> bool:
    if element.tag == "button":
        return element.attributes.get("type", "submit").lower() == "submit"
    return element.tag == "input" and element.input_type in ("submit", "image")


def _edited(value: str, key: str) -> str:
    if key == _BACKSPACE:
        return value[:-1]
    if key in _ENTER:
        return value + "\n"
    # The other special keys move the cursor or open menus; a delete at the end of the text has nothing to delete.
    return value if "\ue000" <= key <= "\uf8ff" else value + key


def _choose_option(option: Element) -> None:
    select = next((one for one in option.ancestors() if one.tag == "select"), None)
    if option.is_disabled or select is None:
        return
    if "multiple" in select.attributes:
        option.chosen = not option.is_chosen
        return
    for other in select.descendants():
        if other.tag == "option":
            other.chosen = other is option


def _flip(attributes: dict[str, str], name: str) -> None:
    if attributes.pop(name, None) is None:
        attributes[name] = ""
