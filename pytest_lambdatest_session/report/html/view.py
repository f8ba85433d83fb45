"""What a page says of sessions and of tests, as nested tuples of texts; `sessions.js` reads them by the same places.

Nothing here is HTML: the script puts texts in as texts, and opens links of harmless schemes only. What stands in each
place is said once, by the functions below. Pure.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pytest_lambdatest_session.report.formatting import (
    clock_text,
    duration_text,
    has_own_remark,
    pluralize,
    session_facts,
    session_titles,
    severity_of,
    shown_status,
    status_text,
    verdict_text,
)
from pytest_lambdatest_session.report.html.parts import join_nonempty, login_note, logs_of, video_of
from pytest_lambdatest_session.report.html.table import shown, shown_lines
from pytest_lambdatest_session.report.last_commands import clock, took
from pytest_lambdatest_session.report.log_rows import within
from pytest_lambdatest_session.report.priority import disagreement_on, lacks_final_answer
from pytest_lambdatest_session.report.saved_files import STREAM_NOTE
from pytest_lambdatest_session.report.video_offsets import about, fragment_of, is_media, position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_lambdatest_session.report.html.table import Said, Shown
    from pytest_lambdatest_session.report.log_rows import LogRow
    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.registry import AttemptRecord, TrackedSession, Use

    Inline = Callable[[str], str | None]
    """Takes an artifact's path as in the session's record, gives the text of a saved log that shall be in the page."""

_ROWS_SHOWN = 10


def session_view(tracked: TrackedSession, shown: Shown) -> Said:
    """Return what is said of a session, whoever used it; `shown` is that of the session.

    `(what many sessions have alike, time, facts)`, the first of them `(status, its severity, links, logs, note on the
    logs, remarks, name, browser, groups)`: of links and logs `(name, name in full, address)` each, of remarks and facts
    `(name, text)`; of groups of the filter a letter each.
    """
    session = tracked.public
    time, facts = duration_text(session["duration"]), session_facts(session)
    added, logs = session["links"], logs_of(session)
    # All at once: one after the other these would take most of the time that a page takes.
    lines = shown.lines(
        status_text(session),
        _machine(session["browser"], session["browser_version"], session["device"], session["platform"]),
        *[text for _, text in facts],
        # As _links_and_logs takes them
        session["player"] or "",
        video_of(session) or "",
        session["url"],
        session["shared_until"] or "",
        session["share_url"] or "",
        session["artifacts"].get("screenshots") or session["screenshot_url"] or "",
        *added.values(),
        *logs.values(),
    )
    status, machine, *texts, addresses = lines.split("\n", 2 + len(facts))
    alike = (
        status,
        severity_of(shown_status(session)),
        *_links_and_logs(tuple(added), tuple(logs), addresses),
        login_note([session]) or "",
        tuple(_remarks(tracked, shown)),
        _own_name(tracked),
        machine,
        groups_of(tracked),
    )
    return alike, time, tuple([(name, text) for (name, _), text in zip(facts, texts, strict=True)])


def attempt_view(attempt: AttemptRecord) -> Said:
    """Return what is said of a test's attempt itself: `(outcome, its severity, which attempt, why it failed)`."""
    outcome = attempt.outcome or "unfinished"
    number = f" (attempt {attempt.number})" if attempt.number > 1 else ""
    return outcome, severity_of(outcome), number, shown_lines(attempt.failure)


def use_view(use: Use, title: str, commands: list[LogRow], inline: Inline | None, shown: Shown) -> Said:
    """Return what is said of a test's use of a session.

    `(whose it is, disagreement, where it starts, where it ends, fragment of the video's address, failure details,
    address of the clip)`; what is not there is "".
    """
    session, attempt = use.tracked.public, use.attempt
    video = video_of(session) or ""
    return (
        title,
        shown(verdict_text(session, attempt.outcome)) if attempt.disagrees_with(use.tracked) else "",
        *position(use),
        fragment_of(video, use.video_range if is_media(video) else None),
        tuple(_failure_details(use, commands, inline, shown)),
        shown(use.clip) if use.clip else "",
    )


def use_titles(attempt: AttemptRecord) -> Iterator[str]:
    """Yield what tells the sessions of an attempt apart: their names, or which of how many."""
    number = f", attempt {attempt.number}" if attempt.number > 1 else ""
    if len(attempt.uses) == 1:
        yield number
        return
    for title in session_titles(attempt.sessions).values():
        is_number = title.startswith("session ")
        whose = title.removeprefix("session") if is_number else f": {shown(title)}"
        yield whose + number


def creation_failures_view(attempt: AttemptRecord) -> Said:
    """`(hub, error)` of each session that was not created."""
    return tuple(
        (shown(creation_failure["hub"]), shown(creation_failure["error"]))
        for creation_failure in attempt.creation_failures
    )


def groups_of(tracked: TrackedSession) -> str:
    """Return a letter for each group of the filter that a session is in."""
    return (
        ("f" if tracked.was_in_a_failure else "")
        + ("d" if disagreement_on(tracked) is not None else "")
        + ("u" if lacks_final_answer(tracked) else "")
    )


