"""What the client sends, what it makes of every answer, and how long it lets itself be kept."""

from __future__ import annotations

import ssl
import sys
import traceback
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.client import RemoteDisconnected
from socket import gaierror
from typing import TYPE_CHECKING

import pytest
import requests
from urllib3 import HTTPConnectionPool
from urllib3 import exceptions as urllib3_errors

from pytest_lambdatest_session.cloud.client import Client, retry_after_seconds
from pytest_lambdatest_session.cloud.errors import (
    CloudError,
    Failed,
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
from pytest_lambdatest_session.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scripted_server import ScriptedServer

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CREDENTIALS = Credentials("planted-user", "planted-access-key")


@pytest.fixture
def connect(own_network: None) -> Iterator[Callable[..., Client]]:  # noqa: ARG001
    clients: list[Client] = []

    def make(base_url: str, timeout_seconds: float = 30.0, share_days: int | None = None) -> Client:
        clients.append(Client(base_url, CREDENTIALS, timeout_seconds=timeout_seconds, share_days=share_days))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(api: ScriptedServer, connect: Callable[..., Client]) -> Client:
    return connect(api.base_url)


def test_a_session_is_asked_for_by_its_id_and_one_connection_serves_all_questions(
    api: ScriptedServer, client: Client
) -> None:
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in b'{"data": {"session_id": "s1"}}')
    api.will(
        api.details(name="with planted-access-key"),
        *(api.answer(b"{}", 404), api.answer(b"Access denied.", 401), api.answer(b"", 503)),
        api.raw(HEAD + b"Set-Cookie: a=1; Path=/\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"),
        api.details(),
    )
    assert client.session("a/b c").name == "with ***"
    for error in (NotFound, Unauthorized, ServerError):
        with pytest.raises(error) as caught:
            client.session("2")
    assert getattr(caught.value, "status", None) == 503
    assert [client.session("3").session_id, client.session("4").status] == ["s1", "passed"]
    assert (len(api.requests), api.connections) == (6, 1)
    first, last = api.requests[0], api.requests[-1]
    assert (first.method, first.path) == ("GET", "/automation/api/v1/sessions/a%2Fb%20c")
    assert first.headers["Authorization"] == "Basic cGxhbnRlZC11c2VyOnBsYW50ZWQtYWNjZXNzLWtleQ=="
    assert first.headers["Accept-Encoding"] == "identity"
    assert first.headers["User-Agent"].startswith("pytest-lambdatest-session/")
    assert "Cookie" not in last.headers
    http_session = client._http_session
    assert "planted" not in repr([client, vars(client).get("_host"), http_session, vars(http_session)])


def test_sharing_is_asked_of_the_web_api_only(api: ScriptedServer, connect: Callable[..., Client]) -> None:
    signed = "https://x.org/v.mp4?X-Amz-Signature=1"
    api.will(api.details(video_url=signed))
    assert connect(api.base_url, share_days=7).session("1").video_url == signed
    connect(api.base_url.replace("/automation", "/mobile-automation"), share_days=7).session("1")
    assert connect(api.base_url).session("1").withheld == ("video",)
    paths = [request.path.partition("sessions/1")[2] for request in api.requests]
    assert paths == ["?shareExpiryLimit=7", "", ""]


@pytest.mark.parametrize(
    "url", [None, 7, " ", "javascript:alert(1)", "https://x/planted-access-key", [], "no object"], ids=str
)
def test_an_answer_without_a_link_that_is_one_has_none(api: ScriptedServer, client: Client, url: object) -> None:
    """Media are linked to with credentials and all."""
    answer = [] if url == "no object" else {"shareIdUrl": url, "url": url}
    api.will(api.json(answer))
    with pytest.raises(MalformedAnswer, match="no link that can be shared"):
        client.share("T-1", "web", 7)
    if not (isinstance(url, str) and ":" in url):
        with pytest.raises(NotFound, match="gives no link to it"):
            client.media_url("s1", "video")


LOOK = "check what the account of LT_USERNAME may read"
UNUSABLE = "unusable answer from {host}: %s; check lambdatest_api_url and any proxy on the way"
NO_JSON = UNUSABLE % "the answer is not JSON"


