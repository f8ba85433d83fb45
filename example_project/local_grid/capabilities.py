"""Read a new-session request: what it says to LambdaTest, and what a browser on this machine can honour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["web", "app"]

# Capabilities for the browser on this machine. Any other (platform, versions, LambdaTest's own, the flat ones of the
# old protocol) chooses a machine of the cloud, and chromedriver would refuse the session.
_STANDARD = (
    "acceptInsecureCerts",
    "pageLoadStrategy",
    "proxy",
    "setWindowRect",
    "strictFileInteractability",
    "timeouts",
    "unhandledPromptBehavior",
    "webSocketUrl",
)
_CHROME = ("goog:chromeOptions", "goog:loggingPrefs", "goog:perfLoggingPrefs")

_PLATFORMS = {
    "windows 7": "win7",
    "windows 8": "win8",
    "windows 8.1": "win8.1",
    "windows 10": "win10",
    "windows 11": "win11",
}


@dataclass(frozen=True)
class WantedSession:
    """A new-session request, parsed."""

    kind: Kind
    name: str
    build: str
    username: str
    access_key: str = field(repr=False)
    browser: str
    browser_version: str
    platform: str
    device: str
    os_version: str
    record_video: bool
    vendor_options: dict[str, Any] = field(repr=False)
    """As the client sent them, with the access key."""
    browser_capabilities: dict[str, Any]
    """The capabilities for a browser on this machine."""
    remote_url: str = field(repr=False)
    """The hub's address that Selenium adds, with its userinfo."""


def read_new_session(body: Mapping[str, Any], host: str) -> WantedSession:
    """Parse a request in the W3C form, the old one, or both."""
    capabilities = _merged(body)
    vendor = _vendor_options(capabilities)
    flat = {**capabilities, **vendor}

    def text(*names: str) -> str:
        return next((str(flat[name]) for name in names if flat.get(name) not in (None, "")), "")

    device = text("deviceName", "appium:deviceName", "device")
    return WantedSession(
        kind="app" if device or text("app", "appium:app") or "mobile" in host.lower() else "web",
        name=text("name", "sessionName"),
        build=text("build", "Build", "buildName"),
        username=text("username", "user", "userName"),
        access_key=text("accessKey", "access_key", "accesskey"),
        browser=(text("browserName") or "chrome").lower(),
        browser_version=text("browserVersion", "version"),
        platform=_platform(text("platformName", "platform")),
        device=device,
        os_version=text("platformVersion", "appium:platformVersion"),
        record_video=_is_on(flat.get("video", True)),
        vendor_options=vendor,
        browser_capabilities={name: capabilities[name] for name in (*_STANDARD, *_CHROME) if name in capabilities},
        remote_url=str(capabilities.get("se:remoteUrl", "")),
    )


def _merged(body: Mapping[str, Any]) -> dict[str, Any]:
    w3c = _object(body.get("capabilities"))
    first_match = w3c.get("firstMatch")
    first = _object(first_match[0]) if isinstance(first_match, list) and first_match else {}
    merged = {**_object(body.get("desiredCapabilities")), **_object(w3c.get("alwaysMatch")), **first}
    if "chromeOptions" in merged:
        merged.setdefault("goog:chromeOptions", merged["chromeOptions"])
    return merged


def _vendor_options(capabilities: Mapping[str, Any]) -> dict[str, Any]:
    """Return `LT:Options`, which are also spelled `lt:options` and `LT:options`."""
    vendor: dict[str, Any] = {}
    for name, value in capabilities.items():
        if name.lower() == "lt:options":
            vendor.update(_object(value))
    return vendor


def _object(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _platform(name: str) -> str:
    """Return the API's spelling of a platform: "win10" for "Windows 10"."""
    return _PLATFORMS.get(name.lower(), name.lower()) or "win10"


def _is_on(value: Any) -> bool:
    return str(value).lower() not in {"false", "0", "no", "off", "none", ""}
