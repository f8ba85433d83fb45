"""Thousands of tests with a session each, or with one that all share: time, memory, the end of the run, the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from benchmarks.cloud import Cloud
from benchmarks.figures import table
from benchmarks.runs import PLUGIN, Cost, run
from benchmarks.wall import HTML

if TYPE_CHECKING:
    from collections.abc import Iterator

_FAIL_EVERY = 50


class Case(NamedTuple):
    tests: int
    scope: Literal["function", "session"]
    """Of the driver: a session for each test, or one for all."""
    outputs: tuple[str, ...]


class Costs(NamedTuple):
    without: Cost
    with_: Cost

    @property
    def seconds(self) -> float:
        """What was added, less the wait for the API, which is another benchmark's."""
        return self.with_.wall - self.without.wall - self.with_.lag

    @property
    def cpu(self) -> float:
        return self.with_.cpu - self.without.cpu

    @property
    def memory_bytes(self) -> int:
        return self.with_.peak_bytes - self.without.peak_bytes

    @property
    def end(self) -> float:
        """From the last test, or from the last answer, to exit."""
        return self.with_.tail - self.with_.lag - self.without.tail

    @property
    def html_bytes(self) -> int:
        return self.with_.html_bytes - self.without.html_bytes


def scale(*, short: bool) -> Iterator[str]:
    """Stub commands and an API without latency: what is left is the plugin's own work, and pytest-html's with it."""
    small, large = (50, 100) if short else (5000, 20_000)
    yield f"added; one test in {_FAIL_EVERY} fails; the end is from last test to exit, all answers being there"
    heads = ("html", "suite", "seconds", "CPU, ms a test", "memory, KB a test", "end, ms a test", "html, KB a test")
    for outputs in (HTML,) if short else ((), HTML):
        of_small = _costs(Case(small, "function", outputs))
        of_large = _costs(Case(large, "function", outputs))
        html = "yes" if outputs else "no"
        rows = [
            (html, f"{small} sessions", *_figures(of_small, small)),
            (html, f"{large} sessions", *_figures(of_large, large)),
            (html, f"each beyond {small}", *_slope(of_small, of_large, large - small)),
            (html, f"1 session, {small} tests", *_figures(_costs(Case(small, "session", outputs)), small)),
        ]
        yield table(heads, rows)


def _costs(case: Case) -> Costs:
    environment = {
        "BENCH_WAY": "stub",
        "BENCH_SCOPE": case.scope,
        "BENCH_TESTS": str(case.tests),
        "BENCH_FAIL_EVERY": str(_FAIL_EVERY),
    }
    without = run("test_sessions.py", *case.outputs, environment=environment)
    with Cloud() as cloud:
        environment["BENCH_AWAIT_ANSWERS"] = str(case.tests if case.scope == "function" else 1)
        with_ = run("test_sessions.py", *PLUGIN, *case.outputs, cloud=cloud, environment=environment)
    return Costs(without, with_)


def _figures(costs: Costs, tests: int) -> tuple[str, ...]:
    return (
        f"{costs.seconds:.1f}",
        f"{costs.cpu / tests * 1e3:.2f}",
        f"{costs.memory_bytes / tests / 1024:.2f}",
        f"{costs.end / tests * 1e3:.2f}",
        f"{costs.html_bytes / tests / 1024:.2f}",
    )


def _slope(small: Costs, large: Costs, tests: int) -> tuple[str, ...]:
    """What a session adds once all is loaded: if that is more than the average, cost grows faster than suites do."""
    return (
        "",
        f"{(large.cpu - small.cpu) / tests * 1e3:.2f}",
        f"{(large.memory_bytes - small.memory_bytes) / tests / 1024:.2f}",
        f"{(large.end - small.end) / tests * 1e3:.2f}",
        f"{(large.html_bytes - small.html_bytes) / tests / 1024:.2f}",
    )
