"""What the cloud's word for a session says. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Verdict = Literal["passed", "failed"]

_FAILED = frozenset(("error", "failed", "lambdaerror", "timeout"))


# Reports ask for every test of every session, and there are a dozen words.
@lru_cache(maxsize=256)
def verdict_of(status: str | None) -> Verdict | None:
    """Tell what a session's status says of its test; None where it says nothing, as `completed` does."""
    word = folded(status)
    if word == "passed":
        return "passed"
    return "failed" if word in _FAILED else None


@lru_cache(maxsize=256)
def folded(status: str | None) -> str:
    return re.sub(r"[-_\s]", "", status or "").casefold()
