"""A page per session, on disk, that can be read after the run."""

from __future__ import annotations

import html
import json
import shutil
from typing import TYPE_CHECKING

from . import details

if TYPE_CHECKING:
    from pathlib import Path

    from .journal import LoggedCommand, LoggedMessage, SessionRecord

_STYLE = """
:root { color-scheme: light dark; --edge: #d5d9e0; --soft: #f4f5f8; --dim: #5c6470; --bad: #b3261e; --good: #1a7f37;
  --other: #8a5a00; --link: #2456c9; --paper: #ffffff; --ink: #1d2129; }
@media (prefers-color-scheme: dark) { :root { --edge: #3a404b; --soft: #22262d; --dim: #a2aab8; --bad: #ff8a80;
  --good: #6fd08c; --other: #e8b660; --link: #8ab4ff; --paper: #17191e; --ink: #e6e8ec; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 2rem 1.25rem 4rem; font: 15px/1.5 system-ui, sans-serif;
  background: var(--paper); color: var(--ink); }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2.25rem 0 .75rem; }
a { color: var(--link); }
.dim { color: var(--dim); }
.status { display: inline-block; padding: .05rem .6rem; border: 1px solid currentColor; border-radius: 1rem;
  font-size: .85rem; font-weight: 600; color: var(--other); vertical-align: .15rem; margin-left: .5rem; }
.reason.failed, .reason.error { border-color: var(--bad); } .reason.passed { border-color: var(--good); }
.status.passed { color: var(--good); } .status.failed, .status.error { color: var(--bad); }
.reason { border-left: 3px solid var(--edge); padding: .4rem .8rem; background: var(--soft); white-space: pre-wrap;
  overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; margin: 1.25rem 0 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
video { width: 100%; max-height: 36rem; background: #000; border: 1px solid var(--edge); border-radius: 6px; }
.scroll { overflow-x: auto; border: 1px solid var(--edge); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem; border-bottom: 1px solid var(--edge); }
tr:last-child > td { border-bottom: 0; }
th { background: var(--soft); font-weight: 600; white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.failed td { color: var(--bad); }
code, pre { font: .82rem/1.45 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; margin: 0; }
summary { cursor: pointer; }
"""


class Pages:
    """Writes `<folder>/<session id>/index.html` and copies the video beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, record: SessionRecord) -> None:
        folder = self._folder / record.session_id
        folder.mkdir(parents=True, exist_ok=True)
        video = folder / "video.mp4"
        if record.video and record.video.exists() and not video.exists():
            shutil.copyfile(record.video, video)
        page = folder / "index.html"
        # A reader sees the old page or the new one, never half of one.
        draft = folder / "index.html.new"
        draft.write_text(render(record, "video.mp4" if video.exists() else None), encoding="utf-8")
        draft.replace(page)


def render(record: SessionRecord, video_link: str | None) -> str:
    """Return a session's page as HTML; `video_link` is None if there is no video."""
    status, remark = details.final_status(record) if record.ended else ("running", "")
    reason = f'<p class="reason {_text(status)}">{_text(remark)}</p>' if remark not in ("", status) else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(record.name)} · session {_text(record.session_id)}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<p class="dim">Session on the local grid · build {_text(record.build)}</p>
<h1>{_text(record.name)} <span class="status {_text(status)}">{_text(status)}</span></h1>
{reason}
</header>
{_details(record)}
<h2>Video</h2>
{_video(record, video_link)}
<h2>Commands <span class="dim">({len(record.commands)})</span></h2>
{_commands(record)}
<h2>Console <span class="dim">({len(record.console)})</span></h2>
{_messages(record.console, "The browser's console stayed empty.")}
{_network(record)}
</body>
</html>
"""


def _details(record: SessionRecord) -> str:
    duration = record.duration_seconds
    browser = f"{record.browser} {record.browser_version}".strip()
    rows = {
        "Session id": record.session_id,
        "Test id": record.test_id,
        "Browser": browser if record.kind == "web" else "",
        "Device": f"{record.device} {record.os_version}".strip(),
        "Platform": record.platform,
        "Started": f"{details.plain_time(record.created_at)} UTC",
        "Ended": f"{details.plain_time(record.ended_at)} UTC" if record.ended_at else "still running",
        "Duration": f"{duration:.1f} s" if duration is not None else "",
        "Tags": ", ".join(record.tags),
        "Exceptions": "\n".join(record.exceptions),
    }
    items = "".join(f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in rows.items() if value)
    return f"<dl>{items}</dl>"


def _video(record: SessionRecord, link: str | None) -> str:
    if link:
        return f'<video controls preload="metadata" src="{_text(link)}"></video>'
    if record.recording:
        return '<p class="dim">The recording is not ready yet.</p>'
    return '<p class="dim">This session was not recorded.</p>'


def _commands(record: SessionRecord) -> str:
    if not record.commands:
        return '<p class="dim">No command was sent.</p>'
    rows = "".join(_command(record, command) for command in record.commands)
    return (
        '<div class="scroll"><table><thead><tr><th>At</th><th>Command</th><th>Status</th><th>Took</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _command(record: SessionRecord, command: LoggedCommand) -> str:
    at = (command.at - record.created_at).total_seconds() - command.duration_seconds
    prefix = f"/session/{record.session_id}"
    path = command.path.removeprefix(prefix) or ("/session" if command.method == "DELETE" else command.path)
    bodies = "\n".join(filter(None, (_pretty(command.request_body), "→ " + _pretty(command.response_body))))
    return (
        f'<tr class="{"ok" if command.status == 200 else "failed"}"><td class="number">{max(at, 0):.2f} s</td>'
        f"<td><details><summary><code>{_text(command.method)} {_text(path)}</code></summary>"
        f"<pre>{_text(_without_user(bodies, record))}</pre></details></td>"
        f'<td class="number">{command.status}</td>'
        f'<td class="number">{command.duration_seconds * 1000:.0f} ms</td></tr>'
    )


def _without_user(text: str, record: SessionRecord) -> str:
    """Remove the user name: pages are kept and passed on."""
    return text.replace(record.username, "****") if record.username else text


def _network(record: SessionRecord) -> str:
    if not record.wants_network:
        return ""
    messages = _messages(record.network, "The page asked for nothing.")
    return f'<h2>Network <span class="dim">({len(record.network)})</span></h2>\n{messages}'


def _messages(messages: tuple[LoggedMessage, ...], empty: str) -> str:
    if not messages:
        return f'<p class="dim">{_text(empty)}</p>'
    rows = "".join(
        f'<tr class="{"failed" if message.level == "SEVERE" else "ok"}"><td>{message.at:%H:%M:%S}</td>'
        f"<td>{_text(message.level)}</td><td><code>{_text(message.message)}</code></td></tr>"
        for message in messages
    )
    return (
        '<div class="scroll"><table><thead><tr><th>At (UTC)</th><th>Level</th><th>Message</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _pretty(body: str) -> str:
    """Return JSON indented; a body that was cut is unchanged."""
    try:
        return details.pretty_json(json.loads(body)) if body else ""
    except ValueError:
        return body


def _text(value: str) -> str:
    return html.escape(str(value), quote=True)
