"""A suite that opens no session: tests, imports."""

from __future__ import annotations

import re
import subprocess
import sys
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.figures import added, ratio, spread
from benchmarks.runs import clean_environment, run

if TYPE_CHECKING:
    from collections.abc import Iterator

# pytest's own plugins are loaded first, as in a run: what they import is not on our bill.
_IMPORT = """
import sys
import time
from _pytest.config import get_config
get_config()
before = set(sys.modules)
print("BEGIN", file=sys.stderr)
started = time.process_time()
import pytest_lambdatest_session.plugin
seconds = time.process_time() - started
print("END", file=sys.stderr)
print(seconds, *sorted(set(sys.modules) - before))
"""
# To find a plugin by its name pytest reads what every installed distribution says of itself. It does so in any run that
# loads plugins by itself, with us or without; here it does not.
_PLUGIN = ("-p", "pytest_lambdatest_session.plugin")
_LINE = re.compile(r"import time:\s*(\d+) \|\s*(\d+) \|\s+(\S+)")
_DEAREST = 8


def idle(*, short: bool) -> Iterator[str]:
    """Empty tests with and without the plugin."""
    tests, repeats = (50, 1) if short else (2000, 9)
    size = {"BENCH_TESTS": str(tests)}
    if not short:
        run("test_empty.py", *_PLUGIN, environment=size)  # compiles what is not yet compiled
    costs = [
        (run("test_empty.py", environment=size), run("test_empty.py", *_PLUGIN, environment=size))
        for _ in range(repeats)
    ]
    wall = [(without.wall, with_.wall) for without, with_ in costs]
    cpu = [(without.cpu, with_.cpu) for without, with_ in costs]
    yield f"{tests} empty tests, {repeats} pairs: {median(without for without, _ in wall):.2f} s without"
    yield f"  wall time: ratio {ratio(wall)}, added {added(wall, 1e-3, 0)} ms"
    yield f"  CPU time:  ratio {ratio(cpu)}, added {added(cpu, 1e-3, 0)} ms"
    peak = [(without.peak_bytes, with_.peak_bytes) for without, with_ in costs]
    yield f"  memory:    added {added(peak, 1024, 0)} KB"


def imports(*, short: bool) -> Iterator[str]:
    """What loading the plugin adds to what pytest has imported already."""
    repeats = 1 if short else 15
    if not short:
        _imported()  # compiles what is not yet compiled
    plain = [_imported() for _ in range(repeats)]
    traced = [_imported("-X", "importtime") for _ in range(repeats)]
    modules = plain[0].modules
    ours = [name for name in modules if name.startswith("pytest_lambdatest_session")]
    others = [name for name in modules if name not in ours]
    yield f"import of the plugin, {repeats} runs: {spread((one.seconds * 1e3 for one in plain), 1)} ms of CPU"
    yield f"  modules: {len(ours)} of the package, {len(others)} others: {' '.join(others)}"
    together = [one.times["pytest_lambdatest_session.plugin"] for one in traced]
    yield (
        f"  -X importtime of the plugin: {spread(own / 1e3 for own, _ in together)} ms by itself, "
        f"{spread(all_ / 1e3 for _, all_ in together)} ms with all that it imports"
    )
    own = {name: median(one.times[name][0] for one in traced) for name in traced[0].times}
    dearest = sorted(own, key=lambda name: -own[name])[:_DEAREST]
    yield "  dearest by themselves, ms: " + ", ".join(f"{name} {own[name] / 1e3:.2f}" for name in dearest)


class Imported(NamedTuple):
    seconds: float
    """Of CPU."""
    modules: list[str]
    times: dict[str, tuple[int, int]]
    """`{module: (its own microseconds, with what it imports)}`, if they were traced."""


def _imported(*options: str) -> Imported:
    command = [sys.executable, *options, "-c", _IMPORT]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=clean_environment())
    lines = _LINE.findall(result.stderr.partition("BEGIN\n")[2].partition("END\n")[0])
    seconds, *modules = result.stdout.split()
    return Imported(float(seconds), modules, {name: (int(own), int(together)) for own, together, name in lines})
