"""What may be shown: links without credentials in them, texts without secrets, lines without tricks."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from pytest_lambdatest_session.cloud.endpoints import VENDOR_DOMAINS, is_captured

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"
_LONGEST_URL = 4096
# Shorter than this it would also blank harmless words, and protects nothing.
_SHORTEST_SECRET = 4
_LONGEST_SPELLING = 2048

# Names of parameters, folded by _fold: good for a whole account, not only for the link they stand in.
_CREDENTIAL_NAMES = frozenset(
    (
        *("accesskey", "apikey", "authkey", "ltaccesskey", "userkey", "secret", "passwd", "password", "pwd"),
        *("accesstoken", "apitoken", "authtoken", "idtoken", "refreshtoken", "token", "bearer", "jwt"),
        *("auth", "authorization", "credentials", "ltusername", "user", "username"),
    ),
)
# Good for the one link they stand in: whoever has it needs no login.
_SIGNATURE_NAMES = frozenset(
    ("policy", "shareid", "sharetoken", "sig", "signature", "xamzsignature", "xgoogsignature"),
)
_NESTED_CREDENTIALS = re.compile(
    r"(?:^|[?&;#])[\s]*(?:access[-_]?(?:key|token)|api[-_]?key|auth|authorization|password|token|user(?:name)?)="
    r"|//[^/?#\s]*@",
    re.IGNORECASE,
)
_NAMED_SECRET = re.compile(r"(?i)\b(access[-_]?key|auth)=[^&;#\s\"'<>]+")
# The address of a browser of Playwright's has them in it, credentials included.
_CAPABILITIES = re.compile(r"(?i)\bcapabilities=(?:\{.*\}|[^&;#\s\"'<>]+)")
_USERINFO = re.compile(r"(?<=://)[^/?#\s\"'<>]*@")

_PLAIN_LINK = re.compile(r"https://[a-z0-9.-]+/[A-Za-z0-9/._~-]*")
"""Without user info, port, query and fragment: most links, and nothing in them has to be looked at more closely."""

_UNPRINTABLE = re.compile("[\x00-\x20\x7f-\xa0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]")
# Controls, bidirectional marks and overrides, surrogates, what XML 1.0 forbids, and the invisible "tags".
_TRICKS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f]",
)


def safe_url(value: object) -> str | None:
    """Return a link that may stand in a report, or None where `value` is none.

    Only http and https with a host; user info and account-wide credentials are cut out, and what LambdaTest
    serves is asked for by https. Whether it opens without a login is another question: see `is_signed`.
    """
    if not isinstance(value, str):
        return None
    if len(value) <= _LONGEST_URL and _PLAIN_LINK.fullmatch(value):
        return value
    parts = _split(value)
    if parts is None:
        return None
    netloc = parts.netloc.rpartition("@")[2]
    scheme = parts.scheme
    if scheme == "http" and is_captured(parts.hostname or "", VENDOR_DOMAINS):
        scheme, netloc = "https", netloc.removesuffix(":80")
    query = _without_credentials(parts.query)
    fragment = "" if _names_credentials(parts.fragment) else parts.fragment
    url = urlunsplit(parts._replace(scheme=scheme, netloc=netloc, query=query, fragment=fragment))
    # Only what may not stand in a URL is encoded anew: a signature covers the rest as it is.
    return quote(url, safe="!#$%&'()*+,/:;=?@[]~", errors="replace")


def is_signed(url: str) -> bool:
    """Tell whether whoever has this link can open it without a login."""
    if "?" not in url and "#" not in url:
        return False
    parts = urlsplit(url)
    names = {_fold(name) for name, _ in _parameters(f"{parts.query}&{parts.fragment}")}
    return bool(names & _SIGNATURE_NAMES) or {"expires", "keypairid"} <= names


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask `secrets`, the user info of every URL and `auth=` and its like, wherever they stand in `text`."""
    folded = text.lower()
    if there := frozenset(secret for secret in secrets if _anchor(secret) in folded):
        text = _spelled(there).sub(MASK, text)
    if "=" in text:
        text = _CAPABILITIES.sub(f"capabilities={MASK}", text)
    if "@" in text:
        text = _USERINFO.sub(f"{MASK}@", text)
    return _NAMED_SECRET.sub(rf"\1={MASK}", text) if "=" in text else text


