"""What pytest's outcomes say of a session, in the cloud's words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_lambdatest_session.report.formatting import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pytest

    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.report.records import Outcome
    from pytest_lambdatest_session.report.registry import AttemptRecord

# In this order the worst that any of a session's tests came to is the session's.
_STATUSES: tuple[tuple[str, tuple[Outcome, ...]], ...] = (
    ("failed", ("failed", "rerun")),
    ("error", ("error",)),
    ("passed", ("passed", "xfailed", "xpassed")),
    ("skipped", ("skipped",)),
)
# The app API documents no other words.
_OF_APPS = {"failed": "failed", "error": "failed", "passed": "passed"}


class Verdict(NamedTuple):
    status: str
    reason: str


def verdict_on(
    attempts: Iterable[AttemptRecord], reason_of: Callable[[AttemptRecord], str], kind: Kind
) -> Verdict | None:
    """Return what the attempts that used a session make of it; None if there is nothing to say.

    Of a test that was run again in the same session the last attempt counts.
    """
    last: dict[str, AttemptRecord] = {}
    for attempt in sorted(attempts, key=lambda one: one.number):
        last[attempt.test] = attempt
    for status, outcomes in _STATUSES:
        ones = [attempt for attempt in last.values() if attempt.outcome in outcomes]
        if ones:
            word = status if kind == "web" else _OF_APPS.get(status)
            return None if word is None else Verdict(word, _reason(ones, len(last), reason_of))
    return None


def _reason(ones: list[AttemptRecord], count: int, reason_of: Callable[[AttemptRecord], str]) -> str:
    reason = reason_of(ones[0])
    if not reason or count == 1:
        return reason
    others = f" (and {pluralize(len(ones) - 1, 'more test')})" if len(ones) > 1 else ""
    return f"{ones[0].nodeid}: {reason}{others}"


def first_line_of(report: pytest.TestReport) -> str:
    """Return why a test failed or was skipped, in one line, as pytest's short summary has it; "" if it was neither."""
    longrepr = report.longrepr
    if longrepr is None:
        return ""
    crash = getattr(longrepr, "reprcrash", None)
    if crash is not None:
        text = str(crash.message)
    else:
        text = str(longrepr[2]) if isinstance(longrepr, tuple) else _message_in(str(longrepr))
    return text.strip().partition("\n")[0]


def _message_in(text: str) -> str:
    """Return the message in a traceback that is text, as from pytest-forked: it stands behind an `E` in the margin."""
    return next((line[1:] for line in text.splitlines() if line.startswith("E   ")), text)
