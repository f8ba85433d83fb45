"""Runs pytest in forks of a process that has imported it already, which takes longer than most runs of a story.

A fork is a process of its own, as a run from a shell is: with its own environment, folder, modules of the suite and of
this plugin, exit status and end. The plugin, what it holds of the process, and drivers of selenium are imported by the
run, only what these use is before. So are workers of xdist, of a process that knows nothing of their run.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import inspect
import json
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, NoReturn

from warm_sidecars import WarmSidecars

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Of those that many runs load. Only what is installed can be.
_PLUGINS = (
    *("pytest_html.plugin", "pytest_metadata.plugin", "pytest_rerunfailures"),
    *("xdist.plugin", "xdist.looponfail", "xdist.dsession"),
)
_LIBRARIES = (
    *("jinja2", "json.decoder", "urllib3", "xml.etree.ElementTree", "unittest.mock", "urllib.request", "http.cookies"),
    *("importlib.resources", "pdb", "readline", "encodings.idna", "execnet", "typing_extensions", "websocket"),
    *("selenium.webdriver.chrome.options", "selenium.webdriver.common.print_page_options"),
    *("selenium.webdriver.common.virtual_authenticator", "selenium.webdriver.support.relative_locator"),
    *(f"selenium.webdriver.remote.{name}" for name in ("remote_connection", "webelement", "websocket_connection")),
    *(
        f"selenium.webdriver.common.bidi.{name}"
        for name in ("bluetooth", "browser", "emulation", "input", "log", "network", "permissions", "script", "session")
    ),
    *(f"selenium.webdriver.common.bidi.{name}" for name in ("speculation", "storage", "webextension")),
    "selenium.webdriver.common.bidi.user_agent_client_hints",
    *(f"pytest_lambdatest_session.{name}" for name in ("config", "capture.commands", "capture.tracker")),
    *(f"pytest_lambdatest_session.report.{name}" for name in ("github", "html.report", "junit", "marking", "terminal")),
    *(f"pytest_lambdatest_session.report.{name}" for name in ("clips", "saved_files", "user_hooks")),
)


class WarmPytest:
    """A process that forks for each run; starts with the first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._python_variables = _python_variables()
        self._requests = self._answers = -1

    def can_run(self) -> bool:
        """Return whether a fork is what a start would be now: a Python reads its own variables only once."""
        return hasattr(os, "fork") and _python_variables() == self._python_variables

    def run(
        self,
        arguments: Sequence[str],
        folder: Path,
        outputs: tuple[Path, Path],
        timeout: float,
        *,
        warm_sidecar: bool = True,
        module: str = "pytest",
    ) -> int:
        """Run pytest, or another `module`, with this process's environment, and return its exit status.

        Outputs are stdout's and stderr's.
        Raises subprocess.TimeoutExpired after `timeout` seconds; the run is killed then.
        """
        run = self._fork(arguments, folder, outputs, warm_sidecar=warm_sidecar, module=module)
        try:
            return run.wait(timeout)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait(None)
            raise

    def start(self, arguments: Sequence[str], folder: Path, *, warm_sidecar: bool) -> WarmRun:
        """Start pytest in a process group of its own, its output in a pipe; no other can run until it has ended."""
        pipe = folder / "output"
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe)
        output = os.fdopen(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0)
        run = self._fork(arguments, folder, (pipe, pipe), warm_sidecar=warm_sidecar, module="pytest", own_group=True)
        run.stdout = output
        return run

    def _fork(
        self, arguments: Sequence[str], folder: Path, outputs: tuple[Path, Path], **others: bool | str
    ) -> WarmRun:
        if self._process is None:
            self._start()
        request = {
            "arguments": list(arguments),
            "folder": str(folder),
            "outputs": [str(path) for path in outputs],
            "environment": dict(os.environ),
            **others,
        }
        os.write(self._requests, json.dumps(request).encode() + b"\n")
        return WarmRun(list(arguments), self._answer(None), self._answer)

    def close(self) -> None:
        if self._process is not None:
            os.close(self._requests)
            self._process.wait()
            os.close(self._answers)
            self._process = None

    def _start(self) -> None:
        reads, self._requests = os.pipe()
        self._answers, writes = os.pipe()
        command = [sys.executable, __file__, str(reads), str(writes)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(reads, writes))
        os.close(reads)
        os.close(writes)

    def _answer(self, timeout: float | None) -> int:
        if not select.select([self._answers], [], [], timeout)[0]:
            raise TimeoutError
        line = b""
        while not line.endswith(b"\n"):
            part = os.read(self._answers, 1)
            if not part:
                raise RuntimeError("the process that runs pytest has ended")
            line += part
        return int(line)


class WarmRun:
    """A run that was forked, with what tests use of a `Popen`."""

    def __init__(self, arguments: list[str], pid: int, status: Callable[[float | None], int]) -> None:
        self.pid = pid
        self._returncode: int | None = None
        self.stdout: IO[bytes] | None = None
        self._arguments = arguments
        self._status = status

    def wait(self, timeout: float | None) -> int:
        if self._returncode is None:
            try:
                self._returncode = self._status(timeout)
            except TimeoutError:
                raise subprocess.TimeoutExpired(self._arguments, timeout or 0) from None
        return self._returncode

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self._returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def communicate(self, timeout: float | None = None) -> bytes:
        """Return what else it prints, once it has ended; each piece may take `timeout` seconds."""
        output = b""
        assert self.stdout is not None
        with self.stdout:
            while select.select([self.stdout], [], [], timeout)[0] and (piece := self.stdout.read(65536)):
                output += piece
        self.wait(timeout)
        return output