@pytest.mark.parametrize(
    ("status", "body", "error", "message"),
    [
        *(
            (401, body, Unauthorized, "user name or access key not accepted; check LT_USERNAME and LT_ACCESS_KEY")
            for body in (b"HTTP Basic: Access denied.", b'"HTTP Basic: Access denied."')
        ),
        (403, b'{"message": "No! needs\\nread of planted-access-key"}', Forbidden, f"No! needs read of ***; {LOOK}"),
        (403, b'"Forbidden"', Forbidden, f"Forbidden; {LOOK}"),
        (403, b"<html>", Forbidden, f"not allowed; {LOOK}"),
        (403, b'{"message": 7}', Forbidden, f"not allowed; {LOOK}"),
        (404, b'{"message": "x"}', NotFound, "session not known there; check that account and region are the hub's"),
        (429, b"", Throttled, "asked too often; a larger lambdatest_budget gives it time"),
        *((status, b"<p>", ServerError, "no details; see the session in the dashboard") for status in (400, 500, 502)),
        (200, b"", MalformedAnswer, UNUSABLE % "the answer is empty"),
        (200, b"<html>Sign in to the wifi</html>", MalformedAnswer, NO_JSON),
        (200, b"[" * 200_000, MalformedAnswer, NO_JSON),
        (200, b'{"data": {"session_id": ' + b"9" * 10_000 + b"}}", MalformedAnswer, NO_JSON),
        (200, b'{"data": [1, 2]}', MalformedAnswer, UNUSABLE % "no session in the answer"),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, (int, bytes)) else "",
)
def test_every_answer_without_a_session_is_one_of_our_errors(
    api: ScriptedServer, client: Client, status: int, body: bytes, error: type[CloudError], message: str
) -> None:
    api.will(api.answer(body, status, {"Retry-After": "7"}))
    with pytest.raises(error) as caught:
        client.session("1")
    assert getattr(caught.value, "retry_after_seconds", 7.0) == 7.0
    host = f"127.0.0.1:{api.port}"
    assert str(caught.value) == (message.format(host=host) if status == 200 else f"{status} from {host}: {message}")
    assert "planted" not in "".join(traceback.format_exception(caught.value))


def test_a_forbidden_answer_that_breaks_is_still_forbidden(api: ScriptedServer, client: Client) -> None:
    api.will(api.reset(b"HTTP/1.1 403 No\r\nContent-Length: 99\r\n\r\n{"))
    with pytest.raises(Forbidden, match=r"not allowed"):
        client.session("1")


@pytest.mark.parametrize(
    ("before", "field"),
    [
        (b"\xef\xbb\xbf", b'"remark": "\xe9"'),
        (b"", b'"remark": "\\u0000\\ud800"'),
        (b"", b'"duration": NaN'),
    ],
    ids=["byte-order-mark-and-latin-1", "nul-and-surrogate", "nan"],
)
def test_an_answer_with_odd_bytes_is_read(api: ScriptedServer, client: Client, before: bytes, field: bytes) -> None:
    body = before + b'{"data": {"session_id": "s1", "name": "n", ' + field + b"}}"
    api.will(api.answer(body, headers={"Content-Type": "text/plain; charset=utf-16"}))
    assert client.session("1").name == "n"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *(("7", 7.0), (" 0 ", 0.0), ("9" * 400, 3600.0), ("soon", None), ("-5", None), ("", None)),
        ("Tue, 20 Oct 2020 09:00:00 GMT", 0.0),
        ("Tue, 20 Oct 2099 09:00:00 -0000", 3600.0),  # without a zone
        ("٣", None),  # a digit that is not ASCII
        ("Tue, 99 Oct 99999 09:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(value: str, seconds: float | None) -> None:
    assert retry_after_seconds(value) == seconds
    in_half_an_hour = datetime.now(timezone.utc) + timedelta(minutes=30)
    assert retry_after_seconds(format_datetime(in_half_an_hour, usegmt=True)) == pytest.approx(1800, abs=60)


@pytest.mark.parametrize("status", [301, 307])
def test_credentials_do_not_follow_a_redirect_and_its_body_is_not_read(
    api: ScriptedServer, new_server: Callable[[], ScriptedServer], client: Client, status: int
) -> None:
    elsewhere = new_server()
    elsewhere.will(elsewhere.details())
    location = f"Location: http://localhost:{elsewhere.port}/x\r\nContent-Length: 999999999\r\n\r\n"
    api.will(api.endless(f"HTTP/1.1 {status} Moved\r\n{location}".encode(), megabytes=100))
    with pytest.raises(Redirected) as caught:
        client.session("1")
    assert str(caught.value) == (
        f"{status} from 127.0.0.1:{api.port}: credentials are not sent on, so redirects are not followed; "
        "set lambdatest_api_url to the final address"
    )
    assert (len(api.requests), elsewhere.connections) == (1, 0)
    assert api.sent < 32 * 2**20


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(HEAD + b"Content-Length: 104857600\r\n\r\n", id="with-length"),
        pytest.param(HEAD + b"Connection: close\r\n\r\n", id="until-closed"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n6400000\r\n", id="one-chunk"),
    ],
)
def test_a_body_of_100_megabytes_is_not_read_through(api: ScriptedServer, client: Client, head: bytes) -> None:
    api.will(api.endless(head, megabytes=100))
    with pytest.raises(MalformedAnswer, match=r"the answer is larger than 1048576 bytes"):
        client.session("1")
    assert api.sent < 32 * 2**20


