"""LambdaTest on loopback, for the example and for tests: hub, REST API, recordings and a page per session."""

from .faults import FAULT_NAMES
from .grid import LocalGrid
from .journal import SessionRecord

__all__ = ["FAULT_NAMES", "LocalGrid", "SessionRecord"]
