"""What people are told of a request without an answer."""

from __future__ import annotations

import ssl
from http.client import RemoteDisconnected
from socket import gaierror

import pytest
import requests
from urllib3 import HTTPConnectionPool
from urllib3 import exceptions as urllib3_errors

from pytest_lambdatest_session.cloud.reasons import reason_of

POOL = HTTPConnectionPool("me:planted-password@proxy")
SECRET = "http://me:planted-password@proxy"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(9.99999, "10"), (10.0, "10"), (9.94, "9.9"), (2.5, "2.5"), (0.25, "0.25"), (120.04, "120")]
)
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
