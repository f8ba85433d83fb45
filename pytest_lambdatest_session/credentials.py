"""The pair that opens sessions and asks the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.cloud.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Credentials", "credentials_from"]


def credentials_from(environment: Mapping[str, str]) -> Credentials | None:
    """`LT_USERNAME` and `LT_ACCESS_KEY`, if both are set."""
    username, access_key = environment.get("LT_USERNAME", ""), environment.get("LT_ACCESS_KEY", "")
    return Credentials(username, access_key) if username and access_key else None
