"""Saves what the cloud keeps of a session: logs, screenshots and video, each as a job of its own.

A file is written beside its final name and renamed when it is whole, so what has its final name is valid, now and in
a later run, and is not fetched again. Logs are cleared of credentials before they touch the disk.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pytest_lambdatest_session.cloud.endpoints import LOGS
from pytest_lambdatest_session.cloud.errors import NotFound, ServerError
from pytest_lambdatest_session.cloud.redact import MASK, scrub
from pytest_lambdatest_session.sidecar.ffmpeg import COPY, run_ffmpeg, source
from pytest_lambdatest_session.sidecar.jobs import Job
from pytest_lambdatest_session.sidecar.messages import NO_TIME
from pytest_lambdatest_session.sidecar.storage import NoRoomError
from pytest_lambdatest_session.sidecar.video_length import video_seconds

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from pytest_lambdatest_session.cloud.client import Client, Fetched
    from pytest_lambdatest_session.cloud.errors import CloudError
    from pytest_lambdatest_session.sidecar.jobs import Emit
    from pytest_lambdatest_session.sidecar.messages import Download
    from pytest_lambdatest_session.sidecar.policy import Policy
    from pytest_lambdatest_session.sidecar.storage import Storage

LOG_LIMIT_BYTES = 20 * 2**20
MEDIA_LIMIT_BYTES = 300 * 2**20
_TRIES = 3
# How long the cloud may say that there is no video of a session that ended until that is believed.
_EXPECTED_FILE_SECONDS, _POSSIBLE_FILE_SECONDS = 8.0, 1.5
_LONGEST_SECONDS, _JOIN_SECONDS = 3600.0, 60.0
_STREAM = "video/index.m3u8"
_MEDIA = {"video": ("video.mp4", "video.webm", _STREAM), "screenshots": ("screenshots.zip",)}

_MP4, _WEBM, _ZIP = b"ftyp", b"\x1aE\xdf\xa3", b"PK"
_HINTS = {"console": "console: true in LT:Options records it", "network": "network: true in LT:Options records it"}
# `\"` within JSON text within JSON.
_SPELLED_OUT = re.compile(
    r"""(?i)((?:access_?key|password|passwd|authorization)\\*["']\s*:\s*\\*["'])[^"'\\]+""",
)
# The account's user name, where it is told from the names of a page's users.
_VENDOR_OPTIONS = re.compile(r"""(?i)["']lt:options\\*["']\s*:\s*\{[^{}]*""")
_USER = re.compile(r"""(?i)(["']user(?:name)?\\*["']\s*:\s*\\*["'])[^"'\\]+""")


def download_jobs(
    request: Download, storage: Storage, now: float, policy: Policy, emit: Emit
) -> Iterator[LogJob | MediaJob]:
    """Yield one job for each file; logs first: they are small, and a video may keep the run waiting."""
    common = (storage, request, now, policy, emit)
    video, screenshots = MediaJob("video", *common), MediaJob("screenshots", *common)
    screenshots.comes_with = video
    jobs: list[LogJob | MediaJob] = [*(LogJob(name, *common) for name in LOGS[request["kind"]]), screenshots, video]
    yield from (job for job in jobs if job.name in request["files"])


class _FileJob(Job):
    """One file. `step` returns whether another try is worth it."""

    seconds = _LONGEST_SECONDS  # a file takes as long as it takes; the budget for all of them ends it

    def __init__(self, name: str, storage: Storage, request: Download, now: float, policy: Policy, emit: Emit) -> None:
        super().__init__(request, now, policy, emit)
        self.name = name
        self._files = _MEDIA.get(name) or (LOGS[self._kind][name][1],)
        """What its file may be called."""
        self._folder = Path(request["folder"])
        self._storage = storage
        self._is_expected = name == "video" and request["has_video"]
        self._steps = 0
        self._began_at = now
        self._path: Path | None = None
        self._missing = NO_TIME.format("lambdatest_artifacts_budget")

    @property
    def circuit(self) -> Hashable:
        # Files come from elsewhere too; whether they do says nothing about the sessions.
        return self.base_url, "files"

    def step(self, client: Client) -> bool:
        self._steps += 1
        if any(self._keep(name) for name in self._files):  # an earlier run saved it
            return False
        if self._storage.trouble is not None:
            self._missing = self._storage.trouble
            return False
        try:
            return self._fetch(client)
        except OSError as error:
            # A disk that is full for one is full for all.
            self._storage.trouble = self._missing = f"{error.strerror or type(error).__name__}, while it was written"
        except NoRoomError as error:
            self._storage.trouble = self._missing = str(error)
        return False

    def succeeded(self, is_worth_it: bool, now: float) -> None:
        if is_worth_it:
            self.due = now + self._policy.backoff(self._steps)
        else:
            self._finish()

    def failed(self, error: CloudError, now: float) -> None:
        self._missing = str(error)
        self._failures += 1
        self.succeeded(self._failures < _TRIES, now)

    def give_up(self, reason: str | None) -> None:
        self._missing = reason or self._missing
        self._finish()

    def reason_at_end(self, trouble: str | None, silence: str | None) -> str | None:
        """Return what the last try said, or that there was no time."""

    @abstractmethod
    def _fetch(self, client: Client) -> bool:
        """Save it, or say why it is `missing`; return whether another try may bring it."""

    def _finish(self) -> None:
        self.is_over = True
        self._emit(
            {
                "type": "downloaded",
                "session_id": self.session_id,
                "name": self.name,
                "path": None if self._path is None else str(self._path),
                "missing": self._missing if self._path is None else None,
                "seconds": None if self._path is None else video_seconds(self._path),
            }
        )

    def _keep(self, name: str) -> bool:
        path = self._folder / name
        if not (path.is_file() and path.stat().st_size):
            return False
        self._path = path
        return True

    def _replace(self, draft: Path, name: str) -> None:
        draft.replace(self._folder / name)
        self._keep(name)

    def _draft(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f".{self.name}.{os.getpid()}.part"


class LogJob(_FileJob):
    """One log, as text without credentials."""

    def _fetch(self, client: Client) -> bool:
        in_path, name = LOGS[self._kind][self.name]
        try:
            text = client.log(self.session_id, in_path, LOG_LIMIT_BYTES).decode("utf-8", "replace")
        except (NotFound, ServerError) as error:
            # These endpoints answer 400 where others say 404.
            if isinstance(error, ServerError) and error.status != 400:  # noqa: PLR2004
                raise
            self._missing = "LambdaTest has none"
            self._failures += 1
            return self._failures < _TRIES
        if name.endswith(".json") and not _rows(text):
            self._missing = f"empty; {_HINTS[self.name]}" if self.name in _HINTS else "empty"
            return False
        content = scrub_log(text, self._storage.secrets).encode()
        self._storage.take(len(content))
        draft = self._draft()
        try:
            draft.write_bytes(content)
            self._replace(draft, name)
        finally:
            draft.unlink(missing_ok=True)
        return False


class MediaJob(_FileJob):
    """The video, or the zip of screenshots: the API gives a link, behind which the file may come later."""

    comes_with: Job | None = None
    """While that is awaited, this is."""
    _was_promised = False

    @property
    def _is_awaited(self) -> bool:
        """Return whether it may yet come: for longer if the cloud spoke of it."""
        if self.comes_with is not None and not self.comes_with.is_over:
            return True
        seconds = _EXPECTED_FILE_SECONDS if self._is_expected else _POSSIBLE_FILE_SECONDS
        return time.monotonic() - self._began_at < seconds

    def _fetch(self, client: Client) -> bool:
        try:
            url = client.media_url(self.session_id, self.name)
            self._was_promised = True
            return self._download(client, url)
        except NotFound:
            return self._none_there()

    def _download(self, client: Client, url: str) -> bool:
        draft = self._draft()
        try:
            with draft.open("wb") as file:
                fetched = self._fill(client, url, file)
            if self.name == "video" and _is_playlist(draft):
                return self._save_stream(client, draft.read_bytes(), fetched)
            name = self._recognise(draft)
            if name is None:
                self._missing = "not ready yet: something else came in its place"
                return True
            self._replace(draft, name)
        finally:
            draft.unlink(missing_ok=True)
        return False

    def _fill(self, client: Client, url: str, file: BinaryIO, *, with_credentials: bool = True) -> Fetched:
        def sink(piece: bytes) -> None:
            self._storage.take(len(piece))
            file.write(piece)

        return client.download(url, sink, limit_bytes=MEDIA_LIMIT_BYTES, with_credentials=with_credentials)

    def _save_stream(self, client: Client, text: bytes, fetched: Fetched) -> bool:
        """Save the pieces of a video, and make one file of them if ffmpeg is there."""
        # Loaded by who meets a stream.
        from pytest_lambdatest_session.sidecar.streams import read_stream  # noqa: PLC0415

        stream = read_stream(client, text, fetched)
        if not stream.is_whole and self._is_awaited:
            self._missing = "not ready yet: its stream has no end"
            return True

        def download(url: str, path: Path) -> None:
            with path.open("wb") as file:
                self._fill(client, url, file, with_credentials=stream.with_credentials)

        whole, pieces = self._folder / "video.mp4", self._draft().with_suffix(".pieces")
        pieces.mkdir()
        try:
            playlist = stream.save(pieces, download)
            until = time.monotonic() + _JOIN_SECONDS
            if run_ffmpeg(source(playlist), COPY, whole, until, lambda _: None) is None:
                self._keep(whole.name)
            else:
                self._replace(pieces, Path(_STREAM).parent.name)
                self._keep(_STREAM)
        finally:
            shutil.rmtree(pieces, ignore_errors=True)
        return False

    def _recognise(self, draft: Path) -> str | None:
        with draft.open("rb") as file:
            head = file.read(12)
        if self.name == "screenshots":
            return self._files[0] if head.startswith(_ZIP) else None
        if head[4:8] == _MP4:
            return "video.mp4"
        return "video.webm" if head.startswith(_WEBM) else None

    def _none_there(self) -> bool:
        if self._was_promised and self.name == "video":
            self._missing = "not ready yet"
            return True
        self._missing = "LambdaTest has none"
        if self.name == "video":
            self._missing += "; video: true in LT:Options records one"
        return self._is_awaited


def _is_playlist(draft: Path) -> bool:
    with draft.open("rb") as file:
        return b"#EXTM3U" in file.read(10)


def scrub_log(text: str, secrets: Iterable[str]) -> str:
    """Return a log without credentials: those of `secrets`, in JSON's spelling too, and any that are named so."""
    spelled = {spelling for secret in secrets for spelling in (secret, json.dumps(secret)[1:-1])}
    cleared = _SPELLED_OUT.sub(rf"\g<1>{MASK}", scrub(text, spelled))
    return _VENDOR_OPTIONS.sub(lambda options: _USER.sub(rf"\g<1>{MASK}", options[0]), cleared)


def _rows(text: str) -> list[object]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return []
    rows = body.get("data") if isinstance(body, dict) else body
    return rows if isinstance(rows, list) else []
