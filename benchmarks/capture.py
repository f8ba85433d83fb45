"""What the wrapper around `WebDriver.execute` adds to a command."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.figures import added, ratio
from benchmarks.runs import PLUGIN, run

if TYPE_CHECKING:
    from collections.abc import Iterator


def capture(*, short: bool) -> Iterator[str]:
    """Commands through `WebDriver.execute` with a stub in the hub's place, with and without the plugin's wrapper."""
    commands = 2000 if short else 100_000
    yield f"for comparison, a look at the clock, of which a command takes two: {_clock_seconds() * 1e6:.3f} µs"
    figures = run("test_commands.py", *PLUGIN, environment={"BENCH_COMMANDS": str(commands)}).figures
    for name, pairs in figures.items():
        without = median(pair[0] for pair in pairs)
        yield (
            f"{commands} x {name}: {without * 1e6:.2f} µs without, added {added(pairs, 1e-6)} µs, ratio {ratio(pairs)}"
        )


def _clock_seconds() -> float:
    """What the machine needs for `time.time()`."""
    looks = 100_000
    started = time.process_time()
    for _ in range(looks):
        time.time()
    return (time.process_time() - started) / looks
