"""A terminal to write on, and pages to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from _pytest.terminal import TerminalReporter  # pytest 8.0 does not export it yet

from pages import write_page
from screens import Screen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from warm_pytest import WarmPytest


@pytest.fixture
def terminal(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.TerminalReporter]:
    """Make pytest's own reporter, writing on a `Screen`."""
    for name in ("NO_COLOR", "FORCE_COLOR", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def make(*, is_tty: bool = False, color: str = "auto") -> pytest.TerminalReporter:
        monkeypatch.setattr(pytestconfig.option, "color", color)
        return TerminalReporter(pytestconfig, Screen(is_tty=is_tty))

    return make


@pytest.fixture(scope="session")
def page_of(tmp_path_factory: pytest.TempPathFactory, warm_pytest: WarmPytest) -> Callable[..., Path]:
    """Make a report of so many tests with sessions, each only once: see `pages.write_page`."""
    made: dict[tuple[object, ...], Path] = {}

    def make(count: int, *arguments: str, story: str = "mixed") -> Path:
        key = (count, *arguments, story)
        if key not in made:
            made[key] = write_page(warm_pytest, tmp_path_factory.mktemp("page"), count, *arguments, story=story)
        return made[key]

    return make
