"""Record what a browser shows, as the devtools' screencast, and encode it with ffmpeg.

The screencast leaves the browser alone. Screenshots taken by WebDriver would not: one that is taken while an
alert is open dismisses the alert, and the test that waits for it fails.
"""

from __future__ import annotations

import base64
import contextlib
import importlib
import importlib.util
import itertools
import json
import shutil
import struct
import threading
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .processes import Workshop

_MAX_WIDTH, _MAX_HEIGHT = 1280, 800
_FRAMES_PER_SECOND = 12
_MAX_SECONDS = 600
"""As on the cloud, where a video ends after ten minutes."""
_STILLS = 10


def find_ffmpeg() -> str | None:
    """Return ffmpeg if a recording can be made: it takes ffmpeg and websocket-client, which comes with selenium."""
    return shutil.which("ffmpeg") if importlib.util.find_spec("websocket") else None


@dataclass(frozen=True)
class Frame:
    file: Path
    at: float
    """Seconds since the epoch."""
    width: int
    height: int


class Recording:
    """Collects the frames of one browser in a folder, in a thread of its own, until the browser goes away."""

    def __init__(self, debugger_address: str, folder: Path) -> None:
        self._address = debugger_address
        self._folder = folder
        self._frames: list[Frame] = []
        self._stopping = threading.Event()
        self._is_casting = threading.Event()
        self._has_last_frame = threading.Event()
        self._ids = itertools.count(1)
        self._last_frame_id = 0
        self._socket: Any = None
        self._attached: set[str] = set()
        self._front = ""
        """The devtools session of the window that drew last."""
        self._thread = threading.Thread(target=self._run, name="local-grid-recording", daemon=True)

    @property
    def frame_count(self) -> int:
        return len(self._frames)

    def start(self, timeout_seconds: float) -> None:
        """Start, and wait until the browser has agreed, so that the first command is seen already."""
        self._thread.start()
        self._is_casting.wait(timeout_seconds)

    def take_last_frame(self, timeout_seconds: float) -> None:
        """Picture how it ended: a screencast is some frames late, and what a test failed on comes last.

        Called before the browser is told to quit. An open alert keeps the browser from answering; then the
        time is over and the screencast's last frame is the last.
        """
        if not self._is_casting.wait(timeout_seconds):
            return
        with contextlib.suppress(OSError, self._socket_errors()):
            self._last_frame_id = next(self._ids)
            params = {"format": "jpeg", "quality": 60, "optimizeForSpeed": True}
            self._send("Page.captureScreenshot", params, self._front, self._last_frame_id)
            self._has_last_frame.wait(timeout_seconds)

    def stop(self) -> list[Frame]:
        """Stop, wait for the thread and return what was seen."""
        self._stopping.set()
        self._thread.join(3)
        return list(self._frames)

    def _run(self) -> None:
        # A browser that ends while it is recorded closes the connection: that is how recordings end.
        with contextlib.suppress(OSError, ValueError, KeyError, self._socket_errors()):
            url = f"http://{self._address}/json/version"
            with urllib.request.urlopen(url, timeout=10) as response:
                browser = json.load(response)["webSocketDebuggerUrl"]
            # Chromium refuses connections that name an origin.
            self._socket = _websocket().create_connection(
                browser, timeout=10, suppress_origin=True, enable_multithread=True
            )
            # To connect may take long on a busy machine; to notice that it is time to stop may not.
            self._socket.settimeout(0.25)
            try:
                self._send("Target.setDiscoverTargets", {"discover": True})
                self._listen()
            finally:
                self._socket.close()

    def _socket_errors(self) -> type[Exception]:
        errors: type[Exception] = _websocket().WebSocketException
        return errors

    def _listen(self) -> None:
        started = time.monotonic()
        while not self._stopping.is_set() and time.monotonic() - started < _MAX_SECONDS:
            try:
                message = self._socket.recv()
            except _websocket().WebSocketTimeoutException:
                continue
            if not message:
                return
            self._on_message(json.loads(message))

    def _on_message(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        method = message.get("method")
        if method == "Target.targetCreated":
            self._attach(params["targetInfo"])
        elif method == "Target.attachedToTarget":
            self._front = params["sessionId"]
            wanted = {"format": "jpeg", "quality": 60, "maxWidth": _MAX_WIDTH, "maxHeight": _MAX_HEIGHT}
            self._send("Page.startScreencast", wanted, self._front)
            self._is_casting.set()
        elif method == "Page.screencastFrame":
            self._front = message["sessionId"]
            self._keep(params["data"], float(params["metadata"].get("timestamp") or time.time()))
            # The next frame comes after the acknowledgement: waiting here keeps an animation from costing a core.
            self._stopping.wait(0.04)
            self._send("Page.screencastFrameAck", {"sessionId": params["sessionId"]}, self._front)
        elif message.get("id") == self._last_frame_id:
            if "result" in message:
                self._keep(message["result"]["data"], time.time())
            self._has_last_frame.set()

    def _attach(self, target: dict[str, Any]) -> None:
        """Record every tab; the one in front is the one that draws."""
        if target["type"] == "page" and target["targetId"] not in self._attached:
            self._attached.add(target["targetId"])
            self._send("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})

    def _keep(self, data: str, at: float) -> None:
        content = base64.b64decode(data)
        file = self._folder / f"{len(self._frames):06d}.jpg"
        file.write_bytes(content)
        # Two windows may report out of turn; a film runs forward.
        self._frames.append(Frame(file, max([at, *(frame.at for frame in self._frames[-1:])]), *jpeg_size(content)))

    def _send(self, method: str, params: dict[str, Any], session: str = "", message_id: int | None = None) -> None:
        message: dict[str, Any] = {"id": message_id or next(self._ids), "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))


def _websocket() -> Any:
    """Import websocket-client only where something is recorded: the grid runs without it."""
    return importlib.import_module("websocket")


def jpeg_size(content: bytes) -> tuple[int, int]:
    """Read width and height from a JPEG's start-of-frame segment."""
    position = 2
    while position + 9 <= len(content):
        marker, length = content[position + 1], int.from_bytes(content[position + 2 : position + 4], "big")
        # C0 to CF begin a frame, but for C4, C8 and CC, which are tables.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return width, height
        position += 2 + length
    return _MAX_WIDTH, _MAX_HEIGHT


def encode(
    ffmpeg: str,
    workshop: Workshop,
    frames: Sequence[Frame],
    span: tuple[float, float],
    abandon: threading.Event,
) -> Path | None:
    """Make an mp4 of the frames that lasts as long as the session did; None where there is nothing to show.

    `span` is the session's begin and end, in seconds since the epoch: second 0 of the video is the begin.
    """
    if not frames:
        return None
    folder = frames[0].file.parent
    listing = folder / "frames.ffconcat"
    listing.write_text(frame_list(frames, span), encoding="utf-8")
    width, height = video_size(frames[0])
    filters = (
        f"scale={width}:{height}:force_original_aspect_ratio=decrease,"
        f"pad={width}:{height}:-1:-1,fps={_FRAMES_PER_SECOND},format=yuv420p"
    )
    video = folder / "video.mp4"
    # The next test's browser comes first.
    command = ["nice"] if shutil.which("nice") else []
    command += [ffmpeg, "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", str(listing), "-vf", filters]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-threads", "1"]
    command += ["-movflags", "+faststart", str(video)]
    return video if workshop.run(command, 120, abandon) == 0 and video.exists() else None


def frame_list(frames: Sequence[Frame], span: tuple[float, float]) -> str:
    """Write ffmpeg's list of pictures, each with the seconds it was to be seen."""
    begin, end = span
    starts = [begin, *(frame.at for frame in frames[1:])]
    ends = [*starts[1:], max(end, starts[-1])]
    lines = ["ffconcat version 1.0"]
    for frame, start, stop in zip(frames, starts, ends, strict=True):
        # A video needs some length: a session may be over within its first picture.
        duration = max(stop - start, 2 / _FRAMES_PER_SECOND if frame is frames[-1] else 0.001)
        lines += [f"file '{frame.file.name}'", f"duration {duration:.3f}"]
    # The duration of the last entry counts only if something follows.
    lines.append(f"file '{frames[-1].file.name}'")
    return "\n".join(lines) + "\n"


def video_size(frame: Frame) -> tuple[int, int]:
    """Fit the page's size into the video's limits; both sides even, as yuv420p wants them."""
    scale = min(1.0, _MAX_WIDTH / frame.width, _MAX_HEIGHT / frame.height)
    return _even(frame.width * scale), _even(frame.height * scale)


def stills(frames: Sequence[Frame]) -> tuple[Path, ...]:
    """Choose some frames, evenly spread, as the session's screenshots."""
    step = max(1, -(-len(frames) // _STILLS))
    return tuple(frame.file for frame in frames[::step])


def _even(length: float) -> int:
    return max(2, int(length) // 2 * 2)
