"""Questions and answers in terms of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.cloud.follower import Follower
from pytest_lambdatest_session.report.settling.asking import Asking

from ledgers import MadeUpRun, details_of
from pytest_lambdatest_session.credentials import Credentials
from pytest_lambdatest_session.problems import Problems

if TYPE_CHECKING:
    from pytest_lambdatest_session.cloud.details import SessionDetails


class Api:
    """Knows every session, and counts the questions."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def session(self, session_id: str) -> SessionDetails:
        self.asked.append(session_id)
        return details_of(session_id)

    def close(self) -> None:
        """Nothing to do."""


def test_a_session_whose_answer_is_final_is_never_asked_about_again() -> None:
    """Answers are settled as they come, and the follower does not keep them."""
    run, api = MadeUpRun(), Api()
    run.attempt("test_x", "passed", "s1", "s2")
    follower = Follower(lambda *_: api)
    asking = Asking(run.ledger, lambda: follower, lambda _: Credentials("user", "key"), Problems())
    try:
        asking.follow_ended(["s1", "s2"])
        for _ in range(2):
            for entry in run.ledger.entries.values():
                asking.ask_now(entry, 20)
                assert entry.public["state"] == "final"
        asking.follow_ended(["s1", "s2"])
        asking.wait(20)
    finally:
        follower.stop()
    assert sorted(api.asked) == ["s1", "s2"]
    assert not follower.finals()
    assert follower.answer("s1") is None
