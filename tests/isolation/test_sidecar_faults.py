"""Whatever happens to the process that talks to LambdaTest, the run ends as without it, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_lambdatest_session
from isolated import SECRETS, leaks, problems
from sidecars import (
    command_line_of,
    descriptors_of,
    environment_of,
    is_alive,
    sidecars_of,
    wait_for_sidecar,
    wait_until_childless,
    wait_until_gone,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isolated import Isolation
    from stories import Started, Story

# The suite stops here until the test has done what it does.
HERE = """
import signal
import sys

def here():
    with open("here", "w") as pipe:
        pipe.write("here")
    with open("go", "r") as pipe:
        pipe.read()

def test_before():
    visit("before")

def test_here():
    here()

def test_after():
    visit("after")

def test_fails_after():
    visit("after", title="another title")
"""


class Starting:
    """Starts runs of a suite that comes `here`, and ends what a failed test left of them."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._pids: list[int] = []
        for name in ("here", "go"):
            os.mkfifo(story.pytester.path / name)

    def start(self, *arguments: str) -> Started:
        run = self._story.start(*arguments)
        self._pids.append(run.process.pid)
        return run

    def start_and_come_here(self, *arguments: str) -> tuple[Started, int]:
        """Return a run that waits in its suite, and the id of its other process."""
        run = self.start(*arguments)
        run.wait_until_reached("here")
        return run, wait_for_sidecar(run.process.pid)

    def end(self) -> None:
        for pid in (sidecar for run in self._pids for sidecar in sidecars_of(run)):
            os.kill(pid, signal.SIGKILL)


def go_on(run: Started) -> None:
    (run.folder / "go").write_text("go", encoding="utf-8")


@pytest.fixture
def starting(isolation: Isolation) -> Iterator[Starting]:
    isolation.tests(HERE)
    starting = Starting(isolation.story)
    yield starting
    starting.end()


FAULTS = {"killed": signal.SIGKILL, "stopped": signal.SIGSTOP}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_the_run_goes_on_when_its_process_is(isolation: Isolation, starting: Starting, fault: signal.Signals) -> None:
    """One line says so; sessions that were not asked about are unavailable for that reason; the budget holds.

    Also where a suite restored SIGPIPE, as command line tools do: then a write to a closed pipe kills a process.
    """
    isolation.story.file("conftest.py", "import signal\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\n")
    isolation.grid.ready_after = 60  # no answer is final before it happens
    run, sidecar = starting.start_and_come_here("--lambdatest-budget=2")
    os.kill(sidecar, fault)
    isolation.grid.ready_after = 0.1
    went_on_at = time.monotonic()
    go_on(run)
    ended = run.finish()
    took = time.monotonic() - went_on_at
    isolation.ended_alike(ended)
    assert took < 30, "the budget, the rest of the suite and a busy machine; and not a wait without end"
    (line,) = problems(ended)
    assert "failed inside" not in line
    told = [record for record in ended.records if record["session_id"] in isolation.grid.sessions]
    assert len(told) == 3
    assert {record["state"] for record in told} == {"unavailable"}
    (reason,) = {record["error"] for record in told}
    assert reason
    assert reason in line
    assert leaks(ended) == {}
    wait_until_gone(run.process.pid)


def test_a_process_that_dies_while_the_run_waits_at_its_end(isolation: Isolation, starting: Starting) -> None:
    isolation.grid.fault = "hang"
    run, sidecar = starting.start_and_come_here("--lambdatest-budget=300", "--lambdatest-timeout=300")
    go_on(run)
    isolation.grid.wait_for(lambda: sum(session.ended is not None for session in isolation.grid.sessions.values()) == 3)
    os.kill(sidecar, signal.SIGKILL)
    ended = run.finish()
    assert ended.result.ret == pytest.ExitCode.TESTS_FAILED
    assert len(problems(ended)) == 1


def test_a_process_that_dies_while_a_teardown_waits_for_its_answer(isolation: Isolation, starting: Starting) -> None:
    isolation.grid.fault = "hang"
    run = starting.start("--lambdatest-fetch=teardown", "--lambdatest-budget=300", "--lambdatest-timeout=300")
    os.kill(wait_for_sidecar(run.process.pid), signal.SIGKILL)
    run.wait_until_reached("here")
    go_on(run)
    ended = run.finish()
    assert ended.result.ret == pytest.ExitCode.TESTS_FAILED
    assert len(problems(ended)) == 1


