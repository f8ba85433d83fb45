"""Run the grid standing: `python -m local_grid`."""

from __future__ import annotations

import argparse
import contextlib
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from .faults import FAULT_NAMES
from .grid import LocalGrid

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Start a grid, print its addresses, and wait for Ctrl-C or SIGTERM."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    grid = LocalGrid(
        backend=options.backend,
        username=options.user,
        access_key=options.key,
        ready_after=options.ready_after,
        latency=options.latency,
        record=not options.no_record,
        pages_dir=options.pages,
        port=options.port,
    )
    grid.fault = options.fault
    with contextlib.suppress(KeyboardInterrupt), grid:
        print(grid.describe())
        print(f"hub:     {grid.hub_url}")
        print(f"api:     {grid.api_url}")
        print(f"playwright: {grid.playwright_url}<JSON>")
        print(f"app api: {grid.app_api_url}")
        print("Ctrl-C ends it", flush=True)
        _wait_for_interrupt()
    print(f"ended after {len(grid.sessions)} sessions")


def _wait_for_interrupt() -> None:
    try:
        threading.Event().wait()
    finally:
        # A second Ctrl-C must not leave browsers running.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_grid", description="LambdaTest's hub and API on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=4444, help="0 takes a free one; default %(default)s")
    parser.add_argument("--backend", choices=("auto", "chromium", "simulated"), default="auto")
    parser.add_argument("--user", default="local_user", help="user name, default %(default)s")
    parser.add_argument("--key", default="local_key", help="access key, default %(default)s")
    parser.add_argument("--pages", type=Path, metavar="DIR", help="write a page for each session here")
    parser.add_argument("--no-record", action="store_true", help="make no videos")
    parser.add_argument("--ready-after", type=float, default=0.7, metavar="SECONDS", help="from quit to final details")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="of each API request")
    parser.add_argument("--fault", choices=FAULT_NAMES, metavar="NAME", help=", ".join(FAULT_NAMES))
    return parser


if __name__ == "__main__":
    main()
