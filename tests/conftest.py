"""What all tests share: the local grid, and stories that run against it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import hypothesis
import pytest

from local_grid import LocalGrid
from stories import Story

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["pytester"]

# A busy machine is no finding: how long an example takes, and how long it takes to make one, is not what is tested.
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")


def pytest_configure() -> None:
    # Shells have what they run in the background ignore Ctrl-C, and children inherit that: some tests press it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def grid() -> Iterator[LocalGrid]:
    """A grid with a simulated browser, whose API knows of a session's end soon after its quit."""
    with LocalGrid(backend="simulated", ready_after=0.1, record=False) as running:
        yield running


@pytest.fixture
def story(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, grid: LocalGrid) -> Story:
    return Story(pytester, monkeypatch, grid)
