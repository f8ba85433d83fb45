"""The processes and folders the grid made, and how they are removed: by process id, never by name."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path


class Workshop:
    """A temporary folder of the grid's own, and the processes that work in it.

    Every browser gets a profile inside the folder, so the unguessable name of its profile in a command line tells
    our browsers from everybody else's, also those that chromedriver started and lost.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._making = threading.Lock()
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a process whose output can be read and which Ctrl-C in the terminal does not reach."""
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._children.append(child)
        return child

    def run(self, command: list[str], timeout_seconds: float, abandon: threading.Event) -> int:
        """Run a quiet process to its end, or until it takes too long or is abandoned; return its exit status."""
        child = self.start(command)
        deadline = time.monotonic() + timeout_seconds
        while child.poll() is None:
            if abandon.wait(0.02) or time.monotonic() > deadline:
                child.kill()
                child.wait()
        if child.stdout:
            child.stdout.close()
        self._children.remove(child)
        return child.returncode

    def discard(self, folder: Path) -> None:
        """Remove a folder without making anybody wait for it."""
        remover = threading.Thread(
            target=shutil.rmtree, args=(folder,), kwargs={"ignore_errors": True}, name="local-grid-discard", daemon=True
        )
        # While the interpreter shuts down there are no new threads; the folder then goes with the workshop.
        with contextlib.suppress(RuntimeError):
            remover.start()

    def new_folder(self, prefix: str) -> Path:
        """Make a folder in the workshop's, which is made with the first one: a simulated grid leaves no trace."""
        with self._making:
            self._folder = self._folder or Path(tempfile.mkdtemp(prefix="local-grid-"))
        return Path(tempfile.mkdtemp(prefix=prefix, dir=self._folder))

    def process_ids(self) -> set[int]:
        """Return the processes that still live, browsers included (those only where /proc is)."""
        children = {child.pid for child in self._children if child.poll() is None}
        return children | _browsers_with_profile_in(self._folder) if self._folder else children

    def close(self, timeout_seconds: float = 3.0) -> None:
        """End every process, first politely, and remove the folder."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            self.end_all(how, timeout_seconds)
        for child in self._children:
            child.wait()
            if child.stdout:
                child.stdout.close()
        self.remove_folder()

    def end_all(self, how: signal.Signals, timeout_seconds: float) -> None:
        """Signal until nobody is left: a browser may start another process while it is told to stop.

        Takes no lock that could be held elsewhere, so that a signal handler may call it.
        """
        deadline = time.monotonic() + timeout_seconds
        while self.process_ids() and time.monotonic() < deadline:
            for process_id in self.process_ids():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process_id, how)
            time.sleep(0.02)

    def remove_folder(self) -> None:
        # A browser that is just dying may still write into its profile.
        for _ in range(20):
            if self._folder is None or not self._folder.exists():
                return
            shutil.rmtree(self._folder, ignore_errors=True)
            time.sleep(0.02)


def _browsers_with_profile_in(folder: Path) -> set[int]:
    profile = b"--user-data-dir=" + os.fsencode(folder)
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        # Processes come and go meanwhile, and those of other users may not be ours to read.
        with contextlib.suppress(OSError):
            if profile in (entry / "cmdline").read_bytes():
                found.add(int(entry.name))
    return found
