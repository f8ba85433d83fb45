"""How much room what is saved may take."""

from __future__ import annotations

from threading import Lock


class NoRoomError(Exception):
    """The limit on all that a run saves is reached."""

    def __str__(self) -> str:
        return "not saved, since lambdatest_artifacts_limit is reached"


class Storage:
    """The room that the files of one run may take; shared by threads."""

    def __init__(self, limit_bytes: int, secrets: frozenset[str]) -> None:
        self.limit_bytes = limit_bytes
        self.secrets = secrets
        self.trouble: str | None = None
        """Why nothing more is worth trying: a full disk, a reached limit."""
        self._used_bytes = 0
        self._lock = Lock()

    def take(self, count: int) -> None:
        """Ask for room; raises NoRoomError."""
        with self._lock:
            self._used_bytes += count
            if self._used_bytes > self.limit_bytes:
                raise NoRoomError