def test_no_process_is_left_though_a_fork_of_a_test_lives_on(isolation: Isolation, starting: Starting) -> None:
    """The fork has a copy of every pipe: that the run's end is closed tells nobody that the run is over."""
    isolation.story.tests(
        "from suite import *\nimport signal\n"
        + """
def test_browser():
    visit()

def test_starts_a_daemon():
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            nothing = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(nothing, number)
            signal.alarm(120)
            signal.pause()
        finally:
            os._exit(0)
    with open("daemon", "w") as file:
        file.write(str(child))

""".lstrip()
        + HERE.replace("import signal\n", "").replace("import sys\n", ""),
    )
    for ending in ("to its end", "killed"):
        run, sidecar = starting.start_and_come_here("-s")
        daemon = int((run.folder / "daemon").read_text(encoding="utf-8"))
        try:
            if ending == "to its end":
                go_on(run)
            else:
                os.kill(run.process.pid, signal.SIGKILL)
            run.process.wait(timeout=60)
            assert is_alive(daemon)
            wait_until_gone(run.process.pid, sidecar)
        finally:
            os.kill(daemon, signal.SIGKILL)
            run.process.communicate()


def test_ctrl_c_at_the_terminal_does_not_reach_the_process(isolation: Isolation, starting: Starting) -> None:
    """A terminal sends it to all processes of the run at once; the reports are written nevertheless.

    Nor does the process show a secret, or hold an output of the run: who reads that waits until nobody has it open.
    """
    run, sidecar = starting.start_and_come_here()
    # The suite's own environment holds the address with the key in it.
    seen = command_line_of(sidecar) + environment_of(sidecar).replace(isolation.grid.hub_url.encode(), b"")
    assert [secret for secret in SECRETS if secret.encode() in seen] == []
    wait_until_childless(run.process.pid)
    assert str(Path(f"/proc/{run.process.pid}/fd/1").readlink()) not in descriptors_of(sidecar)
    isolation.grid.wait_for(lambda: any(request.status == 200 for request in isolation.grid.api_requests))
    os.killpg(run.process.pid, signal.SIGINT)
    ended = run.finish()
    assert ended.result.ret == pytest.ExitCode.INTERRUPTED
    assert problems(ended) == []
    (record,) = ended.records
    assert record["state"] == "final"
    assert record["url"] in ended.table.everything
    assert "Traceback" not in ended.output
    wait_until_gone(run.process.pid, sidecar)


SEES_PROCESSES = """
    import os
    import pytest
    from sidecars import sidecars_of

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish():
        with open("seen", "a") as file:
            file.write(f"{sidecars_of(os.getpid())}\\n")
"""


@pytest.mark.parametrize("fetch", ["background", "off"])
def test_a_run_starts_one_process_with_its_first_session_if_it_asks(
    isolation: Isolation, monkeypatch: pytest.MonkeyPatch, fetch: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent / "support"))
    isolation.story.file("conftest.py", SEES_PROCESSES)
    isolation.tests("def test_none():\n    pass\n\ndef test_one():\n    visit()\n\ndef test_two():\n    visit()\n")
    run = isolation.story.run(f"--lambdatest-fetch={fetch}")
    before, *after = (run.folder / "seen").read_text(encoding="utf-8").splitlines()
    assert before == "[]"
    if fetch == "off":
        assert after == ["[]", "[]"]
        return
    assert set(after) <= {"[]", after[-1]}, "it may start while the first one is reported"
    assert "," not in after[-1]
    assert after[-1] != "[]"


NAMESAKES = (
    *("requests", "urllib3", "certifi", "idna", "chardet", "charset_normalizer", "simplejson"),
    *("json", "queue", "threading", "socket", "select", "logging", "email", "netrc", "ssl", "datetime", "dataclasses"),
    "sitecustomize",
    "pytest_lambdatest_session",
)


def test_files_of_the_suite_may_be_named_like_modules(isolation: Isolation) -> None:
    """The folder of a test file is first in the import path of the run, and those modules were imported before."""
    story = isolation.story
    (story.pytester.path / "shop").mkdir()
    for name in NAMESAKES:
        story.file(f"shop/{name}.py", "raise RuntimeError(f'{__name__} of the suite was imported')\n")
    story.file("requests.py", "raise RuntimeError('this is the suite, and not the library')\n")
    story.file("conftest.py", "import datetime, email, logging, netrc, queue, select, ssl\nfrom suite import *\n")
    isolation.tests(
        """
import sys

def test_browser():
    visit()

def test_fails():
    assert sys.path[0].endswith("shop")
    visit(title="another title")
""",
        "shop/test_story.py",
    )
    isolation.run()


