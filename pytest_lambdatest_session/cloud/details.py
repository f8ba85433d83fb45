"""The API's JSON about a session -> `SessionDetails`, leniently.

Shapes are those of the vendor's OpenAPI documents and of answers that its users published (read in October
2026): every field may be absent, null, blank or of another type, and some names have several spellings. What
can't be read counts as not known; only an answer without any session in it is an error.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from pytest_lambdatest_session.cloud.errors import MalformedAnswer
from pytest_lambdatest_session.cloud.redact import clean_text, is_signed, masked_text, repeats, safe_url
from pytest_lambdatest_session.cloud.status import folded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


Phase = Literal["running", "incomplete", "complete"]

LOG_KINDS = ("command", "console", "network", "selenium", "appium", "device", "crash")

_ID_LIMIT, _WORD_LIMIT, _NAME_LIMIT, _REMARK_LIMIT = 128, 64, 256, 500
_LONGEST_SESSION = timedelta(days=30).total_seconds()
_FIRST_YEAR, _LAST_YEAR = 2000, 2100  # Go's zero time, year 1, means "not yet"

_SESSION_KEYS = ("session_id", "test_id", "status_ind")
_SHARE_KEYS = ("share_url", "public_url", "shareIdUrl", "share_link")
_RUNNING = frozenset(("created", "initiated", "inprogress", "pending", "queued", "running", "started", "starting"))
_VIDEO_ENDINGS = (".m3u8", ".mp4", ".webm")
_IMAGE_ENDINGS = (".jpeg", ".jpg", ".png", ".zip")

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s*(?:([+-]\d\d):?(\d\d))?\s*(?:Z|UTC|GMT)?",
    re.ASCII | re.IGNORECASE,
)
# Of sessions most say the same: browser, platform, build.
_masked_text = lru_cache(maxsize=512)(masked_text)
_NUMBER = re.compile(r"\d{1,16}(?:\.\d{1,16})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SessionDetails:
    """What the cloud says about a session; None and "" mean that it does not say.

    Texts are single lines of bounded length, links are http(s) without credentials, times are in UTC.
    """

    session_id: str = ""
    test_id: str | None = None
    status: str | None = None
    remark: str | None = None
    duration: float | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    name: str | None = None
    build_name: str | None = None
    browser: str | None = None
    browser_version: str | None = None
    platform: str | None = None
    device: str | None = None
    video_url: str | None = None
    screenshot_url: str | None = None
    share_url: str | None = None
    logs: tuple[tuple[str, str], ...] = ()
    """(kind, url) for each log there is, in the order of LOG_KINDS."""
    withheld: tuple[str, ...] = ()
    """Names of links left out because they open without a login and sharing was not asked for."""

    @property
    def has_ended(self) -> bool:
        """Return whether the cloud knows its end; a status word is no proof, since suites mark before they quit."""
        return self.ended_at is not None or bool(self.duration)

    @property
    def phase(self) -> Phase:
        """Return how far the cloud is: `incomplete` is ended or marked, with parts still to come."""
        word = folded(self.status)
        if word in _RUNNING or not (word or self.has_ended):
            return "running"
        has_links = bool(self.video_url or self.logs or self.withheld)
        return "complete" if self.has_ended and has_links else "incomplete"


def parse_session(body: object, *, share: bool = False, secrets: tuple[str, ...] = ()) -> SessionDetails:
    """Read the answer of `GET /sessions/{id}`; raises MalformedAnswer if there is no session in it.

    Links that open without a login are kept only with `share`. Texts that repeat one of `secrets` are masked,
    links that do are left out.
    """
    data = body.get("data") if isinstance(body, dict) else None
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    for candidate in (data, body):
        if isinstance(candidate, dict) and (row := _Row(candidate, secrets)).is_session:
            return _details(row, share=share)
    raise _no_session(body, secrets)


class _Row:
    """One session's object in an answer: the first of several spellings that holds something, cleaned."""

    def __init__(self, values: Mapping[str, Any], secrets: tuple[str, ...]) -> None:
        self._values = values
        self._secrets = secrets

    @property
    def is_session(self) -> bool:
        return self.text(_ID_LIMIT, *_SESSION_KEYS) is not None

    def value(self, *keys: str) -> object:
        return next((value for key in keys if (value := self._values.get(key)) not in (None, "")), None)

    def text(self, limit: int, *keys: str) -> str | None:
        for key in keys:
            if text := self._clean(key, limit):
                # One string for all sessions that say the same, as they do of browsers and builds.
                return sys.intern(text)
        return None

    def link(self, *keys: str) -> str | None:
        for key in keys:
            link = safe_url(self._values.get(key))
            if link and not repeats(link, self._secrets):
                return link
        return None

    def _clean(self, key: str, limit: int) -> str:
        value = self._values.get(key)
        # Masked before it is cut to size: half a key is still half a key.
        return _masked_text(value, limit, self._secrets) if isinstance(value, str) else clean_text(value, limit)


