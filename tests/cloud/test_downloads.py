"""What the API links to is fetched with credentials from its own host only, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_grid.web import Request, Response, Server, Takeover
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
    from collections.abc import Callable, Iterator

CREDENTIALS = Credentials("me", "s3cret-key")
CONTENT = b"0123456789" * 20_000


class Host:
    """Serves one answer for every path, and keeps what it was asked."""

    def __init__(self, answer: Response | Takeover) -> None:
        self.requests: list[Request] = []
        self._answer = answer
        self.server = Server(self._take)
        self.server.start()
        self.url = f"http://127.0.0.1:{self.server.port}"

    def _take(self, request: Request) -> Response | Takeover:
        self.requests.append(request)
        return self._answer

    @property
    def authorizations(self) -> list[str | None]:
        return [request.headers.get("authorization") for request in self.requests]


@pytest.fixture
def host() -> Iterator[Callable[..., Host]]:
    hosts: list[Host] = []

    def start(answer: Response | Takeover) -> Host:
        hosts.append(Host(answer))
        return hosts[-1]

    yield start
    for one in hosts:
        one.server.close()


def download(api: str, url: str, *, limit_bytes: int = 10**6) -> bytes:
    client = Client(f"{api}/automation/api/v1", CREDENTIALS, timeout_seconds=5)
    pieces: list[bytes] = []
    try:
        client.download(url, pieces.append, limit_bytes=limit_bytes)
    finally:
        client.close()
    return b"".join(pieces)


def test_the_apis_own_host_gets_our_credentials_and_not_those_in_the_address(host: Callable[..., Host]) -> None:
    api = host(Response(200, CONTENT))
    address = api.url.replace("://", "://other:k3y@")
    assert download(api.url, f"{address}/automation/api/v1/bundler/1/video.mp4") == CONTENT
    assert api.authorizations == [CREDENTIALS.authorization]


def test_another_host_gets_none(host: Callable[..., Host]) -> None:
    api, other = host(Response(200)), host(Response(200, CONTENT))
    assert download(api.url, f"{other.url.replace('://', '://me:s3cret-key@')}/v.mp4?X-Amz-Signature=1") == CONTENT
    assert other.authorizations == [None]
    assert other.requests[0].query == {"X-Amz-Signature": "1"}


def test_a_redirect_is_followed_without_credentials_be_it_to_the_same_host(host: Callable[..., Host]) -> None:
    other = host(Response(200, CONTENT))
    api = host(Response(302, headers=(("Location", f"{other.url}/signed.mp4"),)))
    assert download(api.url, f"{api.url}/video.mp4") == CONTENT
    assert (api.authorizations, other.authorizations) == ([CREDENTIALS.authorization], [None])
    loop = host(Response(302, headers=(("Location", "/again"),)))
    with pytest.raises(Redirected, match="too many redirects"):
        download(loop.url, f"{loop.url}/video.mp4")
    assert loop.authorizations == [CREDENTIALS.authorization, None, None, None]


@pytest.mark.parametrize("url", ["http://files.example/v.mp4", "file:///etc/passwd", "ftp://x.example/v", "v.mp4"])
def test_what_is_not_https_is_not_fetched(url: str) -> None:
    with pytest.raises(Redirected, match="links to what is not fetched"):
        download("http://127.0.0.1:9", url)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(404), NotFound),
        (Response(403, b"<Error/>"), ServerError),
        (Response(500), ServerError),
        (Response(200, CONTENT), MalformedAnswer),
    ],
    ids=["missing", "expired", "broken", "too large"],
)
def test_what_does_not_come_is_one_of_our_errors(
    host: Callable[..., Host], answer: Response, error: type[CloudError]
) -> None:
    api = host(answer)
    with pytest.raises(error):
        download(api.url, f"{api.url}/v.mp4", limit_bytes=1000)


def test_a_host_that_is_not_there_is_unreachable() -> None:
    client = Client("http://127.0.0.1:9/api", CREDENTIALS, timeout_seconds=2)
    with pytest.raises(Unreachable, match=r"^127\.0\.0\.1:1 can't be asked: connection refused"):
        client.download("http://127.0.0.1:1/video.mp4", lambda _: None, limit_bytes=10)
