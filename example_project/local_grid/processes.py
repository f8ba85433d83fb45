"""The processes and folders the grid made, and how they are removed: by process id, never by name."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path


class Workshop:
    """A temporary folder of the grid's own, and the processes that work in it.

    Every browser gets a profile inside the folder, so its unguessable name in a command line tells our processes
    from everybody else's, also those that chromedriver started and lost.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="local-grid-"))
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

    def run(self, command: list[str], timeout_seconds: float) -> int:
        """Run a process to its end, or until the time is over, and return its exit status."""
        child = self.start(command)
        try:
            child.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
        with contextlib.suppress(ValueError):
            self._children.remove(child)
        return child.returncode

    def new_folder(self, prefix: str) -> Path:
        return Path(tempfile.mkdtemp(prefix=prefix, dir=self.folder))

    def process_ids(self) -> set[int]:
        """Return the processes that still live, browsers included (those only where /proc is)."""
        return {child.pid for child in self._children if child.poll() is None} | _mentioning(self.folder)

    def close(self, timeout_seconds: float = 3.0) -> None:
        """End every process, first politely, and remove the folder."""
        self.kill(signal.SIGTERM)
        deadline = time.monotonic() + timeout_seconds
        while self.process_ids() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.kill(signal.SIGKILL)
        for child in self._children:
            child.wait()
            if child.stdout:
                child.stdout.close()
        self.remove_folder()

    def kill(self, how: signal.Signals) -> None:
        """Signal every process once. Takes no lock, so that a signal handler may call it."""
        for process_id in self.process_ids():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process_id, how)

    def remove_folder(self) -> None:
        # A browser that is just dying may still write into its profile.
        for _ in range(20):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not self.folder.exists():
                return
            time.sleep(0.02)


def _mentioning(folder: Path) -> set[int]:
    """Find the processes whose command line names the folder."""
    needle = os.fsencode(folder)
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        # Zombies have an empty command line; processes of other users may not be ours to read.
        with contextlib.suppress(OSError):
            if needle in (entry / "cmdline").read_bytes():
                found.add(int(entry.name))
    return found - {os.getpid()}
