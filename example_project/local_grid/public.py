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
    from .journal import Journal, SessionRecord
    from .links import Links

_VIDEO = re.compile(r"/video/([^/]+)/video\.mp4")
_SCREENSHOTS = re.compile(r"/screenshots/([^/]+)/screenshots\.zip")
_SIGNED = re.compile(r"/orgId-1/([^/]+)/(?:video/(video\.mp4)|logs/([a-z.-]+)\.(?:json|zip))")


class PublicFiles:
    def __init__(self, journal: Journal, links: Links, api: Api) -> None:
        self._journal = journal
        self._links = links
        self._api = api

    def answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return page_not_found()
        if match := _VIDEO.fullmatch(request.path):
            return self._video(request, match[1])
        if match := _SCREENSHOTS.fullmatch(request.path):
            return self._screenshots(match[1])
        if match := _SIGNED.fullmatch(request.path):
            return self._signed(request, match)
        if request.path in ("/public/video", "/public/video.mp4"):
            return self._player(request)
        if request.path == "/share":
            return self._shared(request)
        if request.path.rstrip("/") in ("/test", "/logs"):
            return self._page(request.query.get("testID") or request.query.get("sessionID") or "")
        if request.path.rstrip("/") == "/build":
            build_id = request.query.get("build")
            return _overview([one for one in self._journal.records() if str(one.build_id) == build_id])
        return page_not_found()

    def _find(self, any_id: str) -> SessionRecord | None:
        record = self._journal.find(any_id)
        return None if record is None or record.deleted else record

    def _video(self, request: Request, test_id: str) -> Response:
        record = self._find(test_id)
        return not_found() if record is None else video_response(request, record)

    def _screenshots(self, test_id: str) -> Response:
        record = self._find(test_id)
        if record is None or not record.screenshots:
            return not_found()
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
            for number, file in enumerate(record.screenshots, 1):
                archive.writestr(f"screenshot-{number}{file.suffix}", file.read_bytes())
        return Response(200, content.getvalue(), "application/zip")

    def _signed(self, request: Request, match: re.Match[str]) -> Response:
        record = self._find(match[1])
        if record is None or not self._links.is_signed(request.path, request.query):
            return Response(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
        if match[2]:
            return video_response(request, record)
        log = log_response(self._journal.snapshot(record.session_id), match[3])
        return _zipped(log) if request.path.endswith(".zip") else log

    def _player(self, request: Request) -> Response:
        record = self._find(request.query.get("testID", ""))
        if record is None:
            return not_found()
        auth = self._links.account_hash(record.username)
        if not hmac.compare_digest(request.query.get("auth", "").encode(), auth.encode()):
            return text_response(401, "not authorised")
        if request.path.endswith(".mp4"):
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

    def _page(self, any_id: str) -> Response:
        record = self._find(any_id)
        if record is None:
            return not_found()
        video = self._links.mp4(record) if record.video else None
        return html_response(200, pages.render(self._journal.snapshot(record.session_id), video))


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
