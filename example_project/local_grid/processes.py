"""The grid's processes and temporary folders. Processes are ended by process id, never by name."""

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


class Processes:
    """Starts processes, makes folders for them, and ends and removes all of them.

    Each browser's profile is inside one temporary folder of this grid, so its command line identifies it, also after
    chromedriver lost it.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._making = threading.Lock()
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self, command: list[str], environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a process with its output in a pipe and in a session of its own, where Ctrl-C does not reach it."""
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )
        self._children.append(child)
        return child

    def run(self, command: list[str], timeout_seconds: float, abandon: threading.Event) -> int:
        """Run a process, kill it after `timeout_seconds` or when `abandon` is set, and return its exit status."""
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

    def end(self, child: subprocess.Popen[bytes], timeout_seconds: float = 3.0) -> None:
        """End one process: with SIGTERM, so that it ends its own, and then with SIGKILL."""
        child.terminate()
        try:
            child.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout:
            child.stdout.close()
        self._children.remove(child)

    def discard(self, folder: Path) -> None:
        """Remove a folder in the background."""
        remover = threading.Thread(
            target=shutil.rmtree, args=(folder,), kwargs={"ignore_errors": True}, name="local-grid-discard", daemon=True
        )
        # While the interpreter shuts down no thread starts; `close` then removes the folder.
        with contextlib.suppress(RuntimeError):
            remover.start()

    def new_folder(self, prefix: str) -> Path:
        """Create a folder inside the temporary one, which is created with the first: a simulated grid has none."""
        with self._making:
            self._folder = self._folder or Path(tempfile.mkdtemp(prefix="local-grid-"))
        return Path(tempfile.mkdtemp(prefix=prefix, dir=self._folder))

    def process_ids(self) -> set[int]:
        """Return the ids of running processes; browsers, which chromedriver started, only where there is /proc."""
        children = {child.pid for child in self._children if child.poll() is None}
        return children | _browsers_with_profile_in(self._folder) if self._folder else children

    def close(self, timeout_seconds: float = 3.0) -> None:
        """End every process, with SIGTERM and then SIGKILL, and remove the folder."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            self.end_all(how, timeout_seconds)
        for child in self._children:
            child.wait()
            if child.stdout:
                child.stdout.close()
        self.remove_folder()

    def end_all(self, how: signal.Signals, timeout_seconds: float) -> None:
        """Send the signal until no process is left: a browser may start another one meanwhile.

        Takes no lock, so that a signal handler may call it.
        """
        deadline = time.monotonic() + timeout_seconds
        while self.process_ids() and time.monotonic() < deadline:
            for process_id in self.process_ids():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process_id, how)
            time.sleep(0.02)

    def remove_folder(self) -> None:
        # A browser that is about to exit may still write into its profile.
        for _ in range(20):
            if self._folder is None or not self._folder.exists():
                return
            shutil.rmtree(self._folder, ignore_errors=True)
            time.sleep(0.02)


def _browsers_with_profile_in(folder: Path) -> set[int]:
    profile = b"--user-data-dir=" + os.fsencode(folder)
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        # Processes end meanwhile, and those of other users cannot be read.
        with contextlib.suppress(OSError):
            if profile in (entry / "cmdline").read_bytes():
                found.add(int(entry.name))
    return found
