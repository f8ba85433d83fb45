"""What the stories of trust share: nothing of whoever runs them but the machine."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _environment_of_its_own(own_network: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - comes first
    for name in ("GITHUB_STEP_SUMMARY", "PYTHONWARNINGS"):
        monkeypatch.delenv(name, raising=False)
