"""`join`: the sessions files of several runs or processes as one page, or as one file."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TextIO, cast
from urllib.parse import quote, unquote, urlsplit

from markupsafe import Markup

from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.html.rendering import render
from pytest_lambdatest_session.report.html.rows import details
from pytest_lambdatest_session.report.html.summary import sessions_block, style
from pytest_lambdatest_session.report.html.table import shown_of
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
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pytest_lambdatest_session.report.records import Outcome, SessionRecord, SessionUse

# The page has one table, see `sessions_block`.
_TOKEN = "join"  # noqa: S105 - no password
_LONG = 30
_LINK_FIELDS = ("url", "video_url", "screenshot_url", "share_url", "player")
_LINK_TABLES = ("logs", "links", "artifacts")
_USE_LINKS = ("clip", "poster")
_TYPES = {
    key: type(default) if isinstance(default, (str, dict)) else (str, int, float)
    for key, default in unknown_session("", "", "web").items()
}


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
    """Return the records of one file; for a page in `folder` links become relative to that, with marks for the ids."""
    records = []
    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                records.append(_record(line, f"{file}, line {number}"))
                if folder is not None:
                    _move_links(records[-1], file.parent, folder)
    return records


@dataclass(slots=True)
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


def merged(files: Iterable[Iterable[SessionRecord]]) -> Iterator[Joined]:
    """Yield each session once, in the order met."""
    found: dict[str, Joined] = {}
    for number, records in enumerate(files):
        for record in records:
            if record["session_id"] in found:
                found[record["session_id"]].take(record, number)
            else:
                found[record["session_id"]] = Joined(record, [number] * len(record["tests"]))
    yield from found.values()


def page_of(sessions: Iterable[Joined]) -> str:
    """Return one page: the table of all sessions, and below it the details of each test that failed."""
    registry = _registry_of(sessions)
    failures = [
        (attempt.nodeid, attempt.outcome, Markup(details(f"{_TOKEN}.{place}")))  # noqa: S704 - markup of ours
        for place, attempt in enumerate(registry.attempts.values())
        if attempt.outcome in FAILED_OUTCOMES
    ]
    block = sessions_block(registry, Problems(), _TOKEN)
    return render("html/templates/sessions_page.html", style=style(), block=block, failures=failures)


def _registry_of(sessions: Iterable[Joined]) -> Registry:
    registry = Registry()
    told: dict[tuple[str, str | None, Outcome | None, int, int], list[tuple[Any, ...]]] = {}
    for session in sessions:
        record = session.record
        uses = cast("dict[str, Any]", record).pop("tests")
        tracked = TrackedSession(record["session_id"], record["hub"], record["kind"], record)
        tracked.started_at = 0.0
        registry.sessions[tracked.id] = tracked
        for use, file in zip(uses, session.files, strict=True):
            # The same test in another file is of another run, and two tests may have one node id.
            key = (use["nodeid"], use["worker"], use["outcome"], file, use["attempt"])
            told.setdefault(key, []).append((tracked, *_times(use), use["clip"], use["poster"]))
    for (nodeid, worker, outcome, _, number), used in told.items():
        attempt = registry.attempts[str(len(registry.attempts))] = AttemptRecord(nodeid, nodeid, worker, number)
        each = {tracked: rest for tracked, *rest in used}
        attempt.merge_uses((tracked, start, end) for tracked, (start, end, _, _) in each.items())
        for one, (_, _, clip, poster) in zip(attempt.uses, each.values(), strict=True):
            one.clip, one.poster = clip, poster
        attempt.record_outcome(outcome)
    return registry


def _times(use: SessionUse) -> tuple[float, float]:
    start, end = use["offset"] or 0.0, use["end_offset"]
    return start, start if end is None else end


def _record(line: str, place: str) -> SessionRecord:
    """Return a line as a record: what it lacks, as a line of an older version does, is unknown."""
    try:
        told = json.loads(line)
        record = cast("dict[str, Any]", unknown_session(str(told["session_id"]), str(told["hub"]), told["kind"]))
        for key, accepted in _TYPES.items():
            value = told.get(key)
            if isinstance(value, accepted):
                # One string for all sessions that say the same, as they do of all but ids and links.
                record[key] = sys.intern(value) if type(value) is str and len(value) < _LONG else value
        record["tests"] = [_use(use) for use in told["tests"]]
        return cast("SessionRecord", record)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NoSessionsFileError(
            f"{place} is no session; accepted: files that pytest wrote with lambdatest_sessions_file"
        ) from None


def _use(told: dict[str, Any]) -> SessionUse:
    return {
        "nodeid": sys.intern(str(told["nodeid"])),
        "outcome": cast("Outcome | None", told["outcome"] and sys.intern(told["outcome"])),
        "attempt": int(told["attempt"]),
        "worker": told["worker"],
        "offset": told["offset"],
        "end_offset": told.get("end_offset"),
        "video_offset": told.get("video_offset"),
        "video_end_offset": told.get("video_end_offset"),
        "video_offset_is_certain": bool(told.get("video_offset_is_certain")),
        "clip": told.get("clip"),
        "poster": told.get("poster"),
    }


def _move_links(record: SessionRecord, origin: Path, target: Path) -> None:
    values = cast("dict[str, Any]", record)
    marked = shown_of(record["session_id"], record["test_id"])

    def moved(link: object) -> str | None:
        # With marks for the ids it is one string for all sessions.
        address = _moved(link, origin, target)
        return None if address is None else sys.intern(marked(address))

    for name in _LINK_FIELDS:
        if values[name]:
            values[name] = moved(values[name])
    values["url"] = values["url"] or ""
    for use in cast("list[dict[str, Any]]", record["tests"]):
        for name in _USE_LINKS:
            use[name] = moved(use[name]) if use[name] else None
    for name in _LINK_TABLES:
        values[name] = _alike(tuple((key, url) for key, link in values[name].items() if (url := moved(link))))


@lru_cache(maxsize=1000)
def _alike(items: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return one dict for all sessions that have the same in it."""
    return dict(items)


def _moved(link: object, origin: Path, target: Path) -> str | None:
    """Return a link that is fit for a page in another folder; None if it is none."""
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
