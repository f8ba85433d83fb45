"""Why a request got no answer, in our own words: those of the libraries may quote a proxy's password."""

from __future__ import annotations

import ssl
from http.client import HTTPException
from socket import gaierror
from typing import TYPE_CHECKING

from urllib3 import exceptions as urllib3_errors

from pytest_lambdatest_session.cloud.redact import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterator

# The first that is found anywhere among an error's causes tells most.
_REASONS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((gaierror,), "a host name is not known (DNS); check the network, lambdatest_api_url and HTTPS_PROXY"),
    ((urllib3_errors.ProxyError,), "the proxy does not connect; check HTTPS_PROXY"),
    (
        (ssl.SSLError, urllib3_errors.SSLError),
        "TLS failed; check lambdatest_api_url and any proxy on the way",
    ),
    ((ConnectionRefusedError,), "connection refused; check the network and lambdatest_api_url"),
    # Before the timeouts, of which it is one by name.
    ((urllib3_errors.NewConnectionError,), "no connection; check the network and lambdatest_api_url"),
    ((TimeoutError, urllib3_errors.TimeoutError), "no whole answer in {seconds} s (lambdatest_timeout)"),
    ((FileNotFoundError,), "a file is missing; check REQUESTS_CA_BUNDLE"),
    ((ConnectionError, HTTPException, urllib3_errors.ProtocolError), "the connection broke"),
)


def reason_of(error: BaseException, timeout_seconds: float) -> str:
    """Say what kept a request from its answer, and what to look at."""
    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"TLS: {clean_text(cause.verify_message, 200)}; check REQUESTS_CA_BUNDLE"
        # As requests says of a file that is not there: a plain OSError, with a path in it.
        if type(cause) is OSError and "TLS CA certificate bundle" in str(cause):
            return "a file is missing; check REQUESTS_CA_BUNDLE"
    for kinds, reason in _REASONS:
        if any(isinstance(cause, kinds) for cause in causes):
            return reason.format(seconds=seconds_text(timeout_seconds))
    return f"{type(error).__name__}; check lambdatest_api_url, REQUESTS_CA_BUNDLE and HTTPS_PROXY"


def seconds_text(seconds: float) -> str:
    """Return seconds as somebody would have set them, `10`, `2.5` or `0.25`, also a microsecond later."""
    return f"{round(seconds, 1 if seconds >= 1 else 2):g}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk through an error and what it wraps, kept by the libraries as argument, reason or cause."""
    waiting, seen = [error], set[int]()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = (*current.args, getattr(current, "reason", None), current.__cause__, current.__context__)
        waiting.extend(cause for cause in inner if isinstance(cause, BaseException))
