"""The sessions file: one JSON object per session, a line each."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.records import SessionRecord
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry


class SessionsFile:
    """An output: written once, when all is known."""

    def __init__(self, path: Path, registry: Registry, problems: Problems) -> None:
        self._path = path
        self._registry = registry
        self._problems = problems

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        """Nothing to do: a line is about a session, whoever used it."""

    def bind(self) -> None:
        try:
            write_sessions_file(self._path, (tracked.record() for tracked in self._registry.sessions.values()))
        except OSError as error:
            self._problems.add(f"the sessions file {self._path} could not be written: {error.strerror or error}")


def write_sessions_file(path: Path, records: Iterable[SessionRecord]) -> None:
    """Write a line for each record.

    Raises:
        OSError: the folder or the file can't be written.
    """
    encode = json.JSONEncoder(ensure_ascii=False).encode
    write_whole(path, (encode(record) + "\n" for record in records))


def write_whole(path: Path, texts: Iterable[str]) -> None:
    """Write all or nothing: a reader never meets half a file. A device or a pipe is written to as it is.

    Raises:
        OSError: the folder or the file can't be written.
    """
    if path.exists() and not path.is_file():
        # Root would replace /dev/null by a file.
        with path.open("w", encoding="utf-8") as device:
            device.writelines(texts)
        return
    path = path.resolve()  # what a link leads to, not the link
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that the replacement is one step; named by process, so that two runs don't share it.
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            file.writelines(texts)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
