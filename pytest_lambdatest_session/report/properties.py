"""`report.user_properties` and `report.lambdatest_sessions`: what other plugins and a suite's own hooks read."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from pytest_lambdatest_session.capture.payload import Payload
    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry

SESSIONS_ATTRIBUTE = "lambdatest_sessions"
_WORDS = ("state", "status")


class Annotator:
    """Puts what is known onto the reports of this process as soon as they are made."""

    def __init__(self, registry: Registry, worker: str | None, *, with_properties: bool) -> None:
        self._registry = registry
        self._worker = worker
        self._with_properties = with_properties

    def __call__(self, report: pytest.TestReport, payload: Payload, instead_of: str | None) -> None:
        attempt = self._registry.merge_attempt(payload, report.nodeid, self._worker)
        before = self._registry.attempts.get(instead_of) if instead_of is not None else None
        if before is not None:
            remove_properties(report.user_properties, _properties_of(before))
        if attempt is not None:
            setattr(report, SESSIONS_ATTRIBUTE, attempt.reported)
            if self._with_properties:
                report.user_properties.extend(_properties_of(attempt))


class ReportProperties:
    """An output: brings what the annotator put there up to date when the run ends."""

    def __init__(self, registry: Registry, *, with_properties: bool) -> None:
        self._registry = registry
        self._with_properties = with_properties

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        # The registry's own dicts, so that whoever keeps the report sees them become final.
        setattr(report, SESSIONS_ATTRIBUTE, attempt.reported)
        if self._with_properties and not any(known is report.user_properties for known in attempt.properties):
            attempt.properties += (report.user_properties,)

    def bind(self) -> None:
        for attempt in self._registry.attempts.values():
            # Made once and put into all three reports of a test: pytest keeps them until the end.
            current = _properties_of(attempt) if attempt.properties else []
            for properties in attempt.properties:
                update_properties(properties, current)


def _properties_of(attempt: AttemptRecord) -> list[tuple[str, object]]:
    return numbered_properties((tracked.public for tracked in attempt.sessions), attempt.nodeid, attempt.number)


def update_properties(properties: list[tuple[str, object]], current: Iterable[tuple[str, object]]) -> None:
    """Bring a report's own list up to date in place: our pairs are replaced, new ones go to the end."""
    ours = {pair[0]: pair for pair in current}
    for place, (name, _) in enumerate(properties):
        if name in ours:
            properties[place] = ours.pop(name)
    properties.extend(ours.values())


def remove_properties(properties: list[tuple[str, object]], former: Iterable[tuple[str, object]]) -> None:
    """Take our pairs off a report's own list."""
    ours = {name for name, _ in former}
    properties[:] = [pair for pair in properties if pair[0] not in ours]


def numbered_properties(sessions: Iterable[ReportedSession], nodeid: str, attempt: int = 1) -> list[tuple[str, object]]:
    """Return the properties of a test's sessions, those of the second with names ending in `.2`."""
    return [
        pair
        for position, session in enumerate(sessions, 1)
        for pair in properties_of(session, position, nodeid, attempt)
    ]


def properties_of(session: ReportedSession, position: int, nodeid: str, attempt: int) -> list[tuple[str, object]]:
    """Return the `(name, value)` properties of a test's session number `position` (from 1), only those that exist."""
    player = session["player"]
    if player is not None:  # opened at the test, or at the first failure if the page knows none of this name
        player += f"#test={quote(nodeid, safe='')}" + (f"&attempt={attempt}" if attempt > 1 else "")
    values = (
        ("session_id", session["session_id"]),
        ("session_url", session["url"] or None),
        ("state", session["state"]),
        ("status", session["status"]),
        ("duration", session["duration"]),
        ("video_url", session["video_url"]),
        ("player", player),
        *((f"{kind}_logs_url", url) for kind, url in session["logs"].items()),
    )
    return [
        _pair(name, position, value) if name in _WORDS else (_name(name, position), value)
        for name, value in values
        if value is not None
    ]


@cache
def _name(name: str, position: int) -> str:
    """Return one string for all reports, of which a run keeps thousands."""
    return f"lambdatest_{name}" if position == 1 else f"lambdatest_{name}.{position}"


@cache
def _pair(name: str, position: int, word: object) -> tuple[str, object]:
    """Return one pair for all reports that say the same."""
    return _name(name, position), word
