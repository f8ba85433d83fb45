"""Words for quantities, in messages."""

from __future__ import annotations


def seconds_text(seconds: float) -> str:
    """Return seconds as people write them: `10 s`, `2.5 s`; never `9.99999 s`."""
    return f"{round(seconds, 1):g} s"
