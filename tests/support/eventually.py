"""Waiting for a state that another thread or process reaches."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE_SECONDS = 30.0
"""What only a hang exceeds, on however busy a machine."""


def eventually(condition: Callable[[], object], limit_seconds: float = DEADLINE_SECONDS) -> bool:
    """Return whether a condition comes to hold within so many seconds."""
    deadline, event = time.monotonic() + limit_seconds, threading.Event()
    while not condition() and time.monotonic() < deadline:
        event.wait(0.005)
    return bool(condition())
