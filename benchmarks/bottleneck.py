"""More sessions a second than the API's latency lets the pool's threads ask about."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmarks.cloud import API_PATH, Cloud
from benchmarks.figures import table
from benchmarks.runs import clean_environment
from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.sidecar.policy import Policy
from pytest_lambdatest_session.sidecar.polling import PollJob
from pytest_lambdatest_session.sidecar.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_lambdatest_session.sidecar.messages import Poll, Result

_BUDGET_SECONDS = 60
"""Large, so that the end shows how long it takes and not that it was cut off."""


def bottleneck(*, short: bool) -> Iterator[str]:
    """Sessions that are final as soon as they are asked about, with other numbers of threads than usual."""
    cases = [(20, 0.01, 0.1)] if short else [(200, 0.1, 1.0), (200, 0.02, 1.0), (200, 0.02, 0.3), (1000, 0.01, 0.3)]
    rows = []
    for sessions, seconds, latency in cases:
        for threads in (0, 4) if short else (0, 4, 8, 16, 32, 64):
            with Cloud(latency=latency) as cloud:
                figures = _polled(cloud, sessions, seconds, threads)
                calls = cloud.calls.total() / sessions
            load = latency / seconds
            shown = (f"{load:.0f}", str(threads or "as shipped"), f"{figures['tail']:.1f}")
            rows.append((str(sessions), f"{latency:g}", *shown, f"{calls:.2f}", f"{figures['cpu']:.1f}"))
    yield "load is sessions a second x latency: the connections that are busy if nobody waits; seconds"
    yield table(("sessions", "latency", "load", "threads", "from last session to last answer", "calls", "CPU"), rows)


def _polled(cloud: Cloud, *figures: float) -> dict[str, float]:
    """Poll in a process of its own, as the sidecar does: the cloud is in this one."""
    command = [sys.executable, "-m", "benchmarks.bottleneck", cloud.address + API_PATH, *map(str, figures)]
    done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def _poll(base_url: str, sessions: int, seconds: float, threads: int) -> dict[str, float]:
    policy = replace(Policy(), threads=threads) if threads else Policy()
    pool = Pool(
        lambda url, credentials: Client(url, credentials, timeout_seconds=10), timeout_seconds=10, policy=policy
    )
    is_done = threading.Event()
    settled: list[Any] = []

    def keep(result: Result) -> None:
        if result["type"] == "polled" and result["settled"]:
            settled.append(result)
            if len(settled) == sessions:
                is_done.set()

    for number in range(sessions):
        time.sleep(seconds)
        request: Poll = {
            "type": "poll",
            "session_id": str(number),
            "base_url": base_url,
            "kind": "web",
            "account": ("benchmark", "key"),
            "rank": 1,
            "ended_at": time.time(),
        }
        pool.add(PollJob(request, time.monotonic(), policy, keep))
    ended_at = time.monotonic()
    pool.finish(_BUDGET_SECONDS)
    is_done.wait()
    return {"tail": time.monotonic() - ended_at, "cpu": time.process_time()}


if __name__ == "__main__":
    print(json.dumps(_poll(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))))
