"""What may stand as a link in a report. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from pytest_lambdatest_session.cloud.redact import clean_text


def is_link(url: str) -> bool:
    """Whether it is http(s), a file, or relative to the report, without user info, on one line and without tricks."""
    if url != clean_text(url, len(url) + 1) or url.startswith(("//", "\\")):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("", "http", "https", "file") and "@" not in parts.netloc
