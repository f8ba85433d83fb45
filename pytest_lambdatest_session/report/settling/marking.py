"""`lambdatest_mark_status`: pytest's outcome is written to each session when it ended and its tests are over.

In background threads while tests run; the end of the run waits for the rest within the one budget. Before a session is
written to it is looked at: right after its end the cloud may not know that it ended, and what it says then would
replace ours; and a verdict that is there already is the suite's own.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_lambdatest_session.cloud.endpoints import api_base_url, kind_asked, sibling_base_url
from pytest_lambdatest_session.cloud.errors import NO_CREDENTIALS, CloudError, NotFound, Refused
from pytest_lambdatest_session.report.settling.verdicts import first_line_of, verdict_on
from pytest_lambdatest_session.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest

    from pytest_lambdatest_session.capture.commands import Clean
    from pytest_lambdatest_session.cloud.chores import Chores, Connections
    from pytest_lambdatest_session.cloud.client import Client
    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Entry, Ledger
    from pytest_lambdatest_session.report.settling.verdicts import Verdict

SETTLING_SECONDS = 0.8
_BACKOFF_SECONDS = 0.5
_TRIES = 3
_REASON_LIMIT = 250
_KINDS: tuple[Kind, ...] = ("web", "app")


class Marking:
    """An output that also writes: it learns of each attempt, and belongs to the main thread.

    With `workers_mark`, xdist's workers write to the sessions of their tests themselves.
    """

    def __init__(
        self,
        ledger: Ledger,
        chores: Chores,
        credentials_of: Callable[[str], Credentials | None],
        clean: Clean,
        problems: Problems,
        *,
        api_url: str | None,
        overwrite: bool,
        workers_mark: bool = False,
    ) -> None:
        self._ledger = ledger
        self._chores = chores
        self._credentials_of = credentials_of
        self._clean = clean
        self._problems = problems
        self._api_url = api_url
        self._overwrite = overwrite
        self._workers_mark = workers_mark
        self._reasons: dict[AttemptRecord, str] = {}
        self._finished: set[AttemptRecord] = set()
        self._writes: dict[str, _Write] = {}
        self._refused: dict[str, str] = {}

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        if self._workers_mark and attempt.worker is not None:
            return
        if report.outcome != "passed" and attempt not in self._reasons:
            # Scrubbed before it is cut: half a key is still half a key.
            self._reasons[attempt] = self._clean(first_line_of(report), _REASON_LIMIT)
        if report.when == "teardown":
            self._finished.add(attempt)
            for entry in attempt.entries:
                if entry.ended and self._finished.issuperset(entry.attempts):
                    self._write(entry)

    def bind(self) -> None:
        """Nothing to do: the public records were brought up to date by `wait`."""

    def begin_end(self) -> None:
        """The tests are over: write to the sessions whose last report was never logged, or is not about them."""
        for entry in self._ledger.entries.values():
            is_others = self._workers_mark and entry.was_used_in_a_worker
            if entry.ended and not is_others:
                self._write(entry)

    def wait(self, seconds: float) -> None:
        """Wait for what is being written, and take what was written into the public records."""
        try:
            self._chores.wait(seconds)
        except KeyboardInterrupt:
            self._chores.end()
            raise
        finally:
            self._take_writes()

    def stop(self) -> None:
        self._chores.end()

    def _take_writes(self) -> None:
        failures: Counter[str] = Counter()
        for session_id, write in self._writes.items():
            if write.written is not None:
                self._take_in(self._ledger.entries[session_id], write.written)
            elif not write.is_left_alone:
                failures[write.failure or "no time was left (lambdatest_budget)"] += 1
        for failure, count in failures.items():
            self._problems.add(f"{counted(count, 'session')} not marked: {failure}")

    def _write(self, entry: Entry) -> None:
        if entry.id in self._writes or (entry.was_marked_by_suite and not self._overwrite):
            return
        # By product, since the hub's name does not always say which one it is: see `_Write`.
        verdicts = {kind: verdict_on(entry.attempts, self._reason_of, kind) for kind in _KINDS}
        if verdicts[entry.kind] is not None:
            base_url = api_base_url(entry.hub, entry.kind, self._api_url)
            credentials = self._credentials_of(entry.id)
            write = _Write(entry, verdicts, base_url, credentials, self._chores, self._refused, self._overwrite)
            self._writes[entry.id] = write
            self._chores.add(write, SETTLING_SECONDS)

    def _reason_of(self, attempt: AttemptRecord) -> str:
        return self._reasons.get(attempt, "")

    def _take_in(self, entry: Entry, verdict: Verdict) -> None:
        """The follower may have asked before it was written."""
        public = entry.public
        if public["state"] == "final":
            public["status"] = verdict.status
            public["remark"] = verdict.reason or public["remark"]


class _Write:
    """A chore: one session's verdict, written once the cloud knows that the session ended."""

    def __init__(
        self,
        entry: Entry,
        verdicts: Mapping[Kind, Verdict | None],
        base_url: str,
        credentials: Credentials | None,
        chores: Chores,
        refused: dict[str, str],
        overwrite: bool,
    ) -> None:
        self._session_id = entry.id
        self._kind = entry.kind
        self._verdicts = verdicts
        self._base_url = base_url
        self._credentials = credentials
        self._chores = chores
        self._refused = refused
        self._overwrite = overwrite
        self._failures = 0
        self.written: Verdict | None = None
        self.is_left_alone = False
        self.failure: str | None = None

    def step(self, connections: Connections) -> float | None:
        if self._credentials is None:
            self.failure = NO_CREDENTIALS
            return None
        if self._base_url in self._refused:
            self.failure = self._refused[self._base_url]
            return None
        try:
            return self._ask_and_write(connections.client(self._base_url, self._credentials))
        except NotFound as error:
            # Not there yet, or a session of the other product.
            self.failure = str(error)
            self._base_url = sibling_base_url(self._base_url) or self._base_url
            return _BACKOFF_SECONDS
        except Refused as error:
            self.failure = self._refused[self._base_url] = str(error)
            return None
        except CloudError as error:
            self.failure = str(error)
            self._failures += 1
            return None if self._failures >= _TRIES else _BACKOFF_SECONDS * 2**self._failures

    def _ask_and_write(self, client: Client) -> float | None:
        details = client.session(self._session_id)
        if details.phase == "running":
            self.failure = "LambdaTest did not know yet that it ended"
            return _BACKOFF_SECONDS
        verdict = self._verdicts[kind_asked(self._base_url, otherwise=self._kind)]
        if verdict is None or (_is_verdict(details.status) and not self._overwrite):
            self.is_left_alone = True
        elif not self._chores.is_over:
            client.mark(self._session_id, verdict.status, verdict.reason)
            self.written = verdict
        return None


def _is_verdict(status: str | None) -> bool:
    """Whether somebody has said how it went; `completed` is what the cloud says of a session that nobody marked."""
    return (status or "").casefold() not in ("", "completed", "stopped")
