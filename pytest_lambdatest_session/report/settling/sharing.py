"""`lambdatest_share_days`: links to sessions' pages that open without a login and expire.

Each is made by LambdaTest's share service on request (https://www.lambdatest.com/support/docs/share-test-results/, read
in October 2026), and is for one session only. The account-wide token of LambdaTest's public video links is never used.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from pytest_lambdatest_session.cloud.endpoints import share_base_url
from pytest_lambdatest_session.cloud.errors import CloudError, Refused
from pytest_lambdatest_session.report.attention import by_need
from pytest_lambdatest_session.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.cloud.chores import Chores, Connections
    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.ledger import Entry, Ledger

_TRIES = 2
_BACKOFF_SECONDS = 0.5
_NO_TIME = "no time was left (lambdatest_budget)"


class Sharing:
    """Asks for the links when all answers are there, those first that somebody will want to open."""

    def __init__(
        self,
        ledger: Ledger,
        chores: Chores,
        credentials_of: Callable[[str], Credentials | None],
        problems: Problems,
        *,
        days: int,
        api_url: str | None,
        leave_to_workers: bool = False,
    ) -> None:
        self._ledger = ledger
        self._chores = chores
        self._credentials_of = credentials_of
        self._problems = problems
        self._days = days
        self._api_url = api_url
        self._leave_to_workers = leave_to_workers

    def wait(self, seconds: float) -> None:
        """Have the links made, in so many seconds, and put them into the public records."""
        until = (datetime.now(timezone.utc) + timedelta(days=self._days)).date().isoformat()
        refused: dict[str, str] = {}
        requests: dict[Entry, _Request] = {}
        for entry in by_need(self._ledger.entries.values()):
            if entry.public["share_url"] is not None:
                # The API gave one with the details, as it does for builds.
                entry.public["shared_until"] = until
            elif self._is_wanted(entry) and (credentials := self._credentials_of(entry.id)) is not None:
                requests[entry] = self._request_for(entry, credentials, refused)
        try:
            for request in requests.values():
                self._chores.add(request)
            self._chores.wait(seconds)
        except KeyboardInterrupt:
            self._chores.end()
            raise
        finally:
            self._take(requests, until)

    def stop(self) -> None:
        self._chores.end()

    def _take(self, requests: dict[Entry, _Request], until: str) -> None:
        failures: Counter[str] = Counter()
        for entry, request in requests.items():
            if request.url is None:
                failures[request.failure] += 1
                continue
            entry.public["share_url"], entry.public["shared_until"] = request.url, until
        for failure, count in failures.items():
            self._problems.add(f"{counted(count, 'session')} not shared: {failure}")

    def _is_wanted(self, entry: Entry) -> bool:
        if self._leave_to_workers and entry.was_used_in_a_worker:
            return False
        return entry.public["state"] not in ("not_found", "unavailable")

    def _request_for(self, entry: Entry, credentials: Credentials, refused: dict[str, str]) -> _Request:
        base_url = share_base_url(entry.hub, self._api_url)
        some_id = entry.public["test_id"] or entry.id
        return _Request(some_id, entry.kind, base_url, credentials, self._days, refused)


class _Request:
    """A chore: one session's link."""

    def __init__(
        self,
        some_id: str,
        kind: Kind,
        base_url: str,
        credentials: Credentials,
        days: int,
        refused: dict[str, str],
    ) -> None:
        self._id = some_id
        self._kind = kind
        self._base_url = base_url
        self._credentials = credentials
        self._days = days
        self._refused = refused
        self._failures = 0
        self.url: str | None = None
        self.failure = _NO_TIME

    def step(self, connections: Connections) -> float | None:
        if self._base_url in self._refused:
            self.failure = self._refused[self._base_url]
            return None
        try:
            client = connections.client(self._base_url, self._credentials)
            self.url = client.share(self._id, self._kind, self._days)
        except Refused as error:
            self.failure = self._refused[self._base_url] = str(error)
        except CloudError as error:
            self.failure = str(error)
            self._failures += 1
            return _BACKOFF_SECONDS if self._failures < _TRIES else None
        return None
