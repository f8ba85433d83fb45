"""Session and build JSON in the shape of the vendor's documents, oddities included; pure.

Details and lists name the same thing differently, a running session lacks keys rather than having nulls, and a
list's durations are strings: all of it as in "TestMu AI Selenium Automation API Documentation" 1.0.2.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from .journal import LoggedCommand, LoggedMessage, SessionRecord
    from .links import Links

USER_ID = 23_477


def session_details(record: SessionRecord, links: Links, final: bool) -> dict[str, Any]:
    """Build the `data` of GET /sessions/{id}."""
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
        "customData": record.custom_data,
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


def session_row(record: SessionRecord, links: Links, final: bool) -> dict[str, Any]:
    """Build one row of GET /sessions: other names, a duration in letters, times in ISO form."""
    details = session_details(record, links, final)
    row = {
        name: details[name]
        for name in ("test_id", "build_id", "name", "user_id", "username", "platform", "browser", "session_id")
    }
    row |= {
        "version": record.browser_version,
        "status_ind": details["status_ind"],
        "build_name": record.build,
        "create_timestamp": iso_time(record.created_at),
        "start_timestamp": iso_time(record.created_at),
        "end_timestamp": iso_time(record.ended_at) if final and record.ended_at else "",
        "duration": str(details.get("duration", "")),
        "remark": details["remark"],
        "tag": list(record.tags),
        "customdata": record.custom_data,
        "test_type": details["test_type"],
        "console_logs": details["console_logs_url"],
        "network_logs": details["network_logs_url"],
        "command_logs": details["command_logs_url"],
        "video_url": details["video_url"],
        "screenshot_url": details["screenshot_url"],
    }
    if record.kind == "web":
        row["selenium_logs"] = links.log(record, "selenium")
    return row


def build_details(records: list[SessionRecord], links: Links, public_url: str | None) -> dict[str, Any]:
    """Build the `data` of GET /builds/{build_id} from the build's sessions."""
    first = records[0]
    ended = [record.ended_at for record in records if record.ended_at]
    details: dict[str, Any] = {
        "build_id": first.build_id,
        "name": first.build,
        "user_id": USER_ID,
        "username": first.username,
        "status_ind": "completed" if len(ended) == len(records) else "running",
        "create_timestamp": plain_time(first.created_at),
        "duration": int(sum(record.duration_seconds or 0 for record in records)),
        "tags": [],
        "dashboard_url": links.build_dashboard(first.build_id),
    }
    if details["status_ind"] == "completed":
        details["end_timestamp"] = plain_time(max(ended))
    if public_url:
        details["public_url"] = public_url
    return details


def final_status(record: SessionRecord) -> tuple[str, str]:
    """Return status and remark of a session that is over; without a mark it is merely "completed"."""
    if record.mark:
        return record.mark.status, record.mark.reason or record.mark.status
    if record.stopped:
        return "stopped", "stopped"
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


def message_row(record: SessionRecord, log_type: str, entry: LoggedMessage) -> dict[str, Any]:
    value = {"level": entry.level, "message": entry.message, "timestamp": _milliseconds(entry.at)}
    return _row(log_type, record, "success", entry.at, value)


def selenium_row(record: SessionRecord, command: LoggedCommand) -> dict[str, Any]:
    value = {
        "level": "INFO" if command.status == 200 else "WARNING",
        "message": f"{command.method} {command.path} -> {command.status}",
        "timestamp": _milliseconds(command.at),
    }
    return _row("seleniumLog", record, "success", command.at, value)


def har(record: SessionRecord) -> dict[str, Any]:
    """Build a HAR of what the network log holds: addresses and statuses, no bodies."""
    entries = []
    for entry in record.network:
        status, _, url = entry.message.partition(" ")
        if entry.level == "RESPONSE":
            entries.append(
                {
                    "startedDateTime": iso_time(entry.at),
                    "time": 0,
                    "request": {"method": "GET", "url": url},
                    "response": {"status": int(status)},
                }
            )
    creator = {"name": "local grid", "version": "1"}
    return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


def appium_log(record: SessionRecord) -> str:
    """Write the commands as Appium's server log does, a line each."""
    lines = [
        f"{command.at:%Y-%m-%d %H:%M:%S}:{command.at.microsecond // 1000:03d} [HTTP] --> {command.method} "
        f"{command.path} {command.status}"
        for command in record.commands
    ]
    return "\n".join(lines) + "\n"


def pretty_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def plain_time(moment: datetime) -> str:
    """Write a UTC time as the details have it: without saying that it is UTC."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def iso_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


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
