"""HTML of what shows why a test failed without a look at the dashboard: its last WebDriver commands. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.html_parts import asset, escaped
from pytest_lambdatest_session.report.last_commands import by_session, clock, command_text, took
from pytest_lambdatest_session.report.words import counted

if TYPE_CHECKING:
    from pytest_lambdatest_session.capture.commands import CarriedCommand
    from pytest_lambdatest_session.report.ledger import AttemptRecord, Entry


def evidence_style() -> str:
    return f"<style>{asset('evidence.css')}</style>"


def evidence_block(attempt: AttemptRecord) -> str:
    """What an expanded row shows below the sessions' details."""
    return "".join(_commands_html(entry, commands) for entry, commands in by_session(attempt))


def _commands_html(entry: Entry, commands: list[CarriedCommand]) -> str:
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
