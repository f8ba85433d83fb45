"""Runs of thousands of sessions, side by side: no plugin, pytest-selenium, this plugin; and how each figure grows."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.cloud import Cloud
from benchmarks.figures import spread, table
from benchmarks.page import page_figures
from benchmarks.runs import Cost, run
from benchmarks.wall import HTML, WAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

JUNIT = "--junitxml=junit.xml"
_MIB = 2**20
_COUNTED = ("calls", "memory", "html", "junit")


class _Figure(NamedTuple):
    name: str
    of: Callable[[Cost], float]
    unit: float
    digits: int
    is_of_session: bool
    """Whether it is shown as what each session adds to the run without a plugin; else as it is."""
    target: str


_FIGURES = (
    _Figure("HTML bytes added a session", lambda cost: cost.html_bytes, 1, 0, True, "900"),
    _Figure("peak memory added a session, tests' process, KiB", lambda cost: cost.peak_bytes, 1024, 1, True, "8"),
    _Figure("added time a session while tests run, ms", lambda cost: cost.wall - cost.tail, 1e-3, 2, True, "0.6"),
    _Figure("last test to exit, s", lambda cost: cost.tail, 1, 2, False, "0.8"),
    _Figure("memory of the sidecar, MiB", lambda cost: cost.sidecar_bytes, _MIB, 0, False, "60"),
)


def report(*, short: bool) -> Iterator[str]:
    """A stubbed session a test, details at once; medians of rounds, in each of which each way runs once."""
    sessions, rounds = (20, 1) if short else (2000, 3)
    with TemporaryDirectory() as folder:
        sizes = (sessions,) if short else (sessions, 10_000)
        pages = {(way, size): Path(folder, f"{way}-{size}.html") for size in sizes for way in ("without", "with")}
        measured = [
            {way: session_cost(way, sessions, keep=pages.get((way, sessions))) for way in WAYS} for _ in range(rounds)
        ]
        yield f"{sessions} sessions, {rounds} rounds; outputs: HTML, JUnit, and this plugin's sessions file"
        rows = [
            (figure.name, *(_cell(figure, way, measured, sessions) for way in WAYS), figure.target)
            for figure in _FIGURES
        ]
        heads = ("", "no plugin", "pytest-selenium", "this plugin", "target at 2,000")
        yield table(heads, rows)
        for (way, size), page in pages.items():
            if size != sessions:
                session_cost(way, size, keep=page)
        yield table(heads, page_figures(pages, loads=1 if short else 5))


def growth(*, short: bool) -> Iterator[str]:
    """The same figures of shorter and longer runs, of a test with many sessions, and of a session with many tests."""
    sizes, many = (500, 2000, 5000, 20_000), 2000
    cases = [(f"{size:,} sessions", size, {"BENCH_TESTS": str(size)}) for size in sizes]
    cases.append((f"1 test, {many:,} sessions", many, {"BENCH_TESTS": "1", "BENCH_MORE_SESSIONS": str(many - 1)}))
    cases.append(
        (f"1 session, {sizes[-1]:,} tests", sizes[-1], {"BENCH_TESTS": str(sizes[-1]), "BENCH_SCOPE": "session"})
    )
    if short:
        # The two in one: several tests share a fixture that opens several sessions.
        shared = {"BENCH_TESTS": "10", "BENCH_SCOPE": "session", "BENCH_MORE_SESSIONS": "9"}
        cases = [("10 tests, 10 sessions", 10, shared)]
    rows = []
    for name, count, environment in cases:
        costs = {way: session_cost(way, count, environment=environment) for way in ("without", "with")}
        rows.append((name, *(_cell(figure, "with", [costs], count) for figure in _FIGURES)))
    yield "this plugin, a run each"
    yield table(("", *(figure.name for figure in _FIGURES)), rows)


def counts(*, short: bool) -> Iterator[str]:
    """What a session adds to its test in bytes and calls, as a ratio to the test without the plugin."""
    few, many = (11, 41) if short else (100, 300)
    slopes = {
        way: [end - start for start, end in zip(_counted(way, few), _counted(way, many), strict=True)]
        for way in ("without", "with")
    }
    # What is loaded or written once is in both sizes.
    for name, without, with_ in zip(_COUNTED, slopes["without"], slopes["with"], strict=True):
        yield f"{name} {with_ / without - 1:.3f}"


def _counted(way: str, sessions: int) -> list[float]:
    cost = session_cost(way, sessions, environment={"BENCH_COUNTS": "1"})
    return [cost.figures["calls"], cost.figures["memory"], cost.html_bytes, cost.junit_bytes]


def session_cost(
    way: str, sessions: int, *, keep: Path | None = None, environment: Mapping[str, str] = MappingProxyType({})
) -> Cost:
    """What a run of stubbed sessions costs; `keep` is where its HTML report shall stay."""
    with Cloud() as cloud:
        return run(
            "test_sessions.py",
            *WAYS[way],
            *HTML,
            JUNIT,
            *(("--lambdatest-sessions-file=sessions.jsonl",) if way == "with" else ()),
            cloud=cloud,
            environment={"BENCH_WAY": way, "BENCH_STUB": "1", "BENCH_TESTS": str(sessions), **environment},
            keep=keep,
        )


def _cell(figure: _Figure, way: str, measured: list[dict[str, Cost]], sessions: int) -> str:
    if not figure.is_of_session:
        return spread((figure.of(costs[way]) / figure.unit for costs in measured), figure.digits)
    added = [(figure.of(costs[way]) - figure.of(costs["without"])) / sessions / figure.unit for costs in measured]
    return "0" if way == "without" else spread(added, figure.digits)