def test_a_compressed_body_is_refused_unopened(api: ScriptedServer, client: Client) -> None:
    api.will(api.answer(b"a bomb", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(MalformedAnswer, match=r"the answer is compressed, though that was declined"):
        client.session("1")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda api: api.hang(), id="before-headers"),
        pytest.param(lambda api: api.hang(HEAD + b'Content-Length: 99\r\n\r\n{"data'), id="inside-the-body"),
    ],
)
def test_an_answer_that_stops_coming_ends_in_its_time(
    api: ScriptedServer, connect: Callable[..., Client], fault: Callable[[ScriptedServer], Callable[..., None]]
) -> None:
    """One that trickles is ended by the pool: `tests/sidecar/test_pool.py`."""
    api.will(fault(api))
    client = connect(api.base_url, timeout_seconds=0.3)
    with pytest.raises(Unreachable) as caught:  # and not a wait without end: the server hangs up after 30 s
        client.session("1")
    assert str(caught.value) == (f"127.0.0.1:{api.port} can't be asked: no whole answer in 0.3 s (lambdatest_timeout)")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda api: api.reset(HEAD + b'Content-Length: 99\r\n\r\n{"data'), id="reset-in-the-body"),
        pytest.param(lambda api: api.raw(b"", hang_up=True), id="closed-at-once"),
        pytest.param(lambda api: api.raw(b"garbage\r\n\r\n", hang_up=True), id="not-http"),
        pytest.param(lambda api: api.raw(HEAD + b"X: 1\r\n" * 999 + b"\r\n", hang_up=True), id="many-headers"),
        pytest.param(
            lambda api: api.raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", hang_up=True), id="bad-chunk"
        ),
    ],
)
def test_a_connection_that_breaks_says_so_and_the_next_question_works(
    api: ScriptedServer, client: Client, fault: Callable[[ScriptedServer], Callable[..., None]]
) -> None:
    api.will(fault(api), api.details())
    with pytest.raises(Unreachable) as caught:
        client.session("1")
    assert str(caught.value) == f"127.0.0.1:{api.port} can't be asked: the connection broke"
    assert client.session("2").status == "passed"


def test_an_answer_cut_short_is_a_failure(api: ScriptedServer, client: Client) -> None:
    """To urllib3 before version 2 it looks whole, and then it is no JSON."""
    api.will(api.raw(HEAD + b'Content-Length: 99\r\n\r\n{"data"', hang_up=True))
    with pytest.raises(Failed, match=r"the connection broke|the answer is not JSON"):
        client.session("1")


# TLS


