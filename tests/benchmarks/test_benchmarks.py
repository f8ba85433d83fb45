"""The benchmarks run; and what a session adds to a run is counted, in bytes and calls, as seconds differ."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from benchmarks.report import session_cost

ROOT = Path(__file__).parents[2]
FEW, MANY = 30, 90
# What a session adds, as a part of what its test takes without the plugin.
RATIOS = {"calls": 0.75, "memory": 1.2, "html": 1.34, "junit": 15.7}


def test_a_session_adds_no_more_than_it_did() -> None:
    """Two sizes of a run tell what each session adds; what is loaded or written once is in both."""
    slopes = {way: _slopes(way) for way in ("without", "with")}
    ratios = {name: slopes["with"][name] / slopes["without"][name] - 1 for name in RATIOS}
    assert {name: ratio for name, ratio in ratios.items() if ratio > RATIOS[name] * 1.1} == {}


def _slopes(way: str) -> dict[str, float]:
    few, many = (session_cost(way, count, environment={"BENCH_COUNTS": "1"}) for count in (FEW, MANY))
    added = {name: many.figures[name] - few.figures[name] for name in ("calls", "memory")}
    added |= {"html": many.html_bytes - few.html_bytes, "junit": many.junit_bytes - few.junit_bytes}
    return {name: value / (MANY - FEW) for name, value in added.items()}


def test_each_benchmark_prints_figures_in_its_short_form() -> None:
    names = ("report", "growth", "idle", "imports", "capture", "wall")
    command = [sys.executable, "-m", "benchmarks", "--short", *names]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    _, *parts = re.split(rf"\n({'|'.join(names)})\n", result.stdout)
    assert tuple(parts[::2]) == names
    assert all(re.search(r"\d\.\d", figures) for figures in parts[1::2])
