"""The ways to start the sidecar and to hold its two pipes: one for POSIX without threads, one for everything else."""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
from contextlib import suppress
from typing import Any, Final

from pytest_lambdatest_session.capture.untouched import untouched

_READ_BYTES: Final = 2**16
_EXIT_SECONDS: Final = 0.3
_KILL: Final[int] = getattr(signal, "SIGKILL", signal.SIGTERM)
_DUPLICATE: Final[Any] = getattr(os, "POSIX_SPAWN_DUP2", None)
_OPEN: Final[Any] = getattr(os, "POSIX_SPAWN_OPEN", None)
_NOWHERE: Final = os.devnull
_WRITE_ONLY: Final = os.O_WRONLY
_CAME: Final[int] = getattr(select, "POLLIN", 0)
_TAKES: Final[int] = getattr(select, "POLLOUT", 0)
_BLOCK: Final[Any] = getattr(signal, "SIG_BLOCK", None)
_SET: Final[Any] = getattr(signal, "SIG_SETMASK", None)
_BROKEN_PIPE: Final[Any] = getattr(signal, "SIGPIPE", None)
_CHILD_ENDED: Final[Any] = getattr(signal, "SIGCHLD", None)
_DEFAULT: Final[Any] = signal.SIG_DFL
_CTRL_C: Final = signal.SIGINT
_PIPE: Final = subprocess.PIPE
_DEVNULL: Final = subprocess.DEVNULL
_BAD_DESCRIPTOR: Final = errno.EBADF
_WITHOUT_WINDOW: Final[int] = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class PosixChannel:
    """Pipes that are polled, and a process that is nobody's child: the one started here forks it and ends.

    A test may close all descriptors that it does not know, and open files of its own, which then bear our numbers: so
    each use looks first whether a descriptor still is our pipe, and raises OSError if it is not.
    """

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        requests, self._requests = untouched.pipe()
        try:
            self._results, results = untouched.pipe()
        except OSError:  # pragma: no cover - one descriptor was left, and two are needed
            untouched.close(requests)
            untouched.close(self._requests)
            raise
        handler = self._set_sigchld(_DEFAULT)
        try:
            actions = [(_DUPLICATE, requests, 0), (_DUPLICATE, results, 1), (_OPEN, 2, _NOWHERE, _WRITE_ONLY, 0)]
            starter = untouched.posix_spawn(
                command[0], command, environment, file_actions=actions, setsigmask=[_CTRL_C]
            )
            with suppress(ChildProcessError):  # somebody waits for whatever ends, or nobody needs to
                untouched.waitpid(starter, 0)
        except BaseException:
            untouched.close(self._requests)
            untouched.close(self._results)
            raise
        finally:
            untouched.close(requests)
            untouched.close(results)
            if handler is not None:
                self._set_sigchld(handler)
        untouched.set_blocking(self._requests, False)
        untouched.set_blocking(self._results, False)
        self._identities = {descriptor: _identity(descriptor) for descriptor in (self._requests, self._results)}

    def write(self, data: bytes) -> int:
        # A suite may have given SIGPIPE back its meaning, which is to end the process.
        mask = untouched.pthread_sigmask(_BLOCK, [_BROKEN_PIPE])
        try:
            return untouched.write(self._own(self._requests), data)
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            if _BROKEN_PIPE not in mask and _BROKEN_PIPE in untouched.sigpending():  # pragma: no branch - blocked
                untouched.sigwait([_BROKEN_PIPE])
            raise
        finally:
            untouched.pthread_sigmask(_SET, mask)

    def read(self) -> bytes | None:
        try:
            return untouched.read(self._own(self._results), _READ_BYTES)
        except BlockingIOError:
            return None

    def wait(self, seconds: float, *, to_write: bool) -> None:
        poll = untouched.poll()
        poll.register(self._own(self._results), _CAME)
        if to_write:
            poll.register(self._own(self._requests), _TAKES)
        poll.poll(max(0, int(seconds * 1000)))

    def close(self, process: int | None) -> None:
        with suppress(OSError):  # it may have ended before
            self.write(b'{"type":"stop"}\n')
        with suppress(OSError):
            untouched.close(self._own(self._requests))
        if not self._has_ended() and process is not None:
            with suppress(OSError):
                untouched.kill(process, _KILL)
        with suppress(OSError):
            untouched.close(self._own(self._results))

    def _has_ended(self) -> bool:
        """Wait a little for the end of its results, which only its end brings."""
        until = untouched.monotonic() + _EXIT_SECONDS
        data = None
        with suppress(OSError):
            while data != b"" and (left := until - untouched.monotonic()) > 0:
                self.wait(left, to_write=False)
                data = self.read()
            return data == b""
        return True

    def _own(self, descriptor: int) -> int:
        if _identity(descriptor) != self._identities[descriptor]:
            raise OSError(_BAD_DESCRIPTOR, "the pipe to it was closed")
        return descriptor

    def _set_sigchld(self, handler: Any) -> Any:
        """Keep the end of the starter from a handler of the suite; return what to go back to, if there is anything."""
        with suppress(ValueError):  # only the main thread may
            return untouched.signal(_CHILD_ENDED, handler)
        return None


class ThreadedChannel:
    """A child process whose pipes two threads serve: where pipes can't be polled, as on Windows."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = untouched.Popen(
            command,
            stdin=_PIPE,
            stdout=_PIPE,
            stderr=_DEVNULL,
            env=environment,
            bufsize=0,
            creationflags=_WITHOUT_WINDOW,
        )
        self._came: list[bytes] = []
        self._to_write: list[bytes] = []
        self._something_came = untouched.allocate_lock()
        self._something_to_write = untouched.allocate_lock()
        self._is_broken = False
        self._something_came.acquire()
        self._something_to_write.acquire()
        untouched.start_new_thread(self._reader, ())
        untouched.start_new_thread(self._writer, ())

    def write(self, data: bytes) -> int:
        if self._is_broken:
            raise BrokenPipeError
        self._to_write.append(data)
        _signal(self._something_to_write)
        return len(data)

    def read(self) -> bytes | None:
        if not self._came:
            return None
        # The mark of the end stays.
        return self._came.pop(0) or self._end()

    def wait(self, seconds: float, *, to_write: bool) -> None:
        del to_write  # the writer sees to it
        if not self._came and seconds > 0:
            self._something_came.acquire(timeout=seconds)

    def close(self, process: int | None) -> None:
        del process
        self._process.kill()
        self._is_broken = True
        _signal(self._something_to_write)
        self._process.wait()

    def _end(self) -> bytes:
        self._came.append(b"")
        return b""

    def _reader(self) -> None:
        data = b" "
        while data:
            try:
                data = self._process.stdout.read(_READ_BYTES)
            except (OSError, ValueError):
                data = b""
            self._came.append(data)
            _signal(self._something_came)
        self._process.stdout.close()

    def _writer(self) -> None:
        try:
            while self._something_to_write.acquire() and not self._is_broken:
                while self._to_write:
                    data = self._to_write.pop(0)
                    while data:
                        data = data[self._process.stdin.write(data) :]
        except (OSError, ValueError):
            self._is_broken = True
        finally:
            with suppress(OSError):
                self._process.stdin.close()


def _identity(descriptor: int) -> tuple[int, int]:
    status = untouched.fstat(descriptor)
    return status.st_dev, status.st_ino


def _signal(lock: Any) -> None:
    with suppress(RuntimeError):  # signalled already
        lock.release()
