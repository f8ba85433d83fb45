"""The REST API: sessions, logs, builds and share links, as the vendor documents them.

Two products live at two addresses, /automation/api and /mobile-automation/api, and neither knows the other's
sessions. https://www.testmuai.com/support/api-doc/ and the OpenAPI documents behind it.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from . import details, faults
from .hooks import STATUSES
from .hub import is_authorised
from .journal import ApiRequest, Journal, Mark, SessionRecord
from .web import Request, Response, Takeover, json_response, text_response

if TYPE_CHECKING:
    from .capabilities import Kind
    from .faults import Faults
    from .knobs import Knobs
    from .links import Links

SHARE_DAYS = ("3", "7", "10", "30")
_APP_STATUSES = ("passed", "failed")

_API_PATH = re.compile(r"/(?P<product>automation|mobile-automation)/api/v[12](?P<path>/.*)")
_SHARE_PATH = "/lshs/api/v1.0/share-item/generate-sharable-link"
_SHARE_TYPES = {
    "Automation Test": "web",
    "App Automation Test": "app",
    "Automation Build": "web",
    "App Automation Build": "app",
}
_PATCHABLE = {"name": str, "status_ind": str, "reason": str, "custom_data": object, "tags": list}


@dataclass(frozen=True)
class Call:
    """One authorised request to one product."""

    request: Request
    kind: Kind
    username: str
    path: str


Handler: TypeAlias = Callable[..., "Response | Takeover"]


class Api:
    """Answers requests to the API, with latency and faults where they are switched on."""

    def __init__(
        self,
        knobs: Knobs,
        journal: Journal,
        links: Links,
        fault: Faults,
        stop_session: Callable[[str], None],
        on_change: Callable[[str], None],
        wait: Callable[[float], object],
    ) -> None:
        self._knobs = knobs
        self._journal = journal
        self._links = links
        self._faults = fault
        self._stop_session = stop_session
        self._on_change = on_change
        self._wait = wait
        self.shares: dict[str, list[str]] = {}
        """Session ids behind each share id."""
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = [
            ("GET", re.compile(r"/sessions"), self._list_sessions),
            ("GET", re.compile(r"/sessions/([^/]+)"), self._get_session),
            ("PATCH", re.compile(r"/sessions/([^/]+)"), self._patch_session),
            ("DELETE", re.compile(r"/sessions/([^/]+)"), self._delete_session),
            ("PUT", re.compile(r"/sessions/([^/]+)/stop"), self._put_stop),
            ("GET", re.compile(r"/(?:sessions|test)/([^/]+)/video"), self._get_video),
            ("GET", re.compile(r"/sessions/([^/]+)/screenshots"), self._get_screenshots),
            ("GET", re.compile(r"/sessions/([^/]+)/log/([a-z.-]+)"), self._get_log),
            ("GET", re.compile(r"/sessions/([^/]+)/v2/log/([a-z.-]+)"), self._get_log_link),
            ("GET", re.compile(r"/builds/([^/]+)"), self._get_build),
            ("GET", re.compile(r"/bundler/([^/]+)/video\.mp4"), self._get_bundler_video),
        ]

    def serves(self, request: Request) -> bool:
        path = request.path
        return path == _SHARE_PATH or path.startswith("/elsewhere/") or _API_PATH.fullmatch(path) is not None

    def answer(self, request: Request) -> Response | Takeover:
        arrived = time.monotonic()
        if self._knobs.latency:
            self._wait(self._knobs.latency)
        answer = self._faults.take(request) or self._undisturbed_answer(request)
        self._note(request, answer, arrived)
        return answer

    def _note(self, request: Request, answer: Response | Takeover, arrived: float) -> None:
        credentials = request.credentials()
        named = re.search(r"/(?:sessions|test)/([^/]+)", request.path)
        self._journal.add_request(
            ApiRequest(
                method=request.method,
                path=request.path,
                query=request.query,
                status=answer.status if isinstance(answer, Response) else 0,
                authorised=credentials is not None and is_authorised(self._knobs.accounts, credentials),
                username=credentials.username if credentials else None,
                time=arrived,
                session_id=named[1] if named else None,
                host=request.host,
                has_authorization="authorization" in request.headers,
            )
        )

    def _undisturbed_answer(self, request: Request) -> Response | Takeover:
        if request.path.startswith("/elsewhere/"):
            return text_response(200, "another host")
        credentials = request.credentials()
        if credentials is None or not is_authorised(self._knobs.accounts, credentials):
            return faults.unauthorized()
        if request.path == _SHARE_PATH:
            return self._share(request, credentials.username)
        match = _API_PATH.fullmatch(request.path)
        product, path = (match["product"], match["path"]) if match else ("", "")
        kind: Kind = "web" if product == "automation" else "app"
        call = Call(request, kind, credentials.username, path)
        for method, pattern, handler in self._routes:
            found = pattern.fullmatch(path.rstrip("/"))
            if found and method == request.method:
                return handler(call, *found.groups())
        return faults.page_not_found()

    # Sessions

    def _find(self, call: Call, any_id: str) -> SessionRecord | None:
        """Find a session of this account and this product, if the API tells of it yet."""
        record = self._journal.find(any_id)
        if record is None or record.deleted or record.kind != call.kind or record.username != call.username:
            return None
        if self._knobs.missing_until_ready and not self._is_final(record):
            return None
        return record

    def _is_final(self, record: SessionRecord) -> bool:
        return record.is_final(self._knobs.ready_after)

    def _get_session(self, call: Call, any_id: str) -> Response:
        days = call.request.query.get("shareExpiryLimit")
        if call.kind == "web" and days is not None and days not in SHARE_DAYS:
            return _invalid("shareExpiryLimit must be one of 3, 7, 10, 30")
        record = self._find(call, any_id)
        if record is None:
            return faults.not_found()
        data: Any = details.session_details(record, self._links, self._is_final(record))
        if self._knobs.rewrite_details:
            data = self._knobs.rewrite_details(data)
        answer: Any = {"data": data, "message": "Retrieve session was successful", "status": "success"}
        if self._knobs.rewrite_answer:
            answer = self._knobs.rewrite_answer(answer)
        return json_response(200, answer)

    def _patch_session(self, call: Call, any_id: str) -> Response:
        record = self._find(call, any_id)
        if record is None:
            return faults.not_found()
        body = call.request.json_object()
        if not body or not _is_valid_patch(body, call.kind):
            return _invalid("Please provide a valid payload")
        session_id = record.session_id
        if "status_ind" in body:
            self._journal.add_mark(session_id, Mark(body["status_ind"], body.get("reason", ""), "api"))
        changes = {"name": "name", "custom_data": "custom_data"}
        for key, attribute in changes.items():
            if key in body:
                self._journal.update(session_id, **{attribute: body[key]})
        if "tags" in body:
            self._journal.update(session_id, tags=tuple(map(str, body["tags"])))
        self._on_change(session_id)
        return json_response(200, {"message": "Session updated successfully", "status": "success"})

    def _delete_session(self, call: Call, any_id: str) -> Response:
        record = self._find(call, any_id)
        if record is None:
            return faults.not_found()
        if record.ended is None:
            self._stop_session(record.session_id)
        self._journal.update(record.session_id, deleted=True)
        return json_response(200, {"message": "Session deleted successfully", "status": "success"})

    def _put_stop(self, call: Call, any_id: str) -> Response:
        record = self._find(call, any_id)
        if record is None:
            return faults.not_found()
        if record.ended is not None:
            return _invalid("Session is already stopped")
        self._stop_session(record.session_id)
        message = "Session stopped successfully"
        return json_response(200, {"message": message, "status": "success", "url": self._links.dashboard(record)})

    def _list_sessions(self, call: Call) -> Response:
        query = call.request.query
        limit, offset = _number(query.get("limit"), 10), _number(query.get("offset"), 0)
        found = [
            record
            for record in reversed(self._journal.records())
            if self._find(call, record.session_id) and self._is_listed(record, query)
        ]
        page = found[offset : offset + limit]
        rows = [details.session_row(record, self._links, self._is_final(record)) for record in page]
        meta = {
            "attributes": {"org_id": 1},
            "result_set": {"count": len(rows), "limit": limit, "offset": offset, "total": len(found)},
        }
        message = "Retrieve session list was successful"
        return json_response(200, {"Meta": meta, "data": rows or None, "message": message, "status": "success"})

    def _is_listed(self, record: SessionRecord, query: dict[str, str]) -> bool:
        status = details.final_status(record)[0] if self._is_final(record) else "running"
        day = f"{record.created_at:%Y-%m-%d}"
        return (
            query.get("build_id") in (None, "", str(record.build_id))
            and query.get("username") in (None, "", record.username)
            and query.get("test_name", "") in record.name
            and ("status" not in query or status in query["status"].split(","))
            and query.get("fromdate", day) <= day <= query.get("todate", day)
            and set(filter(None, query.get("tags", "").split(","))) <= set(record.tags)
        )

    # Media and logs

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
            # These endpoints answer 400 where the others say 404.
            return faults.not_found(400)
        return log_response(self._journal.snapshot(record.session_id), kind)

    def _get_log_link(self, call: Call, any_id: str, kind: str) -> Response:
        record = self._find(call, any_id)
        if record is None:
            return faults.not_found(400)
        if log_response(record, kind).status != 200:
            return faults.page_not_found()
        name = "command.zip" if kind == "command" else f"{kind}.json"
        url = self._links.signed(f"/orgId-1/{record.test_id}/logs/{name}")
        return json_response(200, {"message": "URL is succesfully generated", "status": "success", "url": url})

    # Builds and sharing

    def _get_build(self, call: Call, build_id: str) -> Response:
        days = call.request.query.get("shareExpiryLimit")
        if days is not None and days not in SHARE_DAYS:
            return _invalid("shareExpiryLimit must be one of 3, 7, 10, 30")
        records = [
            record
            for record in self._journal.records()
            if str(record.build_id) == build_id and self._find(call, record.session_id)
        ]
        if not records:
            return faults.not_found()
        public_url = self._new_share(records)[1] if days else None
        data = details.build_details(records, self._links, public_url)
        return json_response(200, {"data": data, "message": "Retrieve build was successful", "status": "success"})

    def _share(self, request: Request, username: str) -> Response:
        body = request.json_object() or {}
        kind, ids, days = body.get("entityType"), body.get("entityIds"), body.get("expiresAt")
        if request.method != "POST":
            return faults.page_not_found()
        if kind not in _SHARE_TYPES or not isinstance(ids, list) or not ids or str(days) not in SHARE_DAYS:
            return _invalid("Please provide a valid payload")
        shared = [self._shared(str(kind), str(one), username) for one in ids]
        if not all(shared):
            return faults.not_found()
        share_id, url = self._new_share([record for records in shared for record in records])
        return json_response(200, {"shareId": share_id, "shareIdUrl": url, "status": "success"})

    def _shared(self, entity_type: str, any_id: str, username: str) -> list[SessionRecord]:
        """Find the sessions of one entity: of a test one, of a build all."""
        call_kind = _SHARE_TYPES[entity_type]
        mine = [
            record
            for record in self._journal.records()
            if record.username == username and record.kind == call_kind and not record.deleted
        ]
        if entity_type.endswith("Build"):
            return [record for record in mine if str(record.build_id) == any_id]
        return [record for record in mine if any_id in (record.session_id, record.test_id)]

    def _new_share(self, records: list[SessionRecord]) -> tuple[str, str]:
        share_id = secrets.token_hex(32)
        self.shares[share_id] = [record.session_id for record in records]
        return share_id, self._links.share(share_id)


def log_response(record: SessionRecord, kind: str) -> Response:
    """Answer with one log of a session, as rows, or as text for an app's."""
    if record.kind == "app" and kind == "appium":
        return text_response(200, details.appium_log(record))
    if record.kind == "app" and kind == "devicelog":
        return text_response(200, "".join(f"{line.message}\n" for line in record.console) or "-- no device log\n")
    if kind in ("network.har", "full-har"):
        return json_response(200, details.har(record))
    rows = {
        "command": lambda: [details.command_row(record, command) for command in record.commands],
        "console": lambda: [details.message_row(record, "consoleLog", line) for line in record.console],
        "network": lambda: [details.message_row(record, "networkLog", line) for line in record.network],
        "selenium": lambda: [details.selenium_row(record, command) for command in record.commands],
    }
    return json_response(200, {"data": rows[kind]()}) if kind in rows else faults.page_not_found()


