"""Check what a run of the example left: `example.py CHECKOUT OUTPUT BACKEND`.

The report is there, has its links, and they lead somewhere; nothing secret stands in it, in any other file that the
run wrote, or in what it printed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

SESSIONS = 8  # that the example's tests open
# Why one of its tests fails; the second is an error of the page's console, which a real browser alone has.
FAILURE = ("two teapots at 17.90 cost 35.80", "commands before the failure")
CONSOLE = "The prices add up to 35.80, the total says 34.80"


def main(checkout: str, output: str, backend: str) -> int:
    folder = Path(checkout) / "example_project" / "report"
    wrong = [
        *_wrong_output(Path(output), backend),
        *_wrong_sessions(folder / "sessions.jsonl", backend),
        *_wrong_report(folder / "report.html", backend),
        *_secrets_in([Path(output), *(path for path in folder.rglob("*") if path.is_file())], checkout),
    ]
    for line in wrong:
        print(line)
    return 1 if wrong else 0


def _wrong_output(output: Path, backend: str) -> Iterator[str]:
    printed = output.read_text(encoding="utf-8")
    expected = {"chromium": "real Chromium", "simulated": "simulated browser (no chromium"}[backend]
    for text in (expected, "report.html", "LambdaTest sessions", "--runxfail"):
        if text not in printed:
            yield f"the output does not say {text!r}"


def _wrong_sessions(path: Path, backend: str) -> Iterator[str]:
    sessions = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if len(sessions) != SESSIONS:
        yield f"the sessions file has {len(sessions)} sessions, not {SESSIONS}"
    for session in sessions:
        wanted = ["url", "duration", "logs", "tests", *(["video_url"] if backend == "chromium" else [])]
        missing = [name for name in wanted if session[name] in (None, {}, [])]
        if session["state"] != "final" or missing:
            yield f"session {session['session_id']} is {session['state']} and lacks {missing}"


def _wrong_report(report: Path, backend: str) -> Iterator[str]:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
    from page_tables import PageTable  # noqa: PLC0415 -- of this checkout

    table = PageTable(report.read_text(encoding="utf-8"))
    places = range(len(table.attempts))
    details = " ".join(map(table.details, places))
    for text in (*FAILURE, *([CONSOLE] if backend == "chromium" else [])):
        if text not in details:
            yield f"the report's details do not say {text!r}"
    of_rows = [link for place in places for line in table.row_links(place) for _, link in line]
    of_details = [link for place in places for _, link in table.detail_links(place)]
    for where, found in (("rows", of_rows), ("details", of_details)):
        files = {unquote(link.partition("#")[0]) for link in found if not urlsplit(link).scheme} - {""}
        # Of each session the player's page, and the one that the grid leaves in place of the dashboard.
        wanted = {"index.html": ("pages", 2 * SESSIONS)}
        if backend == "chromium" and where == "details":
            wanted["video.mp4"] = ("videos", SESSIONS)
        for name, (what, most) in wanted.items():
            count = sum(file.endswith(f"/{name}") for file in files)
            if count < most:
                yield f"the report's {where} link to {count} {what} of sessions, not to {most}"
        yield from (
            f"the report's {where} link to {file}, which is not there"
            for file in files
            if not (report.parent / file).is_file()
        )


def _secrets_in(paths: list[Path], checkout: str) -> Iterator[str]:
    sys.path.insert(0, str(Path(checkout) / "example_project"))
    from local_grid import LocalGrid  # noqa: PLC0415 -- of the checkout in question

    grid = LocalGrid(backend="simulated")
    pair = f"{grid.username}:{grid.access_key}".encode()
    secrets = {
        "the user name": grid.username.encode(),
        "the access key": grid.access_key.encode(),
        "the Authorization header": base64.b64encode(pair),
        "the account's hash": hashlib.md5(pair).hexdigest().encode(),
    }
    for path in paths:
        content = path.read_bytes()
        for name, secret in secrets.items():
            if secret in content:
                yield f"{name} stands in {path}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