# Of a run's sessions nearly all have the same, as marks stand for their ids.
@lru_cache(maxsize=100)
def _links_and_logs(added: tuple[str, ...], kinds: tuple[str, ...], addresses: str) -> Said:
    """Return links and logs of these names, by addresses in a line each.

    A link has a short name where there is little room; one without stands in details only.
    """
    player, video, page, until, share, screenshots, *others = addresses.split("\n")
    names, kinds = tuple(map(shown, added)), tuple(map(shown, kinds))
    links = (
        ("player", "Player", player),
        ("" if player else "video", "Video", video),
        ("session", "Session page", page),
        (f"shared until {until}", f"Shared page (opens without a login until {until})", share),
        ("", "Screenshots", screenshots),
        *zip(names, names, others, strict=False),
    )
    logs = zip(kinds, others[len(added) :], strict=True)
    return (
        tuple(link for link in links if link[2]),
        tuple((kind, f"{kind[:1].upper()}{kind[1:]} log", address) for kind, address in logs),
    )


@lru_cache(maxsize=100)
def _machine(browser: str | None, version: str | None, device: str | None, platform: str | None) -> str:
    return join_nonempty(", ", join_nonempty(" ", browser, version), device, platform)


def _remarks(tracked: TrackedSession, shown: Shown) -> Iterator[tuple[str, str]]:
    session = tracked.public
    if session["error"]:
        yield "Why", shown(session["error"])
    if session["remark"] and has_own_remark(session, (attempt.failure for attempt in tracked.attempts)):
        yield "Remark", shown(session["remark"])


def _own_name(tracked: TrackedSession) -> str:
    """Return the session's name, "" if it says no more than the test's; hubs put the id of one without a name there."""
    name = tracked.public["name"]
    if not name or name == tracked.id or any(name in use.attempt.nodeid for use in tracked.uses):
        return ""
    return shown(name)


# What shows why a test failed without a look at the dashboard


def _failure_details(use: Use, commands: list[LogRow], inline: Inline | None, shown: Shown) -> Iterator[Said]:
    """Yield parts, each by its name.

    `("picture", kind, address, caption)`, `("table", title, heads, rows)`, `("log", title, text)`, `("note", text)`. A
    picture of kind "image" or "video" shows the moment of the failure, one of kind "" is none, but leads there. A row
    is `(cells, error below the last cell, severity)`.
    """
    tracked = use.tracked
    if use.attempt.has_a_failure:
        yield from _picture(use, inline, shown)
        if commands:
            yield _commands(tracked, commands)
        yield from _console_errors(tracked, within(tracked.console_errors, use.time_range))
    yield from _elsewhere(tracked.public, inline)


def _picture(use: Use, inline: Inline | None, shown: Shown) -> Iterator[Said]:
    """Yield the moment of the failure; a page that stands by itself has it in it, if it is small."""
    session, offset = use.tracked.public, use.failure_offset
    if session["player"] is None or offset is None:
        return
    lag = use.tracked.video_lag
    caption = f"Failed at {about(lag.is_certain or not lag.is_measured)}{clock_text(lag.shown_second(offset))}"
    poster = use.poster if inline is None or use.poster is None else inline(use.poster)
    video = session["artifacts"].get("video")
    if poster is not None:
        yield "picture", "image", shown(poster), caption
    elif video is not None and inline is None:
        yield "picture", "video", shown(f"{video}#t={max(0.0, lag.shown_second(offset) - 0.1):.1f}"), caption
    else:
        yield "picture", "", "", caption


def _commands(tracked: TrackedSession, commands: list[LogRow]) -> Said:
    rows = tuple(
        ((clock(tracked, row), took(row), shown(row.text)), shown(row.error), "bad" if row.is_error else "")
        for row in commands
    )
    return "table", f"Last {pluralize(len(commands), 'command')} before the failure", ("At", "Took", "Command"), rows


def _console_errors(tracked: TrackedSession, rows: list[LogRow]) -> Iterator[Said]:
    """Yield the last of those in a failed test's time."""
    if rows:
        lines = tuple(((clock(tracked, row), shown(row.text)), "", "bad") for row in rows[-_ROWS_SHOWN:])
        yield "table", "Console errors in this test's time", (), lines


def _elsewhere(session: ReportedSession, inline: Inline | None) -> Iterator[Said]:
    """Yield what was saved and is not in the page, and what was not saved and why."""
    player = session["player"]
    if session["artifacts"].get("video", "").endswith(".m3u8"):
        yield "note", f"The video is in pieces: {STREAM_NOTE}"
    if inline is not None and player is not None:
        texts = {name: inline(path) for name, path in session["artifacts"].items()}
        for name, text in texts.items():
            if text is not None:
                yield "log", shown(f"{name} log"), shown_lines(text)
        left = ", ".join([*(name for name, text in texts.items() if text is None), "player"])
        folder = unquote(player.partition("/")[0])
        yield "note", shown(f"Not in this page but in the folder {folder} beside it: {left}")
    if session["artifacts_missing"]:
        missing = ", ".join(f"{name} ({why})" for name, why in session["artifacts_missing"].items())
        yield "note", shown(f"Not saved: {missing}")
