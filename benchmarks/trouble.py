"""An API that takes connections and never answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.figures import table
from benchmarks.wall import PLAIN, TWO_WORKERS, session_run

if TYPE_CHECKING:
    from collections.abc import Iterator


def trouble(*, short: bool) -> Iterator[str]:
    """What a hanging API costs the run, with the default budget and timeout and with smaller ones."""
    cases = [(4, 1, 10)] if short else [(40, 10, 10), (40, 3, 10), (40, 10, 2), (200, 10, 10)]
    rows = []
    for sessions, budget, timeout in cases:
        options = (f"--lambdatest-budget={budget}", f"--lambdatest-timeout={timeout}")
        for mode in (PLAIN, TWO_WORKERS):
            without, _ = session_run("without", sessions, mode)
            with_, calls = session_run("with", sessions, mode, *options, hangs=True)
            figures = (f"{without.wall:.1f}", f"{with_.wall - without.wall:.1f}", f"{calls:.2f}")
            rows.append((str(sessions), str(budget), str(timeout), "-n 2" if mode else "plain", *figures))
    yield "an API that hangs; seconds"
    yield table(("sessions", "budget", "timeout", "mode", "without", "added", "calls"), rows)
