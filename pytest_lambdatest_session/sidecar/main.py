"""The sidecar itself: reads requests from standard input, answers on standard output, and ends when the run does."""

from __future__ import annotations

import json
import os
import queue
import select
import shutil
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.problems import place_of
from pytest_lambdatest_session.sidecar.clipping import Cutter
from pytest_lambdatest_session.sidecar.downloading import download_jobs
from pytest_lambdatest_session.sidecar.jobs import credentials_of
from pytest_lambdatest_session.sidecar.marking import MarkJob
from pytest_lambdatest_session.sidecar.polling import PollJob
from pytest_lambdatest_session.sidecar.pool import Pool
from pytest_lambdatest_session.sidecar.sharing import ShareJob
from pytest_lambdatest_session.sidecar.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import BinaryIO

    from pytest_lambdatest_session.sidecar.jobs import Job
    from pytest_lambdatest_session.sidecar.messages import Start, Trouble

_PARENT_LOOK_SECONDS = 0.25
_GATHER_SECONDS = 0.01
"""For results that come one right after the other: to write one takes as long as to write ten."""
_JOBS: dict[str, Callable[..., Job]] = {"poll": PollJob, "mark": MarkJob, "share": ShareJob}


class Server:
    """Turns requests into jobs, and writes what comes of them."""

    def __init__(self, start: Start, output: BinaryIO) -> None:
        self._output = output
        self._results: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._storage = Storage(0, frozenset())
        self._note_account(start["account"])
        self._pool = Pool(
            lambda base_url, credentials: Client(
                base_url,
                credentials,
                timeout_seconds=start["timeout_seconds"],
                share_days=start["share_days"],
            ),
            timeout_seconds=start["timeout_seconds"],
            on_fault=self._on_fault,
        )
        self._cutter = Cutter(self._results.put, self._on_fault)
        self._folders: set[Path] = set()
        threading.Thread(target=self._write, name="write", daemon=True).start()

    def handle(self, request: Any) -> None:
        kind = request["type"]
        now, policy, emit = time.monotonic(), self._pool.policy, self._results.put
        self._note_account(request.get("account"))
        if kind in _JOBS:
            self._pool.add(_JOBS[kind](request, now, policy, emit))
        elif kind == "download":
            self._folders.add(Path(request["folder"]))
            for job in download_jobs(request, self._storage, now, policy, emit):
                self._pool.add(job)
        elif kind == "cut":
            self._folders.add(Path(request["video"]).parent)
            self._cutter.add(request, self._storage)
        elif kind == "limits":
            self._storage = Storage(int(request["megabytes"] * 2**20), self._storage.secrets)
        elif kind == "finish":
            self._pool.finish(request["seconds"])

    def remove_drafts(self) -> None:
        """Remove what has not become whole: nobody goes on with it."""
        for folder in self._folders:
            for draft in folder.glob(f".*.{os.getpid()}.*"):
                shutil.rmtree(draft, ignore_errors=True)
                with suppress(OSError):  # as of a folder, which is gone
                    draft.unlink()

    def _note_account(self, account: Any) -> None:
        """Keep its key out of what is saved from now on."""
        if account is not None:
            self._storage.secrets |= frozenset(credentials_of(*account).secrets)

    def _on_fault(self, error: Exception) -> None:
        """Tell the kind and the place only: a message could quote anything."""
        trouble: Trouble = {"type": "trouble", "text": place_of(error)}
        self._results.put(trouble)

    def _write(self) -> None:
        """Write results; nobody else waits where a reader that is busy lets the pipe fill."""
        while True:
            results = [self._results.get()]
            while not self._results.empty():  # nobody else takes any
                results.append(self._results.get())
            try:
                self._output.write(b"".join(json.dumps(result).encode() + b"\n" for result in results))
                self._output.flush()
            except OSError:  # nobody reads any more
                os._exit(0)
            time.sleep(_GATHER_SECONDS)


def serve(start: Start, lines: Iterable[bytes], output: BinaryIO) -> Server:
    """Handle requests until there are no more, and return what may be at work on some of them."""
    server = Server(start, output)
    for line in lines:
        try:
            request = json.loads(line)
        except ValueError:  # Ctrl-C came in the middle of it; it comes once more
            continue
        if request["type"] == "stop":
            break
        server.handle(request)
    return server


def main(first_line: bytes) -> None:
    """Run the process that `client` starts, given the line that it read first; never return.

    Ctrl-C and the end of a terminal are the run's business; this process ends with its pipe, or with the process that
    started it: another one, forked by a test, may hold a copy of the pipe.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start: Start = json.loads(first_line)
    # Whatever a library prints must not come between the lines of results.
    output = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    with suppress(OSError):  # deleted meanwhile; only relative paths in the environment would need it
        os.chdir(start["folder"])
    threading.Thread(target=_end_with, args=(start["parent"],), name="parent", daemon=True).start()
    try:
        serve(start, sys.stdin.buffer, output).remove_drafts()
    finally:
        os._exit(0)


def _end_with(parent: int) -> None:
    try:
        watch = select.poll()
        watch.register(os.pidfd_open(parent), select.POLLIN)  # Linux
        watch.poll()
    except (AttributeError, OSError):
        while _is_alive(parent):
            time.sleep(_PARENT_LOOK_SECONDS)
    os._exit(0)


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # there os.kill would end it; and there no fork keeps the pipe open
        return True
    try:
        os.kill(process, 0)
    except OSError as error:  # such as that it belongs to somebody else
        return not isinstance(error, ProcessLookupError)
    return True
