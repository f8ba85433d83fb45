"""Where a session is asked about and looked at: from the hub's host to the API's base, its logs and the dashboard.

Hosts and patterns are those of LambdaTest's OpenAPI documents, its Node client and its documentation, read in
October 2026. Nothing here touches the network.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["web", "app"]
"""LambdaTest's two products: each has its own API and its own dashboard."""

VENDOR_DOMAINS = ("lambdatest.com", "testmuai.com")

_API: dict[tuple[Kind, Literal["us", "eu"]], str] = {
    ("web", "us"): "https://api.lambdatest.com/automation/api/v1",
    ("web", "eu"): "https://eu-api.lambdatest.com/automation/api/v1",
    ("app", "us"): "https://mobile-api.lambdatest.com/mobile-automation/api/v1",
    ("app", "eu"): "https://eu-mobile-api.lambdatest.com/mobile-automation/api/v1",
}
# Of the new name only this host is documented; the others answer under the old one.
_TESTMU_WEB_API = "https://api.testmuai.com/automation/api/v1"

_WEB_PATH = "/automation/api/"
_APP_PATH = "/mobile-automation/api/"
_SHARE_PATH = "/lshs/api/v1.0/share-item"

LOGS: dict[Kind, dict[str, tuple[str, str]]] = {
    "web": {
        "command": ("command", "command-log.json"),
        "console": ("console", "console-log.json"),
        "network": ("network", "network-log.json"),
        "selenium": ("selenium", "selenium-log.json"),
    },
    "app": {
        "command": ("command", "command-log.json"),
        "appium": ("appium", "appium-log.txt"),
        "device": ("devicelog", "device-log.txt"),
        "network": ("network", "network-log.json"),
    },
}
"""Of each product: `{kind of log: (its name in the API's path, name of the file)}`."""

_cached = lru_cache(maxsize=64)
"""For what is asked for each session of a run, about the few addresses that it has."""


def is_captured(host: str, hosts: Iterable[str]) -> bool:
    """Tell whether a hub's host is one of `hosts` or lies below one of them."""
    name = _folded(host)
    return any(name == entry or name.endswith("." + entry) for entry in map(_folded, hosts) if entry)


def kind_of(hub_host: str) -> Kind:
    """Tell the product from the hub's host, since real devices run through both with equal capabilities."""
    return "app" if "mobile" in _folded(hub_host) else "web"


@_cached
def api_base_url(hub_host: str, kind: Kind, override: str | None = None) -> str:
    """Choose the API that knows the sessions of a hub.

    An `override` (the user's own API address) wins; if it names the other product and has a sibling for this
    one, the sibling is meant.
    """
    if override is not None:
        other = None if _kind_of_base(override) in (kind, None) else sibling_base_url(override)
        return other or override
    if is_captured(hub_host, ("testmuai.com",)) and kind == "web" and _region(hub_host) == "us":
        return _TESTMU_WEB_API
    return _API[kind, _region(hub_host)]


@_cached
def sibling_base_url(base_url: str) -> str | None:
    """Name the other product's API beside `base_url`, or None where it can't be told."""
    parts = urlsplit(base_url)
    kind = _kind_of_base(base_url)
    if kind is None:
        return None
    if is_captured(parts.hostname or "", VENDOR_DOMAINS):
        return _API["web" if kind == "app" else "app", _region(parts.hostname or "")]
    if _APP_PATH in parts.path:
        return urlunsplit(parts._replace(path=parts.path.replace(_APP_PATH, _WEB_PATH, 1)))
    return urlunsplit(parts._replace(path=parts.path.replace(_WEB_PATH, _APP_PATH, 1)))


def share_base_url(hub_host: str, override: str | None = None) -> str:
    """Return where links are made that open without a login; with the user's own API address, on that host.

    Documented for the US host, for both products.
    """
    if override is not None and not is_captured(urlsplit(override).hostname or "", VENDOR_DOMAINS):
        parts = urlsplit(override)
        return f"{parts.scheme}://{parts.netloc}{_SHARE_PATH}"
    host = urlsplit(override).hostname if override is not None else hub_host
    region = "eu-" if _region(host or "") == "eu" else ""
    return f"https://{region}api.lambdatest.com{_SHARE_PATH}"


def kind_asked(base_url: str, otherwise: Kind) -> Kind:
    """Tell whose API `base_url` is; an address that does not say counts as `otherwise`."""
    return _kind_of_base(base_url) or otherwise


def dashboard_url(kind: Kind, session_id: str, test_id: str | None = None, template: str | None = None) -> str:
    """Make the link to the session's page.

    `template` may hold `{session_id}` and `{test_id}`. The session id stands in for a test id that is not
    known (the pages accept both), so that no link has an empty part.
    """
    quoted = quote(test_id or session_id, safe="", errors="replace")
    if template is not None:
        quoted_session = quote(session_id, safe="", errors="replace")
        return template.replace("{session_id}", quoted_session).replace("{test_id}", quoted)
    if kind == "app":
        return f"https://appautomation.lambdatest.com/test?testID={quoted}"
    if test_id:
        return f"https://automation.lambdatest.com/test?testID={quoted}"
    return f"https://automation.lambdatest.com/logs/?sessionID={quoted}"


def checked_api_url(text: str) -> str:
    """Return an API base address fit to receive credentials, without a slash at its end.

    Raises ValueError, with words for a user, for anything but https (http to this machine alone), for an
    address with a user name in it, and for one with a query or fragment.
    """
    stripped = text.strip()
    try:
        parts = urlsplit(stripped)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("not a URL") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("expected https://host/path")
    if "@" in parts.netloc:
        raise ValueError("credentials don't belong in the API address; set LT_USERNAME and LT_ACCESS_KEY")
    if parts.query or parts.fragment or any(character.isspace() or character == "\\" for character in stripped):
        raise ValueError("expected https://host/path, without query, fragment or spaces")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("credentials are sent there, so it must be https (http only to this machine)")
    return stripped.rstrip("/")


def is_loopback(host: str) -> bool:
    """Tell whether a host name can only mean this machine."""
    if _folded(host) == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_of(base_url: str) -> str:
    """Name the API for people: its host, with a port where it has one."""
    parts: SplitResult = urlsplit(base_url)
    return parts.netloc.rpartition("@")[2]


def _folded(host: str) -> str:
    return host.strip().strip(".").lower()


def _region(host: str) -> Literal["us", "eu"]:
    first_label = _folded(host).partition(".")[0]
    return "eu" if first_label == "eu" or first_label.startswith("eu-") else "us"


@_cached
def _kind_of_base(base_url: str) -> Kind | None:
    parts = urlsplit(base_url)
    path = parts.path + "/"
    if _APP_PATH in path:
        return "app"
    if _WEB_PATH in path:
        return "web"
    if is_captured(parts.hostname or "", VENDOR_DOMAINS):
        return kind_of(parts.hostname or "")
    return None
