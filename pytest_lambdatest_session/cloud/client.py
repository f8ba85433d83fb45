"""One method per endpoint of the API; whatever goes wrong is one of `errors`.

The only module of the package that imports requests: whoever needs a client takes a factory, which imports
this when there is something to ask.
"""

from __future__ import annotations

import json
import os
from functools import partial
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import requests
import urllib3

from pytest_lambdatest_session.cloud.details import SessionDetails, parse_session
from pytest_lambdatest_session.cloud.endpoints import checked_api_url, host_of, is_loopback, kind_asked
from pytest_lambdatest_session.cloud.errors import (
    CloudError,
    Forbidden,
    MalformedAnswer,
    NotFound,
    Redirected,
    ServerError,
    Throttled,
    Unauthorized,
    Unreachable,
)
from pytest_lambdatest_session.cloud.reasons import reason_of
from pytest_lambdatest_session.cloud.redact import clean_text, masked_text, repeats, safe_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.credentials import Credentials

DETAILS_LIMIT_BYTES = 2**20
LONGEST_RETRY_AFTER_SECONDS = 3600.0
_MESSAGE_LIMIT = 200
_NOT_A_FAILURE = 300
_REDIRECTS_FOLLOWED = 3
_PIECE_BYTES = 2**16
_NO_ANSWER = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException)
_Taken = TypeVar("_Taken")


class Fetched(NamedTuple):
    """Where a file came from in the end."""

    url: str
    had_credentials: bool
    """Whether it was given to who has our credentials."""


