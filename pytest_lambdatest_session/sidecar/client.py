"""The tests' end of the pipe: starts the sidecar, sends requests, collects results, and ends it.

Runs in the process that tests take apart, so it uses `untouched` for all that it needs of the system. No method waits
unless its name says so, and none raises: what goes wrong is `failure`.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_lambdatest_session.capture.untouched import untouched
from pytest_lambdatest_session.sidecar.channels import PosixChannel, ThreadedChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Protocol

    from pytest_lambdatest_session.sidecar.messages import Request, Result, Start

    class Channel(Protocol):
        """A process and the two pipes to it."""

        def write(self, data: bytes) -> int:
            """Write what the pipe takes now and return how many bytes that is; raises OSError if it is closed."""

        def read(self) -> bytes | None:
            """Return what has come; None if nothing has, b"" if nothing will."""

        def wait(self, seconds: float, *, to_write: bool) -> None:
            """Wait until something came, or the pipe takes more; raises OSError."""

        def close(self, process: int | None) -> None:
            """End the process; its id is None if it never said it."""


# Starts without site-packages and whatever runs from there at start-up: plugins of coverage, patches. The fork leaves
# the process without a parent here, so that no test that waits for its children meets it.
_BOOT = """
import os, sys
child = os.fork() if hasattr(os, "fork") else 0
if child:
    os.write(1, b'{"type":"hello","pid":%d}\\n' % child)
    os._exit(0)
if hasattr(os, "setsid"):
    os.setsid()
try:
    import io, json
    line = sys.stdin.buffer.readline()
    if not line:
        os._exit(0)
    sys.path.extend(json.loads(line)["path"])
    from pytest_lambdatest_session.sidecar.main import main
except BaseException as error:
    text = "%s: %s" % (type(error).__name__, error)
    os.write(1, (json.dumps({"type": "dead", "text": text[:200]}) + "\\n").encode())
    os._exit(1)
main(line)
"""
_WRITTEN_BYTES = 2**16  # at once: what a pipe takes
_LONGEST_LINE = 4 * 2**20
_FAILED = "the process that asks LambdaTest ended early ({})"
_OWN_VARIABLES = ("LT_USERNAME", "LT_ACCESS_KEY")


class Sidecar:
    """The run's sidecar; started by the first request, and again never.

    `start` tells what the sidecar needs first, called when it starts; `environment` is what it may see, `secrets` what
    must not be in there.
    """

    def __init__(
        self,
        start: Callable[[], Start],
        environment: Callable[[], Mapping[str, str]],
        secrets: Callable[[], frozenset[str]],
        open_channel: Callable[[list[str], dict[str, str]], Channel] | None = None,
    ) -> None:
        self._start = start
        self._environment = environment
        self._secrets = secrets
        self._open_channel = open_channel or (PosixChannel if untouched.posix_spawn is not None else ThreadedChannel)
        self._channel: Channel | None = None
        self._process: int | None = None
        self._owner = 0
        self._unsent = bytearray()
        self._unread = bytearray()
        self.failure: str | None = None
        """Why it can't be used, in one line; None while it can."""
        self.unreadable = 0
        """How many lines of its answers made no sense."""

    def send(self, *requests: Request) -> None:
        """Have requests sent; what the pipe does not take now goes with a later call."""
        if requests and self._channel is None and self.failure is None:
            self._launch()
        # A copy of this object in a forked process has no business with the pipe.
        if self.failure is None and self._owner == untouched.getpid():
            for request in requests:
                self._unsent += untouched.encode(request).encode() + b"\n"
            self._flush()

    def receive(self) -> list[Result]:
        """Return the results that have come by now."""
        if self._channel is None or self._owner != untouched.getpid():
            return []
        if self.failure is None:
            self._flush()
            self._read_all()
        *lines, rest = bytes(self._unread).split(b"\n")
        self._unread = bytearray(rest)
        if len(rest) > _LONGEST_LINE:
            self._fail("it sent what is no answer")
        return [result for line in lines if (result := self._parsed(line)) is not None]

    def wait(self, seconds: float) -> None:
        """Wait until results came or the time is over."""
        if self._channel is None or self.failure is not None:
            return
        try:
            self._channel.wait(seconds, to_write=bool(self._unsent))
        except OSError as error:
            self._fail(_named(error))

    def stop(self) -> None:
        """End the process, whatever it does."""
        channel = self._channel
        if channel is not None and self._owner == untouched.getpid():
            self.receive()  # its process id, if it came only now
            with suppress(OSError):  # a suite may have closed what is not its own
                channel.close(self._process)
        self._channel = None
        self.failure = self.failure or "the run is over"

    def _launch(self) -> None:
        self._owner = untouched.getpid()
        start = self._start()
        hidden = [secret for secret in self._secrets() if secret]
        environment = {
            name: value
            for name, value in self._environment().items()
            if name not in _OWN_VARIABLES and not any(secret in value for secret in hidden)
        }
        flags = ["-B"] if sys.dont_write_bytecode else []
        name = __name__.rpartition(".")[0]
        command = [untouched.executable, "-I", "-S", *flags, "-c", _BOOT, name, str(start["parent"])]
        try:
            self._channel = self._open_channel(command, environment)
        except (OSError, ValueError, TypeError) as error:
            self.failure = f"the process that asks LambdaTest could not be started ({_named(error)})"
            return
        self._unsent += untouched.encode(start).encode() + b"\n"

    def _flush(self) -> None:
        try:
            while self._unsent and self._channel is not None:
                count = self._channel.write(bytes(self._unsent[:_WRITTEN_BYTES]))
                if not count:
                    return
                del self._unsent[:count]
        except OSError as error:
            self._read_all()  # it may have said why before it ended
            self._fail(_named(error))

    def _read_all(self) -> None:
        assert self._channel is not None  # noqa: S101 - see the callers
        try:
            while data := self._channel.read():
                self._unread += data
        except OSError as error:
            self._fail(_named(error))
        else:
            if data == b"":
                self._fail("it ended")

    def _parsed(self, line: bytes) -> Result | None:
        try:
            result: Any = untouched.decode(line.decode())
            if result["type"] == "hello":
                # The first line of all; whoever says it later is not believed, since that process may be killed.
                self._process = self._process or int(result["pid"])
            elif result["type"] == "dead":
                self.failure = _FAILED.format(str(result["text"]))
            else:
                return result  # type: ignore[no-any-return]
        except (ValueError, TypeError, KeyError, RecursionError):
            self.unreadable += 1
        return None

    def _fail(self, why: str) -> None:
        self.failure = self.failure or _FAILED.format(why)


def import_path(folders: Iterable[str], here: str) -> list[str]:
    """Return where the sidecar imports from: those of `sys.path`, this package's home, and the current folder last.

    What lies in the current folder, `here`, may be named as a module that the sidecar needs.
    """
    home = str(Path(__file__).parents[2])
    absolute = [str(Path(here, folder)) for folder in folders]
    return list(dict.fromkeys([*(folder for folder in absolute if folder != here), home, here]))


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {getattr(error, 'strerror', None) or error}"
