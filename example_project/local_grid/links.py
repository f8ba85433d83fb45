"""Every address the grid hands out, in the styles the cloud has, and the signatures on those that expire."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .capabilities import Kind
    from .journal import SessionRecord
    from .knobs import Knobs

API_PATHS: dict[Kind, str] = {"web": "/automation/api/v1", "app": "/mobile-automation/api/v1"}


class Links:
    """Makes links below one address of the grid."""

    def __init__(self, base_url: str, knobs: Knobs) -> None:
        self.base_url = base_url
        self._knobs = knobs
        self._secret = secrets.token_bytes(16)

    def log(self, record: SessionRecord, kind: str) -> str:
        return f"{self.base_url}{API_PATHS[record.kind]}/sessions/{record.session_id}/log/{kind}"

    def screenshots(self, record: SessionRecord) -> str:
        """Link the zip; like a video, a session that is not recorded has none."""
        if self._knobs.video_link == "auto" and not (record.recording or record.screenshots):
            return ""
        return f"{self.base_url}/screenshots/{record.test_id}/screenshots.zip?orgId=1"

    def video(self, record: SessionRecord) -> str:
        """Link the video in the style that is switched on; the link is there before the file is."""
        style = self._knobs.video_link
        if style == "auto":
            style = "mp4" if record.recording else "none"
        if style == "mp4":
            return self.mp4(record)
        if style == "player":
            return self.player(record)
        if style == "signed":
            return self.signed(f"/orgId-1/{record.test_id}/video/video.mp4")
        return ""

    def mp4(self, record: SessionRecord) -> str:
        return f"{self.base_url}/video/{record.test_id}/video.mp4"

    def player(self, record: SessionRecord) -> str:
        """Link the player's page. As on the cloud, `auth` is the same for every session of an account."""
        query = {"testID": record.test_id, "auth": self.account_hash(record.username)}
        return f"{self.base_url}/public/video?{urlencode(query)}"

    def account_hash(self, username: str) -> str:
        key = self._knobs.accounts.get(username, "")
        return hashlib.md5(f"{username}:{key}".encode(), usedforsecurity=False).hexdigest()

    def bundler_video(self, record: SessionRecord) -> str:
        """Link the mp4 as /sessions/{id}/video does: with the account's credentials in the address."""
        key = self._knobs.accounts.get(record.username, "")
        userinfo = f"{quote(record.username, safe='')}:{quote(key, safe='')}"
        scheme, _, host = self.base_url.partition("://")
        return f"{scheme}://{userinfo}@{host}{API_PATHS[record.kind]}/bundler/{record.test_id}/video.mp4"

    def dashboard(self, record: SessionRecord) -> str:
        return f"{self.base_url}/test?testID={record.test_id}"

    def build_dashboard(self, build_id: int) -> str:
        return f"{self.base_url}/build?&build={build_id}"

    def share(self, share_id: str) -> str:
        return f"{self.base_url}/share?shareId={share_id}"

    def signed(self, path: str) -> str:
        """Link a path for a short time."""
        expires = str(time.time() + self._knobs.signed_link_seconds)
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Expires": expires,
            "X-Amz-Signature": self._signature(path, expires),
        }
        return f"{self.base_url}{path}?{urlencode(query)}"

    def is_signed(self, path: str, query: Mapping[str, str]) -> bool:
        expires = query.get("X-Amz-Expires", "0")
        signature = query.get("X-Amz-Signature", "")
        if not hmac.compare_digest(self._signature(path, expires).encode(), signature.encode()):
            return False
        return time.time() < float(expires)

    def _signature(self, path: str, expires: str) -> str:
        return hmac.new(self._secret, f"{path}\n{expires}".encode(), hashlib.sha256).hexdigest()
