"""How long a video is, from what its file says: the boxes of an mp4, the elements of a webm, the lines of a playlist.

ISO/IEC 14496-12, sections 4.2, 8.2.2 and 8.8, RFC 9559, section 5.1.2, and RFC 8216, section 4.3.2.1.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_LARGEST_BOX_BYTES = 16 * 2**20
_MOST_BOXES = 100_000
_WEBM_HEAD_BYTES = 2**16
_SEGMENT, _INFO, _CLUSTER, _SCALE, _DURATION = 0x18538067, 0x1549A966, 0x1F43B675, 0x2AD7B1, 0x4489
_LONG_SIZE, _UP_TO_THE_END = 1, 0
# Flags of `tfhd` and `trun`: which fields are there, each of them four bytes but the first.
_TFHD_BASE_OFFSET, _TFHD_DESCRIPTION, _TFHD_DURATION = 0x1, 0x2, 0x8
_TRUN_DATA_OFFSET, _TRUN_FIRST_FLAGS, _TRUN_DURATION = 0x1, 0x4, 0x100
_TRUN_SAMPLE_FIELDS = (_TRUN_DURATION, 0x200, 0x400, 0x800)


def video_seconds(path: Path) -> float | None:
    """Return the length of an mp4, in one piece or in fragments, of a webm or a stream; None if it does not say."""
    measure = {".m3u8": _playlist_seconds, ".webm": _webm_seconds}.get(path.suffix, _length)
    try:
        with path.open("rb") as file:
            return measure(file) or None
    except (OSError, struct.error, LookupError, ArithmeticError):
        return None


def _playlist_seconds(file: BinaryIO) -> float:
    """Of one that was saved here."""
    return sum(float(line[8:].strip().rstrip(b",")) for line in file if line.startswith(b"#EXTINF:"))


def _webm_seconds(file: BinaryIO) -> float:
    """Only of one that was written to its end: others do not say it."""
    head, place, scale, duration = file.read(_WEBM_HEAD_BYTES), 0, 10**6, 0.0
    while place < len(head):
        kind, place = _variable_number(head, place)
        size, place = _variable_number(head, place, without_length=True)
        if kind == _CLUSTER:
            break
        if kind == _SCALE:
            scale = int.from_bytes(head[place : place + size], "big")
        elif kind == _DURATION:
            (duration,) = struct.unpack_from(">f" if size == 4 else ">d", head, place)  # noqa: PLR2004
        place += 0 if kind in {_SEGMENT, _INFO} else size  # what these contain follows
    seconds = duration * scale / 1e9
    return seconds if 0 < seconds < math.inf else 0.0


def _variable_number(head: bytes, place: int, *, without_length: bool = False) -> tuple[int, int]:
    """A number and where it ends: how long it is says its first bit that is set, which ids keep."""
    length = 9 - head[place].bit_length()
    number = int.from_bytes(head[place : place + length], "big")
    return (number & ((1 << 7 * length) - 1) if without_length else number), place + length


class _Track:
    """Where the fragments of one track begin and end, in units of its own."""

    def __init__(self, scale: int) -> None:
        self.scale = scale
        self.sample_duration = 0
        self.begin: int | None = None
        self.end = 0

    def add(self, fragment: bytes) -> None:
        begin = self.end
        for kind, body in _boxes(fragment):
            if kind == b"tfdt":
                begin = self.end = _number(body, 4, is_long=body[0] == 1)
            elif kind == b"trun":
                self.end += self._run_duration(body, fragment)
        self.begin = begin if self.begin is None else self.begin

    def _run_duration(self, run: bytes, fragment: bytes) -> int:
        flags, count = _flags(run), _number(run, 4)
        if not flags & _TRUN_DURATION:
            return count * self._default_duration(fragment)
        width = 4 * sum(bool(flags & field) for field in _TRUN_SAMPLE_FIELDS)
        start = 8 + 4 * (bool(flags & _TRUN_DATA_OFFSET) + bool(flags & _TRUN_FIRST_FLAGS))
        return sum(_number(run, start + width * sample) for sample in range(min(count, len(run) // width)))

    def _default_duration(self, fragment: bytes) -> int:
        for header in _find(fragment, b"tfhd"):
            flags = _flags(header)
            if flags & _TFHD_DURATION:
                return _number(header, 8 + 8 * bool(flags & _TFHD_BASE_OFFSET) + 4 * bool(flags & _TFHD_DESCRIPTION))
        return self.sample_duration


def _length(file: BinaryIO) -> float:
    whole, tracks = 0.0, dict[int, _Track]()
    for kind, body in _boxes_of_file(file):
        if kind == b"moov":
            whole, tracks = _movie_seconds(body), _tracks(body)
        else:
            for fragment in _find(body, b"traf"):
                for header in _find(fragment, b"tfhd"):
                    if (track := tracks.get(_number(header, 4))) is not None:
                        track.add(fragment)
    # Where the movie itself has samples, those of fragments come after them.
    lengths = [(track.end - (0 if whole else track.begin or 0)) / track.scale for track in tracks.values()]
    return max([whole, *lengths])


def _movie_seconds(movie: bytes) -> float:
    for header in _find(movie, b"mvhd"):
        is_long = header[0] == 1
        place = 20 if is_long else 12
        scale, duration = _number(header, place), _number(header, place + 4, is_long=is_long)
        is_known = duration != (2**64 if is_long else 2**32) - 1
        return duration / scale if is_known else 0.0
    return 0.0


def _tracks(movie: bytes) -> dict[int, _Track]:
    tracks = {}
    for track in _find(movie, b"trak"):
        for header, media in zip(_find(track, b"tkhd"), _find(track, b"mdia", b"mdhd"), strict=False):
            number = _number(header, 20 if header[0] == 1 else 12)
            tracks[number] = _Track(_number(media, 20 if media[0] == 1 else 12))
    for default in _find(movie, b"mvex", b"trex"):
        if (found := tracks.get(_number(default, 4))) is not None:
            found.sample_duration = _number(default, 12)
    return tracks


def _boxes_of_file(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """The boxes that say how long it is; what they describe is skipped."""
    for _ in range(_MOST_BOXES):
        head = file.read(8)
        if len(head) < 8:  # noqa: PLR2004
            return
        size, kind = _number(head, 0), head[4:]
        left = (_number(file.read(8), 0, is_long=True) - 16) if size == _LONG_SIZE else size - 8
        if kind in (b"moov", b"moof") and 0 <= left <= _LARGEST_BOX_BYTES:
            yield kind, file.read(left)
        elif size == _UP_TO_THE_END or left < 0:
            return
        else:
            file.seek(left, 1)


def _find(body: bytes, kind: bytes, *inner: bytes) -> Iterator[bytes]:
    for found, content in _boxes(body):
        if found == kind:
            yield from _find(content, *inner) if inner else (content,)


def _boxes(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(body):
        size = _number(body, place)
        if size < 8:  # noqa: PLR2004
            return
        yield body[place + 4 : place + 8], body[place + 8 : place + size]
        place += size


def _flags(body: bytes) -> int:
    return _number(body, 0) & 0xFFFFFF


def _number(body: bytes, place: int, *, is_long: bool = False) -> int:
    number: int = struct.unpack_from(">Q" if is_long else ">I", body, place)[0]
    return number
