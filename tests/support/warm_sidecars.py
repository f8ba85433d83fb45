"""Forks the processes that talk to LambdaTest from one that has imported what they need, which is most of a start.

That one is started as they are, without site-packages and what runs from there. A fork runs what would have been run,
in a process and an environment of its own; modules are there already. Stories of how a run starts it do without.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import socket
import subprocess
import sys
import time
from typing import Any, NoReturn

_IMPORTED = "pytest_lambdatest_session.sidecar.main"


class WarmSidecars:
    """A process that forks for each run that has `posix_spawn` in place of the one of `os`."""

    def __init__(self) -> None:
        self._requests, served = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-I", "-S", __file__, str(served.fileno()), json.dumps(sys.path)]
        with served:
            self._process = subprocess.Popen(command, pass_fds=[served.fileno()], stderr=subprocess.DEVNULL)
        # What a suite may replace.
        self._held = (os.posix_spawn, os.getpid, json.dumps, socket.send_fds)

    def posix_spawn(self, path: str, arguments: list[str], environment: dict[str, str], **others: Any) -> int:
        spawn, getpid, dumps, send_fds = self._held
        *options, program, _, _ = arguments if len(arguments) > 3 else ["", "", "", ""]
        if _IMPORTED not in program or options[:3] != [sys.executable, "-I", "-S"]:
            return spawn(path, arguments, environment, **others)
        given = [descriptor for _, descriptor, *_ in others["file_actions"][:2]]
        send_fds(self._requests, [dumps([program, environment]).encode()], given)
        return getpid()  # is no child of this process, which has none to wait for

    def close(self) -> None:
        self._requests.shutdown(socket.SHUT_RDWR)
        self._process.wait()


def serve(requests: socket.socket) -> None:
    importlib.import_module(_IMPORTED)
    gc.freeze()
    while True:
        message, given, _, _ = socket.recv_fds(requests, 2**20, 2)
        if not message:
            return
        pid = os.fork()
        if pid == 0:
            requests.close()
            _run(given, *json.loads(message))
        for number in given:
            os.close(number)
        os.waitpid(pid, 0)


def _run(given: list[int], program: str, environment: dict[str, str]) -> NoReturn:
    for number, target in zip(given, (0, 1), strict=True):
        os.dup2(number, target)
        os.close(number)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    random.seed()
    exec(program, {"__name__": "__main__"})
    os._exit(0)


if __name__ == "__main__":
    sys.path += json.loads(sys.argv[2])
    serve(socket.socket(fileno=int(sys.argv[1])))
