"""`lambdatest_artifacts`: logs, screenshots and videos beside the report: which, where, and what came of it."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from pytest_lambdatest_session.cloud.endpoints import LOGS
from pytest_lambdatest_session.report.asked import Asked
from pytest_lambdatest_session.report.priority import by_priority, needs_attention

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.registry import Registry, TrackedSession
    from pytest_lambdatest_session.sidecar.messages import Downloaded, DownloadRequest

# A folder of more is of no use to anybody; those that need a look come first.
_MOST_SESSIONS = 1000
_VIDEO = "video"
_INLINE_BYTES = 64 * 2**10
_INLINE = {".json": "text", ".txt": "text", ".jpg": "image/jpeg", ".png": "image/png"}
STREAM_NOTE = "VLC plays such an index.m3u8 from disk, Chromium only from a web server"


class SavedFiles(Asked):
    """Notes in the sessions' records what was saved."""

    part = "name"
    budget = "lambdatest_artifacts_budget"

    def __init__(self, registry: Registry, problems: Problems, folder: Callable[[], Path]) -> None:
        super().__init__(registry, problems)
        self._folder = folder

    def wanted(
        self, is_ours: Callable[[TrackedSession], bool], *, of_all: bool, only_video: bool = False
    ) -> Iterator[tuple[TrackedSession, DownloadRequest]]:
        """Return the sessions to save, and what to ask."""
        wanted = [
            tracked
            for tracked in by_priority(self._registry.sessions.values())
            if tracked.ended
            and not self.was_asked(tracked.id, _VIDEO)
            and tracked.public["state"] in ("final", "pending", "unchecked")
            and is_ours(tracked)
            and (of_all or needs_attention(tracked))
        ]
        for tracked in wanted[:_MOST_SESSIONS]:
            names = [_VIDEO] if only_video else [*LOGS[tracked.kind], "screenshots", _VIDEO]
            for name in names:
                self.begin(tracked.id, name)
            folder = str(self._folder() / folder_name(tracked.id))
            yield tracked, {"folder": folder, "files": names, "has_video": bool(tracked.public["video_url"])}
        if len(wanted) > _MOST_SESSIONS:
            self._problems.add(f"artifacts were saved of {_MOST_SESSIONS:,} of {len(wanted):,} sessions")

    def _put(self, tracked: TrackedSession, part: str, result: Downloaded | str) -> tuple[str, str] | None:
        public = tracked.public
        if isinstance(result, str) or result["path"] is None:
            public["artifacts_missing"][part] = missing = result if isinstance(result, str) else str(result["missing"])
            # That there is nothing to save is no problem.
            is_empty = missing.startswith(("empty", "LambdaTest has none"))
            return None if is_empty else ("artifact", f"not saved: {missing}")
        public["artifacts"][part] = link_to(result["path"], self._folder().parent)
        public["video_seconds"] = result["seconds"] or public["video_seconds"]
        is_in_pieces = result["path"].endswith(".m3u8")
        return ("video", f"kept in pieces, as no ffmpeg joined them; {STREAM_NOTE}") if is_in_pieces else None


def folder_name(session_id: str) -> str:
    """Return a session's id, or as much of it as can be the name of a folder everywhere."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", session_id)[:80].lstrip(".")
    if name == session_id:
        return name
    return f"{name}-{hashlib.sha256(session_id.encode('utf-8', 'replace')).hexdigest()[:8]}"


def link_to(file: Path | str, report_folder: Path) -> str:
    """Return a saved file's link, relative to the folder of the report."""
    return quote(Path(file).relative_to(report_folder).as_posix())


def saved_file(public: ReportedSession, name: str, report_folder: Path) -> Path | None:
    """Return a saved file, if it is there: a worker on another machine tells of files that are not."""
    link = public["artifacts"].get(name)
    path = report_folder / unquote(link) if link else None
    return path if path is not None and path.is_file() else None


def inline_reader(folder: Path) -> Callable[[str], str | None]:
    """Return what reads a short file among the artifacts of a report in `folder`; None for anything else.

    A text comes as it is, a picture as a `data:` address.
    """

    def read(artifact: str) -> str | None:
        path = folder / unquote(artifact)
        kind = _INLINE.get(path.suffix)
        try:
            if kind is None or path.stat().st_size > _INLINE_BYTES:
                return None
            content = path.read_bytes()
        except OSError:
            return None
        is_text = kind == "text"
        return content.decode("utf-8", "replace") if is_text else f"data:{kind};base64,{b64encode(content).decode()}"

    return read
