"""Pages and files that open without an account: videos, screenshots, shared sessions, and the dashboard."""

from __future__ import annotations

import hmac
import html
import io
import re
import zipfile
from typing import TYPE_CHECKING

from . import pages
from .api import Api, video_response
from .faults import not_found, page_not_found
from .recording import stream_of
from .web import Request, Response, html_response, text_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from .journal import Journal
    from .links import Links


class PublicFiles:
    def __init__(self, journal: Journal, links: Links, api: Api) -> None:
        self._journal = journal
        self._links = links
        self._api = api
        self._routes: list[tuple[re.Pattern[str], Callable[..., Response]]] = [
            (re.compile(r"/video/([^/]+)/video\.mp4"), self._video),
            (re.compile(r"/video/([^/]+)/(\w+\.(?:m3u8|ts))"), self._stream),
            (re.compile(r"/screenshots/([^/]+)/screenshots\.zip"), self._screenshots),
            (re.compile(r"/orgId-1/([^/]+)/video/video\.mp4"), self._signed_video),
            (re.compile(r"/public/video(\.mp4)?"), self._player),
            (re.compile(r"/(?:share|test|logs)/?"), self._session_page),
        ]

    def answer(self, request: Request) -> Response:
        for pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            if match and request.method in ("GET", "HEAD"):
                return handler(request, *match.groups())
        return page_not_found()

    def _video(self, request: Request, test_id: str) -> Response:
        record = self._journal.find(test_id)
        return not_found() if record is None else video_response(request, record)

    def _stream(self, _request: Request, test_id: str, name: str) -> Response:
        record = self._journal.find(test_id)
        if record is None or record.video is None or not record.video.exists():
            return not_found()
        file = stream_of(record.video) / name
        kind = "application/vnd.apple.mpegurl" if file.suffix == ".m3u8" else "video/mp2t"
        return Response(200, file.read_bytes(), kind) if file.exists() else not_found()

    def _screenshots(self, _request: Request, test_id: str) -> Response:
        record = self._journal.find(test_id)
        if record is None or not record.screenshots:
            return not_found()
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
            for number, file in enumerate(record.screenshots, 1):
                archive.writestr(f"screenshot-{number}{file.suffix}", file.read_bytes())
        return Response(200, content.getvalue(), "application/zip")

    def _signed_video(self, request: Request, test_id: str) -> Response:
        if not self._links.is_signed(request.path, request.query):
            return Response(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
        return self._video(request, test_id)

    def _player(self, request: Request, is_file: str | None) -> Response:
        record = self._journal.find(request.query.get("testID", ""))
        if record is None:
            return not_found()
        auth = self._links.account_hash(record.username)
        if not hmac.compare_digest(request.query.get("auth", "").encode(), auth.encode()):
            return text_response(401, "not authorised")
        if is_file:
            return video_response(request, record)
        source = html.escape(self._links.player(record).replace("/public/video?", "/public/video.mp4?"))
        title = html.escape(record.name)
        return html_response(200, f"<!doctype html><title>{title}</title><video controls src='{source}'></video>")

    def _session_page(self, request: Request) -> Response:
        """Return what a shared link shows, and the dashboard."""
        query = request.query
        any_id = self._api.shares.get(query.get("shareId", "")) or query.get("testID") or query.get("sessionID")
        record = self._journal.find(any_id or "")
        if record is None:
            return not_found()
        video = self._links.mp4(record) if record.video else None
        return html_response(200, pages.render(self._journal.snapshot(record.session_id), video))
