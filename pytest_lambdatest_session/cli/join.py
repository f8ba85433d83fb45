"""`join`: the sessions files of several runs or processes as one page, or as one file."""

from __future__ import annotations

import gc
import json
import os
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast
from urllib.parse import quote, unquote, urlsplit

from markupsafe import Markup

from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.html.rendering import pieces
from pytest_lambdatest_session.report.html.rows import marker
from pytest_lambdatest_session.report.html.summary import block_values, style
from pytest_lambdatest_session.report.html.table import SESSION_ID, TEST_ID, Shown
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

    from pytest_lambdatest_session.report.records import Outcome, SessionRecord, SessionUse

# The page has one table, see `sessions_block`.
_TOKEN = "join"  # noqa: S105 - no password
_LINK_FIELDS = ("url", "video_url", "screenshot_url", "share_url", "player")
_LINK_TABLES = ("logs", "links", "artifacts")
_link_fields, _link_tables = itemgetter(*_LINK_FIELDS), itemgetter(*_LINK_TABLES)
_USE_LINKS = ("clip", "poster")
_decode = json.JSONDecoder().decode
_PLAIN_ID = re.compile("[A-Za-z0-9-]{8,}")
_SAFE = f"/{SESSION_ID}{TEST_ID}"
_TYPES: dict[str, tuple[type, ...]] = {
    key: (str, type(None)) if default is None else (type(default),)
    for key, default in unknown_session("", "", "web").items()
}
_TYPES["duration"] = _TYPES["video_seconds"] = (int, float, type(None))
_OWN = ("session_id", "test_id", "started_at", "ended_at", "url", "video_url", "screenshot_url", "share_url", "player")
"""What hardly any two sessions have in common."""


class NoSessionsFileError(ValueError):
    """A file is none that a run of pytest wrote with `lambdatest_sessions_file`."""


def join(files: Sequence[Path], html: Path | None, out: TextIO) -> int:
    """Join `files` into a page, or into lines on `out`.

    Raises:
        NoSessionsFileError: one of the files is none.
        OSError: one can't be read, or the page not be written.
    """
    gc.disable()  # nothing is garbage before the process ends, and to look for some takes a fifth of the time
    folder = html.parent if html is not None else None
    sessions = merged(read_sessions_file(file, folder) for file in files)
    if html is None:
        out.writelines(json.dumps(session.record, ensure_ascii=False) + "\n" for session in sessions)
    else:
        write_whole(html, page_of(sessions))
    gc.freeze()  # the interpreter looks for garbage once more as it ends
    return 0


def read_sessions_file(file: Path, folder: Path | None = None) -> list[SessionRecord]:
    """Return the records of one file; for a page in `folder` links become relative to that, with marks for the ids."""
    records = []
    origin, target = str(file.parent.resolve()), "" if folder is None else str(folder.resolve())
    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.isspace():
                try:
                    records.append(_record(line))
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                    raise NoSessionsFileError(
                        f"{file}, line {number} is no session; "
                        "accepted: files that pytest wrote with lambdatest_sessions_file"
                    ) from None
                if folder is not None:
                    _move_links(records[-1], origin, target)
    return records


@dataclass(slots=True)
class Joined:
    """A session, and for each of its `tests` the number of the file that told of it."""

    record: SessionRecord
    files: list[int]

    def take(self, record: SessionRecord, file: int) -> None:
        """Take in what another file tells: tests that are new, and what is final in place of what is not."""
        known = {tuple(use.values()) for use in self.record["tests"]}
        new = [use for use in record["tests"] if tuple(use.values()) not in known]
        better = record if record["state"] == "final" and self.record["state"] != "final" else self.record
        self.record = {**better, "tests": self.record["tests"] + new}
        self.files += [file] * len(new)


def merged(files: Iterable[Iterable[SessionRecord]]) -> Iterator[Joined]:
    """Yield each session once, in the order met."""
    found: dict[str, Joined] = {}
    for number, records in enumerate(files):
        for record in records:
            known = found.get(record["session_id"])
            if known is not None:
                known.take(record, number)
            else:
                found[record["session_id"]] = Joined(record, [number] * len(record["tests"]))
    yield from found.values()


