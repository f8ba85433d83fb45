"""The REST API: sessions, their logs and media, and share links.

LambdaTest has two products at two addresses, /automation/api and /mobile-automation/api; neither knows the other's
sessions. https://www.testmuai.com/support/api-doc/ and the OpenAPI documents behind it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from . import details, faults
from .hooks import STATUSES
from .hub import is_authorised
from .journal import ApiRequest, Journal, Mark, SessionRecord
from .web import Request, Response, Takeover, json_response, text_response

if TYPE_CHECKING:
    import threading

    from .capabilities import Kind
    from .faults import Faults
    from .finishing import Finisher
    from .links import Links
    from .options import GridOptions

SHARE_DAYS = ("3", "7", "10", "30")
_APP_STATUSES = ("passed", "failed")

_API_PATH = re.compile(r"/(?P<product>automation|mobile-automation)/api/v[12](?P<path>/.*)")
_SHARE_PATH = "/lshs/api/v1.0/share-item/generate-sharable-link"
_SHARE_TYPES: dict[str, Kind] = {"Automation Test": "web", "App Automation Test": "app"}
_PATCHABLE = {"name": str, "status_ind": str, "reason": str, "custom_data": object, "tags": list}


@dataclass(frozen=True)
class Call:
    """A request with valid credentials to one of the two products."""

    request: Request
    kind: Kind
    username: str


Handler: TypeAlias = Callable[..., Response]


class Api:
    """Answers requests to the API, after the latency and unless a fault is on."""

    def __init__(
        self,
        options: GridOptions,
        journal: Journal,
        links: Links,
        fault: Faults,
        finisher: Finisher,
        closing: threading.Event,
    ) -> None:
        self._options = options
        self._journal = journal
        self._links = links
        self._faults = fault
        self._finisher = finisher
        self._closing = closing
        self.shares: dict[str, str] = {}
        """`{share id: session id}`."""
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = [
            ("GET", re.compile(r"/sessions/([^/]+)"), self._get_session),
            ("PATCH", re.compile(r"/sessions/([^/]+)"), self._patch_session),
            ("GET", re.compile(r"/sessions/([^/]+)/video"), self._get_video),
            ("GET", re.compile(r"/sessions/([^/]+)/screenshots"), self._get_screenshots),
            ("GET", re.compile(r"/sessions/([^/]+)/log/([a-z]+)"), self._get_log),
            ("GET", re.compile(r"/bundler/([^/]+)/video\.mp4"), self._get_bundler_video),
        ]

    def serves(self, request: Request) -> bool:
        path = request.path
        return path == _SHARE_PATH or path.startswith("/elsewhere/") or _API_PATH.fullmatch(path) is not None

    def answer(self, request: Request) -> Response | Takeover:
        if self._options.latency:
            self._closing.wait(self._options.latency)
        answer = self._faults.take(request) or self._answer_without_fault(request)
        credentials = request.credentials()
        named = re.search(r"/sessions/([^/]+)", request.path)
        self._journal.add_request(
            ApiRequest(
                method=request.method,
                path=request.path,
                query=request.query,
                status=answer.status if isinstance(answer, Response) else 0,
                authorised=credentials is not None and is_authorised(self._options.accounts, credentials),
                username=credentials.username if credentials else None,
                session_id=named[1] if named else None,
            )
        )
        return answer

    def _answer_without_fault(self, request: Request) -> Response:
        if request.path.startswith("/elsewhere/"):
            return text_response(200, "another host")
        credentials = request.credentials()
        if credentials is None or not is_authorised(self._options.accounts, credentials):
            return faults.unauthorized()
        if request.path == _SHARE_PATH:
            return self._share(request, credentials.username)
        match = _API_PATH.fullmatch(request.path)
        product, path = (match["product"], match["path"]) if match else ("", "")
        call = Call(request, "web" if product == "automation" else "app", credentials.username)
        for method, pattern, handler in self._routes:
            found = pattern.fullmatch(path.rstrip("/"))
            if found and method == request.method:
                return handler(call, *found.groups())
        return faults.page_not_found()

    # Sessions

    def _find(self, call: Call, any_id: str) -> SessionRecord | None:
        """Return the session with this session id or test id; None if the API does not show it to the account."""
        record = self._journal.find(any_id)
        return record if record and (record.kind, record.username) == (call.kind, call.username) else None

    def _get_session(self, call: Call, any_id: str) -> Response:
        days = call.request.query.get("shareExpiryLimit")
        if call.kind == "web" and days is not None and days not in SHARE_DAYS:
            return _bad_request("shareExpiryLimit must be one of 3, 7, 10, 30")
        record = self._find(call, any_id)
        if record is None:
            return faults.not_found()
        data: Any = details.session_details(record, self._links, record.is_final(self._options.ready_after))
        if self._options.rewrite_details:
            data = self._options.rewrite_details(data)
        answer: Any = {"data": data, "message": "Retrieve session was successful", "status": "success"}
        if self._options.rewrite_answer:
            answer = self._options.rewrite_answer(answer)
        return json_response(200, answer)

    def _patch_session(self, call: Call, any_id: str) -> Response:
        record = self._find(call, any_id)
        if record is None:
            return faults.not_found()
        body = call.request.json_object()
        if not body or not _is_valid_patch(body, call.kind):
            return _bad_request("Please provide a valid payload")
        if "status_ind" in body:
            self._journal.add_mark(record.session_id, Mark(body["status_ind"], body.get("reason", ""), "api"))
        if "name" in body:
            self._journal.update(record.session_id, name=body["name"])
        self._finisher.finish(record.session_id)
        return json_response(200, {"message": "Session updated successfully", "status": "success"})

    # Logs and media

    def _get_video(self, call: Call, any_id: str) -> Response:
        record = self._find(call, any_id)
        if record is None or not self._links.video(record):
            return faults.not_found()
        message = "Retrieve video url was successful"
        urls = {"url": self._links.bundler_video(record), "view_video_url": self._links.player(record)}
        return json_response(200, {"message": message, "status": "success", **urls})

    def _get_bundler_video(self, call: Call, test_id: str) -> Response:
        record = self._find(call, test_id)
        return faults.not_found() if record is None else video_response(call.request, record)

    def _get_screenshots(self, call: Call, any_id: str) -> Response:
        record = self._find(call, any_id)
        if record is None or not self._links.screenshots(record):
            return faults.not_found()
        message = "Retrieve screenshots zip url was successful"
        return json_response(200, {"message": message, "status": "success", "url": self._links.screenshots(record)})

    def _get_log(self, call: Call, any_id: str, kind: str) -> Response:
        record = self._find(call, any_id)
        if record is None:
            # The endpoints of logs answer 400 where the others answer 404.
            return faults.not_found(400)
        return log_response(self._journal.snapshot(record.session_id), kind)

    # Share links

    def _share(self, request: Request, username: str) -> Response:
        body = request.json_object() or {}
        kind, ids, days = _SHARE_TYPES.get(str(body.get("entityType"))), body.get("entityIds"), body.get("expiresAt")
        if request.method != "POST":
            return faults.page_not_found()
        if kind is None or not isinstance(ids, list) or len(ids) != 1 or str(days) not in SHARE_DAYS:
            return _bad_request("Please provide a valid payload")
        record = self._find(Call(request, kind, username), str(ids[0]))
        if record is None:
            return faults.not_found()
        share_id = secrets.token_hex(32)
        self.shares[share_id] = record.session_id
        link = self._links.share(share_id)
        return json_response(200, {"shareId": share_id, "shareIdUrl": link, "status": "success"})


def log_response(record: SessionRecord, kind: str) -> Response:
    """Return one log of a session: rows of JSON, or the text of an app's log."""
    if record.kind == "app" and kind == "appium":
        return text_response(200, details.appium_log(record))
    if record.kind == "app" and kind == "devicelog":
        return text_response(200, "".join(f"{line.message}\n" for line in record.console) or "-- no device log\n")
    rows: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "command": lambda: [details.command_row(record, command) for command in record.commands],
        "console": lambda: [details.console_row(record, line) for line in record.console],
        "network": list[dict[str, Any]],
        "selenium": lambda: [details.selenium_row(record, command) for command in record.commands],
    }
    return json_response(200, {"data": rows[kind]()}) if kind in rows else faults.page_not_found()


