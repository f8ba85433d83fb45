"""Saves what the cloud keeps of a session: logs, screenshots and video, each as a chore of its own.

A file is written beside its final name and renamed when it is whole, so what has its final name is valid, now and in
a later run, and is not fetched again. Logs are cleared of credentials before they touch the disk.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from pytest_lambdatest_session.cloud.errors import (
    NO_CREDENTIALS,
    CloudError,
    NotFound,
    Refused,
    ServerError,
    Unreachable,
)
from pytest_lambdatest_session.cloud.redact import MASK, scrub

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_lambdatest_session.cloud.chores import Connections
    from pytest_lambdatest_session.cloud.client import Client
    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.credentials import Credentials

LOGS: dict[Kind, dict[str, tuple[str, str]]] = {
    "web": {
        "command": ("command", "command-log.json"),
        "console": ("console", "console-log.json"),
        "network": ("network", "network-log.json"),
        "selenium": ("selenium", "selenium-log.json"),
    },
    "app": {
        "command": ("command", "command-log.json"),
        "appium": ("appium", "appium-log.txt"),
        "device": ("devicelog", "device-log.txt"),
        "network": ("network", "network-log.json"),
    },
}
"""Of each product: `{kind of log: (its name in the API's path, name of the file)}`."""

LOG_LIMIT_BYTES = 20 * 2**20
MEDIA_LIMIT_BYTES = 300 * 2**20
_TRIES = 3
_BACKOFF_SECONDS, _LONGEST_BACKOFF_SECONDS = 0.5, 5.0
# How long the cloud may say that there is no video of a session that ended until that is believed.
_PATIENCE_SECONDS, _SHORT_PATIENCE_SECONDS = 8.0, 1.5
_STRIKES = 4

_MP4, _WEBM, _ZIP = b"ftyp", b"\x1aE\xdf\xa3", b"PK"
_HINTS = {"console": "console: true in LT:Options records it", "network": "network: true in LT:Options records it"}
# `\"` within JSON text within JSON.
_SPELLED_OUT = re.compile(
    r"""(?i)((?:access_?key|password|passwd|authorization)\\*["']\s*:\s*\\*["'])[^"'\\]+""",
)
# The account's user name, where it is told from the names of a page's users.
_VENDOR_OPTIONS = re.compile(r"""(?i)["']lt:options\\*["']\s*:\s*\{[^{}]*""")
_USER = re.compile(r"""(?i)(["']user(?:name)?\\*["']\s*:\s*\\*["'])[^"'\\]+""")


class NoRoomError(Exception):
    """The limit on all that a run saves is reached."""


class OverError(Exception):
    """Nobody waits any more."""


@dataclass
class Store:
    """What the chores of one run share; safe to use from any thread."""

    limit_bytes: int
    deadline: float
    """On the monotonic clock."""
    secrets: frozenset[str] = frozenset()
    is_over: bool = False
    trouble: str | None = None
    """Why nothing more is worth trying: a full disk, a reached limit."""
    _refused: dict[str, str] = field(default_factory=dict)
    _strikes: dict[str, int] = field(default_factory=dict)
    _used_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, count: int) -> None:
        """Ask for room; raises NoRoomError, or OverError at the end."""
        if self.is_over or time.monotonic() > self.deadline:
            raise OverError
        with self._lock:
            self._used_bytes += count
            if self._used_bytes > self.limit_bytes:
                raise NoRoomError

    def obstacle(self, base_url: str) -> str | None:
        return self.trouble or self._refused.get(base_url)

    def note(self, base_url: str, error: CloudError | None) -> None:
        """Take in how an API answered: a refusal stands for all, and silence several times over."""
        with self._lock:
            if isinstance(error, Refused):
                self._refused[base_url] = str(error)
            elif isinstance(error, Unreachable):
                self._strikes[base_url] = self._strikes.get(base_url, 0) + 1
                if self._strikes[base_url] >= _STRIKES:
                    self._refused[base_url] = str(error)
            else:
                self._strikes.pop(base_url, None)


@dataclass(frozen=True)
class Source:
    """The session of which something is saved, and where to."""

    session_id: str
    base_url: str
    credentials: Credentials | None
    folder: Path


class _Fetch(ABC):
    """A chore: one file. `path` is there when it is saved; until then `missing` says why it is not."""

    def __init__(self, name: str, source: Source, store: Store) -> None:
        self.name = name
        self.source = source
        self._store = store
        self._failures = 0
        self._steps = 0
        self._began_at = time.monotonic()
        self.is_settled = False
        self.path: Path | None = None
        self.missing = "no time was left (lambdatest_artifacts_budget)"

    def step(self, connections: Connections) -> float | None:
        again_after = self._step(connections)
        self.is_settled = again_after is None
        return again_after

    def _step(self, connections: Connections) -> float | None:
        self._steps += 1
        if self.path is not None or self._is_there():
            return None
        obstacle = self._store.obstacle(self.source.base_url)
        if self.source.credentials is None or obstacle is not None:
            self.missing = obstacle or NO_CREDENTIALS
            return None
        return self._try(connections.client(self.source.base_url, self.source.credentials))

    def _try(self, client: Client) -> float | None:
        try:
            again_after = self._fetch(client)
        except CloudError as error:
            if time.monotonic() > self._store.deadline:
                return None
            self._store.note(self.source.base_url, error)
            return self._failed(error)
        except OSError as error:
            # A disk that is full for one is full for all.
            self._store.trouble = self.missing = f"{error.strerror or type(error).__name__}, while it was written"
        except NoRoomError:
            self._store.trouble = self.missing = "not saved, since lambdatest_artifacts_limit is reached"
        except OverError:
            pass
        else:
            self._store.note(self.source.base_url, None)
            return again_after
        return None

    @abstractmethod
    def _is_there(self) -> bool:
        """Take what an earlier run saved, if it did."""

    @abstractmethod
    def _fetch(self, client: Client) -> float | None:
        """Save it, or say why it is `missing`; the seconds until the next try, None for no other."""

    def _failed(self, error: CloudError) -> float | None:
        self.missing = str(error)
        self._failures += 1
        return None if isinstance(error, Refused) or self._failures >= _TRIES else self._backoff()

    def _backoff(self) -> float:
        return min(_BACKOFF_SECONDS * 1.5 ** min(self._steps, 20), _LONGEST_BACKOFF_SECONDS)

    def _keep(self, name: str) -> bool:
        path = self.source.folder / name
        if not (path.is_file() and path.stat().st_size):
            return False
        self.path = path
        return True

    def _replace(self, draft: Path, name: str) -> None:
        draft.replace(self.source.folder / name)
        self._keep(name)

    def _draft(self) -> Path:
        self.source.folder.mkdir(parents=True, exist_ok=True)
        return self.source.folder / f".{self.name}.{os.getpid()}.part"


class LogFetch(_Fetch):
    """One log, as text without credentials."""

    def __init__(self, name: str, kind: Kind, source: Source, store: Store) -> None:
        super().__init__(name, source, store)
        self._in_path, self._file = LOGS[kind][name]

    def _is_there(self) -> bool:
        return self._keep(self._file)

    def _fetch(self, client: Client) -> float | None:
        text = client.log(self.source.session_id, self._in_path, LOG_LIMIT_BYTES).decode("utf-8", "replace")
        if self._file.endswith(".json") and not _rows(text):
            self.missing = f"empty; {_HINTS[self.name]}" if self.name in _HINTS else "empty"
            return None
        content = scrub_log(text, self._store.secrets).encode()
        self._store.take(len(content))
        draft = self._draft()
        try:
            draft.write_bytes(content)
            self._replace(draft, self._file)
        finally:
            draft.unlink(missing_ok=True)
        return None

    def _failed(self, error: CloudError) -> float | None:
        again_after = super()._failed(error)
        # These endpoints answer 400 where others say 404.
        if isinstance(error, NotFound) or (isinstance(error, ServerError) and error.status == 400):  # noqa: PLR2004
            self.missing = "LambdaTest has none"
        return again_after


class MediaFetch(_Fetch):
    """The video, or the zip of screenshots: the API gives a link, behind which the file may come later."""

    _FILES = {"video": ("video.mp4", "video.webm"), "screenshots": ("screenshots.zip",)}  # noqa: RUF012 -- a constant

    def __init__(
        self, name: str, source: Source, store: Store, *, is_expected: bool, comes_with: _Fetch | None = None
    ) -> None:
        """It is asked for longer if `is_expected`, since the cloud spoke of it, and while `comes_with` is awaited."""
        super().__init__(name, source, store)
        self._files = self._FILES[name]
        self._patience_seconds = _PATIENCE_SECONDS if is_expected else _SHORT_PATIENCE_SECONDS
        self._comes_with = comes_with
        self._was_promised = False

    def _is_there(self) -> bool:
        return any(self._keep(name) for name in self._files)

    def _fetch(self, client: Client) -> float | None:
        url = client.media_url(self.source.session_id, self.name)
        if url.partition("?")[0].lower().endswith(".m3u8"):
            self.missing = "it is a stream in pieces (m3u8), not a file"
            return None
        self._was_promised = True
        draft = self._draft()
        try:
            with draft.open("wb") as file:
                self._download(client, url, file)
            name = self._recognise(draft)
            if name is None:
                self.missing = "not ready yet: something else came in its place"
                return self._backoff()
            self._replace(draft, name)
        finally:
            draft.unlink(missing_ok=True)
        return None

    def _download(self, client: Client, url: str, file: BinaryIO) -> None:
        def sink(piece: bytes) -> None:
            self._store.take(len(piece))
            file.write(piece)

        seconds = max(0.1, self._store.deadline - time.monotonic())
        client.download(url, sink, limit_bytes=MEDIA_LIMIT_BYTES, timeout_seconds=seconds)

    def _recognise(self, draft: Path) -> str | None:
        with draft.open("rb") as file:
            head = file.read(12)
        if self.name == "screenshots":
            return self._files[0] if head.startswith(_ZIP) else None
        if head[4:8] == _MP4:
            return "video.mp4"
        return "video.webm" if head.startswith(_WEBM) else None

    def _failed(self, error: CloudError) -> float | None:
        if not isinstance(error, NotFound):
            return super()._failed(error)
        if self._was_promised and self.name == "video":
            self.missing = "not ready yet"
            return self._backoff()
        self.missing = "LambdaTest has none; video: true in LT:Options records one"
        if self.name != "video":
            self.missing = "LambdaTest has none"
        is_awaited = self._comes_with is not None and not self._comes_with.is_settled
        is_early = time.monotonic() - self._began_at < self._patience_seconds
        return self._backoff() if is_early or is_awaited else None


def scrub_log(text: str, secrets: Iterable[str]) -> str:
    """A log without credentials: neither those of `secrets`, in JSON's spelling too, nor any that are named so."""
    spelled = {spelling for secret in secrets for spelling in (secret, json.dumps(secret)[1:-1])}
    cleared = _SPELLED_OUT.sub(rf"\g<1>{MASK}", scrub(text, spelled))
    return _VENDOR_OPTIONS.sub(lambda options: _USER.sub(rf"\g<1>{MASK}", options[0]), cleared)


def _rows(text: str) -> list[object]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return []
    rows = body.get("data") if isinstance(body, dict) else body
    return rows if isinstance(rows, list) else []
