"""`join`: the sessions files of several runs or processes as one page, or as one file."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO, cast
from urllib.parse import quote, unquote, urlsplit

from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.html.parts import escaped
from pytest_lambdatest_session.report.html.rows import details
from pytest_lambdatest_session.report.html.summary import sessions_block, style
from pytest_lambdatest_session.report.links import is_link, is_plain
from pytest_lambdatest_session.report.registry import (
    FAILED_OUTCOMES,
    AttemptRecord,
    Registry,
    TrackedSession,
    unknown_session,
)
from pytest_lambdatest_session.report.sessions_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pytest_lambdatest_session.report.records import Outcome, ReportedSession, SessionRecord, SessionUse

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>LambdaTest sessions</title>
<style>body {{ font: 14px/1.5 Helvetica, Arial, sans-serif; margin: 16px; color: #1f2328; background: #fff; }}
h2 {{ font-size: 16px; }}</style>
{styles}</head>
<body>{block}{failures}</body>
</html>
"""
# The page has one table, see `sessions_block`.
_TOKEN = "join"  # noqa: S105 - no password
_LONG = 30
_LINK_FIELDS = ("url", "video_url", "screenshot_url", "share_url", "player")
_LINK_TABLES = ("logs", "links", "artifacts")


class NoSessionsFileError(ValueError):
    """A file is none that a run of pytest wrote with `lambdatest_sessions_file`."""


def join(files: Sequence[Path], html: Path | None, out: TextIO) -> int:
    """Join `files` into a page, or into lines on `out`.

    Raises:
        NoSessionsFileError: one of the files is none.
        OSError: one can't be read, or the page not be written.
    """
    folder = html.parent if html is not None else None
    sessions = merged(read_sessions_file(file, folder) for file in files)
    if html is None:
        out.writelines(json.dumps(session.record, ensure_ascii=False) + "\n" for session in sessions)
    else:
        write_whole(html, [page_of(sessions)])
    return 0


def read_sessions_file(file: Path, folder: Path | None = None) -> list[SessionRecord]:
    """The records of one file; links relative to its folder become relative to `folder`."""
    records = []
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if line.strip():
            records.append(_record(line, f"{file}, line {number}"))
            if folder is not None:
                _move_links(records[-1], file.parent, folder)
    return records


@dataclass
class Joined:
    """A session, and for each of its `tests` the number of the file that told of it."""

    record: SessionRecord
    files: list[int]

    def take(self, record: SessionRecord, file: int) -> None:
        """Take in what another file tells: tests that are new, and what is final in place of what is not."""
        new = [use for use in record["tests"] if use not in self.record["tests"]]
        better = record if record["state"] == "final" and self.record["state"] != "final" else self.record
        self.record = {**better, "tests": self.record["tests"] + new}
        self.files += [file] * len(new)


def merged(files: Iterable[Iterable[SessionRecord]]) -> list[Joined]:
    """Each session once, in the order met."""
    found: dict[str, Joined] = {}
    for number, records in enumerate(files):
        for record in records:
            if record["session_id"] in found:
                found[record["session_id"]].take(record, number)
            else:
                found[record["session_id"]] = Joined(record, [number] * len(record["tests"]))
    return list(found.values())


def page_of(sessions: Sequence[Joined]) -> str:
    """One page: the table of all sessions, and below it the details of each test that failed."""
    registry = _registry_of(sessions)
    failures = "".join(
        # The table's links lead to the test's id.
        f'<article id="{escaped(attempt.nodeid)}"><h2>{escaped(attempt.nodeid)} {attempt.outcome}</h2>'
        f"{details(f'{_TOKEN}.{place}')}</article>"
        for place, attempt in enumerate(registry.attempts.values())
        if attempt.outcome in FAILED_OUTCOMES
    )
    block = sessions_block(registry, Problems(), _TOKEN) or "<p>No sessions.</p>"
    return _PAGE.format(styles=style(), block=block, failures=failures)


def _registry_of(sessions: Sequence[Joined]) -> Registry:
    registry = Registry()
    told: dict[AttemptRecord, tuple[Outcome | None, list[tuple[TrackedSession, float, float]]]] = {}
    for session in sessions:
        record = session.record
        # With its tests, at which no page looks.
        tracked = TrackedSession(record["session_id"], record["hub"], record["kind"], cast("ReportedSession", record))
        tracked.started_at = 0.0
        registry.sessions[tracked.id] = tracked
        for use, file in zip(record["tests"], session.files, strict=True):
            # The same test in another file is of another run, and two tests may have one node id.
            test = f"{use['nodeid']} {use['worker']} {use['outcome']} {file}"
            attempt = registry.attempts.setdefault(
                f"{test} {use['attempt']}", AttemptRecord(test, use["nodeid"], use["worker"], use["attempt"])
            )
            start, end = use["offset"] or 0.0, use["end_offset"]
            _, uses = told.setdefault(attempt, (use["outcome"], []))
            uses.append((tracked, start, start if end is None else end))
    for attempt, (outcome, uses) in told.items():
        attempt.merge_uses(uses)
        attempt.record_outcome(outcome)
    return registry


def _record(line: str, place: str) -> SessionRecord:
    """A line as a record: what it lacks, as a line of an older version does, is unknown."""
    try:
        told = json.loads(line)
        record = cast("dict[str, Any]", unknown_session(str(told["session_id"]), str(told["hub"]), told["kind"]))
        record |= {key: _once(value) for key, value in told.items() if key in record and _is_alike(value, record[key])}
        return cast("SessionRecord", {**record, "tests": [_use(use) for use in told["tests"]]})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NoSessionsFileError(
            f"{place} is no session; accepted: files that pytest wrote with lambdatest_sessions_file"
        ) from None


def _use(told: dict[str, Any]) -> SessionUse:
    return {
        "nodeid": sys.intern(str(told["nodeid"])),
        "outcome": told["outcome"],
        "attempt": int(told["attempt"]),
        "worker": told["worker"],
        "offset": told["offset"],
        "end_offset": told.get("end_offset"),
    }


def _once(value: object) -> object:
    """One string for all sessions that say the same, as they do of all but ids and links."""
    return sys.intern(value) if isinstance(value, str) and len(value) < _LONG else value


def _is_alike(value: object, default: object) -> bool:
    return isinstance(value, type(default)) if isinstance(default, (str, dict)) else not isinstance(value, (dict, list))


def _move_links(record: SessionRecord, origin: Path, target: Path) -> None:
    values = cast("dict[str, Any]", record)
    for name in _LINK_FIELDS:
        values[name] = _moved(values[name], origin, target) if values[name] else values[name]
    values["url"] = values["url"] or ""
    for name in _LINK_TABLES:
        moved = {key: _moved(url, origin, target) for key, url in values[name].items()}
        values[name] = {key: url for key, url in moved.items() if url}


def _moved(link: object, origin: Path, target: Path) -> str | None:
    """A link that is fit for a page in another folder; None if it is none."""
    if not isinstance(link, str):  # pragma: no cover - a sessions file that somebody edited
        return None
    if is_plain(link):
        return link
    if not is_link(link):
        return None
    if urlsplit(link).scheme or link.startswith("/"):
        return link
    path, mark, rest = link.partition("#")
    moved = os.path.relpath(origin.resolve() / unquote(path), target.resolve())
    return quote(moved.replace(os.sep, "/")) + mark + rest
