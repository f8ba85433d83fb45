"""What suites assert of their own process, while the browsers of earlier tests are asked about: it stays as it was."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from isolated import Isolation

NOTHING_CHANGES = """
import asyncio
import gc
import glob
import http.client
import logging
import multiprocessing
import signal
import subprocess
import sys
import threading
import tracemalloc

def descriptors():
    found = {}
    for number in os.listdir("/proc/self/fd"):
        try:
            found[number] = os.readlink(f"/proc/self/fd/{number}")
        except FileNotFoundError:
            pass  # that of the folder itself
    return found

def children():
    return "".join(open(path).read() for path in glob.glob("/proc/self/task/*/children"))

def test_many():
    for number in range(12):
        visit(f"one of many, {number}")

STATES = {
    "threads": lambda: [thread.name for thread in threading.enumerate()],
    "tasks of the system": lambda: len(os.listdir("/proc/self/task")),
    "descriptors": descriptors,
    "children": children,
    "modules": lambda: sorted(sys.modules),
    "import path": lambda: (list(sys.path), list(sys.meta_path), list(sys.path_hooks)),
    "loggers": lambda: sorted(logging.root.manager.loggerDict),
    "handlers of signals": lambda: [signal.getsignal(number) for number in signal.valid_signals()],
    "environment": lambda: dict(os.environ),
    "folder and umask": lambda: (os.getcwd(), os.umask(os.umask(0o22))),
    "filters of warnings": lambda: list(__import__("warnings").filters),
    "finalizers": lambda: len(__import__("weakref").finalize._registry),
    "tracing": lambda: (sys.gettrace(), sys.getprofile(), threading.gettrace(), threading.getprofile()),
}

@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_stays(state):
    state()
    before = state()
    until_asked()
    assert state() == before

def test_children_are_the_tests_own():
    with pytest.raises(ChildProcessError):
        os.wait()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    child = subprocess.Popen([sys.executable, "-S", "-c", ""])
    assert os.wait() == (child.pid, 0)
    child.returncode = 0

def test_hears_of_its_own_children_alone():
    heard = []
    before = signal.signal(signal.SIGCHLD, lambda number, frame: heard.append(number))
    until_asked()
    assert heard == []
    subprocess.run([sys.executable, "-S", "-c", ""])
    assert heard == [signal.SIGCHLD]
    signal.signal(signal.SIGCHLD, before)

def test_asyncio_waits_for_its_own_processes():
    async def run():
        command = [sys.executable, "-S", "-c", "print(1)"]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        return (await process.communicate())[0], process.returncode
    assert asyncio.run(run()) == (b"1\\n", 0)

def test_collects_no_garbage_but_its_own():
    gc.collect()
    until_asked()
    assert gc.collect() == 0

def test_memory_stays():
    tracemalloc.start()
    until_asked()
    before = tracemalloc.get_traced_memory()[0]
    until_asked()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 2000

def test_logs_nothing(caplog):
    caplog.set_level(0)
    until_asked()
    assert caplog.records == []

def test_prints_nothing(capfd, monkeypatch):
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    until_asked()
    assert capfd.readouterr() == ("", "")

def test_warns_of_nothing(recwarn):
    until_asked()
    assert list(recwarn) == []

EVENTS = None

def heard(event, arguments):
    if EVENTS is not None:
        EVENTS.append((event, str(arguments)[:100]))

def test_python_audits_nothing():
    global EVENTS
    sys.addaudithook(heard)
    EVENTS = []
    until_asked()
    events, EVENTS = EVENTS, None
    assert events == []

def test_calls_no_function_in_any_thread():
    seen = []
    def profile(frame, event, argument):
        seen.append(frame.f_code.co_filename)
    threading.setprofile(profile)
    until_asked()
    threading.setprofile(None)
    assert seen == []

def test_a_fork_goes_on_alone():
    context = multiprocessing.get_context("fork")
    process = context.Process(target=until_asked)
    process.start()
    process.join()
    assert process.exitcode == 0

def test_last():
    visit("last")
"""


def test_nothing_changes_in_the_process_while_the_api_is_asked(isolation: Isolation) -> None:
    isolation.grid.ready_after = 60
    isolation.tests(NOTHING_CHANGES)
    isolation.run()


def test_nothing_changes_from_one_test_to_the_next(isolation: Isolation) -> None:
    """As plugins see it that compare the process before and after a test, and as a handler of SIGCHLD does."""
    isolation.story.file(
        "conftest.py",
        """
        import glob
        import os
        import signal
        import threading

        import pytest

        @pytest.fixture(scope="session", autouse=True)
        def children_that_ended():
            heard = []
            before = signal.signal(signal.SIGCHLD, lambda number, frame: heard.append(number))
            yield heard
            signal.signal(signal.SIGCHLD, before)
            assert heard == []

        def state():
            children = "".join(open(path).read() for path in glob.glob("/proc/self/task/*/children"))
            return threading.active_count(), len(os.listdir("/proc/self/fd")), children

        @pytest.fixture(autouse=True)
        def leaves_nothing_behind():
            before = state()
            yield
            assert state() == before
        """,
    )
    isolation.tests(
        """
def test_warm_up():
    visit()

@pytest.mark.parametrize("number", range(4))
def test_browser(number):
    visit(f"number {number}")

def test_without_a_browser(children_that_ended):
    until_asked()
    assert children_that_ended == []
"""
    )
    isolation.run()


def test_warnings_are_errors(isolation: Isolation) -> None:
    isolation.story.file(
        "pytest.ini",
        """
        [pytest]
        pythonpath = .
        filterwarnings =
            error
            ignore:Embedding username and password:UserWarning
            ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning
        """,
    )
    isolation.tests(
        """
import gc

def test_browser():
    visit()

def test_fails():
    visit(title="another title")

def test_forks():
    child = os.fork()
    if child == 0:
        os._exit(0)
    assert os.waitpid(child, 0) == (child, 0)
    until_asked()
    gc.collect()
"""
    )
    run = isolation.run()
    assert "Warning" not in run.result.stderr.str()


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python 3.14 forks no processes by default")
def test_a_pool_of_forks_opens_browsers_too(isolation: Isolation) -> None:
    """What a fork does is not the run's: its sessions were never seen here, and nothing of the run is done twice."""
    isolation.tests(
        """
import multiprocessing

def test_browser():
    visit()

def test_pool():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(len, ["a", "bc"]) == [1, 2]

def test_fails_after_it():
    visit(title="another title")
"""
    )
    isolation.run()
