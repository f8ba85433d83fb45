"""A grid starts, stops, and leaves no process, thread or folder."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from local_grid import LocalGrid
from local_grid.chromium import find_installation
from local_grid.processes import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver.remote.webdriver import WebDriver

EXAMPLE = Path(__file__).parents[2] / "example_project"

needs_chromium = pytest.mark.skipif(find_installation() is None, reason="chromium and chromedriver are not installed")
needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc to see processes in")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A short one: Chromium's sockets lie below it, and pytest-xdist makes pytest's own too long for them."""
    with tempfile.TemporaryDirectory(prefix="life-") as folder:
        yield Path(folder)


def grid_folder_in(folder: Path) -> Path:
    """Return the temporary folder of the only grid whose TMPDIR is `folder`."""
    (found,) = folder.glob("local-grid-*")
    return found


def processes_in(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.fsencode(folder) in (entry / "cmdline").read_bytes():
                found.append(entry.name)
    return found


@contextlib.contextmanager
def running_module(temp: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run `python -m local_grid`; yields the process and its printed lines, `{before the colon: after it}`."""
    command = [sys.executable, "-m", "local_grid", "--port", "0", *options]
    environment = {**os.environ, "TMPDIR": str(temp)}
    with subprocess.Popen(command, cwd=EXAMPLE, env=environment, stdout=subprocess.PIPE, text=True) as process:
        said: dict[str, str] = {}
        assert process.stdout
        for line in process.stdout:
            name, _, value = line.partition(":")
            said[name] = value.strip()
            if line.startswith("Ctrl-C"):
                break
        try:
            yield process, said
        finally:
            process.kill()


def open_raw(hub: str) -> str:
    """Open a session that is not quit, and return its id."""
    answer = requests.post(f"{hub}/session", json={"capabilities": {"alwaysMatch": {}}}, timeout=120)
    session_id: str = answer.json()["value"]["sessionId"]
    return session_id


@needs_chromium
@needs_proc
def test_two_browsers_work_at_the_same_time_and_end_with_the_grid(
    open_driver: Callable[..., WebDriver], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One dies before: its session has ended with it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    titles: dict[int, str] = {}

    def visit(number: int, driver: WebDriver) -> None:
        for step in range(5):
            driver.get(f"data:text/html,<title>{number}-{step}</title>")
        titles[number] = driver.title

    threads_before = set(threading.enumerate())
    with LocalGrid(backend="chromium") as grid:
        drivers = [open_driver(grid, video=False) for _ in range(2)]
        threads = [threading.Thread(target=visit, args=pair) for pair in enumerate(drivers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        folder = grid_folder_in(tmp_path)
        assert processes_in(folder)
        os.kill(drivers[1].capabilities["goog:processID"], signal.SIGKILL)
        url = f"{grid.hub_url_plain}/session/{drivers[1].session_id}/title"
        grid.wait_for(lambda: requests.get(url, timeout=30).status_code == 404, 60)
    assert titles == {0: "0-4", 1: "1-4"}
    assert not processes_in(folder)
    assert not folder.exists()
    assert [session.mark and session.mark.status for session in grid.sessions.values()] == ["timeout", "error"]
    grid.close()
    assert not [thread for thread in set(threading.enumerate()) - threads_before if thread.name != "local-grid-discard"]


def test_a_standing_grid_prints_its_addresses_and_ends_when_told(tmp_path: Path) -> None:
    options = ["--backend", "simulated", "--user", "ann", "--key", "k", "--pages", str(tmp_path), "--no-record"]
    with running_module(tmp_path, *options, "--latency", "0.01", "--fault", "forbidden") as (process, said):
        assert said["local grid"] == "simulated browser (as asked)"
        assert re.fullmatch(r"http://ann:k@127\.0\.0\.1:\d+/wd/hub", said["hub"])
        session_id = open_raw(said["hub"])
        answer = requests.get(f"{said['api']}/sessions/{session_id}", auth=("ann", "k"), timeout=30)
        assert answer.status_code == 403
        assert said["app api"].endswith("/mobile-automation/api/v1")
        page = (EXAMPLE.parent / "docs" / "how-to" / "local-grid.md").read_text(encoding="utf-8")
        assert [name for name in said if f"\n{name}" not in page] == [], "the documentation shows what it prints"
        process.terminate()
        assert process.wait(30) == 0
        assert process.stdout
        assert process.stdout.read() == "ended after 1 sessions\n"
    assert not list(tmp_path.glob("local-grid-*"))
    assert (tmp_path / session_id / "index.html").exists()


EMBEDDED = """
import sys, time
sys.path.insert(0, {example!r})
from local_grid import LocalGrid
import requests
for backend, record in {grids}:
    one = LocalGrid(backend=backend, record=record).start()
    requests.post(one.hub_url + "/session", json={{"capabilities": {{}}}}, timeout=120).raise_for_status()
print(*__import__("glob").glob("{temp}/local-grid-*"), flush=True)
time.sleep(60)
"""


@needs_chromium
@needs_proc
@pytest.mark.parametrize(
    ("grids", "how"),
    [([("chromium", True), ("simulated", False)], signal.SIGTERM), ([("chromium", False)], signal.SIGINT)],
    ids=["SIGTERM, two grids", "Ctrl-C"],
)
def test_a_process_that_ends_ends_the_browsers_of_its_grids(
    tmp_path: Path, grids: list[tuple[str, bool]], how: signal.Signals
) -> None:
    """Its exit status is the same as without a grid. The last grid's handler has SIGTERM, and hands it on."""
    program = EMBEDDED.format(example=str(EXAMPLE), temp=tmp_path, grids=grids)
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        folder = Path(process.stdout.readline().strip())
        assert folder.parent == tmp_path
        assert processes_in(folder)
        process.send_signal(how)
        assert process.wait(30) == -how
        assert process.stderr
        assert "local_grid" not in process.stderr.read()
    assert not processes_in(folder)
    assert not folder.exists()


def test_a_grid_needs_the_browser_that_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert LocalGrid().describe() == "local grid: simulated browser (no chromium/chromedriver found)"
    with pytest.raises(RuntimeError, match="needs chromium and chromedriver on the path"):
        LocalGrid(backend="chromium")
    with pytest.raises(ValueError, match="not 'firefox'"):
        LocalGrid(backend="firefox")  # type: ignore[arg-type]
    for name in ("chromium", "chromedriver"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho out of order\n", encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{path}")
    with LocalGrid(backend="chromium") as grid:
        assert "Chromium of unknown version" in grid.describe()
        answer = requests.post(f"{grid.hub_url}/session", json={}, timeout=30).json()["value"]
    assert answer["error"] == "session not created"
    assert "out of order" in answer["message"]


def test_a_taken_port_is_an_error_that_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    threads_before = set(threading.enumerate())
    grid = LocalGrid(backend="simulated")
    grid.close()
    assert grid.start() is grid.start()
    with pytest.raises(OSError, match="in use"):
        LocalGrid(backend="simulated", port=grid.port).start()
    requests.get(grid.base_url, timeout=30)
    grid.close()
    grid.close()
    assert grid.hub_url == f"http://local_user:local_key@127.0.0.1:{grid.port}/wd/hub"
    with pytest.raises(requests.ConnectionError):
        requests.get(grid.base_url, timeout=30)
    assert set(threading.enumerate()) == threads_before
    assert not list(tmp_path.iterdir())


def test_a_process_that_takes_too_long_is_ended() -> None:
    processes, abandon = Processes(), threading.Event()
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert processes.run([sys.executable, "-c", "raise SystemExit(3)"], 30, abandon) == 3
    assert processes.run(sleep, 0.1, abandon) != 0
    abandon.set()
    assert processes.run(sleep, 30, abandon) != 0
    processes.close()
