"""A browser in a few hundred lines: enough of W3C WebDriver for a small suite, where no real browser is installed.

It runs no JavaScript, follows no links and asks nothing of the network. lxml and cssselect do what is hard.
"""

from .backend import SimulatedBackend

__all__ = ["SimulatedBackend"]
