"""Runs ffmpeg on what was saved: files that came from elsewhere, and that it shall take for what they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_lambdatest_session.sidecar.messages import NO_TIME
from pytest_lambdatest_session.sidecar.storage import NoRoomError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


# What is copied: the picture, and the sound if there is any.
COPY = ("-map", "0:v:0", "-map", "0:a?", "-c", "copy", "-map_metadata", "-1", "-movflags", "+faststart")


def source(path: Path) -> list[str]:
    """Return the options that read a file, by the format of its ending, and nothing that it may refer to elsewhere."""
    kind = ["hls", "-allowed_extensions", "ALL"] if path.suffix == ".m3u8" else [path.suffix.removeprefix(".")]
    return ["-protocol_whitelist", "file", "-f", *kind, "-i", f"file:{path}"]


def run_ffmpeg(
    reading: Iterable[str], writing: Iterable[str], path: Path, until: float, take_room: Callable[[int], None]
) -> str | None:
    """Make a file, whole or not at all; return why it was not made, None if it was.

    `take_room` is told its size, and may raise NoRoomError.
    """
    draft = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    command = [shutil.which("ffmpeg") or "ffmpeg", "-v", "error", "-nostdin", "-y", *reading, *writing, f"file:{draft}"]
    seconds = max(0.0, until - time.monotonic())
    try:
        # No shell, and options of ours only.
        ended = subprocess.run(command, check=False, capture_output=True, timeout=seconds)  # noqa: S603
        size = draft.stat().st_size if draft.is_file() else 0
        if ended.returncode != 0 or not size:
            return "ffmpeg failed at it"
        take_room(size)
        draft.replace(path)
    except subprocess.TimeoutExpired:
        return NO_TIME.format("lambdatest_artifacts_budget")
    except NoRoomError as error:
        return str(error)
    except OSError as error:
        return f"ffmpeg could not be run: {error.strerror or type(error).__name__}"
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return None