def video_response(request: Request, record: SessionRecord) -> Response:
    """Return the session's video, or the part that a Range header asks for: browsers need that to seek."""
    if record.video is None or not record.video.exists():
        return faults.not_found()
    content = record.video.read_bytes()
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
    accepts = ("Accept-Ranges", "bytes")
    if not match or not any(match.groups()):
        return Response(200, content, "video/mp4", (accepts,))
    if match[1]:
        start, end = int(match[1]), int(match[2] or len(content) - 1)
    else:
        start, end = max(0, len(content) - int(match[2])), len(content) - 1
    end = min(end, len(content) - 1)
    if start > end:
        return Response(416, b"", "video/mp4", (accepts, ("Content-Range", f"bytes */{len(content)}")))
    content_range = ("Content-Range", f"bytes {start}-{end}/{len(content)}")
    return Response(206, content[start : end + 1], "video/mp4", (accepts, content_range))


def _is_valid_patch(body: dict[str, Any], kind: Kind) -> bool:
    if any(name not in _PATCHABLE or not isinstance(value, _PATCHABLE[name]) for name, value in body.items()):
        return False
    return body.get("status_ind", "passed") in (STATUSES if kind == "web" else _APP_STATUSES)


def _bad_request(message: str) -> Response:
    return json_response(400, {"message": message, "status": "fail"})
