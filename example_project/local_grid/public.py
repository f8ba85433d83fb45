"""What anybody may open who has the link: videos, screenshots, shared pages, and the dashboard's pages."""

from __future__ import annotations

import hmac
import html
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING

from . import pages
from .api import Api, log_response, video_response
from .faults import not_found, page_not_found
from .web import Request, Response, html_response, text_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from .journal import Journal, SessionRecord
    from .links import Links


class PublicFiles:
    def __init__(self, journal: Journal, links: Links, api: Api) -> None:
        self._journal = journal
        self._links = links
        self._api = api
        self._routes: list[tuple[re.Pattern[str], Callable[..., Response]]] = [
            (re.compile(r"/video/([^/]+)/video\.mp4"), self._video),
            (re.compile(r"/screenshots/([^/]+)/screenshots\.zip"), self._screenshots),
            (re.compile(r"/orgId-1/([^/]+)/video/video\.mp4"), self._signed_video),
            (re.compile(r"/orgId-1/([^/]+)/logs/([a-z.-]+)\.(json|zip)"), self._signed_log),
            (re.compile(r"/public/video(\.mp4)?"), self._player),
            (re.compile(r"/share"), self._shared),
            (re.compile(r"/(?:test|logs)/?"), self._dashboard),
            (re.compile(r"/build/?"), self._build_dashboard),
        ]

    def answer(self, request: Request) -> Response:
        for pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            if match and request.method in ("GET", "HEAD"):
                return handler(request, *match.groups())
        return page_not_found()

    def _find(self, any_id: str) -> SessionRecord | None:
        record = self._journal.find(any_id)
        return None if record is None or record.deleted else record

    def _video(self, request: Request, test_id: str) -> Response:
        record = self._find(test_id)
        return not_found() if record is None else video_response(request, record)

    def _screenshots(self, _request: Request, test_id: str) -> Response:
        record = self._find(test_id)
        if record is None or not record.screenshots:
            return not_found()
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
            for number, file in enumerate(record.screenshots, 1):
                archive.writestr(f"screenshot-{number}{file.suffix}", file.read_bytes())
        return Response(200, content.getvalue(), "application/zip")

    def _signed_video(self, request: Request, test_id: str) -> Response:
        record = self._find_signed(request, test_id)
        return _access_denied() if record is None else video_response(request, record)

    def _signed_log(self, request: Request, test_id: str, kind: str, packing: str) -> Response:
        record = self._find_signed(request, test_id)
        if record is None:
            return _access_denied()
        log = log_response(self._journal.snapshot(record.session_id), kind)
        return _zipped(log) if packing == "zip" else log

    def _find_signed(self, request: Request, test_id: str) -> SessionRecord | None:
        return self._find(test_id) if self._links.is_signed(request.path, request.query) else None

    def _player(self, request: Request, is_file: str | None) -> Response:
        record = self._find(request.query.get("testID", ""))
        if record is None:
            return not_found()
        auth = self._links.account_hash(record.username)
        if not hmac.compare_digest(request.query.get("auth", "").encode(), auth.encode()):
            return text_response(401, "not authorised")
        if is_file:
            return video_response(request, record)
        source = self._links.player(record).replace("/public/video?", "/public/video.mp4?")
        title = html.escape(record.name)
        return html_response(
            200, f"<!doctype html><title>{title}</title><video controls src='{html.escape(source)}'></video>"
        )

    def _shared(self, request: Request) -> Response:
        ids = self._api.shares.get(request.query.get("shareId", ""), [])
        if len(ids) == 1:
            return self._page(ids[0])
        return _overview([record for one in ids if (record := self._find(one))])

    def _dashboard(self, request: Request) -> Response:
        return self._page(request.query.get("testID") or request.query.get("sessionID") or "")

    def _build_dashboard(self, request: Request) -> Response:
        build_id = request.query.get("build")
        return _overview([one for one in self._journal.records() if str(one.build_id) == build_id])

    def _page(self, any_id: str) -> Response:
        record = self._find(any_id)
        if record is None:
            return not_found()
        video = self._links.mp4(record) if record.video else None
        return html_response(200, pages.render(self._journal.snapshot(record.session_id), video))


def _access_denied() -> Response:
    return Response(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")


def _overview(records: list[SessionRecord]) -> Response:
    if not records:
        return not_found()
    items = "".join(
        f"<li><a href='/test?testID={html.escape(record.test_id)}'>{html.escape(record.name)}</a></li>"
        for record in records
    )
    return html_response(200, f"<!doctype html><title>{html.escape(records[0].build)}</title><ul>{items}</ul>")


def _zipped(log: Response) -> Response:
    """Pack the rows of a log as the cloud does: pages of JSON in a zip."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("command-1.json", json.dumps(json.loads(log.body)["data"]))
    return Response(200, content.getvalue(), "application/zip")
