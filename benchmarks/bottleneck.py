"""More sessions a second than the API's latency lets the follower's threads ask about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.cloud import Cloud
from benchmarks.figures import table
from benchmarks.runs import PLUGIN, run

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUDGET_SECONDS = 60
"""Large, so that the end shows how long it takes and not that it was cut off."""


def bottleneck(*, short: bool) -> Iterator[str]:
    """Sessions from stub drivers, final as soon as they are asked about, with other numbers of threads than usual."""
    cases = [(20, 0.01, 0.1)] if short else [(200, 0.1, 1.0), (200, 0.02, 1.0), (200, 0.02, 0.3), (1000, 0.01, 0.3)]
    rows = []
    for sessions, seconds, latency in cases:
        for threads in ("", "4") if short else ("", "4", "8", "16", "32", "64"):
            with Cloud(latency=latency) as cloud:
                cost = run(
                    "test_sessions.py",
                    *PLUGIN,
                    f"--lambdatest-budget={_BUDGET_SECONDS}",
                    cloud=cloud,
                    environment={
                        "BENCH_WAY": "stub",
                        "BENCH_TESTS": str(sessions),
                        "BENCH_TEST_SECONDS": str(seconds),
                        "BENCH_THREADS": threads,
                    },
                )
                calls = cloud.calls.total() / sessions
            load = sessions / (cost.wall - cost.tail) * latency
            figures = (f"{load:.0f}", threads or "as shipped", f"{cost.tail:.1f}", f"{calls:.2f}", f"{cost.cpu:.1f}")
            rows.append((str(sessions), f"{latency:g}", *figures))
    yield "load is sessions a second x latency: the connections that are busy if nobody waits; seconds"
    yield table(("sessions", "latency", "load", "threads", "from last test to exit", "calls", "CPU"), rows)
