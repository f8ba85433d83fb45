"""Record what a browser shows, as the devtools' screencast, and encode it with ffmpeg.

The screencast leaves the browser alone. Screenshots taken by WebDriver would not: one that is taken while an
alert is open dismisses the alert, and the test that waits for it fails.
"""

from __future__ import annotations

import base64
import contextlib
import importlib
import importlib.util
import json
import shutil
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
        self._next_id = 0
        self._socket: Any = None
        self._attached: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="local-grid-recording", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> list[Frame]:
        """Stop, wait for the thread and return what was seen."""
        self._stopping.set()
        self._thread.join(3)
        return list(self._frames)

    def _run(self) -> None:
        websocket = importlib.import_module("websocket")
        # A browser that ends while it is recorded closes the connection: that is how recordings end.
        with contextlib.suppress(OSError, ValueError, KeyError, websocket.WebSocketException):
            url = f"http://{self._address}/json/version"
            with urllib.request.urlopen(url, timeout=5) as response:
                browser = json.load(response)["webSocketDebuggerUrl"]
            # Chromium refuses connections that name an origin.
            self._socket = websocket.create_connection(browser, timeout=10, suppress_origin=True)
            # To connect may take long on a busy machine; to notice that it is time to stop may not.
            self._socket.settimeout(0.25)
            try:
                self._send("Target.setDiscoverTargets", {"discover": True})
                self._listen(websocket.WebSocketTimeoutException)
            finally:
                self._socket.close()

    def _listen(self, timeout_error: type[Exception]) -> None:
        started = time.monotonic()
        while not self._stopping.is_set() and time.monotonic() - started < _MAX_SECONDS:
            try:
                message = self._socket.recv()
            except timeout_error:
                continue
            if not message:
                return
            self._on_event(json.loads(message))

    def _on_event(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        method = event.get("method")
        if method == "Target.targetCreated":
            target = params["targetInfo"]
            # Every tab is recorded; the one in front is the one that draws.
            if target["type"] == "page" and target["targetId"] not in self._attached:
                self._attached.add(target["targetId"])
                self._send("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        elif method == "Target.attachedToTarget":
            wanted = {"format": "jpeg", "quality": 60, "maxWidth": _MAX_WIDTH, "maxHeight": _MAX_HEIGHT}
            self._send("Page.startScreencast", wanted, params["sessionId"])
        elif method == "Page.screencastFrame":
            self._keep(params)
            # The next frame comes after the acknowledgement: waiting here keeps an animation from costing a core.
            self._stopping.wait(0.04)
            self._send("Page.screencastFrameAck", {"sessionId": params["sessionId"]}, event.get("sessionId"))

    def _keep(self, params: dict[str, Any]) -> None:
        metadata = params["metadata"]
        file = self._folder / f"{len(self._frames):06d}.jpg"
        file.write_bytes(base64.b64decode(params["data"]))
        self._frames.append(
            Frame(
                file,
                float(metadata.get("timestamp") or time.time()),
                int(metadata["deviceWidth"]),
                int(metadata["deviceHeight"]),
            )
        )

    def _send(self, method: str, params: dict[str, Any], session: str | None = None) -> None:
        self._next_id += 1
        message: dict[str, Any] = {"id": self._next_id, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))


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