def _no_session(body: object, secrets: tuple[str, ...]) -> MalformedAnswer:
    said = body.get("message") if isinstance(body, dict) else None
    message = masked_text(said, _NAME_LIMIT, secrets) if isinstance(said, str) else ""
    return MalformedAnswer("no session in the answer" + (f", which says {message!r}" if message else ""))


def _details(row: _Row, *, share: bool) -> SessionDetails:
    started_at = _time(row.value("start_timestamp", "create_timestamp"))
    ended_at = _time(row.value("end_timestamp"))
    links = _links(row)
    withheld = () if share else tuple(name for name, url in links.items() if name == "share" or is_signed(url))
    shown = {name: url for name, url in links.items() if name not in withheld}
    return SessionDetails(
        session_id=row.text(_ID_LIMIT, "session_id") or "",
        test_id=row.text(_ID_LIMIT, "test_id"),
        # Not from `status`: beside the session's own fields that is the envelope's "success".
        status=row.text(_WORD_LIMIT, "status_ind"),
        remark=row.text(_REMARK_LIMIT, "remark"),
        duration=_duration(row.value("duration"), started_at, ended_at),
        started_at=started_at,
        ended_at=ended_at,
        name=row.text(_NAME_LIMIT, "name"),
        build_name=row.text(_NAME_LIMIT, "build_name", "build"),
        browser=row.text(_WORD_LIMIT, "browser"),
        browser_version=row.text(_WORD_LIMIT, "browser_version", "version"),
        platform=row.text(_WORD_LIMIT, "platform", "os"),
        device=row.text(_NAME_LIMIT, "device", "device_name"),
        video_url=shown.get("video"),
        screenshot_url=shown.get("screenshot"),
        share_url=shown.get("share"),
        logs=tuple((kind, shown[kind]) for kind in LOG_KINDS if kind in shown),
        withheld=withheld,
    )


def _links(row: _Row) -> dict[str, str]:
    video, screenshot = row.link("video_url"), row.link("screenshot_url")
    # The vendor's own example has the two the wrong way round. One of them alone may be a film among the pictures.
    if _ends_in(video, _IMAGE_ENDINGS) and _ends_in(screenshot, _VIDEO_ENDINGS):
        video, screenshot = screenshot, video
    links = {"video": video, "screenshot": screenshot, "share": row.link(*_SHARE_KEYS)}
    links |= {kind: row.link(f"{kind}_logs_url", f"{kind}_logs") for kind in LOG_KINDS}
    return {name: url for name, url in links.items() if url}


def _ends_in(url: str | None, endings: tuple[str, ...]) -> bool:
    return url is not None and urlsplit(url).path.lower().endswith(endings)


def _number(value: object) -> float | None:
    """Read a finite number that is not negative, also from text; true and false are none."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # Compared before it is converted: an int may be too large for a float. NaN is in no range.
    return float(value) if 0 <= value < 10**16 else None


def _duration(value: object, started_at: datetime | None, ended_at: datetime | None) -> float | None:
    seconds = _number(value)
    if seconds is not None and seconds <= _LONGEST_SESSION:
        return seconds
    if started_at is None or ended_at is None or ended_at < started_at:
        return None
    return (ended_at - started_at).total_seconds()


def _time(value: object) -> datetime | None:
    """Read `YYYY-MM-DD HH:MM:SS` (UTC, as the vendor means it), RFC 3339, or seconds or ms since 1970."""
    moment = _calendar_time(value) if isinstance(value, str) else None
    if moment is None and (number := _number(value)) is not None:
        seconds = number / 1000 if number > 10**11 else number  # as seconds, the year 5138
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=min(seconds, 10**11))
    return moment if moment is not None and _FIRST_YEAR <= moment.year < _LAST_YEAR else None


def _calendar_time(text: str) -> datetime | None:
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    date, time, fraction, hours, minutes = match.groups("")
    try:
        moment = datetime.fromisoformat(f"{date}T{time}.{fraction.ljust(6, '0')[:6]}{hours or '+00'}:{minutes or '00'}")
        return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None
