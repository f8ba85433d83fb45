"""Work on sessions in the background: record them, encode the video, write the page."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Any

from . import pages, recording
from .journal import now
from .recording import Recording

if TYPE_CHECKING:
    from pathlib import Path

    from .journal import Journal, SessionRecord
    from .options import GridOptions
    from .processes import Processes

_PAGES_TIMEOUT_SECONDS = 5
_RECORDER_TIMEOUT_SECONDS = 1


class Finisher:
    """Owns the recordings, and one thread that encodes and writes pages, one session after the other."""

    def __init__(self, options: GridOptions, journal: Journal, processes: Processes, ffmpeg: str | None) -> None:
        self._options = options
        self._journal = journal
        self._processes = processes
        self._ffmpeg = ffmpeg
        self._recordings: dict[str, Recording] = {}
        self._work: queue.Queue[str | None] = queue.Queue()
        self._out_of_time = threading.Event()
        self._thread = threading.Thread(target=self._run, name="local-grid-finisher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def begin(self, record: SessionRecord, capabilities: dict[str, Any], wants_video: bool) -> None:
        """Start recording if the session has a real browser and recording is wanted."""
        address = (capabilities.get("goog:chromeOptions") or {}).get("debuggerAddress")
        if not (address and self._ffmpeg and self._options.record and wants_video):
            return
        one = Recording(address, self._processes.new_folder("recording-"))
        self._recordings[record.session_id] = one
        self._journal.update(record.session_id, recording=True)
        one.start(_RECORDER_TIMEOUT_SECONDS)

    def before_end(self, session_id: str) -> None:
        """Take the last frame, while the browser is still there."""
        one = self._recordings.get(session_id)
        if one:
            one.take_last_frame(_RECORDER_TIMEOUT_SECONDS)

    def finish(self, session_id: str) -> None:
        """Queue an ended session: its video is encoded and its page written, again after a change."""
        record = self._journal.find(session_id)
        if record and record.ended is not None:
            self._work.put(session_id)

    def close(self, timeout_seconds: float) -> None:
        """Wait for the queue. After `timeout_seconds` videos are given up; every session still gets its page."""
        self._work.put(None)
        self._thread.join(timeout_seconds)
        self._out_of_time.set()
        self._thread.join(_PAGES_TIMEOUT_SECONDS)

    def _run(self) -> None:
        while (session_id := self._work.get()) is not None:
            # A full disk, a broken ffmpeg, or an interpreter that shuts down and starts no process: this session
            # has no video or page, the next may.
            with contextlib.suppress(OSError, RuntimeError):
                self._finish(session_id)

    def _finish(self, session_id: str) -> None:
        one = self._recordings.pop(session_id, None)
        if one:
            # No video, no link to it.
            video = self._encode(session_id, one)
            self._journal.update(session_id, video=video, recording=video is not None)
        if self._options.pages_dir:
            pages.write(self._options.pages_dir, self._journal.snapshot(session_id))

    def _encode(self, session_id: str, one: Recording) -> Path | None:
        record = self._journal.find(session_id)
        frames = one.stop()
        stills = recording.stills(frames)
        self._journal.update(session_id, screenshots=stills)
        if record is None or self._ffmpeg is None or self._out_of_time.is_set():
            return None
        late = self._options.video_starts_late
        span = record.created_at.timestamp() + late, (record.ended_at or now()).timestamp()
        filters = recording.elapsed_filters(late) if self._options.video_shows_time else ""
        video = recording.encode(self._ffmpeg, self._processes, frames, span, filters, self._out_of_time)
        for frame in frames:
            if frame.file not in stills:
                frame.file.unlink(missing_ok=True)
        return video
