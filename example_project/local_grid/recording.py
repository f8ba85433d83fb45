"""Record a browser with the devtools' screencast, and encode the frames with ffmpeg.

WebDriver's screenshots would disturb the test: one that is taken while an alert is open dismisses the alert.
"""

from __future__ import annotations

import base64
import contextlib
import importlib
import importlib.util
import itertools
import json
import math
import shutil
import subprocess
import threading
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .processes import Processes

_MAX_WIDTH, _MAX_HEIGHT = 1280, 800
_FRAMES_PER_SECOND = 12
_MAX_SECONDS = 600
"""The cloud's limit."""
_STILLS = 10
# The elapsed time in a video: counted in frames, good for eleven minutes.
_TICKS_PER_SECOND = _FRAMES_PER_SECOND
_BITS, _BIT_SIZE = 13, 16


def find_ffmpeg() -> str | None:
    """Return the path of ffmpeg, None unless websocket-client is installed as well."""
    return shutil.which("ffmpeg") if importlib.util.find_spec("websocket") else None


@dataclass(frozen=True)
class Frame:
    file: Path
    at: float
    """Seconds since the epoch."""
    width: float = _MAX_WIDTH
    height: float = _MAX_HEIGHT


class Recording:
    """Writes the frames of one browser into a folder, in a thread of its own, until the browser exits."""

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
        """The devtools session of the window that sent the last frame."""
        self._thread = threading.Thread(target=self._run, name="local-grid-recording", daemon=True)

    def start(self, timeout_seconds: float) -> None:
        """Start, and wait until the browser sends frames, so that the first command is recorded."""
        self._thread.start()
        self._is_casting.wait(timeout_seconds)

    def take_last_frame(self, timeout_seconds: float) -> None:
        """Take one frame before the browser quits: a screencast is late, and a failure shows at the end.

        While an alert is open the browser sends no frame, and this returns after `timeout_seconds`.
        """
        if not self._is_casting.wait(timeout_seconds):
            return
        with contextlib.suppress(OSError, self._socket_errors()):
            self._last_frame_id = next(self._ids)
            params = {"format": "jpeg", "quality": 60, "optimizeForSpeed": True}
            self._send("Page.captureScreenshot", params, self._front, self._last_frame_id)
            self._has_last_frame.wait(timeout_seconds)

    def stop(self) -> list[Frame]:
        """Stop the thread and return the frames."""
        self._stopping.set()
        self._thread.join(3)
        return list(self._frames)

    def _run(self) -> None:
        # A browser that exits closes the connection: the usual end of a recording.
        with contextlib.suppress(OSError, ValueError, KeyError, self._socket_errors()):
            url = f"http://{self._address}/json/version"
            with urllib.request.urlopen(url, timeout=10) as response:
                browser = json.load(response)["webSocketDebuggerUrl"]
            # Chromium refuses connections with an Origin header.
            self._socket = _websocket().create_connection(
                browser, timeout=10, suppress_origin=True, enable_multithread=True
            )
            # Long to connect on a busy machine, short to notice that it is time to stop.
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
            shown = params["metadata"]
            self._keep(params["data"], float(shown.get("timestamp") or 0), shown["deviceWidth"], shown["deviceHeight"])
            # The next frame is sent after this one is acknowledged: the pause limits the frame rate.
            self._stopping.wait(0.04)
            self._send("Page.screencastFrameAck", {"sessionId": params["sessionId"]}, self._front)
        elif message.get("id") == self._last_frame_id:
            if "result" in message:
                self._keep(message["result"]["data"])
            self._has_last_frame.set()

    def _attach(self, target: dict[str, Any]) -> None:
        """Record every window; only the one in front sends frames."""
        if target["type"] == "page" and target["targetId"] not in self._attached:
            self._attached.add(target["targetId"])
            self._send("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})

    def _keep(self, data: str, at: float = 0, *size: float) -> None:
        file = self._folder / f"{len(self._frames):06d}.jpg"
        file.write_bytes(base64.b64decode(data))
        # Frames of two windows may arrive out of order.
        self._frames.append(Frame(file, max([at or time.time(), *(frame.at for frame in self._frames[-1:])]), *size))

    def _send(self, method: str, params: dict[str, Any], session: str = "", message_id: int | None = None) -> None:
        message: dict[str, Any] = {"id": message_id or next(self._ids), "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))


def _websocket() -> Any:
    """Import websocket-client, which the grid needs only to record."""
    return importlib.import_module("websocket")


def encode(
    ffmpeg: str,
    processes: Processes,
    frames: Sequence[Frame],
    span: tuple[float, float],
    more_filters: str,
    abandon: threading.Event,
) -> Path | None:
    """Encode the frames as an mp4 and return its path; None if there are no frames or ffmpeg fails.

    `span` is start and end of the video in seconds since the epoch. `more_filters` are ffmpeg's, each after a comma.
    """
    if not frames:
        return None
    folder = frames[0].file.parent
    listing = folder / "frames.ffconcat"
    listing.write_text(frame_list(frames, span), encoding="utf-8")
    width, height = video_size(frames[0])
    filters = (
        f"scale={width}:{height}:force_original_aspect_ratio=decrease,"
        f"pad={width}:{height}:-1:-1,fps={_FRAMES_PER_SECOND}{more_filters},format=yuv420p"
    )
    video = folder / "video.mp4"
    # The browser of the next test has priority.
    command = ["nice"] if shutil.which("nice") else []
    command += [ffmpeg, "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", str(listing), "-vf", filters]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-threads", "1"]
    command += ["-movflags", "+faststart", str(video)]
    return video if processes.run(command, 120, abandon) == 0 and video.exists() else None


def stream_of(video: Path) -> Path:
    """Return the folder of a video's stream, `index.m3u8` and pieces, which is made when it is first asked for."""
    folder = video.with_name(f"{video.stem}-stream")
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg and not folder.exists():
        folder.mkdir()
        command = [ffmpeg, "-v", "error", "-i", str(video), "-c", "copy", "-f", "hls", "-hls_time", "2"]
        command += ["-hls_playlist_type", "vod", "-hls_segment_filename", "piece%03d.ts", "index.m3u8"]
        subprocess.run(command, cwd=folder, check=False, timeout=60)
    return folder


def frame_list(frames: Sequence[Frame], span: tuple[float, float]) -> str:
    """Return ffmpeg's list of frames, each with its duration."""
    begin, end = span
    # Frames that are replaced before the begin are not shown.
    until = [*(frame.at for frame in frames[1:]), math.inf]
    frames = [frame for frame, stop in zip(frames, until, strict=True) if stop > begin]
    starts = [begin, *(frame.at for frame in frames[1:])]
    # A video of no length is invalid: a session may have ended with its first frame.
    ends = [*starts[1:], max(end, starts[-1], begin + 2 / _FRAMES_PER_SECOND)]
    lines = ["ffconcat version 1.0"]
    for frame, start, stop in zip(frames, starts, ends, strict=True):
        lines += [f"file '{frame.file.name}'", f"duration {max(stop - start, 0.001):.3f}"]
    # ffmpeg ignores the duration of the last entry.
    lines.append(f"file '{frames[-1].file.name}'")
    return "\n".join(lines) + "\n"


def elapsed_filters(first_second: float) -> str:
    """Return ffmpeg's filters that paint the elapsed time into the upper left corner, as a row of black and white bits.

    `first_second` is the session's elapsed time at second 0 of the video.
    """
    square = f"w={_BIT_SIZE}:h={_BIT_SIZE}:t=fill"
    return "".join(
        f",drawbox=x={bit * _BIT_SIZE}:y=0:{square}:color=black"
        f",drawbox=x={bit * _BIT_SIZE}:y=0:{square}:color=white"
        f":enable='mod(floor((t+{first_second})*{_TICKS_PER_SECOND}/{2**bit}),2)'"
        for bit in range(_BITS)
    )


def read_elapsed_seconds(ffmpeg: str, video: Path, at_seconds: float) -> float:
    """Return the elapsed time that is painted into the video's frame at `at_seconds`, in twelfths of a second."""
    corner = f"crop={_BITS * _BIT_SIZE}:{_BIT_SIZE}:0:0,scale={_BITS}:1:flags=area,format=gray"
    command = [ffmpeg, "-v", "error", "-ss", str(at_seconds), "-i", str(video), "-frames:v", "1", "-vf", corner]
    squares = subprocess.run([*command, "-f", "rawvideo", "-"], capture_output=True, check=True, timeout=30).stdout
    return sum(1 << bit for bit, brightness in enumerate(squares) if brightness > 127) / _TICKS_PER_SECOND


def video_size(frame: Frame) -> tuple[int, int]:
    """Scale the page's size down to the video's limits; both sides are even, as yuv420p requires."""
    scale = min(1.0, _MAX_WIDTH / frame.width, _MAX_HEIGHT / frame.height)
    return _even(frame.width * scale), _even(frame.height * scale)


def stills(frames: Sequence[Frame]) -> tuple[Path, ...]:
    """Return up to ten frames, evenly spread: the session's screenshots."""
    step = max(1, -(-len(frames) // _STILLS))
    return tuple(frame.file for frame in frames[::step])


def _even(length: float) -> int:
    return max(2, int(length) // 2 * 2)
