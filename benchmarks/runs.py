"""One run of pytest in a process of its own, and what it cost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.cloud import Cloud

_SUITE = Path(__file__).with_name("suite")
# Warnings about how the stub is made would be kept by pytest, a few for each test.
_INI = "[pytest]\naddopts = -q -p no:cacheprovider --tb=short\nfilterwarnings = ignore::DeprecationWarning\n"
PLUGIN = ("-p", "lambdatest_session")
# Nobody's own settings are measured.
_DROPPED = ("LT_", "LAMBDATEST_", "PYTEST_", "PYTHON", "BENCH_", "GITHUB_STEP_SUMMARY", "COV_", "COVERAGE_")


@dataclass(frozen=True)
class Cost:
    """Seconds, unless a name says otherwise."""

    wall: float
    cpu: float
    """Of the process and those of its children that it waited for."""
    peak_bytes: int
    """Of memory; of the largest process."""
    tail: float
    """From the end of the last test to the end of the process."""
    sidecar_bytes: int
    """Of memory that our process for LambdaTest had at most, up to the end of the last test."""
    html_bytes: int
    junit_bytes: int
    figures: Any
    """What the suite measured by itself, if it did."""


def run(
    test_file: str,
    *arguments: str,
    cloud: Cloud | None = None,
    environment: Mapping[str, str],
    keep: Path | None = None,
) -> Cost:
    """Run one of the suite's files; raises RuntimeError if pytest itself fails.

    Plugins are loaded only if named, so that what else is installed costs nothing on either side. `keep` is where the
    HTML report shall stay, with what belongs to it.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("conftest.py", test_file):
            shutil.copy(_SUITE / file, folder)
        (folder / "pytest.ini").write_text(_INI, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", *arguments, test_file]
        cost = _measured(command, folder, {**_environment(folder, cloud), **environment})
        if keep is not None:
            shutil.copy(folder / "report.html", keep)
            # Without its styles Chromium draws what the page hides too, a player for each row among it.
            shutil.copytree(folder / "assets", keep.parent / "assets", dirs_exist_ok=True)
        return cost


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}


def _environment(folder: Path, cloud: Cloud | None) -> dict[str, str]:
    values = clean_environment() | {
        "BENCH_MOMENTS": str(folder / "moments.json"),
        "BENCH_FIGURES": str(folder / "figures.json"),
        "BROWSERSTACK_ACCESS_KEY": "key",
        "BROWSERSTACK_USERNAME": "user",
        "LT_ACCESS_KEY": "key",
        "LT_USERNAME": "user",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_LAMBDATEST_HUB": "127.0.0.1",
    }
    if cloud is not None:
        values |= {"BENCH_CLOUD": cloud.address, "LT_API_BASE_URL": f"{cloud.address}/automation/api/v1"}
    return values


def _measured(command: list[str], folder: Path, environment: dict[str, str]) -> Cost:
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        ended = time.monotonic()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError((folder / "output.txt").read_text(encoding="utf-8"))
    moments = _json(folder / "moments.json")
    html, junit = folder / "report.html", folder / "junit.xml"
    return Cost(
        wall=ended - started,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_bytes=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        tail=ended - moments["last_test"],
        sidecar_bytes=moments["sidecar_bytes"],
        html_bytes=html.stat().st_size if html.exists() else 0,
        junit_bytes=junit.stat().st_size if junit.exists() else 0,
        figures=_json(folder / "figures.json"),
    )


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
