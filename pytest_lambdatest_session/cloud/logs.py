"""The logs that LambdaTest keeps of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_lambdatest_session.cloud.endpoints import Kind

LOGS: dict[Kind, dict[str, tuple[str, str]]] = {
    "web": {
        "command": ("command", "command-log.json"),
        "console": ("console", "console-log.json"),
        "network": ("network", "network-log.json"),
        "selenium": ("selenium", "selenium-log.json"),
    },
    "app": {
        "command": ("command", "command-log.json"),
        "appium": ("appium", "appium-log.txt"),
        "device": ("devicelog", "device-log.txt"),
        "network": ("network", "network-log.json"),
    },
}
"""Of each product: `{kind of log: (its name in the API's path, name of the file)}`."""