def video_response(request: Request, record: SessionRecord) -> Response:
    """Answer with the session's video, or the part of it that was asked for."""
    if record.video is None or not record.video.exists():
        return faults.not_found()
    return ranged(request, record.video.read_bytes(), "video/mp4")


def ranged(request: Request, content: bytes, content_type: str) -> Response:
    """Honour a Range header of one range, which browsers need to seek in a video."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
    accepts = ("Accept-Ranges", "bytes")
    if not match or not any(match.groups()):
        return Response(200, content, content_type, (accepts,))
    if match[1]:
        start, end = int(match[1]), int(match[2] or len(content) - 1)
    else:
        start, end = max(0, len(content) - int(match[2])), len(content) - 1
    end = min(end, len(content) - 1)
    if start > end:
        return Response(416, b"", content_type, (accepts, ("Content-Range", f"bytes */{len(content)}")))
    content_range = ("Content-Range", f"bytes {start}-{end}/{len(content)}")
    return Response(206, content[start : end + 1], content_type, (accepts, content_range))


def _is_valid_patch(body: dict[str, Any], kind: Kind) -> bool:
    if any(name not in _PATCHABLE or not isinstance(value, _PATCHABLE[name]) for name, value in body.items()):
        return False
    return body.get("status_ind", "passed") in (STATUSES if kind == "web" else _APP_STATUSES)


def _invalid(message: str) -> Response:
    return json_response(400, {"message": message, "status": "fail"})


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default
