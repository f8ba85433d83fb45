"""Sessions of LambdaTest (TestMu AI) in the reports of pytest; enable with `-p lambdatest_session`.

What is listed here may be relied on, besides the options, ini keys and hooks (`hookspec`): the types of what hooks,
`report.lambdatest_sessions` and the sessions file hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_lambdatest_session.report.records import ReportedSession, SessionRecord, SessionUse

__all__ = ["ReportedSession", "SessionRecord", "SessionUse"]


def __getattr__(name: str) -> object:
    # A run needs none of these types: they are loaded by whoever asks for one.
    if name in __all__:
        from pytest_lambdatest_session.report import records  # noqa: PLC0415

        return getattr(records, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
