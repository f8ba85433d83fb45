"""What this plugin uses of the world while tests run, taken when the plugin was loaded.

Tests replace clocks, files, sockets and processes, by patching a module's attributes (`mock.patch`), by searching all
loaded modules for the real functions (freezegun, pyfakefs), or in place (time-machine). So nothing here is kept in a
module's namespace: the functions are attributes of one object with slots, where none of these tools looks.
"""

from __future__ import annotations

import _thread
import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable


class _Untouched:
    """Functions of the standard library, held since the plugin was loaded; None for what this system has not."""

    __slots__ = (
        *("_monotonic", "_offset", "_urandom", "decode", "encode"),
        *("close", "fstat", "getpid", "kill", "open", "pipe", "pread", "read", "set_blocking", "waitpid", "write"),
        *("Popen", "poll", "posix_spawn", "pthread_sigmask", "signal", "sigpending", "sigwait"),
        *("allocate_lock", "executable", "start_new_thread", "sys_path"),
    )

    def __init__(self) -> None:
        self._monotonic: Callable[[], float] = _monotonic()
        self._offset = time.time() - self._monotonic()
        self._urandom = os.urandom
        self.encode = _json_encoder()
        """Return exact builtins as one line of JSON, in ASCII."""
        self.decode = _json_decoder()
        """Return what a text of JSON holds; raise ValueError for what is none."""
        self.close = os.close
        self.fstat = os.fstat
        self.getpid = os.getpid
        self.kill = os.kill
        self.open = os.open
        self.pipe = os.pipe
        self.read = os.read
        self.set_blocking: Any = getattr(os, "set_blocking", None)
        self.waitpid = os.waitpid
        self.write = os.write
        self.Popen: Any = subprocess.Popen
        self.poll: Any = getattr(select, "poll", None)
        self.posix_spawn: Any = getattr(os, "posix_spawn", None)
        self.pthread_sigmask: Any = getattr(signal, "pthread_sigmask", None)
        self.sigpending: Any = getattr(signal, "sigpending", None)
        self.sigwait: Any = getattr(signal, "sigwait", None)
        self.signal = signal.signal
        self.allocate_lock = _thread.allocate_lock
        self.start_new_thread = _thread.start_new_thread
        self.executable = sys.executable or ""
        self.sys_path = tuple(sys.path)
        """Before folders of tests were put in front."""
        self.pread: Any = getattr(os, "pread", None)

    def monotonic(self) -> float:
        """Return seconds of a clock that tests cannot move, from an arbitrary start."""
        return self._monotonic()

    def now(self) -> float:
        """Return seconds since the epoch: the wall clock when the plugin was loaded, and what has passed since."""
        return self._monotonic() + self._offset

    def token(self) -> str:
        """Return 16 hexadecimal digits that no other process of the run comes upon, one forked from this included."""
        return self._urandom(8).hex()


def _json_encoder() -> Callable[[Any], str]:
    # What `json` itself calls in the end; its classes and their modules' names can be replaced.
    make, escape = getattr(json.encoder, "c_make_encoder", None), json.encoder.encode_basestring_ascii
    if make is None:  # pragma: no cover - an interpreter without the C code of json, such as PyPy
        return json.JSONEncoder(separators=(",", ":")).encode
    pieces = make(None, None, escape, None, ":", ",", False, False, True)
    return lambda value: "".join(pieces(value, 0))


def _json_decoder() -> Callable[[str], Any]:
    scan: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # its own, and in C where there is any

    def decode(text: str) -> Any:
        text = text.strip()
        try:
            value, end = scan(text, 0)
        except StopIteration:
            raise ValueError("no JSON") from None
        if end != len(text):
            raise ValueError("more than JSON")
        return value

    return decode


def _monotonic() -> Callable[[], float]:
    # Under freezegun and time-machine this one stays true even if they were at work before the plugin was loaded.
    if not hasattr(time, "clock_gettime"):  # pragma: no cover - Windows
        return time.monotonic
    clock_gettime, clock = time.clock_gettime, time.CLOCK_MONOTONIC
    return lambda: clock_gettime(clock)


untouched: Final = _Untouched()
