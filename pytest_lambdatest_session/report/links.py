"""What may stand as a link in a report. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pytest_lambdatest_session.cloud.redact import clean_text

_PLAIN = re.compile(r"https?://[A-Za-z0-9.-]+(?:/[!-~]*)?")
"""Nearly all links; to look closer at each takes a page of a hundred thousand sessions many seconds."""


def is_plain(url: str) -> bool:
    """Return whether it is http(s) to a host by name, with nothing in it to look closer at."""
    return _PLAIN.fullmatch(url) is not None


def is_link(url: str) -> bool:
    """Return whether it is http(s), a file, or relative to the report, on one line without user info or tricks."""
    if is_plain(url):
        return True
    if url != clean_text(url, len(url) + 1) or url.startswith(("//", "\\")):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("", "http", "https", "file") and "@" not in parts.netloc