def page_of(sessions: Iterable[Joined]) -> Iterator[str]:
    """Return one page, in pieces: the table of all sessions, and below it the details of each test that failed."""
    registry = _registry_of(sessions)
    failures = (
        (attempt.nodeid, attempt.outcome, Markup(marker(f"{_TOKEN}.{place}")))  # noqa: S704 - markup of ours
        for place, attempt in enumerate(registry.attempts.values())
        if attempt.outcome in FAILED_OUTCOMES
    )
    block = block_values(registry, Problems(), _TOKEN)
    return pieces("html/templates/sessions_page.html", style=style(), failures=failures, **block)


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
        attempt_id = str(len(registry.attempts))
        attempt = registry.attempts[attempt_id] = AttemptRecord(attempt_id, nodeid, worker, number)
        attempt.merge_uses([(tracked, start, end) for tracked, start, end, _, _ in used])
        files = {tracked: (clip, poster) for tracked, _, _, clip, poster in used}
        for one in attempt.uses:
            one.clip, one.poster = files[one.tracked]
        attempt.record_outcome(outcome)
    return registry


def _times(use: SessionUse) -> tuple[float, float]:
    start, end = use["offset"] or 0.0, use["end_offset"]
    return start, start if end is None else end


def _record(line: str) -> SessionRecord:
    """Return a line as a record: what it lacks, as a line of an older version does, is unknown."""
    told = _decode(line)
    record = cast("dict[str, Any]", unknown_session(str(told["session_id"]), str(told["hub"]), told["kind"]))
    tests = told.pop("tests")
    fit, repeated = _accepted(tuple(told), tuple(map(type, told.values())))
    record.update(told if len(fit) == len(told) else {key: told[key] for key in fit})
    for key in repeated:
        record[key] = sys.intern(record[key])
    record["tests"] = [_use(use) for use in tests]
    return cast("SessionRecord", record)


# There are few kinds of lines, and to look at each value of a hundred thousand takes long.
@lru_cache(maxsize=1000)
def _accepted(keys: tuple[str, ...], types: tuple[type, ...]) -> tuple[list[str], list[str]]:
    """Return which fields of a line are taken, and which of them as one text for all sessions that say the same."""
    fit = [key for key, kind in zip(keys, types, strict=True) if kind in _TYPES.get(key, ())]
    return fit, [key for key, kind in zip(keys, types, strict=True) if key in fit and kind is str and key not in _OWN]


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


def _move_links(record: SessionRecord, origin: str, target: str) -> None:
    values = cast("dict[str, Any]", record)
    session_id, test_id = record["session_id"], record["test_id"]
    # Of others what stands in a link may be spelled in another way than the id.
    is_plain_id = _PLAIN_ID.fullmatch(session_id) and _PLAIN_ID.fullmatch(test_id or session_id)
    logs, added, artifacts = _link_tables(values)
    links = [*_link_fields(values), *logs.values(), *added.values(), *artifacts.values()]
    text = "\n".join([link if type(link) is str and "\n" not in link else "" for link in links])
    if is_plain_id:
        text = Shown(session_id, test_id).marked(text)
    names = tuple(logs), tuple(added), tuple(artifacts)
    values.update(_moved_links(origin, target, names, text))
    for use in cast("list[dict[str, Any]]", record["tests"]):
        for name in _USE_LINKS:
            use[name] = _moved(use[name], origin, target) if use[name] else None


# With marks for the ids links are the same for nearly all sessions of a file.
@lru_cache(maxsize=100)
def _moved_links(origin: str, target: str, names: tuple[tuple[str, ...], ...], links: str) -> dict[str, Any]:
    """Return the record's fields with links in them; those of its tables have these names."""
    moved = iter([_moved(link, origin, target) for link in links.split("\n")])
    fields: dict[str, Any] = dict(zip(_LINK_FIELDS, moved, strict=False))
    tables = [{name: link for name, link in zip(kinds, moved, strict=False) if link} for kinds in names]
    return {**fields, **dict(zip(_LINK_TABLES, tables, strict=True)), "url": fields["url"] or ""}


def _moved(link: str, origin: str, target: str) -> str | None:
    """Return a link that is fit for a page in another folder; None if it is none."""
    if is_plain(link):
        return sys.intern(link)
    if not (link and is_link(link)):
        return None
    if urlsplit(link).scheme or link.startswith("/"):
        return link
    path, mark, rest = link.partition("#")
    moved = os.path.relpath(Path(origin) / unquote(path), target)
    return quote(moved.replace(os.sep, "/"), safe=_SAFE) + mark + rest
