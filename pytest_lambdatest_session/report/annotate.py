"""What users and other plugins find on a test's report as soon as it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.ledger import sessions_of
from pytest_lambdatest_session.report.records import properties_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from pytest_lambdatest_session.capture.uses import Carry
    from pytest_lambdatest_session.report.ledger import Ledger
    from pytest_lambdatest_session.report.records import ReportedSession

SESSIONS_ATTRIBUTE = "lambdatest_sessions"
STATIC_PROPERTIES = ("lambdatest_session_id", "lambdatest_session_url")


class Annotator:
    """Puts `report.lambdatest_sessions` and the properties that need no API onto the reports of this process."""

    def __init__(self, ledger: Ledger, worker: str | None) -> None:
        self._ledger = ledger
        self._worker = worker

    def __call__(self, report: pytest.TestReport, carry: Carry) -> None:
        attempt = self._ledger.learn_attempt(carry, report.nodeid, self._worker)
        if attempt is None:
            return
        sessions = sessions_of(attempt.entries)
        setattr(report, SESSIONS_ATTRIBUTE, sessions)
        report.user_properties.extend(static_properties(sessions))


def static_properties(sessions: Iterable[ReportedSession]) -> list[tuple[str, object]]:
    """The properties known without the API. The rest follows when the run ends: `update_properties`."""
    return [pair for pair in numbered_properties(sessions) if pair[0].partition(".")[0] in STATIC_PROPERTIES]


def update_properties(properties: list[tuple[str, object]], sessions: Iterable[ReportedSession]) -> None:
    """Bring a report's own list up to date in place: our values are replaced, new ones go to the end."""
    current = dict(numbered_properties(sessions))
    for place, (name, _) in enumerate(properties):
        if name in current:
            properties[place] = (name, current.pop(name))
    properties.extend(current.items())


def numbered_properties(sessions: Iterable[ReportedSession]) -> list[tuple[str, object]]:
    return [pair for position, session in enumerate(sessions, 1) for pair in properties_of(session, position)]
