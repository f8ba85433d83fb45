"""LambdaTest's hooks: scripts that the hub handles instead of the browser, such as `lambda-status=passed`.

https://github.com/LambdaTest/documentation/blob/main/docs/lambda-hooks.md
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

STATUSES = ("passed", "failed", "skipped", "ignored", "unknown", "error")

_HOOK = re.compile(r"lambda-(?P<name>[a-z-]+?)\s*(?:[=:]\s*(?P<value>.*))?\s*;?\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class Hook:
    """What a hook sets; None is unchanged."""

    status: str | None = None
    reason: str = ""
    name: str | None = None


class WrongHookError(ValueError):
    """A hook with an invalid argument."""


def read_hook(script: str, arguments: list[Any]) -> Hook | None:
    """Return the hook in a script, None if it is JavaScript for the browser; raise `WrongHookError`."""
    match = _HOOK.match(script.strip())
    if not match:
        return None
    reader = _READERS.get(match["name"])
    # The cloud has dozens more, about files and tunnels: accepted, without effect.
    return reader((match["value"] or "").strip(), arguments) if reader else Hook()


def _read_action(value: str, arguments: list[Any]) -> Hook:
    """Return what a hook's JSON sets, which is in the script's text or in its arguments."""
    try:
        action = json.loads(value) if value else arguments[0]
    except (ValueError, IndexError):
        action = None
    if not isinstance(action, dict):
        raise WrongHookError("the hook's argument is no JSON object")
    asked = action.get("arguments", action)
    if action.get("action", "setTestStatus") != "setTestStatus" or not isinstance(asked, dict):
        return Hook()
    return Hook(
        status=_status(str(asked.get("status", ""))),
        reason=str(asked.get("reason") or asked.get("remark") or ""),
    )


def _status(word: str) -> str:
    status = word.strip().lower()
    if status not in STATUSES:
        raise WrongHookError(f"the status must be one of {', '.join(STATUSES)}, not {word!r}")
    return status


_READERS: dict[str, Callable[[str, list[Any]], Hook]] = {
    "action": _read_action,
    "hook": _read_action,
    "name": lambda value, _arguments: Hook(name=value),
    "status": lambda value, _arguments: Hook(status=_status(value)),
}
