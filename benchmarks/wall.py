"""What a run's clock shows: against no plugin, and against asking in each phase as pytest-selenium does."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.cloud import Cloud
from benchmarks.figures import spread, table
from benchmarks.runs import PLUGIN, Cost, run

if TYPE_CHECKING:
    from collections.abc import Iterator

READY_AFTER = 0.7
TEST_SECONDS = 0.1
HTML = ("-p", "html", "-p", "metadata", "--html=report.html")
PLAIN: tuple[str, ...] = ()
TWO_WORKERS = ("-p", "xdist", "-n", "2")
# Its fixtures of one driver ask for those of all.
_PARTS_OF_PYTEST_SELENIUM = (
    *("selenium", "selenium_safety", "variables", "base_url"),
    *(f"{name}_driver" for name in ("appium", "browserstack", "chrome", "crossbrowsertesting", "edge", "firefox")),
    *(f"{name}_driver" for name in ("ie", "remote", "safari", "saucelabs", "testingbot")),
)
_PYTEST_SELENIUM = (*(word for name in _PARTS_OF_PYTEST_SELENIUM for word in ("-p", name)), "--driver", "BrowserStack")
# Asking in each phase of each test takes minutes where latency does: shown with the smaller suite only.
_SESSIONS_OF_PYTEST_SELENIUM = 40
WAYS: dict[str, tuple[str, ...]] = {"without": (), "pytest-selenium": _PYTEST_SELENIUM, "with": PLUGIN}


def wall(*, short: bool) -> Iterator[str]:
    """Sessions on a hub, an API that takes its time, and details that are ready 0.7 s after quit."""
    cases = [(4, 0.1)] if short else [(sessions, latency) for sessions in (40, 200) for latency in (0.0, 0.3, 1.0)]
    yield f"tests of {TEST_SECONDS:g} s with a session each, ready {READY_AFTER:g} s after quit; seconds"
    heads = ("sessions", "latency", "mode", "without", "added", "calls", "pytest-selenium adds", "its calls")
    for sessions, latency in cases:
        repeats = 1 if short or sessions > _SESSIONS_OF_PYTEST_SELENIUM else 3
        yield table(
            heads, [_row(sessions, latency, mode, repeats) for mode in ((PLAIN,) if short else (PLAIN, TWO_WORKERS))]
        )


def _row(sessions: int, latency: float, mode: tuple[str, ...], repeats: int) -> list[str]:
    ways = [way for way in WAYS if way != "pytest-selenium" or sessions <= _SESSIONS_OF_PYTEST_SELENIUM]
    rounds = []
    for number in range(repeats):
        # Once is enough for what takes ten times as long.
        asked = [way for way in ways if way != "pytest-selenium" or number == 0]
        rounds.append({way: session_run(way, sessions, mode, latency=latency) for way in asked})
    own = [(one["without"][0].wall, one["with"][0].wall) for one in rounds]
    row = [
        *(str(sessions), f"{latency:g}", "-n 2" if mode else "plain"),
        f"{median(without for without, _ in own):.1f}",
        spread(with_ - without for without, with_ in own),
        f"{median(one['with'][1] for one in rounds):.2f}",
    ]
    theirs = rounds[0].get("pytest-selenium")
    return [*row, *([f"{theirs[0].wall - own[0][0]:.1f}", f"{theirs[1]:.2f}"] if theirs else ["", ""])]


def session_run(
    way: str,
    sessions: int,
    mode: tuple[str, ...],
    *,
    latency: float,
) -> tuple[Cost, float]:
    """The cost, and the calls to the API per session."""
    with Cloud(latency=latency, ready_after=READY_AFTER) as cloud:
        cost = run(
            "test_sessions.py",
            *WAYS[way],
            *HTML,
            *mode,
            cloud=cloud,
            environment={
                "BENCH_WAY": way,
                "BENCH_TESTS": str(sessions),
                "BENCH_TEST_SECONDS": str(TEST_SECONDS),
            },
        )
        return cost, cloud.calls.total() / sessions