def test_the_users_certificate_authority_is_trusted_unless_requests_own_variable_names_another(
    api: ScriptedServer,
    connect: Callable[..., Client],
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api.speak_tls(*certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    address = api.base_url.replace("127.0.0.1", "localhost")
    assert connect(address).session("1").status == "passed"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", requests.utils.DEFAULT_CA_BUNDLE_PATH)
    with pytest.raises(Unreachable, match=r": TLS: self[- ]signed certificate; check REQUESTS_CA_BUNDLE$"):
        connect(address).session("1")


def test_a_certificate_for_another_name_is_refused(
    api: ScriptedServer,
    connect: Callable[..., Client],
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api.speak_tls(*certificate)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    with pytest.raises(Unreachable, match=r"TLS: IP address mismatch.*; check REQUESTS_CA_BUNDLE|TLS failed"):
        connect(api.base_url).session("1")
    assert api.requests == []


def test_a_missing_bundle_is_named(
    connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    with pytest.raises(Unreachable, match=r": a file is missing; check REQUESTS_CA_BUNDLE$"):
        connect("https://127.0.0.1:1/automation/api/v1").session("1")


# The surroundings


@pytest.mark.parametrize("hangs_up", [False, True])
def test_a_proxy_that_does_not_connect_is_named_without_its_password(
    new_server: Callable[[], ScriptedServer],
    connect: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
    hangs_up: bool,
) -> None:
    proxy = new_server()
    proxy.will(proxy.raw(b"", hang_up=True) if hangs_up else proxy.answer(b"", 407))
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:planted-password@127.0.0.1:{proxy.port}")
    with pytest.raises(Unreachable) as caught:
        connect("https://api.lambdatest.com/automation/api/v1").session("1")
    # What urllib3 makes of a proxy that hangs up depends on its version.
    assert str(caught.value).partition(": ")[2] in (
        "the proxy does not connect; check HTTPS_PROXY",
        *(["the connection broke"] if hangs_up else []),
    )
    assert proxy.requests[0].path == "api.lambdatest.com:443"
    assert "Authorization" not in proxy.requests[0].headers
    assert "planted" not in "".join(traceback.format_exception(caught.value))


def test_a_checkout_that_is_not_installed_says_so_to_the_api(
    api: ScriptedServer, connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "meta_path", [])
    client = connect(api.base_url)
    monkeypatch.undo()
    client.session("1")
    assert api.requests[0].headers["User-Agent"] == "pytest-lambdatest-session/unknown"


# What the API links to is fetched with credentials from its own host only, whole or not at all

CONTENT = b"0123456789" * 20_000


def download(base_url: str, url: str, *, limit_bytes: int = 10**6) -> bytes:
    client, content = Client(base_url, CREDENTIALS, timeout_seconds=30), bytearray()
    try:
        client.download(url, content.extend, limit_bytes=limit_bytes)
    finally:
        client.close()
    return bytes(content)


def address_of(server: ScriptedServer, userinfo: str = "") -> str:
    return f"http://{userinfo}127.0.0.1:{server.port}"


def authorizations(server: ScriptedServer) -> list[str | None]:
    return [request.headers.get("Authorization") for request in server.requests]


def test_the_apis_own_host_gets_our_credentials_and_not_those_in_the_address(api: ScriptedServer) -> None:
    api.will(api.answer(CONTENT))
    assert download(api.base_url, f"{address_of(api, 'other:k3y@')}/automation/api/v1/bundler/1/video.mp4") == CONTENT
    assert authorizations(api) == [CREDENTIALS.authorization]


def test_another_host_gets_none_and_what_a_redirect_leads_to_neither(
    api: ScriptedServer, new_server: Callable[[], ScriptedServer]
) -> None:
    other, loop = new_server(), new_server()
    other.will(other.answer(CONTENT))
    api.will(api.answer(b"", 302, {"Location": f"{address_of(other)}/signed.mp4"}))
    assert download(api.base_url, f"{address_of(api)}/video.mp4") == CONTENT
    url = f"{address_of(other, 'me:planted-access-key@')}/v.mp4?X-Amz-Signature=1"
    assert download(api.base_url, url) == CONTENT
    assert (authorizations(api), authorizations(other)) == ([CREDENTIALS.authorization], [None, None])
    assert other.requests[1].path == "/v.mp4?X-Amz-Signature=1"
    loop.will(loop.answer(b"", 302, {"Location": "/again"}))
    with pytest.raises(Redirected, match="too many redirects"):
        download(loop.base_url, f"{address_of(loop)}/video.mp4")
    assert authorizations(loop) == [CREDENTIALS.authorization, None, None, None]


@pytest.mark.parametrize("url", ["http://files.example/v.mp4", "file:///etc/passwd", "ftp://x.example/v", "v.mp4"])
def test_what_is_not_https_is_not_fetched(url: str) -> None:
    with pytest.raises(Redirected, match="links to what is not fetched"):
        download("http://127.0.0.1:9/api", url)


@pytest.mark.parametrize(
    ("status", "error"), [(404, NotFound), (403, ServerError), (500, ServerError), (200, MalformedAnswer)]
)
def test_what_does_not_come_or_is_too_large_is_one_of_our_errors(
    api: ScriptedServer, status: int, error: type[CloudError]
) -> None:
    api.will(api.answer(CONTENT, status))
    with pytest.raises(error):
        download(api.base_url, f"{address_of(api)}/v.mp4", limit_bytes=1000)


def test_a_host_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"^127\.0\.0\.1:1 can't be asked: connection refused"):
        download("http://127.0.0.1:9/api", "http://127.0.0.1:1/video.mp4")


# What people are told of a request without an answer

POOL = HTTPConnectionPool("me:planted-password@proxy")
SECRET = "http://me:planted-password@proxy"


@pytest.mark.parametrize(("seconds", "shown"), [(9.99999, "10"), (9.94, "9.9"), (0.25, "0.25"), (120.04, "120")])
def test_seconds_are_said_as_a_reader_would_say_them(seconds: float, shown: str) -> None:
    assert reason_of(TimeoutError(), seconds) == f"no whole answer in {shown} s (lambdatest_timeout)"


def chained(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def unreachable_network() -> Exception:
    return urllib3_errors.MaxRetryError(POOL, SECRET, urllib3_errors.NewConnectionError(None, SECRET))  # type: ignore[arg-type]


NO_TLS = "TLS failed; check lambdatest_api_url and any proxy on the way"
TOO_LATE = "no whole answer in 1.5 s (lambdatest_timeout)"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            requests.ConnectionError(chained(urllib3_errors.HTTPError(SECRET), gaierror(SECRET))),
            "a host name is not known (DNS); check the network, lambdatest_api_url and HTTPS_PROXY",
        ),
        (
            requests.exceptions.ProxyError(urllib3_errors.ProxyError(SECRET, OSError(SECRET))),
            "the proxy does not connect; check HTTPS_PROXY",
        ),
        (requests.exceptions.SSLError(urllib3_errors.SSLError(SECRET)), NO_TLS),
        (ssl.SSLEOFError(8, SECRET), NO_TLS),
        (
            requests.ConnectionError(unreachable_network()),
            "no connection; check the network and lambdatest_api_url",
        ),
        (requests.ConnectTimeout(urllib3_errors.ConnectTimeoutError(SECRET)), TOO_LATE),
        (TimeoutError(SECRET), TOO_LATE),
        (ConnectionRefusedError(SECRET), "connection refused; check the network and lambdatest_api_url"),
        (FileNotFoundError(SECRET), "a file is missing; check REQUESTS_CA_BUNDLE"),
        (RemoteDisconnected(SECRET), "the connection broke"),
        (ConnectionResetError(SECRET), "the connection broke"),
        (urllib3_errors.ProtocolError(SECRET), "the connection broke"),
        (
            requests.exceptions.InvalidProxyURL(SECRET),
            "InvalidProxyURL; check lambdatest_api_url, REQUESTS_CA_BUNDLE and HTTPS_PROXY",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_reason_is_told_in_our_words(error: Exception, reason: str) -> None:
    assert reason_of(error, 1.5) == reason


def test_errors_that_wrap_each_other_in_a_circle_are_walked_once() -> None:
    first, second = OSError(), OSError()
    first.__cause__, second.__context__ = second, first
    assert reason_of(first, 1).startswith("OSError; check")
