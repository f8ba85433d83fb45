"""`python -m benchmarks [--short] [NAME ...]`: print what the plugin costs.

Every figure is a ratio or a difference of runs made one right after the other on the same machine; absolute times are
that machine's. The short form shows that the benchmarks work, and little else.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import date
from importlib.metadata import version

from benchmarks.capture import capture
from benchmarks.idle import idle, imports
from benchmarks.player import player
from benchmarks.report import counts, growth, report
from benchmarks.wall import wall

_ALL = (report, growth, counts, idle, imports, capture, wall, player)
BENCHMARKS = {benchmark.__name__: benchmark for benchmark in _ALL}
_PACKAGES = ("pytest", "pytest-html", "pytest-xdist", "selenium", "pytest-selenium")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="seconds instead of minutes, for a look whether it works")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: report")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    print(f"{platform.python_implementation()} {platform.python_version()} on {sys.platform}, {versions}")
    print(f"{date.today()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")  # noqa: DTZ011 - where it runs
    for name in arguments.names or ["report"]:
        print(f"\n{name}")
        for line in BENCHMARKS[name](short=arguments.short):
            print(line, flush=True)


if __name__ == "__main__":
    main()
