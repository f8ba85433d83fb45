"""One simulated browser: its tabs and pages, and the elements that were handed out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from local_grid.backends import WebDriverError
from local_grid.journal import LoggedMessage, now

from . import loading
from .page import Page

if TYPE_CHECKING:
    from .dom import Element

# https://www.w3.org/TR/webdriver2/#elements
ELEMENT_KEY = "element-6066-11e4-a52e-4f735466cecf"
WIDTH, HEIGHT = 1280, 800


@dataclass(eq=False)
class Tab:
    """A window: pages gone through, and which of them is shown."""

    handle: str
    history: list[Page] = field(default_factory=list)
    index: int = -1

    @property
    def page(self) -> Page:
        return self.history[self.index]

    def show(self, page: Page) -> None:
        self.history[self.index + 1 :] = [page]
        self.index += 1

    def step(self, by: int) -> None:
        self.index = min(max(self.index + by, 0), len(self.history) - 1)


class Browser:
    """The state of one session. Not thread-safe: whoever commands it takes care of that."""

    def __init__(self, is_app: bool, first_page: str) -> None:
        self.is_app = is_app
        self.cookies: dict[str, dict[str, Any]] = {}
        self.timeouts = {"implicit": 0, "pageLoad": 300_000, "script": 30_000}
        self.rect = {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT}
        self.console: list[LoggedMessage] = []
        self.tabs: list[Tab] = []
        self.current: Tab | None = self.open_tab(first_page)
        self._elements: dict[str, Element] = {}
        self._ids: dict[Element, str] = {}

    @property
    def tab(self) -> Tab:
        if self.current is None:
            raise WebDriverError("no such window", "no such window: target window already closed")
        return self.current

    @property
    def page(self) -> Page:
        return self.tab.page

    def open_tab(self, url: str) -> Tab:
        tab = Tab(uuid4().hex.upper())
        tab.show(self._load(url))
        self.tabs.append(tab)
        return tab

    def close_tab(self) -> None:
        self.tabs.remove(self.tab)
        self.current = None

    def open(self, url: str) -> None:
        self.tab.show(self._load(url))

    def refresh(self) -> None:
        self.tab.history[self.tab.index] = self._load(self.page.url)

    def _load(self, url: str) -> Page:
        url = loading.normalise(url)
        return Page(url, loading.load(url), self._follow)

    def _follow(self, link: str) -> None:
        url = loading.resolve(self.page.url, link)
        if url.lower().startswith("javascript:"):
            return
        if loading.same_page(url, self.page.url):
            self.page.url = url
        else:
            self.open(url)

    def reference(self, element: Element) -> dict[str, str]:
        """Hand an element out: always under the same id."""
        if element not in self._ids:
            self._ids[element] = f"node-{len(self._ids) + 1}"
            self._elements[self._ids[element]] = element
        return {ELEMENT_KEY: self._ids[element]}

    def element(self, element_id: str) -> Element:
        """Take an element back, if it is still on the page."""
        element = self._elements.get(element_id)
        if element is None:
            raise WebDriverError("no such element", f"no such element: {element_id}")
        if not self.page.holds(element):
            message = "stale element reference: stale element not found in the current frame"
            raise WebDriverError("stale element reference", message)
        return element

    def resolve(self, argument: Any) -> Any:
        """Turn an element's reference among a script's arguments into the element."""
        if isinstance(argument, dict) and ELEMENT_KEY in argument:
            return self.element(argument[ELEMENT_KEY])
        return argument

    def log(self, level: str, message: str) -> None:
        self.console.append(LoggedMessage(level, message, now()))
