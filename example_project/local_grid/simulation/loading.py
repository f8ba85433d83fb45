"""From an address to HTML text: data: addresses, and pages of this machine; nothing is asked of the network."""

from __future__ import annotations

import base64
import binascii
import html
import urllib.error
import urllib.request
from urllib.parse import unquote_to_bytes, urldefrag, urljoin, urlsplit

_BLANK = ""
_LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
_MAX_BYTES = 2_000_000


class WrongAddressError(ValueError):
    """An address that no browser would open."""


def load(url: str) -> str:
    """Return the HTML of a page. Pages of other hosts are a heading with the host's name."""
    scheme = urlsplit(url).scheme.lower()
    if scheme == "data":
        return _load_data(url)
    if scheme in ("http", "https"):
        host = urlsplit(url).hostname or ""
        return _fetch(url) if host in _LOCAL_HOSTS else _stand_in(host)
    if url.lower().startswith("about:"):
        return _BLANK
    raise WrongAddressError(f"the simulated browser opens data:, http: and about: addresses, not {url[:80]!r}")


def normalise(url: str) -> str:
    """Spell an address as browsers report it."""
    url = url.strip().translate({ord("\n"): None, ord("\r"): None, ord("\t"): None})
    parts = urlsplit(url)
    if not parts.scheme:
        raise WrongAddressError(f"{url[:80]!r} is not a whole address")
    if parts.scheme in ("http", "https") and not parts.path:
        return parts._replace(path="/").geturl()
    return url


def resolve(base: str, link: str) -> str:
    if link.startswith("#"):
        return urldefrag(base).url + link
    return urljoin(base, link) if urlsplit(base).scheme in ("http", "https") else link


def same_page(one: str, other: str) -> bool:
    """Whether two addresses differ in nothing but the place on the page."""
    return urldefrag(one).url == urldefrag(other).url


def _load_data(url: str) -> str:
    # As in a browser, an unescaped "#" begins the fragment and ends the content.
    header, comma, payload = urldefrag(url).url[len("data:") :].partition(",")
    if not comma:
        raise WrongAddressError("a data: address needs a comma before its content")
    media_type, *parameters = (part.strip().lower() for part in header.split(";"))
    content = unquote_to_bytes(payload)
    if "base64" in parameters:
        try:
            content = base64.b64decode(content + b"=" * (-len(content) % 4))
        except binascii.Error as error:
            raise WrongAddressError("the data: address holds no base64") from error
    charset = next((one.partition("=")[2] for one in parameters if one.startswith("charset=")), "utf-8")
    try:
        text = content.decode(charset, errors="replace")
    except LookupError:
        text = content.decode(errors="replace")
    return text if media_type == "text/html" else f"<body><pre>{html.escape(text)}</pre></body>"


def _fetch(url: str) -> str:
    # Past any proxy: these hosts are this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as response:
            charset = response.headers.get_content_charset() or "utf-8"
            return str(response.read(_MAX_BYTES).decode(charset, errors="replace"))
    except urllib.error.HTTPError as error:
        with error:
            return error.read(_MAX_BYTES).decode(errors="replace")
    except OSError as error:
        raise ConnectionError("net::ERR_CONNECTION_REFUSED") from error


def _stand_in(host: str) -> str:
    name = html.escape(host)
    return f"<title>{name}</title><h1>{name}</h1><p>The simulated browser does not go there.</p>"
