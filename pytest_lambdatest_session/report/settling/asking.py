"""Asking the cloud about the ledger's sessions, in whichever process has the credentials and the occasion."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.cloud.follower import Follower, OnWait, Question
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.ledger import Entry, Ledger


class Asking:
    """The follower's questions and answers in terms of the ledger. Belongs to the main thread, as the ledger does.

    `start` makes the follower, when there is the first session to ask about.
    """

    def __init__(
        self,
        ledger: Ledger,
        start: Callable[[], Follower],
        credentials_of: Callable[[str], Credentials | None],
        problems: Problems,
    ) -> None:
        self._ledger = ledger
        self._start = start
        self._credentials_of = credentials_of
        self._problems = problems

    @cached_property
    def _follower(self) -> Follower:
        return self._start()

    def follow_ended(self, session_ids: list[str]) -> None:
        """Have those of the sessions that ended asked about while tests run, and take what was answered by now."""
        for session_id in session_ids:
            entry = self._ledger.entries[session_id]
            if entry.ended and not _is_final(entry):
                self._follower.follow(self._question(entry))
                self._take_finals()

    def ask_now(self, entry: Entry, timeout_seconds: float) -> None:
        """Wait for one session's answer, and settle it with what there is by then."""
        if not _is_final(entry):
            self._ledger.settle(entry, self._follower.ask_now(self._question(entry), timeout_seconds))
            self._take_finals()

    def wait(self, budget_seconds: float, on_wait: OnWait | None = None) -> None:
        """Wait for the sessions that ended, and settle all.

        One that nobody quit is looked at, not waited for: there is no telling when it ends. An interrupt ends the
        waiting and passes through, when what is known by then was taken.
        """
        unsettled = [entry for entry in self._ledger.entries.values() if not _is_final(entry)]
        try:
            for entry in unsettled:
                if entry.ended:
                    self._follower.follow(self._question(entry))
                else:
                    self._follower.look_once(self._question(entry))
            self._follower.drain(budget_seconds, on_wait)
        except KeyboardInterrupt:
            self._follower.drain(0)
            raise
        finally:
            self._take_answers(unsettled)
            # Its answers stay as they are from here on: sessions that end after that are for another.
            self._follower.stop()
            del self._follower

    def _take_finals(self) -> None:
        """Settled as they come, so that their other shape need not be kept as well."""
        for session_id, answer in self._follower.finals().items():
            self._ledger.settle(self._ledger.entries[session_id], answer)
            self._follower.forget(session_id)

    def _take_answers(self, unsettled: list[Entry]) -> None:
        self._take_finals()
        for entry in unsettled:
            if not _is_final(entry):
                self._ledger.settle(entry, self._follower.answer(entry.id))
        for problem in self._follower.problems():
            self._problems.add(f"{problem.message} ({counted(problem.sessions, 'session')})")

    def _question(self, entry: Entry) -> Question:
        # A run without sessions has no use for what reads and follows answers.
        from pytest_lambdatest_session.cloud.inquiry import Question  # noqa: PLC0415

        return Question(
            session_id=entry.id,
            hub_host=entry.hub,
            kind=entry.kind,
            credentials=self._credentials_of(entry.id),
            ended=entry.ended,
        )


def _is_final(entry: Entry) -> bool:
    """Whether all is known: asked here before, or told by the process that ran the test."""
    return entry.was_asked_about and entry.public["state"] == "final"
