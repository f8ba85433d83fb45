"""The screenshots of a session, taken out of the zip that LambdaTest makes of them: so many, so large, under our names.

What is in the zip is untrusted: its names are used for the order alone, and each picture is known by its first bytes.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from zipfile import ZipInfo

MOST = 150
"""LambdaTest's own limit for a session."""
_MOST_BYTES, _MOST_BYTES_TOGETHER = 8 * 2**20, 60 * 2**20
_MOST_ENTRIES = 10_000
_STARTS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}


def unpack(archive: Path, folder: Path) -> list[str]:
    """Write the pictures of `archive` into `folder`, and return their names in order.

    Raises:
        BadZipFile: it is none, or protected, or has too much in it.
        OSError: `folder` can't be written.
    """
    try:
        with ZipFile(archive) as opened:
            entries = opened.infolist()
            if len(entries) > _MOST_ENTRIES:
                raise BadZipFile
            names = []
            for number, (kind, content) in enumerate(_pictures(opened, entries), 1):
                names.append(f"screenshot-{number:03}.{kind}")
                (folder / names[-1]).write_bytes(content)
            return names
    except (RuntimeError, EOFError, ValueError, zlib.error) as error:
        raise BadZipFile from error


def _pictures(opened: ZipFile, entries: list[ZipInfo]) -> Iterator[tuple[str, bytes]]:
    """The kind and the bytes of each; what a zip says of sizes need not be true, so reading ends at the limit."""
    left, found = _MOST_BYTES_TOGETHER, 0
    for entry in sorted(entries, key=lambda entry: _natural(entry.filename)):
        if entry.is_dir() or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            continue
        with opened.open(entry) as file:
            head = file.read(8)
            kind = next((kind for start, kind in _STARTS.items() if head.startswith(start)), None)
            content = head + file.read(_MOST_BYTES) if kind is not None else b""
        if kind is None or len(content) > _MOST_BYTES:
            continue
        left -= len(content)
        found += 1
        if left < 0 or found > MOST:
            return
        yield kind, content


def _natural(name: str) -> list[tuple[int, str]]:
    """So that `shot-2` comes before `shot-10`."""
    return [(int(part), "") if place % 2 else (0, part) for place, part in enumerate(re.split(r"([0-9]{1,18})", name))]
