"""The process of a run that talks to LambdaTest, as a user finds it: in the list of processes."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Seen = TypeVar("_Seen")

# What only a process that hangs exceeds, on however busy a machine.
_TIMEOUT_SECONDS = 30

_MARK = b"pytest_lambdatest_session.sidecar"


def sidecars_of(run_pid: int) -> list[int]:
    """Return the ids of the processes that live and that a run of pytest with this id has started; sorted.

    None of them is its child: what is one starts the process, and ends.
    """
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        except OSError:
            continue  # it has ended meanwhile
        pid = int(folder.name)
        is_meant = any(_MARK in word for word in words) and words[-1] == str(run_pid).encode()
        if is_meant and is_alive(pid) and parent_of(pid) not in (run_pid, None):
            found.append(pid)
    return sorted(found)


def is_alive(pid: int) -> bool:
    """Whether a process runs or is stopped; one that has ended and waits for its parent does not live."""
    state = _stat(pid)
    return bool(state) and state[0] not in "ZX"


def parent_of(pid: int) -> int | None:
    """Return the id of a process's parent; None if the process is gone."""
    state = _stat(pid)
    return int(state[1]) if state else None


def children_of(pid: int) -> list[int]:
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for file in files for word in file.read_text("ascii").split()]


def _stat(pid: int) -> list[str]:
    """Return the state, the parent and so on, as the system tells of a process; empty if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return []
    return stat.rpartition(")")[2].split()


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def command_line_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def descriptors_of(pid: int) -> list[str]:
    """Return what the open descriptors of a process lead to, those that it closes meanwhile left out."""
    found = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(descriptor.readlink()))
    return found


def wait_for_sidecar(run_pid: int) -> int:
    """Wait until a run has started its process, and return that one's id."""
    (pid,) = _wait_for(lambda: sidecars_of(run_pid), f"the run {run_pid} started no process")
    return pid


def wait_until_gone(run_pid: int, *sidecars: int) -> None:
    """Wait until no process of a run is left, nor one of `sidecars`; AssertionError if one lives on.

    A process that is about to end has no command line any more: it is found by its id alone.
    """
    _wait_for(
        lambda: not sidecars_of(run_pid) and not any(map(is_alive, sidecars)),
        f"a process of the run {run_pid} did not end",
    )


def wait_until_childless(pid: int) -> None:
    """Wait until a process has no child, nor one that ended and that it did not wait for; AssertionError if it has."""
    _wait_for(lambda: not children_of(pid), f"a child of the process {pid} did not end")


def _wait_for(condition: Callable[[], _Seen], what: str) -> _Seen:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while not (seen := condition()):
        assert time.monotonic() < deadline, f"{what} within {_TIMEOUT_SECONDS} s"
        time.sleep(0.02)
    return seen
