"""Reports of thousands of sessions, side by side: no plugin, pytest-selenium, this plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from benchmarks.cloud import Cloud
from benchmarks.figures import spread, table
from benchmarks.runs import Cost, run
from benchmarks.wall import HTML, WAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_JUNIT = "--junitxml=junit.xml"
_SESSIONS_FILE = "--lambdatest-sessions-file=sessions.jsonl"


class _Figure(NamedTuple):
    name: str
    of: Callable[[Cost], float]
    unit: float
    digits: int
    is_of_session: bool
    """Whether it is shown as what each session adds to the run without a plugin; else as it is."""
    target: str


_FIGURES = (
    _Figure("HTML bytes added a session", lambda cost: cost.html_bytes, 1, 0, is_of_session=True, target="900"),
    _Figure(
        "peak memory added a session, KiB, tests' process",
        lambda cost: cost.peak_bytes,
        1024,
        1,
        is_of_session=True,
        target="8",
    ),
    _Figure(
        "time added a session while tests run, ms",
        lambda cost: cost.wall - cost.tail,
        1e-3,
        2,
        is_of_session=True,
        target="0.6",
    ),
    _Figure("last test to exit, s", lambda cost: cost.tail, 1, 2, is_of_session=False, target="0.8"),
)


def report(*, short: bool) -> Iterator[str]:
    """A session a test on a hub, details at once; medians of rounds, in each of which each way runs once."""
    sessions, rounds = (50, 1) if short else (2000, 3)
    measured = [{way: _cost(way, sessions) for way in WAYS} for _ in range(rounds)]
    yield f"{sessions} sessions, {rounds} rounds; outputs: HTML, JUnit, and this plugin's sessions file"
    rows = [
        (figure.name, *(_cell(figure, way, measured, sessions) for way in WAYS), figure.target) for figure in _FIGURES
    ]
    yield table(("", "no plugin", "this plugin", "pytest-selenium", "target at 2,000"), rows)


def _cell(figure: _Figure, way: str, measured: list[dict[str, Cost]], sessions: int) -> str:
    if not figure.is_of_session:
        return spread((figure.of(costs[way]) / figure.unit for costs in measured), figure.digits)
    added = [(figure.of(costs[way]) - figure.of(costs["without"])) / sessions / figure.unit for costs in measured]
    return "0" if way == "without" else spread(added, figure.digits)


def _cost(way: str, sessions: int) -> Cost:
    with Cloud() as cloud:
        return run(
            "test_sessions.py",
            *WAYS[way],
            *HTML,
            _JUNIT,
            *((_SESSIONS_FILE,) if way == "with" else ()),
            cloud=cloud,
            environment={"BENCH_WAY": way, "BENCH_TESTS": str(sessions)},
        )
