"""Screenshots of nothing: valid PNG files of one colour."""

from __future__ import annotations

import base64
import functools
import struct
import zlib


@functools.lru_cache(maxsize=8)
def blank_png(width: int, height: int) -> str:
    """Return a light picture, base64-encoded as WebDriver sends it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\x00" + b"\xf4" * width) * height
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows)), _chunk(b"IEND", b""))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
