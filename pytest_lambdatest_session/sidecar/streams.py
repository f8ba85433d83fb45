"""Saves a video that comes as a stream (m3u8, HTTP Live Streaming): its playlist, and every piece that it names.

What is saved is a playlist of our own words, whose pieces lie beside it: nothing else of the one that came is kept.
https://www.rfc-editor.org/rfc/rfc8216
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import m3u8

from pytest_lambdatest_session.cloud.endpoints import VENDOR_DOMAINS, host_of, is_captured
from pytest_lambdatest_session.cloud.errors import MalformedAnswer, Redirected
from pytest_lambdatest_session.cloud.redact import clean_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_lambdatest_session.cloud.client import Client, Fetched

PLAYLIST_LIMIT_BYTES = 2**20
_MOST_PIECES = 5000
_LONGEST_PIECE_SECONDS = 3600.0
_TS = b"\x47"
_MP4_BOXES = (b"ftyp", b"styp", b"moof", b"sidx")


class _Part(NamedTuple):
    """A piece or the beginning of pieces: an address, and which bytes of what is there, "" for all."""

    url: str
    byte_range: str


class _Piece(NamedTuple):
    part: _Part
    begin: _Part | None
    """What stands before it, and before those after it (`EXT-X-MAP`)."""
    seconds: float
    is_discontinuous: bool


class Stream:
    """One stream, as its playlist describes it."""

    def __init__(self, pieces: list[_Piece], *, is_whole: bool, with_credentials: bool) -> None:
        self._pieces = pieces
        self.is_whole = is_whole
        """Whether the playlist says that it ends."""
        self.with_credentials = with_credentials
        """Whether its pieces are asked for as the playlist was: by who has our credentials anyway."""

    def save(self, folder: Path, download: Callable[[str, Path], None]) -> Path:
        """Write the pieces, each of which `download` fetches to a path, and return the path of their playlist."""
        names: dict[str, str] = {}
        for piece in self._pieces:
            for part in filter(None, (piece.begin, piece.part)):
                if part.url not in names:
                    # Some playlists name parts of one file: it is fetched once.
                    draft = folder / f"{len(names):04}"
                    download(part.url, draft)
                    names[part.url] = draft.name + _ending(draft)
                    draft.replace(folder / names[part.url])
        playlist = folder / "index.m3u8"
        playlist.write_text("\n".join([*self._lines(names), ""]), encoding="ascii")
        return playlist

    def _lines(self, names: dict[str, str]) -> Iterator[str]:
        longest = max(piece.seconds for piece in self._pieces)
        yield from ("#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{math.ceil(longest)}")
        yield "#EXT-X-PLAYLIST-TYPE:VOD"
        begin = None
        for piece in self._pieces:
            if piece.is_discontinuous:
                yield "#EXT-X-DISCONTINUITY"
            if piece.begin is not None and (piece.begin != begin or piece.is_discontinuous):
                byte_range = f',BYTERANGE="{piece.begin.byte_range}"' if piece.begin.byte_range else ""
                yield f'#EXT-X-MAP:URI="{names[piece.begin.url]}"{byte_range}'
            begin = piece.begin
            yield f"#EXTINF:{piece.seconds:.6f},"
            if piece.part.byte_range:
                yield f"#EXT-X-BYTERANGE:{piece.part.byte_range}"
            yield names[piece.part.url]
        yield "#EXT-X-ENDLIST"


def read_stream(client: Client, text: bytes, fetched: Fetched) -> Stream:
    """Return the stream that a playlist describes, the best one if it offers several; raises CloudError."""
    playlist = _parsed(text, fetched.url)
    if playlist.is_variant:
        best = max(playlist.playlists, key=lambda one: one.stream_info.bandwidth or 0)
        answer = bytearray()
        fetched = client.download(
            _allowed(best.absolute_uri, fetched.url),
            answer.extend,
            limit_bytes=PLAYLIST_LIMIT_BYTES,
            with_credentials=fetched.had_credentials,
        )
        playlist = _parsed(bytes(answer), fetched.url)
    pieces = list(_pieces(playlist, fetched.url))
    return Stream(pieces, is_whole=bool(playlist.is_endlist), with_credentials=fetched.had_credentials)


def _parsed(text: bytes, url: str) -> m3u8.M3U8:
    try:
        return m3u8.loads(text.decode("utf-8-sig", "replace"), uri=url)
    except Exception as error:  # noqa: BLE001 - whatever it makes of what is no playlist
        raise _unusable(url, f"a playlist that can't be read ({type(error).__name__})") from None


def _pieces(playlist: m3u8.M3U8, url: str) -> Iterator[_Piece]:
    if not 0 < len(playlist.segments) <= _MOST_PIECES:
        raise _unusable(url, f"a playlist of {len(playlist.segments):,} pieces")
    offsets: dict[str, int] = {}
    for segment in playlist.segments:
        if segment.key is not None and segment.key.method not in (None, "NONE"):
            raise _unusable(url, f"a stream that is encrypted ({clean_text(segment.key.method, 20)})")
        seconds = segment.duration or 0.0
        if not 0 <= seconds <= _LONGEST_PIECE_SECONDS:
            raise _unusable(url, "a playlist with a piece of no length")
        begin = segment.init_section
        yield _Piece(
            _part(segment.absolute_uri, segment.byterange, url, offsets),
            None if begin is None else _part(begin.absolute_uri, begin.byterange, url, {}),
            seconds,
            bool(segment.discontinuity),
        )


def _part(address: str, byte_range: str | None, url: str, offsets: dict[str, int]) -> _Part:
    address = _allowed(address, url)
    if not byte_range:
        return _Part(address, "")
    length, _, start = byte_range.partition("@")
    if not (length.isdecimal() and (start.isdecimal() or not start)):
        raise _unusable(url, "a playlist with a range of no bytes")
    # Without a start it goes on where the one before has ended.
    first = int(start) if start else offsets.get(address, 0)
    offsets[address] = first + int(length)
    return _Part(address, f"{int(length)}@{first}")


def _allowed(address: str, url: str) -> str:
    """Return an address that a playlist names; raise Redirected if it leads to a host that is not to be asked."""
    parts, own = urlsplit(address), urlsplit(url)
    if parts.netloc.rpartition("@")[2] != own.netloc and not is_captured(parts.hostname or "", VENDOR_DOMAINS):
        where = clean_text(parts.hostname or f"{parts.scheme}:", 100)
        raise Redirected(f"{host_of(url)} has a playlist with pieces on another host, {where}")
    return address


def _ending(draft: Path) -> str:
    with draft.open("rb") as file:
        head = file.read(8)
    if head.startswith(_TS):
        return ".ts"
    if head[4:8] in _MP4_BOXES:
        return ".m4s"
    raise MalformedAnswer("a piece of the stream is no video")


def _unusable(url: str, what: str) -> MalformedAnswer:
    return MalformedAnswer(f"unusable answer from {host_of(url)}: {what}")
