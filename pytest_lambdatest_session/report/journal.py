"""What a process that runs tests writes down at once, for the case that it dies and its reports with it.

A line of JSON per session, in a file that is opened once and stays open: a test that replaces the file system, or ends
its process in the middle, changes nothing about it. Holds no more than reports carry.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict

from pytest_lambdatest_session.capture.untouched import untouched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_lambdatest_session.capture.payload import SessionPayload
    from pytest_lambdatest_session.report.registry import Registry

LOST_ATTRIBUTE = "_lambdatest_lost"
"""On the report of a test that ended a process forked from a worker of xdist: the lines that it left."""
_MOST_READ_BYTES = 2**24


class _Attempt(Protocol):
    id: str
    test: str
    nodeid: str
    number: int


class JournalLine(TypedDict):
    """A session that was met, and the attempt that did so; without one `nodeid` is None."""

    session: SessionPayload
    attempt: str
    test: str
    number: int
    nodeid: str | None


class Journal:
    """Written by the process that made it, and by those that are forked from it."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    @classmethod
    def at(cls, path: Path) -> Journal:
        """Open a journal for another process to read.

        On another machine than that there is no such folder, and no journal.
        """
        if not path.parent.is_dir():
            return cls(None)
        return cls(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600))

    @classmethod
    def unnamed(cls) -> Journal:
        """Open a journal that only this process and its children can read."""
        descriptor, path = tempfile.mkstemp(prefix="lambdatest-session-")
        Path(path).unlink()
        return cls(descriptor)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __call__(self, session: SessionPayload, attempt: _Attempt | None) -> None:
        if self._descriptor is None:
            return
        line: JournalLine = {"session": session, "attempt": "", "test": "", "number": 0, "nodeid": None}
        if attempt is not None:
            line.update(
                {"attempt": attempt.id, "test": attempt.test, "number": attempt.number, "nodeid": attempt.nodeid}
            )
        untouched.write(self._descriptor, untouched.encode(line).encode() + b"\n")

    def lost(self, nodeid: str, registry: Registry) -> list[JournalLine]:
        """Return what a child wrote of a test before it died: sessions of attempts that no report told of."""
        if self._descriptor is None or untouched.pread is None:
            return []
        written = untouched.pread(self._descriptor, _MOST_READ_BYTES, 0).decode()
        return [
            line for line in _lines(written) if line["nodeid"] == nodeid and line["attempt"] not in registry.attempts
        ]


def read_journal(path: Path) -> Iterator[JournalLine]:
    """Read the journal of a process that has died."""
    return _lines(path.read_text(encoding="utf-8") if path.is_file() else "")


def _lines(written: str) -> Iterator[JournalLine]:
    for text in written.splitlines():
        try:
            line: JournalLine = untouched.decode(text)
        except ValueError:
            continue  # it died while it wrote
        yield line
