"""A terminal to write on, and a browser to look at pages with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from screens import Screen

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def terminal(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.TerminalReporter]:
    """Make pytest's own reporter, writing on a `Screen`."""
    for name in ("NO_COLOR", "FORCE_COLOR", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def make(*, is_tty: bool = False, color: str = "auto") -> pytest.TerminalReporter:
        monkeypatch.setattr(pytestconfig.option, "color", color)
        return pytest.TerminalReporter(pytestconfig, Screen(is_tty=is_tty))

    return make
