"""The process itself and the tests' end of its pipes: how it starts, what it keeps to itself, and how it ends.

Most tests run with both ways to hold it: that of POSIX, and that of Windows, which works here too.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from eventually import DEADLINE_SECONDS, eventually
from job_requests import ACCOUNT, poll, start
from pytest_lambdatest_session.capture.untouched import untouched
from pytest_lambdatest_session.sidecar.channels import PosixChannel, ThreadedChannel
from pytest_lambdatest_session.sidecar.client import Sidecar, import_path
from sidecars import is_alive, parent_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_lambdatest_session.sidecar.messages import Result, Start
    from scripted_server import ScriptedServer

    OpenChannel = Callable[[list[str], dict[str, str]], PosixChannel | ThreadedChannel]
    NewSidecar = Callable[..., Sidecar]

USER, KEY = ACCOUNT
ENVIRONMENT = {"PATH": os.environ["PATH"], "OTHER": "kept"}
PATH = import_path(sys.path, str(Path.cwd()))

pytestmark = pytest.mark.skipif(os.name == "nt", reason="looks at processes as Linux does")


def as_it_is_measured(command: list[str], environment: dict[str, str]) -> PosixChannel:
    """Without -I and -S, so that what measures coverage starts there too, as in all processes of tests."""
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return PosixChannel([command[0], *command[3:]], {**environment, **measured})


@pytest.fixture(autouse=True)
def _threads_that_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coverage does not see those that are started without the module `threading`."""

    def start(work: Callable[..., None], arguments: tuple[object, ...]) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    monkeypatch.setattr(untouched, "start_new_thread", start)


@pytest.fixture
def new_sidecar() -> Iterator[NewSidecar]:
    sidecars: list[Sidecar] = []

    def make(
        channel: Callable[..., Any] = as_it_is_measured, environment: dict[str, str] = ENVIRONMENT, **start: Any
    ) -> Sidecar:
        made = Sidecar(lambda: start_of(**start), lambda: environment, lambda: frozenset([KEY]), channel)
        sidecars.append(made)
        return made

    yield make
    for sidecar in sidecars:
        sidecar.stop()


@pytest.fixture(params=[as_it_is_measured, ThreadedChannel], ids=["posix", "threads"])
def open_channel(request: pytest.FixtureRequest) -> OpenChannel:
    chosen: OpenChannel = request.param
    return chosen


@pytest.fixture
def sidecar(new_sidecar: NewSidecar, open_channel: OpenChannel) -> Sidecar:
    return new_sidecar(open_channel)


@pytest.fixture
def posix_sidecar(new_sidecar: NewSidecar) -> Sidecar:
    return new_sidecar(PosixChannel)


def start_of(**differences: Any) -> Start:
    return start(**{"path": PATH, **differences})


def received(sidecar: Sidecar, count: int) -> list[Any]:
    """So many results, or those that came before it failed."""
    results: list[Result] = []
    deadline = time.monotonic() + DEADLINE_SECONDS
    while len(results) < count and sidecar.failure is None and time.monotonic() < deadline:
        sidecar.wait(1)
        results += sidecar.receive()
    return results


def answered(sidecar: Sidecar, session_id: str = "s") -> bool:
    """Whether it answers what needs no network: of a session without credentials."""
    sidecar.send(poll(session_id, account=None))
    return [result["session_id"] for result in received(sidecar, 1)] == [session_id]


def process_of(sidecar: Sidecar) -> int:
    assert answered(sidecar, "first")
    assert sidecar._process is not None
    return sidecar._process


def has_ended(process: int) -> bool:
    return eventually(lambda: not is_alive(process))


