"""HTML of what shows why a test failed without a look at the dashboard: commands, logs and video. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pytest_lambdatest_session.report.html.parts import asset, escaped
from pytest_lambdatest_session.report.last_commands import by_session, clock, command_text, took
from pytest_lambdatest_session.report.log_rows import within
from pytest_lambdatest_session.report.moments import video_at
from pytest_lambdatest_session.report.words import clock_text, counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.capture.payload import CommandPayload
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Entry
    from pytest_lambdatest_session.report.log_rows import LogRow

    Inline = Callable[[str], str | None]
    """Takes an artifact's path as in the session's record."""

_ROWS_SHOWN = 10


def evidence_style() -> str:
    return f"<style>{asset('evidence.css')}</style>"


def evidence_block(attempt: AttemptRecord, inline: Inline | None = None) -> str:
    """What an expanded row shows below the sessions' details.

    `inline` is for a page that stands by itself: it gives the text of a saved log that is short enough to be in it.
    """
    commands = dict(by_session(attempt))
    return "".join(
        section
        for entry in attempt.entries
        for section in (
            _commands_html(entry, commands[entry]) if entry in commands else "",
            _console_html(entry, attempt),
            _saved_html(entry, attempt, inline),
            _cloud_commands_html(entry, attempt),
        )
    )


def _has_failed(attempt: AttemptRecord) -> bool:
    """Whether a phase of it failed, be it as expected or to be run again."""
    return attempt.outcome in ("failed", "error", "rerun", "xfailed")


def _console_html(entry: Entry, attempt: AttemptRecord) -> str:
    if entry.saved_logs is None or not _has_failed(attempt):
        return ""
    return _rows_html("Console errors", within(entry.saved_logs.console_errors, entry.span_of(attempt)))


def _cloud_commands_html(entry: Entry, attempt: AttemptRecord) -> str:
    if entry.saved_logs is None or not _has_failed(attempt):
        return ""
    return _rows_html("End of LambdaTest's command log", within(entry.saved_logs.commands, entry.span_of(attempt)))


def _rows_html(title: str, rows: list[LogRow]) -> str:
    """The last of the rows that a log has of a failed test's time."""
    if not rows:
        return ""
    lines = "".join(
        f"<tr{' class=lt-bad' if row.is_error else ''}><td>"
        f"{clock_text(row.offset) if row.offset is not None else ''}</td><td>{escaped(row.text)}</td></tr>"
        for row in rows[-_ROWS_SHOWN:]
    )
    return (
        f'<section class="lt-details lt-evidence"><h3>{title} in this test\'s time</h3>'
        f"<table><tbody>{lines}</tbody></table></section>"
    )


def _saved_html(entry: Entry, attempt: AttemptRecord, inline: Inline | None) -> str:
    """The saved video in place, and what was not saved and why."""
    session = entry.public
    parts = []
    video = session["artifacts"].get("video")
    if video is not None:
        # A page may hold hundreds: a browser looks into those of failed tests only, before somebody plays them.
        preload = "metadata" if _has_failed(attempt) else "none"
        source = escaped(video_at(video, entry.span_of(attempt)))
        parts.append(f'<video controls preload="{preload}" src="{source}"></video>')
    if inline is not None:
        parts += _inlined(session["artifacts"], inline)
    if session["artifacts_missing"]:
        missing = "; ".join(f"{name}: {why}" for name, why in session["artifacts_missing"].items())
        parts.append(f"<p><i>Not saved: {escaped(missing)}</i></p>")
    return f'<section class="lt-details lt-evidence">{"".join(parts)}</section>' if parts else ""


def _inlined(artifacts: dict[str, str], inline: Inline) -> list[str]:
    parts = []
    for name, path in artifacts.items():
        text = inline(path)
        if text is not None:
            parts.append(f"<details><summary>{escaped(name)} log</summary><pre>{escape(text)}</pre></details>")
        else:
            folder = escaped(unquote(path.partition("/")[0]))
            parts.append(f"<p><i>{escaped(name)}: not in this page but in the folder {folder} beside it</i></p>")
    return parts


def _commands_html(entry: Entry, commands: list[CommandPayload]) -> str:
    rows = "".join(
        f"<tr{' class=lt-bad' if command['error'] else ''}><td>{clock(entry, command)}</td>"
        f"<td>{took(command)}</td><td>{escaped(command_text(command))}"
        + (f"<br>{escaped(command['error'])}" if command["error"] else "")
        + "</td></tr>"
        for command in commands
    )
    return (
        f'<section class="lt-details lt-evidence"><h3>Last {counted(len(commands), "command")} before the failure</h3>'
        f"<table><thead><tr><th>At</th><th>Took</th><th>Command</th></tr></thead><tbody>{rows}</tbody></table></section>"
    )
