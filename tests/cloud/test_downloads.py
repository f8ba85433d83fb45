"""What the API links to is fetched with credentials from its own host only, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.cloud.errors import (
    CloudError,
    MalformedAnswer,
    NotFound,
    Redirected,
    ServerError,
    Unreachable,
)
from pytest_lambdatest_session.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripted_server import ScriptedServer

CREDENTIALS = Credentials("me", "s3cret-key")
CONTENT = b"0123456789" * 20_000


def download(base_url: str, url: str, *, limit_bytes: int = 10**6) -> bytes:
    client = Client(base_url, CREDENTIALS, timeout_seconds=5)
    pieces: list[bytes] = []
    try:
        client.download(url, pieces.append, limit_bytes=limit_bytes)
    finally:
        client.close()
    return b"".join(pieces)


def address_of(server: ScriptedServer, userinfo: str = "") -> str:
    return f"http://{userinfo}127.0.0.1:{server.port}"


def authorizations(server: ScriptedServer) -> list[str | None]:
    return [request.headers.get("Authorization") for request in server.requests]


def test_the_apis_own_host_gets_our_credentials_and_not_those_in_the_address(api: ScriptedServer) -> None:
    api.will(api.answer(CONTENT))
    assert download(api.base_url, f"{address_of(api, 'other:k3y@')}/automation/api/v1/bundler/1/video.mp4") == CONTENT
    assert authorizations(api) == [CREDENTIALS.authorization]


def test_another_host_gets_none(api: ScriptedServer, new_server: Callable[[], ScriptedServer]) -> None:
    other = new_server()
    other.will(other.answer(CONTENT))
    url = f"{address_of(other, 'me:s3cret-key@')}/v.mp4?X-Amz-Signature=1"
    assert download(api.base_url, url) == CONTENT
    assert authorizations(other) == [None]
    assert other.requests[0].path == "/v.mp4?X-Amz-Signature=1"


def test_a_redirect_is_followed_without_credentials_be_it_to_the_same_host(
    api: ScriptedServer, new_server: Callable[[], ScriptedServer]
) -> None:
    other, loop = new_server(), new_server()
    other.will(other.answer(CONTENT))
    api.will(api.answer(b"", 302, {"Location": f"{address_of(other)}/signed.mp4"}))
    assert download(api.base_url, f"{address_of(api)}/video.mp4") == CONTENT
    assert (authorizations(api), authorizations(other)) == ([CREDENTIALS.authorization], [None])
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