def run_python(code: str, *options: str) -> str:
    """Run it with what this process imports from, and return what it printed; it may not complain."""
    environment = {"PYTHONPATH": os.pathsep.join(PATH)}
    command = [sys.executable, *options, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


# What it keeps to itself


def test_the_process_of_the_tests_loads_nothing_that_talks_to_anybody() -> None:
    """What tests replace in those modules is theirs alone then."""
    code = """
import sys
import pytest_lambdatest_session.sidecar.client
print(sorted({"requests", "urllib3", "ssl", "http.client", "selenium", "pytest", "socket"} & set(sys.modules)))
"""
    assert run_python(code, "-S") == "[]\n"


def test_what_libraries_print_does_not_come_between_its_answers(new_sidecar: NewSidecar, tmp_path: Path) -> None:
    (tmp_path / "idna.py").write_text(
        """
import os, sys

class IDNAError(UnicodeError):
    pass

def encode(host, **_):
    print("a library", flush=True)
    print("says much", file=sys.stderr, flush=True)
    os.write(1, b"a library of C")
    raise IDNAError
""",
        encoding="utf-8",
    )
    sidecar = new_sidecar(path=[str(tmp_path), *PATH], folder=str(tmp_path / "gone"))
    sidecar.send(poll("s", "https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example/api", ended=False))
    (told,) = received(sidecar, 1)
    assert told["error"].partition(" can't be asked")[1]
    assert answered(sidecar)
    assert sidecar.unreadable == 0


def test_it_runs_apart_from_the_tests_without_the_key_in_sight_and_ends_when_it_is_stopped(
    new_sidecar: NewSidecar,
    open_channel: OpenChannel,
    api: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    keys = {"LT_USERNAME": USER, "LT_ACCESS_KEY": KEY, "HUB": f"https://{USER}:{KEY}@hub.lambdatest.com/wd/hub"}
    sidecar = new_sidecar(open_channel, {**ENVIRONMENT, **keys}, account=list(ACCOUNT), folder=str(tmp_path))
    sidecar.wait(0)
    assert sidecar.receive() == []
    assert sidecar._channel is None, "before the first request"
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere/python")  # as a suite does that plays with interpreters
        process = process_of(sidecar)
    # In no list of children, and in no group of the run.
    assert parent_of(process) != os.getpid()
    assert os.getpgid(process) != os.getpgid(0)
    assert os.getsid(process) == process
    # What it was given.
    about = Path(f"/proc/{process}")
    environ, command = ((about / name).read_text(encoding="utf-8") for name in ("environ", "cmdline"))
    assert (about / "cwd").resolve() == tmp_path
    assert "OTHER=kept" in environ.split("\0")
    assert [one for one in environ.split("\0") if one.startswith(("LT_", "HUB="))] == []
    assert KEY not in environ + command
    assert "pytest_lambdatest_session.sidecar" in command, "people find it"
    # Ctrl-C is the run's business, and a forked copy has none with the pipe.
    os.kill(process, signal.SIGINT)
    child = os.fork()
    if child == 0:
        sidecar.send(poll("of-the-copy", account=None))
        idle = sidecar.receive() == [] and not sidecar._unsent
        sidecar.stop()
        os._exit(0 if idle else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert answered(sidecar)
    # Not even a request that hangs keeps it.
    api.will(api.hang())
    sidecar.send(poll(base_url=api.base_url, ended=False))
    assert eventually(lambda: len(api.requests) == 1)
    assert is_alive(process)
    sidecar.stop()
    assert has_ended(process)
    assert sidecar.failure == "the run is over"
    sidecar.send(poll())
    assert sidecar._channel is None, "and never again"


# How it ends


STARTER = """
import os, sys
sys.path[:0] = {path!r}
from pytest_lambdatest_session.sidecar.channels import PosixChannel
from pytest_lambdatest_session.sidecar.client import Sidecar

start = {start!r}
start["parent"] = os.getpid()
sidecar = Sidecar(lambda: start, lambda: {{}}, frozenset, PosixChannel)
sidecar.send({request!r})
results = []
while not results:
    sidecar.wait(1)
    results += sidecar.receive()
if os.fork() == 0:
    sys.stdin.read()
    os._exit(0)
print(sidecar._process, flush=True)
os._exit(0)
"""


def test_it_ends_with_the_process_that_started_it_though_a_fork_of_that_holds_the_pipe() -> None:
    script = STARTER.format(path=PATH, start=start_of(), request=poll(account=None))
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdin is not None
        assert starter.stdout is not None
        assert has_ended(int(starter.stdout.readline()))
        starter.stdin.close()


def test_it_ends_when_the_process_that_started_it_has_ended_before(
    new_sidecar: NewSidecar, open_channel: OpenChannel
) -> None:
    sidecar = new_sidecar(open_channel, parent=2**22 + 1)  # Linux gives no process such a number
    sidecar.send(poll(ended_at=time.time() + 60))
    assert received(sidecar, 1) == []
    assert sidecar.failure == "the process that asks LambdaTest ended early (it ended)"


def test_it_ends_when_nobody_reads_its_answers(new_sidecar: NewSidecar) -> None:
    sidecar = new_sidecar()
    process = process_of(sidecar)
    os.close(sidecar._channel._results)  # type: ignore[union-attr]
    sidecar.send(poll(account=None))
    assert has_ended(process)


WATCHER = """
import os, sys
from pytest_lambdatest_session.sidecar.main import _end_with
if hasattr(os, "pidfd_open"):
    del os.pidfd_open
print("watching", flush=True)
_end_with(int(sys.argv[1]))
"""


def test_it_ends_with_the_process_that_started_it_where_that_is_only_looked_for() -> None:
    """As on macOS, which tells nobody of the end of another process."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as parent:
        command = [sys.executable, "-c", WATCHER, str(parent.pid)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watcher:
            assert watcher.stdout is not None
            assert watcher.stdout.readline() == "watching\n"
            with pytest.raises(subprocess.TimeoutExpired):
                watcher.wait(0.3)
            parent.communicate(b"\n")
            assert watcher.wait(DEADLINE_SECONDS) == 0


def test_it_starts_from_a_thread_where_the_end_of_children_is_ignored(posix_sidecar: Sidecar) -> None:
    """Handlers of signals can not be set there."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(answered(posix_sidecar)))
    try:
        thread.start()
        thread.join(DEADLINE_SECONDS)
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert answers == [True]


# What goes wrong


@pytest.mark.parametrize("name", ["/nowhere/python", ""], ids=["not-there", "python-is-part-of-another-program"])
def test_an_interpreter_that_can_not_be_started_is_said_in_one_line(
    new_sidecar: NewSidecar, open_channel: OpenChannel, name: str
) -> None:
    sidecar = new_sidecar(lambda command, environment: open_channel([name, *command[1:]], environment))
    sidecar.send(poll())
    assert str(sidecar.failure).startswith("the process that asks LambdaTest could not be started (")
    assert name == "" or str(sidecar.failure).endswith("(FileNotFoundError: No such file or directory)")
    sidecar.send(poll())
    sidecar.wait(1)
    assert sidecar.receive() == []


def test_one_that_can_not_import_what_it_needs_says_what(new_sidecar: NewSidecar) -> None:
    sidecar = new_sidecar(PosixChannel, path=["/nowhere"])
    sidecar.send(poll())
    assert received(sidecar, 1) == []
    assert sidecar.failure == (
        "the process that asks LambdaTest ended early "
        "(ModuleNotFoundError: No module named 'pytest_lambdatest_session')"
    )


@pytest.mark.parametrize("sends", [False, True], ids=["read-from", "written-to"])
def test_one_that_is_killed_is_a_failure(sidecar: Sidecar, sends: bool) -> None:
    process = process_of(sidecar)
    os.kill(process, signal.SIGKILL)
    assert has_ended(process)

    def has_failed() -> bool:
        if sends:
            sidecar.send(poll())
        else:
            assert received(sidecar, 1) == []
        return sidecar.failure is not None

    assert eventually(has_failed)
    assert str(sidecar.failure).startswith("the process that asks LambdaTest ended early (")
    assert sends or sidecar.failure == "the process that asks LambdaTest ended early (it ended)"
    sidecar.send(poll())
    assert sidecar.receive() == []


def test_a_full_pipe_does_not_keep_the_run_waiting(sidecar: Sidecar) -> None:
    process = process_of(sidecar)
    os.kill(process, signal.SIGSTOP)
    try:
        requests = [poll(f"{index}-{'x' * 1000}", account=None) for index in range(1000)]
        sidecar.send(*requests)
        sidecar.wait(0)
        assert sidecar.receive() == []
    finally:
        os.kill(process, signal.SIGCONT)
    assert len(received(sidecar, 1000)) == 1000


def test_results_that_nobody_reads_do_not_keep_it_from_reading(sidecar: Sidecar) -> None:
    """Both ends would wait for each other."""
    requests = [poll(f"{index}-{'x' * 1000}", account=None) for index in range(1000)]
    process = process_of(sidecar)
    sidecar.send(*requests)

    def is_sent() -> bool:
        sidecar.send()
        return not sidecar._unsent

    assert eventually(is_sent)
    assert is_alive(process)
    assert len(received(sidecar, 1000)) == 1000


@pytest.mark.parametrize("files", [("_results",), ("_results", "_requests")], ids=["one", "both"])
def test_a_suite_that_closes_our_files_costs_the_answers_and_no_more(
    posix_sidecar: Sidecar, files: tuple[str, ...]
) -> None:
    process = process_of(posix_sidecar)
    for file in files:
        os.close(getattr(posix_sidecar._channel, file))
    assert received(posix_sidecar, 1) == []
    assert posix_sidecar.failure == "the process that asks LambdaTest ended early (OSError: Bad file descriptor)"
    posix_sidecar.stop()
    assert has_ended(process)


def test_a_file_that_a_suite_opened_in_place_of_ours_is_not_touched(posix_sidecar: Sidecar, tmp_path: Path) -> None:
    process = process_of(posix_sidecar)
    replaced = [getattr(posix_sidecar._channel, file) for file in ("_requests", "_results")]
    with tmp_path.joinpath("of the suite").open("w+b") as of_the_suite:
        for descriptor in replaced:
            os.dup2(of_the_suite.fileno(), descriptor)
        assert received(posix_sidecar, 1) == []
        assert (posix_sidecar.failure or "").endswith("ended early (OSError: the pipe to it was closed)")
        posix_sidecar.stop()
        assert has_ended(process)
        assert [os.path.sameopenfile(of_the_suite.fileno(), descriptor) for descriptor in replaced] == [True, True]
        assert of_the_suite.read() == b""
    for descriptor in replaced:
        os.close(descriptor)


def test_answers_that_can_not_be_read_end_it(new_sidecar: NewSidecar) -> None:
    """The threads' way, where a suite closes what it reads from."""
    sidecar = new_sidecar(ThreadedChannel)
    process = process_of(sidecar)
    channel: Any = sidecar._channel
    channel._process.stdout.close()
    sidecar.send(poll(account=None))
    received(sidecar, 2)
    assert sidecar.failure == "the process that asks LambdaTest ended early (it ended)"
    sidecar.stop()
    assert has_ended(process)


# Lines that are no answers


class Lines:
    """A channel that brings what it was given, piece by piece."""

    def __init__(self, *pieces: bytes | None) -> None:
        self._pieces = list(pieces)
        self.sent = b""
        self.room = 100

    def write(self, data: bytes) -> int:
        taken = data[: self.room]
        self.room -= len(taken)
        self.sent += taken
        return len(taken)

    def read(self) -> bytes | None:
        return self._pieces.pop(0) if self._pieces else None

    def wait(self, seconds: float, *, to_write: bool) -> None:
        del seconds, to_write
        raise OSError(9, "Bad file descriptor")

    def close(self, process: int | None) -> None:
        self.closed_with = process


def reading(*pieces: bytes | None) -> tuple[Sidecar, Lines]:
    channel = Lines(*pieces)
    sidecar = Sidecar(start_of, dict, frozenset, lambda *_: channel)
    sidecar.send(poll("first"))
    return sidecar, channel


def test_lines_that_make_no_sense_are_counted_and_passed_over() -> None:
    good = json.dumps({"type": "polled", "session_id": "s"}).encode()
    lines = [b"Traceback", b"\xff\xfe", b"[1]", b"{}", b"7", b'{"type":"hello","pid":"x"}', b"[" * 100_000, good, b""]
    sidecar, _ = reading(b"\n".join(lines))
    assert sidecar.receive() == [{"type": "polled", "session_id": "s"}]
    assert sidecar.unreadable == 7


def test_an_answer_may_come_in_pieces_but_not_without_end() -> None:
    sidecar, _ = reading(b'{"type":', None, b'"polled"}\n{"ty', None, b'pe":"polled"}\n', None, *[b"x" * 2**20] * 5)
    assert [len(sidecar.receive()) for _ in range(4)] == [0, 1, 1, 0]
    assert sidecar.failure == "the process that asks LambdaTest ended early (it sent what is no answer)"


def test_only_the_first_name_of_a_process_is_believed() -> None:
    """The process that has it may be killed."""
    sidecar, channel = reading(b'{"type":"hello","pid":5}\n{"type":"hello","pid":1}\n')
    sidecar.stop()
    assert channel.closed_with == 5


def test_what_has_no_room_in_the_pipe_is_sent_when_there_is() -> None:
    sidecar, channel = reading()
    assert len(channel.sent) == 100
    channel.room = 2**20
    sidecar.receive()
    start, request = [json.loads(line) for line in channel.sent.splitlines()]
    assert (start["type"], request["session_id"]) == ("start", "first")
    for _ in range(2):
        sidecar.wait(1)
        assert sidecar.failure == "the process that asks LambdaTest ended early (OSError: Bad file descriptor)"
