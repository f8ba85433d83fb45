"""JSON of a session and of its logs, as in "TestMu AI Selenium Automation API Documentation" 1.0.2.

The oddities are the document's: a running session lacks keys instead of having nulls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from .journal import LoggedCommand, LoggedMessage, SessionRecord
    from .links import Links

USER_ID = 23_477


def session_details(record: SessionRecord, links: Links, final: bool) -> dict[str, Any]:
    """Return the `data` of `GET /sessions/{id}`; `final` is whether the API knows of the session's end."""
    details: dict[str, Any] = {
        "test_id": record.test_id,
        "build_id": record.build_id,
        "name": record.name,
        "user_id": USER_ID,
        "username": record.username,
        "platform": record.platform,
        "browser": record.browser,
        "browser_version": record.browser_version,
        "status_ind": "running",
        "session_id": record.session_id,
        "build_name": record.build,
        "create_timestamp": plain_time(record.created_at),
        "start_timestamp": plain_time(record.created_at),
        "remark": "running",
        "test_type": "selenium" if record.kind == "web" else "app-automation",
        "console_logs_url": links.log(record, "console"),
        "network_logs_url": links.log(record, "network"),
        "command_logs_url": links.log(record, "command"),
        "screenshot_url": links.screenshots(record),
        "video_url": links.video(record),
        "customData": {},
    }
    if record.kind == "app":
        details["device_name"] = record.device
        details["os_version"] = record.os_version
        details["appium_logs_url"] = links.log(record, "appium")
        details["device_logs_url"] = links.log(record, "devicelog")
        details["crash_logs_url"] = ""
    if final and record.ended_at and record.duration_seconds is not None:
        details["status_ind"], details["remark"] = final_status(record)
        details["end_timestamp"] = plain_time(record.ended_at)
        details["duration"] = int(record.duration_seconds)
        details["device"] = record.device
        if record.kind == "web":
            details["selenium_logs_url"] = links.log(record, "selenium")
    return details


def final_status(record: SessionRecord) -> tuple[str, str]:
    """Return `status_ind` and `remark` of an ended session: those of its last mark, else "completed"."""
    if record.mark:
        return record.mark.status, record.mark.reason or record.mark.status
    return "completed", "completed"


def command_row(record: SessionRecord, command: LoggedCommand) -> dict[str, Any]:
    value = {
        "requestMethod": command.method,
        "requestPath": command.path,
        "requestBody": command.request_body,
        "responseBody": command.response_body,
        "responseStatus": command.status,
        "duration": round(command.duration_seconds * 1000),
    }
    return _row("requestLog", record, "success" if command.status == 200 else "fail", command.at, value)


def console_row(record: SessionRecord, entry: LoggedMessage) -> dict[str, Any]:
    value = {"level": entry.level, "message": entry.message, "timestamp": _milliseconds(entry.at)}
    return _row("consoleLog", record, "success", entry.at, value)


def selenium_row(record: SessionRecord, command: LoggedCommand) -> dict[str, Any]:
    value = {
        "level": "INFO" if command.status == 200 else "WARNING",
        "message": f"{command.method} {command.path} -> {command.status}",
        "timestamp": _milliseconds(command.at),
    }
    return _row("seleniumLog", record, "success", command.at, value)


def appium_log(record: SessionRecord) -> str:
    """Return the commands in the form of Appium's server log, one per line."""
    lines = [
        f"{command.at:%Y-%m-%d %H:%M:%S}:{command.at.microsecond // 1000:03d} [HTTP] --> {command.method} "
        f"{command.path} {command.status}"
        for command in record.commands
    ]
    return "\n".join(lines) + "\n"


def plain_time(moment: datetime) -> str:
    """Format a UTC time as the API does, which leaves the zone out."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _row(log_type: str, record: SessionRecord, status: str, at: datetime, value: dict[str, Any]) -> dict[str, Any]:
    return {
        "logType": log_type,
        "testID": record.test_id,
        "status": status,
        "timestamp": _milliseconds(at),
        "Value": value,
    }


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
