"""The benchmarks run and print figures; what the figures are is for people to read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("report", "idle", "imports", "capture", "wall", "trouble", "scale", "player")


def benchmark(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.parametrize("name", NAMES)
def test_the_short_form_prints_figures(name: str) -> None:
    result = benchmark("--short", name)
    assert (result.returncode, result.stderr) == (0, "")
    heading, _, figures = result.stdout.partition(f"\n{name}\n")
    assert "pytest" in heading
    assert re.search(r"\d\.\d", figures)


def test_every_benchmark_is_run_here() -> None:
    assert f"of {', '.join(NAMES)};" in " ".join(benchmark("--help").stdout.split())


def test_an_unknown_name_says_what_there_is() -> None:
    result = benchmark("speed")
    assert result.returncode == 2
    assert f"no such benchmark: speed; there are {', '.join(NAMES)}" in result.stderr
