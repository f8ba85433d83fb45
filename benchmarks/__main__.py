"""`python -m benchmarks [--short] [NAME ...]`: print what the plugin costs.

Every figure is a ratio or a difference of runs made one right after the other on the same machine; absolute times are
that machine's. The short form shows that the benchmarks work, and little else.
"""

from __future__ import annotations

import argparse
import platform
import sys
from importlib.metadata import version

from benchmarks.capture import capture
from benchmarks.idle import idle, imports
from benchmarks.player import player
from benchmarks.report import report
from benchmarks.scale import scale
from benchmarks.trouble import trouble
from benchmarks.wall import wall

BENCHMARKS = {
    benchmark.__name__: benchmark for benchmark in (report, idle, imports, capture, wall, trouble, scale, player)
}
_PACKAGES = ("pytest", "pytest-html", "pytest-xdist", "selenium", "pytest-selenium")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="seconds instead of minutes, for a look whether it works")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    print(f"{platform.python_implementation()} {platform.python_version()} on {sys.platform}, {versions}")
    for name in arguments.names or BENCHMARKS:
        print(f"\n{name}")
        for line in BENCHMARKS[name](short=arguments.short):
            print(line, flush=True)


if __name__ == "__main__":
    main()
