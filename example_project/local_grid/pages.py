"""A page per session, on disk, that can be read after the run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from . import details

if TYPE_CHECKING:
    from .journal import LoggedCommand, SessionRecord

_TEMPLATES = jinja2.Environment(
    autoescape=True,
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    lstrip_blocks=True,
    trim_blocks=True,
    undefined=jinja2.StrictUndefined,
)


def write(folder: Path, record: SessionRecord) -> None:
    """Write `<folder>/<session id>/index.html`, and copy the video beside it."""
    folder = folder / record.session_id
    folder.mkdir(parents=True, exist_ok=True)
    video = folder / "video.mp4"
    if record.video and record.video.exists() and not video.exists():
        shutil.copyfile(record.video, video)
    # A reader sees the old page or the new one, never half of one.
    draft = folder / "index.html.new"
    draft.write_text(render(record, "video.mp4" if video.exists() else None), encoding="utf-8")
    draft.replace(folder / "index.html")


def render(record: SessionRecord, video_link: str | None) -> str:
    """Return a session's page as HTML; `video_link` is None if there is no video."""
    status, remark = details.final_status(record) if record.ended else ("running", "")
    commands = [_command(record, command) for command in record.commands]
    return _TEMPLATES.get_template("page.html").render(
        session=record, status=status, remark=remark, facts=_facts(record), commands=commands, video=video_link
    )


def _facts(record: SessionRecord) -> dict[str, str]:
    duration = record.duration_seconds
    return {
        "Session id": record.session_id,
        "Test id": record.test_id,
        "Browser": f"{record.browser} {record.browser_version}".strip() if record.kind == "web" else "",
        "Device": f"{record.device} {record.os_version}".strip(),
        "Platform": record.platform,
        "Started": f"{details.plain_time(record.created_at)} UTC",
        "Ended": f"{details.plain_time(record.ended_at)} UTC" if record.ended_at else "still running",
        "Duration": f"{duration:.1f} s" if duration is not None else "",
    }


def _command(record: SessionRecord, command: LoggedCommand) -> dict[str, Any]:
    at = (command.at - record.created_at).total_seconds() - command.duration_seconds
    path = command.path.removeprefix(f"/session/{record.session_id}")
    bodies = "\n".join(filter(None, (_pretty(command.request_body), "→ " + _pretty(command.response_body))))
    return {
        "at": max(at, 0),
        "method": command.method,
        "path": path or ("/session" if command.method == "DELETE" else command.path),
        # Pages are kept and passed on.
        "bodies": bodies.replace(record.username, "****") if record.username else bodies,
        "status": command.status,
        "took": command.duration_seconds,
    }


def _pretty(body: str) -> str:
    """Return JSON indented; a body that was cut is unchanged."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False) if body else ""
    except ValueError:
        return body
