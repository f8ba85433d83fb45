"""What the stories of isolation share: an account with a key that is found wherever it leaks, and both runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from isolated import KEY, USER, Isolation
from local_grid import LocalGrid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stories import Story


@pytest.fixture
def grid() -> Iterator[LocalGrid]:
    with LocalGrid(backend="simulated", username=USER, access_key=KEY, ready_after=0.1, record=False) as running:
        yield running


@pytest.fixture
def isolation(own_network: None, monkeypatch: pytest.MonkeyPatch, story: Story, grid: LocalGrid) -> Isolation:  # noqa: ARG001 - comes first
    for name in ("GITHUB_STEP_SUMMARY", "PYTHONWARNINGS"):
        monkeypatch.delenv(name, raising=False)
    return Isolation(story, grid)
