"""What a process that dies leaves behind, for those that are forked from the one that reads it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.capture.untouched import untouched
from pytest_lambdatest_session.report.journal import Journal
from pytest_lambdatest_session.report.registry import Registry

if TYPE_CHECKING:
    from pytest_lambdatest_session.capture.payload import SessionPayload

SESSION: SessionPayload = {"id": "s", "hub": "hub.lambdatest.com", "started_at": 1.0, "ended_at": None}
ATTEMPT = SimpleNamespace(id="t.1", test="t", number=1, nodeid="test_shop.py::test_total")


def test_sessions_of_a_test_that_no_report_told_of_are_found() -> None:
    journal = Journal.unnamed()
    journal(SESSION, ATTEMPT)
    journal(SESSION, None)
    (line,) = journal.lost(ATTEMPT.nodeid, Registry())
    assert (line["session"], line["attempt"]) == (SESSION, "t.1")
    assert journal.lost("test_shop.py::test_other", Registry()) == []
    journal.close()
    assert journal.lost(ATTEMPT.nodeid, Registry()) == []


@pytest.mark.parametrize("text", ["", "{", "{} {}", "nothing"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|Expecting|delimiter"):
        untouched.decode(text)