class Client:
    """Asks one API with one account over one kept-alive connection; to be used by one thread at a time.

    `timeout_seconds` is for connecting and for each read; who needs a request to end in its time as a whole, however
    slowly its bytes come, has to see to it (`sidecar.pool` does).

    Raises ValueError for a `base_url` that is not fit to receive credentials.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        timeout_seconds: float,
        share_days: int | None = None,
    ) -> None:
        self._base_url = checked_api_url(base_url)
        self._host = host_of(self._base_url)
        self.answered_at: str | None = None
        """The Date of the last answer, as the API wrote it."""
        self._timeout_seconds = timeout_seconds
        self._share_days = share_days
        self._secrets = credentials.secrets

        def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = credentials.authorization
            return request

        self._http_session = _http_session(authorize)
        self._bare_http_session = _http_session(lambda request: request)
        self._settings: dict[str, Any] = {}
        """By scheme and host."""
        self._prepared: requests.PreparedRequest | None = None

    def session(self, session_id: str) -> SessionDetails:
        """Return what `GET /sessions/{session_id}` says."""
        share = self._share_days is not None
        # The app API does not know this parameter.
        asks_share = share and kind_asked(self._base_url, otherwise="web") == "web"
        parameters = f"?shareExpiryLimit={self._share_days}" if asks_share else ""
        body = self._json_in(self._get(f"{self._path_of(session_id)}{parameters}"))
        try:
            return parse_session(body, share=share, secrets=self._secrets)
        except MalformedAnswer as error:
            raise self._malformed(str(error)) from None

    def mark(self, session_id: str, status: str, reason: str) -> None:
        """Mark a session's status, by `PATCH /sessions/{session_id}`."""
        body = {"status_ind": status, **({"reason": reason} if reason else {})}
        self._write("PATCH", self._path_of(session_id), body)

    def share(self, some_id: str, kind: Kind, days: int) -> str:
        """Return a link that opens without a login for so many days, by `POST /generate-sharable-link`."""
        entity = "App Automation Test" if kind == "app" else "Automation Test"
        body = {"entityIds": [some_id], "entityType": entity, "expiresAt": days}
        answer = self._json_in(self._write("POST", "generate-sharable-link", body))
        url = safe_url(answer.get("shareIdUrl")) if isinstance(answer, dict) else None
        if url is None or repeats(url, self._secrets):
            raise self._malformed("no link that can be shared")
        return url

    def log(self, session_id: str, kind: str, limit_bytes: int) -> bytes:
        """Return JSON rows, or an app's text, by `GET /sessions/{session_id}/log/{kind}`."""
        return self._get(f"{self._path_of(session_id)}/log/{kind}", limit_bytes)

    def media_url(self, session_id: str, what: str) -> str:
        """Return the link, credentials and all, that `GET /sessions/{session_id}/video` or `/screenshots` gives.

        For `download` alone; it must not be shown.
        """
        body = self._json_in(self._get(f"{self._path_of(session_id)}/{what}"))
        url = body.get("url") if isinstance(body, dict) else None
        if not isinstance(url, str) or not url.strip():
            raise NotFound(f"{self._host} gives no link to it")
        return url.strip()

    def download(
        self, url: str, sink: Callable[[bytes], None], *, limit_bytes: int, with_credentials: bool = True
    ) -> Fetched:
        """Fetch what the API links to, piece by piece.

        Credentials go to the API's own host only, those of this client and no others; what a redirect leads to is
        asked without. Only https, and http on this machine. What `sink` raises passes through.
        """
        is_asked_with_credentials = with_credentials
        for _ in range(_REDIRECTS_FOLLOWED + 1):
            parts = urlsplit(url)
            hostname = parts.hostname or ""
            if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(hostname)):
                raise Redirected(f"{self._host} links to what is not fetched: {clean_text(parts.scheme, 10)!r} address")
            url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
            is_own = is_asked_with_credentials and url.startswith(urljoin(self._base_url, "/"))
            location = self._stream(url, sink, limit_bytes, with_credentials=is_own)
            if location is None:
                return Fetched(url, is_own)
            url, is_asked_with_credentials = urljoin(url, location), False
        raise Redirected(f"{self._host} links to too many redirects")

    def close(self) -> None:
        self._http_session.close()
        self._bare_http_session.close()

    def _path_of(self, session_id: str) -> str:
        return f"sessions/{quote(session_id, safe='', errors='replace')}"

    def _stream(
        self, url: str, sink: Callable[[bytes], None], limit_bytes: int, *, with_credentials: bool
    ) -> str | None:
        """Hand the body to `sink`; where a redirect leads to instead, None if the body came."""

        def take(response: requests.Response) -> str | None:
            if response.is_redirect:
                return response.headers["Location"]
            if response.status_code != requests.codes.ok:
                text = f"{response.status_code} from {host_of(url)}"
                is_missing = response.status_code == requests.codes.not_found
                raise NotFound(text) if is_missing else ServerError(text, response.status_code)
            count = 0
            while piece := response.raw.read(_PIECE_BYTES, decode_content=False):
                count += len(piece)
                if count > limit_bytes:
                    raise self._malformed(f"a file larger than {limit_bytes} bytes")
                sink(piece)
            return None

        http_session = self._http_session if with_credentials else self._bare_http_session
        request = requests.Request("GET", url, headers={"Accept": "*/*"})
        make = partial(http_session.prepare_request, request)
        return self._send(http_session, url, make, take, timeout=self._timeout_seconds)

    def _json_in(self, answer: bytes) -> object:
        try:
            # "replace", so that a wrong charset costs a character and not the session.
            return json.loads(answer.decode("utf-8-sig", "replace"))
        except (ValueError, RecursionError):
            what = "not JSON" if answer.strip() else "empty"
            raise self._malformed(f"the answer is {what}") from None

    def _get(self, path: str, limit_bytes: int = DETAILS_LIMIT_BYTES) -> bytes:
        """Return the body of a successful answer."""

        def make() -> requests.PreparedRequest:
            # Prepared once: of thousands of requests that would take longer than the rest of asking.
            if self._prepared is None:
                self._prepared = self._http_session.prepare_request(requests.Request("GET", f"{self._base_url}/"))
            request = self._prepared.copy()
            request.url = f"{request.url}{path}"
            return request

        return self._ask(path, make, limit_bytes)

    def _write(self, method: str, path: str, body: object) -> bytes:
        """Return the body of a successful answer to a request that has one itself."""
        request = requests.Request(method, f"{self._base_url}/{path}", json=body)
        return self._ask(path, partial(self._http_session.prepare_request, request), DETAILS_LIMIT_BYTES)

    def _ask(self, path: str, make: Callable[[], requests.PreparedRequest], limit_bytes: int) -> bytes:
        def take(response: requests.Response) -> bytes:
            self.answered_at = response.headers.get("Date")
            if response.status_code < _NOT_A_FAILURE:
                return self._body(response, limit_bytes)
            raise self._failure(response)

        # requests documents that it takes urllib3's own; its stubs do not.
        timeout = cast("float", urllib3.Timeout(total=self._timeout_seconds))
        url = f"{self._base_url}/{path}"
        return self._send(self._http_session, url, make, take, timeout=timeout, no_answer=(*_NO_ANSWER, OSError))

    def _send(
        self,
        http_session: requests.Session,
        url: str,
        make: Callable[[], requests.PreparedRequest],
        take: Callable[[requests.Response], _Taken],
        *,
        timeout: float,
        no_answer: tuple[type[Exception], ...] = _NO_ANSWER,
    ) -> _Taken:
        """Return what `take` makes of the answer; raise Unreachable for an error that is `no_answer`."""
        try:
            with http_session.send(
                make(), timeout=timeout, allow_redirects=False, **self._settings_for(url)
            ) as response:
                return take(response)
        except no_answer as error:
            failure = Unreachable(f"{host_of(url)} can't be asked: {reason_of(error, self._timeout_seconds)}")
        # Out here, so that the error of requests, which holds the Authorization header, is not its context.
        raise failure

    def _settings_for(self, url: str) -> Any:
        """Return what the environment says of proxies and certificates; looked at once for each host."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._settings:
            hostname = parts.hostname or ""
            # Over plain http the credentials may go to this machine only, so not to a proxy either.
            proxies = {"no_proxy": hostname} if is_loopback(hostname) else {}
            # Both sessions have the same.
            self._settings[origin] = self._http_session.merge_environment_settings(
                url, proxies, stream=True, verify=None, cert=None
            )
        return self._settings[origin]

    def _body(self, response: requests.Response, limit_bytes: int) -> bytes:
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            raise self._malformed("the answer is compressed, though that was declined")
        body = bytearray()
        # Up to the empty piece: only with that urllib3 notices an answer that is cut short.
        while len(body) <= limit_bytes and (piece := response.raw.read(limit_bytes + 1, decode_content=False)):
            body += piece
        if len(body) > limit_bytes:
            raise self._malformed(f"the answer is larger than {limit_bytes} bytes")
        return bytes(body)

    def _failure(self, response: requests.Response) -> CloudError:
        status = response.status_code
        source = f"{status} from {self._host}"
        if status < requests.codes.bad_request:
            why = "credentials are not sent on, so redirects are not followed"
            return Redirected(f"{source}: {why}; set lambdatest_api_url to the final address")
        # Read whatever the status, so that the connection can be kept.
        said = self._message(response)
        if status == requests.codes.unauthorized:
            return Unauthorized(f"{source}: user name or access key not accepted; check LT_USERNAME and LT_ACCESS_KEY")
        if status == requests.codes.forbidden:
            return Forbidden(f"{source}: {said or 'not allowed'}; check what the account of LT_USERNAME may read")
        if status == requests.codes.not_found:
            return NotFound(f"{source}: session not known there; check that account and region are the hub's")
        if status == requests.codes.too_many_requests:
            wait = retry_after_seconds(response.headers.get("Retry-After", ""))
            return Throttled(f"{source}: asked too often; a larger lambdatest_budget gives it time", wait)
        return ServerError(f"{source}: no details; see the session in the dashboard", status)

    def _message(self, response: requests.Response) -> str:
        """Return what the API says for people, in words fit for a report, or ""."""
        try:
            body = json.loads(self._body(response, DETAILS_LIMIT_BYTES))
        except (CloudError, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError, RecursionError):
            return ""
        text = body.get("message") if isinstance(body, dict) else body
        return masked_text(text, _MESSAGE_LIMIT, self._secrets) if isinstance(text, str) else ""

    def _malformed(self, what: str) -> MalformedAnswer:
        return MalformedAnswer(
            f"unusable answer from {self._host}: {what}; check lambdatest_api_url and any proxy on the way",
        )


def retry_after_seconds(value: str) -> float | None:
    """Read a Retry-After header, in seconds or as a date; at most LONGEST_RETRY_AFTER_SECONDS."""
    try:
        return min(urllib3.Retry().parse_retry_after(value[:100]), LONGEST_RETRY_AFTER_SECONDS)
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None


def _http_session(authorize: Callable[[requests.PreparedRequest], requests.PreparedRequest]) -> requests.Session:
    http_session = _UndivertedSession()
    # One that does nothing, too, keeps .netrc out.
    http_session.auth = authorize
    http_session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    http_session.headers.update(
        {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": _user_agent()},
    )
    # requests itself puts REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE before this, and certifi behind it.
    ca_file = os.environ.get("SSL_CERT_FILE", "")
    if Path(ca_file).is_file():
        http_session.verify = ca_file
    return http_session


def _user_agent() -> str:
    try:
        version = metadata.version("pytest-lambdatest-session")
    except metadata.PackageNotFoundError:  # used from a checkout that is not installed
        version = "unknown"
    return f"pytest-lambdatest-session/{version}"


class _UndivertedSession(requests.Session):
    """Sees no redirects: to have the next request ready, requests would read the whole body of this one."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 -- the name is requests'
        return None
