"""The links that the API returns, in each of the cloud's styles."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .capabilities import Kind
    from .journal import SessionRecord
    from .options import GridOptions

API_PATHS: dict[Kind, str] = {"web": "/automation/api/v1", "app": "/mobile-automation/api/v1"}


class Links:
    """Builds links to one grid."""

    def __init__(self, base_url: str, options: GridOptions) -> None:
        self.base_url = base_url
        self._options = options
        self._secret = secrets.token_bytes(16)

    def log(self, record: SessionRecord, kind: str) -> str:
        return f"{self.base_url}{API_PATHS[record.kind]}/sessions/{record.session_id}/log/{kind}"

    def screenshots(self, record: SessionRecord) -> str:
        """Return the link to the zip of screenshots, or "" for a session that is not recorded."""
        if self._options.video_link == "auto" and not (record.recording or record.screenshots):
            return ""
        return f"{self.base_url}/screenshots/{record.test_id}/screenshots.zip?orgId=1"

    def video(self, record: SessionRecord) -> str:
        """Return the link to the video in the chosen style, or "". The link is there before the file is."""
        style = self._options.video_link
        if style == "auto":
            style = "mp4" if record.recording else "none"
        if style == "signed":
            return self.signed(f"/orgId-1/{record.test_id}/video/video.mp4")
        make = {"mp4": self.mp4, "player": self.player, "stream": self.stream}.get(style)
        return make(record) if make else ""

    def mp4(self, record: SessionRecord) -> str:
        return f"{self.base_url}/video/{record.test_id}/video.mp4"

    def stream(self, record: SessionRecord) -> str:
        return f"{self.base_url}/video/{record.test_id}/index.m3u8"

    def player(self, record: SessionRecord) -> str:
        """Return the link to the player's page. As on the cloud, `auth` is md5 of the account's user name and key."""
        query = {"testID": record.test_id, "auth": self.account_hash(record.username)}
        return f"{self.base_url}/public/video?{urlencode(query)}"

    def account_hash(self, username: str) -> str:
        key = self._options.accounts.get(username, "")
        return hashlib.md5(f"{username}:{key}".encode(), usedforsecurity=False).hexdigest()

    def bundler_video(self, record: SessionRecord) -> str:
        """Return the link of `GET /sessions/{id}/video`; that of a file has the credentials in its userinfo."""
        if self._options.video_link == "stream":
            return self.stream(record)
        key = self._options.accounts.get(record.username, "")
        userinfo = f"{quote(record.username, safe='')}:{quote(key, safe='')}"
        scheme, _, host = self.base_url.partition("://")
        return f"{scheme}://{userinfo}@{host}{API_PATHS[record.kind]}/bundler/{record.test_id}/video.mp4"

    def share(self, share_id: str) -> str:
        return f"{self.base_url}/share?shareId={share_id}"

    def signed(self, path: str) -> str:
        """Return a link to the path that works without credentials."""
        query = {"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Signature": self._signature(path)}
        return f"{self.base_url}{path}?{urlencode(query)}"

    def is_signed(self, path: str, query: Mapping[str, str]) -> bool:
        return hmac.compare_digest(self._signature(path).encode(), query.get("X-Amz-Signature", "").encode())

    def _signature(self, path: str) -> str:
        return hmac.new(self._secret, path.encode(), hashlib.sha256).hexdigest()