def repeats(url: str, secrets: Iterable[str]) -> bool:
    """Tell whether a link has one of `secrets` in it, or what looks like one."""
    plain = unquote(url)
    return scrub(url, secrets) != url or (plain != url and scrub(plain, secrets) != plain)


def masked_text(text: str, limit: int, secrets: Iterable[str]) -> str:
    """Return `clean_text` of a text after `scrub`; of one longer than anybody would show only the start is searched."""
    start = text[: 8 * limit + _LONGEST_SPELLING]
    masked = scrub(start, secrets)
    # Half a secret may stand where it was cut.
    return clean_text(masked if len(start) == len(text) else masked[:-_LONGEST_SPELLING], limit)


def clean_text(value: object, limit: int) -> str:
    """Make one line of at most `limit` characters from untrusted text or a number; "" from anything else.

    Terminal escapes and NUL become the pictures of their controls; what reorders text or is no legal XML 1.0
    becomes the replacement character.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    # int() of many digits is refused by str(); a longer number than this is no id and no name.
    text = value if isinstance(value, str) else f"{value:.15g}" if isinstance(value, float) else _digits(value)
    line = _TRICKS.sub(_escaped, " ".join(text[: 8 * limit].split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


@lru_cache(maxsize=64)
def _anchor(secret: str) -> str:
    """Return what of a secret stands as it is in every spelling: nobody encodes letters and digits of ASCII.

    Finding it takes a hundredth of what the expression for the whole takes, and a log may have megabytes.
    """
    if len(secret) < _SHORTEST_SECRET:
        return "\0 too short to be looked for"
    runs: list[str] = re.findall("[0-9a-z]*", secret.lower())
    return max(runs, key=len)


@lru_cache(maxsize=32)
def _spelled(secrets: frozenset[str]) -> re.Pattern[str]:
    """Find `secrets` as URLs and JSON spell them, also one within the other, in any case of letters."""
    longest_first = sorted(secrets, key=len, reverse=True)
    return re.compile("|".join("".join(map(_spellings, secret)) for secret in longest_first), re.IGNORECASE)


@cache
def _spellings(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    in_url = "".join(f"%(?:25)*{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    # JSON may put a backslash before a slash, and has to before a quote.
    as_is = r"\\{0,4}" + re.escape(character)
    return rf"(?:{as_is}|{in_url}|\\{{1,4}}u{ord(character):04x}{'|[+]' if character == ' ' else ''})"


def _split(value: str) -> SplitResult | None:
    text = value.strip()
    if len(text) > _LONGEST_URL or "\\" in text or _UNPRINTABLE.search(text) or _TRICKS.search(text):
        return None
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or not host.isascii():
        return None
    return parts


def _without_credentials(query: str) -> str:
    parameters = _parameters(query)
    has_user = any(_fold(name) in ("user", "username") for name, _ in parameters)
    kept = [
        text
        for name, text in parameters
        if _fold(name) not in _CREDENTIAL_NAMES
        and not (has_user and _fold(name) == "key")
        and not _NESTED_CREDENTIALS.search(_decoded(text.partition("=")[2]))
    ]
    return "&".join(kept)


def _names_credentials(fragment: str) -> bool:
    return _NESTED_CREDENTIALS.search(_decoded(fragment)) is not None


def _parameters(query: str) -> list[tuple[str, str]]:
    """Split a query into (name, whole text of the parameter); some servers part them by semicolons."""
    return [(unquote(text.partition("=")[0]), text) for text in re.split("[&;]", query) if text]


def _fold(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _decoded(text: str) -> str:
    """Undo percent-encoding, also where a URL inside a URL has it twice."""
    for _ in range(3):
        text = unquote(text)
    return text


def _digits(number: int) -> str:
    return str(number) if abs(number) < 10**40 else ""


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:  # noqa: PLR2004 -- the C0 controls have pictures in this order
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"  # noqa: PLR2004 -- DEL
