"""Typed examples of what users may rely on. Nobody runs them: the type checker reads them, strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
from typing_extensions import assert_type

from pytest_lambdatest_session import ReportedSession, SessionRecord, SessionUse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


# The hooks, as a conftest.py has them.


@pytest.hookimpl(optionalhook=True)
def pytest_lambdatest_session_links(
    config: pytest.Config, webdriver_session: SessionRecord
) -> Mapping[str, str] | None:
    if config.getoption("verbose") or webdriver_session["kind"] == "app":
        return None
    return {"server logs": f"https://logs.example.com/{webdriver_session['session_id']}"}


@pytest.hookimpl(optionalhook=True)
def pytest_lambdatest_session_finished(webdriver_session: SessionRecord) -> None:
    """An implementation may leave out arguments that it does not need."""
    print(webdriver_session["name"], *failed_tests(webdriver_session))  # noqa: T201 -- what an example does


# What the sessions file and the hooks hold.


def failed_tests(session: SessionRecord) -> list[str]:
    return [use["nodeid"] for use in session["tests"] if use["outcome"] in ("failed", "error")]


def total_minutes(sessions: Iterable[ReportedSession]) -> float:
    return sum(session["duration"] or 0 for session in sessions) / 60


def types_of_fields(session: SessionRecord, use: SessionUse) -> None:
    assert_type(session["session_id"], str)
    assert_type(session["kind"], Literal["web", "app"])
    assert_type(session["state"], Literal["final", "running", "pending", "not_found", "unavailable", "unchecked"])
    assert_type(session["status"], "str | None")
    assert_type(session["duration"], "float | None")
    assert_type(session["video_url"], "str | None")
    assert_type(session["logs"], dict[str, str])
    assert_type(session["tests"], list[SessionUse])
    assert_type(use["attempt"], int)
    assert_type(use["worker"], "str | None")


def a_record_is_a_reported_session(record: SessionRecord) -> ReportedSession:
    return record
