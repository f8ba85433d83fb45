"""Writes the page of each session of which artifacts were to be saved, beside them: `<session's folder>/index.html`.

The page is there whatever is missing: without a video it shows the screenshots of LambdaTest's zip, and without those
the list alone, which without logs has what the run itself saw. Of a video that was cut and not kept it plays the clips.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote
from zipfile import BadZipFile

from pytest_lambdatest_session.capture.untouched import untouched
from pytest_lambdatest_session.report.log_rows import console_errors, log_rows
from pytest_lambdatest_session.report.player.events import events_of
from pytest_lambdatest_session.report.player.page import Media, duration_of, page_of
from pytest_lambdatest_session.report.player.stills import unpack
from pytest_lambdatest_session.report.priority import by_priority
from pytest_lambdatest_session.report.saved_files import folder_name, link_to, saved_file
from pytest_lambdatest_session.report.sessions_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry, TrackedSession

PAGE = "index.html"
_LOGS = ("command", "console", "network")
_CONSOLE_ERRORS_KEPT = 100
_SECONDS = 20.0


class PlayerPages:
    """An output: what it finds in saved logs it also notes in the registry, for those that come after it."""

    def __init__(
        self,
        registry: Registry,
        problems: Problems,
        folder: Callable[[], Path],
        report: Path | None,
        *,
        seconds: float = _SECONDS,
    ) -> None:
        """`folder` is that of the run's artifacts, `report` the HTML report beside it, if there is one."""
        self._registry = registry
        self._problems = problems
        self._folder = folder
        self._report = report
        self._seconds = seconds

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        """Nothing to do: a page is about a session, once all is known of it."""

    def bind(self) -> None:
        """Write the pages, those first that need a look, within a time that no run notices."""
        until = untouched.monotonic() + self._seconds
        saved = [
            tracked
            for tracked in by_priority(self._registry.sessions.values())
            if tracked.public["artifacts"]
            or tracked.public["artifacts_missing"]
            or any(use.clip is not None for use in tracked.uses)
        ]
        for place, tracked in enumerate(saved):
            if untouched.monotonic() > until:
                self._problems.add(f"pages with a player were written for {place:,} of {len(saved):,} saved sessions")
                return
            with self._problems.guard():
                self._write(tracked)

    def _write(self, tracked: TrackedSession) -> None:
        public, folder = tracked.public, self._folder() / folder_name(tracked.id)
        report_folder = self._folder().parent
        logs = {kind: file for kind in _LOGS if (file := saved_file(public, kind, report_folder)) is not None}
        texts = {kind: file.read_text(encoding="utf-8", errors="replace") for kind, file in logs.items()}
        rows = log_rows(texts, public["started_at"])
        tracked.console_errors = console_errors(rows, _CONSOLE_ERRORS_KEPT)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            media = _media(public, folder, report_folder)
            report = quote(self._report.name) if self._report is not None else None
            write_whole(folder / PAGE, [page_of(tracked, events_of(tracked, rows), media, report)])
        except OSError as error:
            self._problems.add(f"a page with a player was not written: {error.strerror or type(error).__name__}")
            return
        public["player"] = link_to(folder / PAGE, report_folder)
        for use in tracked.uses:
            # Each failure has the picture that was taken around it. Their times are not known: spread evenly.
            if media.stills and use.attempt.has_a_failure and use.failure_offset is not None:
                place = int(use.failure_offset / duration_of(tracked) * len(media.stills))
                use.poster = link_to(folder / media.stills[min(place, len(media.stills) - 1)], report_folder)


def _media(public: ReportedSession, folder: Path, report_folder: Path) -> Media:
    """The video if it was saved, or else the screenshots."""
    video, archive = (saved_file(public, name, report_folder) for name in ("video", "screenshots"))
    if video is not None:
        return Media(video=link_to(video, folder))
    if archive is not None:
        try:
            return Media(stills=tuple(unpack(archive, folder)))
        except BadZipFile:
            public["artifacts_missing"]["screenshots"] = "their zip can't be read; it is as LambdaTest sent it"
    return Media()
