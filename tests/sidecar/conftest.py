"""What the tests of the sidecar share: an API on loopback that answers as its script says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripted_server import ScriptedServer


@pytest.fixture(autouse=True)
def _own_network(own_network: None) -> None:
    """Every test has one."""


@pytest.fixture
def api(new_server: Callable[[], ScriptedServer]) -> ScriptedServer:
    server = new_server()
    return server.will(server.details())