def _python_variables() -> dict[str, str]:
    names = [name for name in os.environ if name.startswith(("PYTHON", "COVERAGE_")) and name != "PYTHONPATH"]
    return {name: os.environ[name] for name in names}


def serve(requests: BinaryIO, answers: int) -> None:
    sidecars = WarmSidecars()
    _import_what_all_need()
    gc.freeze()
    for line in requests:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os.close(answers)
            requests.close()
            if request.get("own_group"):
                os.setsid()
            if request["warm_sidecar"]:
                os.posix_spawn = sidecars.posix_spawn  # type: ignore[assignment]
            _become_pytest(request)
        os.write(answers, b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        os.write(answers, b"%d\n" % os.waitstatus_to_exitcode(status))
    sidecars.close()


def _import_what_all_need() -> None:
    pytest_config = importlib.import_module("_pytest.config")
    for name in (*(f"_pytest.{name}" for name in pytest_config.default_plugins), *_PLUGINS, *_LIBRARIES):
        with suppress(ImportError):
            importlib.import_module(name)
    templates = importlib.import_module("pytest_lambdatest_session.report.html.rendering")._environment()
    for name in ("summary", "sessions_page"):
        templates.get_template(f"html/templates/{name}.html")
    packages = {name.partition(".")[0] for name in (*_PLUGINS, "pytest_lambdatest_session")}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in packages:
            # pytest warns of plugins that it can't rewrite any more, unless they do not want to be.
            module.__doc__ = f"{module.__doc__}\nPYTEST_DONT_REWRITE"
    inspect.getmodule(compile("", "", "exec"))  # looks at the files of all modules, as pytest does at the first failure


def _become_pytest(request: dict[str, Any]) -> NoReturn:
    for stream, path in zip((1, 2), request["outputs"], strict=True):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(opened, stream)
        os.close(opened)
    if any(word.startswith(("-n", "--tx")) for word in request["arguments"]):
        _fork_workers()
    folder = request["folder"]
    _enter(folder, request["environment"])
    paths = [folder, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    sys.path[:1] = [folder, *paths]  # the first is that of `-m`
    sys.argv[1:] = request["arguments"]
    try:
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if request["warm_sidecar"] and isinstance(end.code, int):
            _leave(end.code)
        raise
    sys.exit(0)


def _leave(status: int) -> NoReturn:
    """Do what Python does when it ends, except that it takes apart all modules: a fork copies them for that."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


def _enter(folder: str, environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    random.seed()
    os.chdir(folder)


def _fork_workers() -> None:
    """Have execnet's processes forked by one that is forked now, and so has nothing of this run."""
    with suppress(ImportError):
        gateway_io = importlib.import_module("execnet.gateway_io")
        requests, nursery = socket.socketpair()
        if os.fork() == 0:
            requests.close()
            _be_nursery(nursery, gateway_io.popen_bootstrapline)
        nursery.close()

        def init(self: Any, args: object, execmodel: Any) -> None:
            del args
            self.popen = worker = _Worker(requests)
            gateway_io.Popen2IO.__init__(self, worker.stdin, worker.stdout, execmodel=execmodel)

        gateway_io.Popen2IOMaster.__init__ = init


class _Worker:
    """What execnet uses of a `Popen`."""

    def __init__(self, requests: socket.socket) -> None:
        (read_in, write_in), (read_out, write_out), (self._ended, alive) = os.pipe(), os.pipe(), os.pipe()
        given = [read_in, write_out, alive]
        socket.send_fds(requests, [json.dumps([str(Path.cwd()), dict(os.environ)]).encode()], given)
        for number in given:
            os.close(number)
        self.pid = int(requests.recv(20))
        self.stdin, self.stdout = os.fdopen(write_in, "wb"), os.fdopen(read_out, "rb")

    def wait(self) -> None:
        os.read(self._ended, 1)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def _be_nursery(requests: socket.socket, program: str) -> NoReturn:
    while True:
        message, given, _, _ = socket.recv_fds(requests, 2**20, 3)
        if not message:
            os._exit(0)
        pid = os.fork()
        if pid == 0:
            requests.close()
            for number, target in zip(given, (0, 1), strict=False):
                os.dup2(number, target)
                os.close(number)
            _enter(*json.loads(message))
            sys.stdin, sys.argv[:] = open(0, closefd=False), ["-c"]  # noqa: SIM115 - a descriptor
            sys.path[0] = ""
            exec(program, {"__name__": "__main__"})
            sys.exit(0)
        for number in given:
            os.close(number)
        requests.send(b"%d" % pid)


if __name__ == "__main__":
    with open(int(sys.argv[1]), "rb", buffering=0) as given:  # noqa: PTH123 - a descriptor
        serve(given, int(sys.argv[2]))
