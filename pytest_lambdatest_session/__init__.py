"""Sessions of LambdaTest (TestMu AI) in the reports of pytest, which loads it by its entry point.

What is listed here may be relied on, besides the options, ini keys and hooks (`hookspec`): the types of what hooks,
`report.lambdatest_sessions` and the sessions file hold.
"""

from __future__ import annotations

from pytest_lambdatest_session.report.records import ReportedSession, SessionRecord, SessionUse

__all__ = ["ReportedSession", "SessionRecord", "SessionUse"]