def test_a_suite_that_measures_subprocesses_measures_nothing_of_ours(
    isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With coverage started in every process of an environment: the suite's figures are of the suite."""
    coverage = pytest.importorskip("coverage", reason="coverage is an optional companion")
    story = isolation.story
    (story.pytester.path / "start").mkdir()
    story.file("start/sitecustomize.py", "import coverage\ncoverage.process_startup()\n")
    story.file("measure.ini", "[run]\nparallel = true\nsource =\n    .\n    pytest_lambdatest_session\n")
    for name in [name for name in os.environ if name.startswith("COV")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(story.pytester.path / "start"))
    monkeypatch.setenv("COVERAGE_PROCESS_START", str(story.pytester.path / "measure.ini"))
    monkeypatch.setenv("COVERAGE_FILE", str(story.pytester.path / "measured"))
    isolation.tests(
        """
import subprocess
import sys

def test_browser():
    visit()

def test_measured():
    subprocess.run([sys.executable, "-c", "import browser"], check=True)
"""
    )
    run = story.run()
    assert [record["state"] for record in run.records] == ["final"]
    assert "coverage" not in run.result.stderr.str().lower()
    measured = []
    for path in run.folder.glob("measured.*"):
        data = coverage.CoverageData(str(path))
        data.read()
        measured.append({name for name in data.measured_files() if data.lines(name)})
    assert len(measured) == 2, "the run, and the process that its test started"
    assert not any(name.endswith("cloud/client.py") for names in measured for name in names)


def test_the_plugin_works_from_a_zip_in_a_virtual_environment_of_its_own(
    isolation: Isolation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Which is found by the interpreter's path: a link to another Python must not be followed."""
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--symlinks", home], check=True, timeout=60)
    site = next(home.glob("lib/python*/site-packages"))
    package = Path(pytest_lambdatest_session.__file__).parent
    with zipfile.ZipFile(site / "plugin.zip", "w") as zipped:
        for path in package.rglob("*.*"):
            zipped.write(path, path.relative_to(package.parent))
    others = [str(site / "plugin.zip"), *(path for path in sys.path if path.endswith("site-packages"))]
    (site / "others.pth").write_text("\n".join(others), encoding="utf-8")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.delenv("PYTHONHOME", raising=False)
    isolation.tests(
        """
import sys

def test_browser():
    visit()

def test_is_in_the_environment():
    import pytest_lambdatest_session
    assert pytest_lambdatest_session.__file__.startswith(sys.prefix)
    assert "plugin.zip" in pytest_lambdatest_session.__file__
"""
    )
    words = isolation.story.with_plugins("-p", "pytest_lambdatest_session.plugin", *isolation.story.OUTPUTS)
    result = isolation.story.pytester.run(str(home / "bin" / "python"), "-m", "pytest", *words, timeout=60)
    run = isolation.story.run_of(result)
    assert result.ret == pytest.ExitCode.OK
    assert problems(run) == []
    assert [record["state"] for record in run.records] == ["final"]


def test_files_with_the_numbers_of_our_pipes_get_none_of_our_messages(
    isolation: Isolation,
) -> None:
    """A suite may close what it does not know; the system gives the numbers to the files that it opens next."""
    isolation.tests(
        """
KNOWN = set(os.listdir("/proc/self/fd"))

def test_browser():
    visit()

@pytest.fixture(scope="module")
def own_files(tmp_path_factory):
    for number in set(os.listdir("/proc/self/fd")) - KNOWN:
        os.closerange(int(number), int(number) + 1)
    folder = tmp_path_factory.mktemp("own")
    files = [open(folder / f"{number}.txt", "w+") for number in range(30)]
    yield files
    for file in files:
        file.close()

def test_opens_files_of_its_own(own_files):
    visit("with files of its own")

def test_finds_them_empty(own_files):
    for file in own_files:
        file.seek(0)
        assert file.read() == ""
"""
    )
    run = isolation.story.run("--lambdatest-budget=2")
    isolation.ended_alike(run)
    assert leaks(run) == {}
    assert len(problems(run)) <= 1
    assert [path.stat().st_size for path in run.folder.rglob("own*/*.txt")].count(0) >= 30
