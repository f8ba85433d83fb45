"""`lambdatest_artifacts`: logs, screenshots and videos are saved beside the report before it is written."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from pytest_lambdatest_session.cloud.artifacts import LOGS, LogFetch, MediaFetch, Source, Store
from pytest_lambdatest_session.cloud.endpoints import api_base_url
from pytest_lambdatest_session.report.attention import by_need, needs_a_look
from pytest_lambdatest_session.report.log_rows import saved_logs
from pytest_lambdatest_session.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_lambdatest_session.cloud.chores import Chores, OnWait
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.ledger import Entry, Ledger

# A folder of more is of no use to anybody; those that need a look come first.
_MOST_SESSIONS = 1000
_INLINE_BYTES = 64 * 2**10


class Artifacts:
    """Saves, in background threads and within a budget of its own, and notes in the records what came of it."""

    def __init__(
        self,
        ledger: Ledger,
        chores: Chores,
        folder: Path,
        credentials_of: Callable[[str], Credentials | None],
        secrets: Callable[[], frozenset[str]],
        problems: Problems,
        *,
        api_url: str | None,
        of_all: bool,
        budget_seconds: float,
        limit_bytes: int,
        leave_to_workers: bool = False,
    ) -> None:
        self._ledger = ledger
        self._chores = chores
        self._folder = folder
        self._credentials_of = credentials_of
        self._secrets = secrets
        self._problems = problems
        self._api_url = api_url
        self._of_all = of_all
        self._budget_seconds = budget_seconds
        self._limit_bytes = limit_bytes
        self._leave_to_workers = leave_to_workers

    def save(self, on_wait: OnWait | None = None) -> None:
        """Save what can be in the time; an interrupt ends it, and passes through when what is whole was noted."""
        entries = [entry for entry in by_need(self._ledger.entries.values()) if self._is_wanted(entry)]
        deadline = time.monotonic() + self._budget_seconds
        store = Store(self._limit_bytes, deadline, self._secrets())
        fetches = {entry: self._fetches_of(entry, store) for entry in entries[:_MOST_SESSIONS]}
        try:
            self._fetch(fetches, on_wait)
        except KeyboardInterrupt:
            self._chores.end()
            raise
        finally:
            store.is_over = True
            self._take(fetches)
        if len(entries) > _MOST_SESSIONS:
            self._problems.add(f"artifacts were saved of {_MOST_SESSIONS:,} of {len(entries):,} sessions")

    def stop(self) -> None:
        self._chores.end()

    def _fetch(self, fetches: dict[Entry, list[LogFetch | MediaFetch]], on_wait: OnWait | None) -> None:
        # Logs first: they are small, and a video may keep us waiting.
        for kind in (LogFetch, MediaFetch):
            for of_entry in fetches.values():
                for fetch in of_entry:
                    if isinstance(fetch, kind):
                        self._chores.add(fetch)
        self._chores.wait(self._budget_seconds, on_wait)

    def _is_wanted(self, entry: Entry) -> bool:
        if self._leave_to_workers and entry.was_used_in_a_worker:
            return False
        is_there = entry.public["state"] in ("final", "pending") or (entry.public["state"] == "unchecked")
        return is_there and entry.ended and (self._of_all or needs_a_look(entry))

    def _fetches_of(self, entry: Entry, store: Store) -> list[LogFetch | MediaFetch]:
        base_url = api_base_url(entry.hub, entry.kind, self._api_url)
        folder = self._folder / folder_name(entry.id)
        source = Source(entry.id, base_url, self._credentials_of(entry.id), folder)
        video = MediaFetch("video", source, store, is_expected=bool(entry.public["video_url"]))
        return [
            *(LogFetch(name, entry.kind, source, store) for name in LOGS[entry.kind]),
            MediaFetch("screenshots", source, store, is_expected=False, comes_with=video),
            video,
        ]

    def _take(self, fetches: dict[Entry, list[LogFetch | MediaFetch]]) -> None:
        for entry, of_entry in fetches.items():
            self._note(entry, of_entry)
        for entry in self._ledger.entries.values():
            self._read_logs(entry)
        self._tell(fetches)

    def _note(self, entry: Entry, fetches: list[LogFetch | MediaFetch]) -> None:
        public = entry.public
        for fetch in fetches:
            # What a thread still has in hand may be saved any moment, but nobody looks any more.
            path = fetch.path
            if path is not None:
                public["artifacts"][fetch.name] = quote(path.relative_to(self._folder.parent).as_posix())
            else:
                public["artifacts_missing"][fetch.name] = fetch.missing

    def _read_logs(self, entry: Entry) -> None:
        """Those of sessions of failed tests, wherever in this run they were saved."""
        artifacts = entry.public["artifacts"]
        if artifacts and (entry.was_in_a_failure or any(attempt.commands for attempt in entry.attempts)):
            texts = [self._read(artifacts[name]) if name in artifacts else "" for name in ("command", "console")]
            entry.saved_logs = saved_logs(texts[0], texts[1], entry.public["started_at"])

    def _read(self, artifact: str) -> str:
        try:
            return (self._folder.parent / unquote(artifact)).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def _tell(self, fetches: dict[Entry, list[LogFetch | MediaFetch]]) -> None:
        """What went wrong, each once; that there is nothing to save is no problem."""
        reasons = Counter(
            fetch.missing
            for of_entry in fetches.values()
            for fetch in of_entry
            if fetch.path is None and not fetch.missing.startswith(("empty", "LambdaTest has none"))
        )
        for reason, count in reasons.items():
            self._problems.add(f"{counted(count, 'artifact')} not saved: {reason}")


def folder_name(session_id: str) -> str:
    """A session's id, or as much of it as can be the name of a folder everywhere."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", session_id)[:80].lstrip(".")
    if name == session_id:
        return name
    return f"{name}-{hashlib.sha256(session_id.encode('utf-8', 'replace')).hexdigest()[:8]}"


def text_reader(folder: Path) -> Callable[[str], str | None]:
    """Give what reads a short text among the artifacts of a report in `folder`; None for anything else."""

    def read(artifact: str) -> str | None:
        path = folder / unquote(artifact)
        try:
            is_short_text = path.suffix in (".json", ".txt") and path.stat().st_size <= _INLINE_BYTES
            return path.read_text(encoding="utf-8", errors="replace") if is_short_text else None
        except OSError:
            return None

    return read
