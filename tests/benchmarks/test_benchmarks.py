"""The benchmarks run; and what a session adds to a run is counted, in bytes and calls, as seconds differ."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMES = ("report", "growth", "counts", "idle", "imports", "capture", "wall", "player")
# What a session adds, as a part of what its test takes without the plugin: when this was written, and a tenth more.
MOST = {"calls": 0.6 * 1.1, "memory": 0.86 * 1.1, "html": 0.43 * 1.1, "junit": 15.8 * 1.1}


def test_each_benchmark_runs_and_a_session_adds_no_more_than_it_did() -> None:
    command = [sys.executable, "-m", "benchmarks", "--short", *NAMES]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    parts = re.split(rf"\n({'|'.join(NAMES)})\n", result.stdout)
    figures = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert [name for name in NAMES if not re.search(r"\d\.\d", figures[name])] == []
    counts = {name: float(ratio) for name, ratio in map(str.split, figures["counts"].strip().splitlines())}
    assert counts.keys() == MOST.keys()
    assert {name: ratio for name, ratio in counts.items() if ratio > MOST[name]} == {}
