"""A browser that is not there: enough of W3C WebDriver, HTML, CSS and XPath to run a small suite without one."""

from .backend import SimulatedBackend

__all__ = ["SimulatedBackend"]
