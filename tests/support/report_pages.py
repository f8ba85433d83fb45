"""A report in a real browser: what stands on the page, and what its reader does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local_grid.chromium import Installation

_ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
# Follows no link, but lets whoever listens hear of the click.
_STAY = "addEventListener('click', event => { if (event.target.closest('a[target]')) event.preventDefault(); }, true)"


def start_chromium(installation: Installation, profile: Path) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = installation.chromium
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}", "--window-size=1280,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(installation.chromedriver))


class ReportPage:
    """A report, opened afresh. `select` is CSS throughout."""

    def __init__(self, driver: webdriver.Chrome, page: Path | str) -> None:
        """`page` is a file or an address."""
        self.driver = driver
        driver.get("about:blank")
        self.look(width=1280, height=900)
        self.emulate(prefers="light")
        self.errors()  # what was said of other pages
        driver.get(page if isinstance(page, str) else page.as_uri())
        driver.execute_script("sessionStorage.clear()")
        self.run(_STAY)

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def errors(self) -> list[str]:
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    # What stands there

    def texts(self, select: str) -> list[str]:
        """The texts, in one line each, of what is shown."""
        return [
            " ".join(text.split())
            for text in self.run(
                "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility())"
                ".map(e => e.innerText)",
                select,
            )
        ]

    def column(self, name: str) -> list[str]:
        """The texts of a column of the results, from top to bottom."""
        return self.texts(f"#results-table td.{name}")

    def links(self, select: str) -> dict[str, str]:
        """`{text: href}` of the links inside the first element."""
        found: dict[str, str] = self.run(
            "return Object.fromEntries([...document.querySelector(arguments[0]).querySelectorAll('a')]"
            ".map(a => [a.textContent, a.getAttribute('href')]))",
            select,
        )
        return found

    def attribute(self, select: str, name: str) -> str:
        return str(self.run("return document.querySelector(arguments[0])[arguments[1]]", select, name))

    def too_wide(self, select: str) -> list[str]:
        """Which parts of the elements reach out of the window, or hold more than they have room for."""
        found: list[str] = self.run(
            "scrollTo(0, 0); const width = document.documentElement.clientWidth;"
            "return [...document.querySelectorAll(arguments[0])].flatMap(e => [e, ...e.querySelectorAll('*')])"
            ".filter(e => e.checkVisibility() && e.localName !== 'select')"
            ".filter(e => e.getBoundingClientRect().right > width"
            " || (e.clientWidth && e.scrollWidth > e.clientWidth + 1))"
            ".map(e => `${e.localName} ${e.className} ${e.getBoundingClientRect().right}: ${e.textContent}`)",
            select,
        )
        return found

    # What the reader does

    def look(self, width: int, height: int) -> None:
        """Through a window of this size in CSS pixels; half of it is what a zoom of 200 % leaves."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    def emulate(self, prefers: str) -> None:
        features: list[Mapping[str, str]] = [{"name": "prefers-color-scheme", "value": prefers}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def click(self, select: str) -> None:
        """In the middle of the first element, whatever of it or in front of it is there."""
        element = self.driver.find_element("css selector", select)
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        ActionChains(self.driver, duration=0).move_to_element(element).click().perform()
        # What opens tells the page so a task later.
        self.driver.execute_async_script("const done = arguments[0]; requestAnimationFrame(() => setTimeout(done))")

    def press(self, *keys: str) -> None:
        ActionChains(self.driver).send_keys(*keys).perform()

    def sort_by(self, column: str) -> None:
        self.click(f"#results-table-head [data-column-type={column}]")

    def find(self, text: str, select: str = ".lt-filter input") -> None:
        """Type into our filter."""
        field = self.driver.find_element("css selector", select)
        field.clear()
        field.send_keys(text)

    def choose(self, start: str) -> None:
        """Choose in our filter what starts with `start`."""
        self.run(
            "const select = document.querySelector('.lt-filter select');"
            "select.value = [...select.options].find(o => o.text.startsWith(arguments[0])).value;"
            "select.dispatchEvent(new Event('change', {bubbles: true}))",
            start,
        )

    def sessions(self) -> list[str]:
        """The rows of our table in the summary that are shown."""
        return self.texts(".lt-sessions tbody > tr")
