"""What the terminal is told of sessions: a section in each failure, and one at the end of the run."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from pytest_lambdatest_session.report.formatting import (
    counts_text,
    escape_control_characters,
    has_own_remark,
    pluralize,
    session_titles,
    severity_of,
    shown_status,
    status_counts,
    summary_text,
)
from pytest_lambdatest_session.report.last_commands import clock, commands_of, took
from pytest_lambdatest_session.report.priority import by_priority, failed, is_left_running, uses_by_priority
from pytest_lambdatest_session.report.video_offsets import fragment_of, position

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pytest

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry, TrackedSession
    from pytest_lambdatest_session.report.video_offsets import VideoRange

_RUNNING_SHOWN = 20
_NO_ID = "its id is not known"
_RUNNING = "running: quit() was not called before the reports were written"

Colour = Literal["red", "green", "yellow", ""]
_COLOURS: dict[str, Colour] = {"good": "green", "bad": "red", "plain": ""}


class Line(NamedTuple):
    """A line, in one colour if the terminal has any."""

    text: str
    colour: Colour = ""


class Style(NamedTuple):
    """How this run prints sessions."""

    report_folder: Path
    """What relative links start from."""
    here: Path
    """Where pytest was called: paths are printed relative to it."""
    root: Path
    """Where node ids start from."""
    verbosity: int
    hubs: tuple[str, ...]
    """Of which sessions are captured."""
    with_reasons: bool = True
    """Whether it is said with each session why there is no answer."""

    def place(self, link: str) -> str:
        """Return a link that can be followed from here: of one that is relative to the report, the path."""
        parts = urlsplit(link)
        if parts.scheme or link.startswith("/"):
            return link
        return os.path.relpath(self.report_folder / unquote(parts.path), self.here)

    def nodeid(self, nodeid: str) -> str:
        """Return a node id as pytest prints it, which is one that can be pasted behind `pytest`."""
        if self.root == self.here:
            return nodeid
        path, mark, rest = nodeid.partition("::")
        return os.path.relpath(self.root / path, self.here).replace(os.sep, "/") + mark + rest


# The sections in a failure


def failure_text(attempt: AttemptRecord, style: Style | None) -> str:
    """Return the section of a failure, with what the cloud said; without a style with what needs no API."""
    if style is None:
        sessions = [Line(tracked.public["url"] or _NO_ID) for tracked in attempt.sessions]
    else:
        sessions = list(_blocks(attempt, attempt.sessions, style))
    return "\n".join(escape_control_characters(line.text) for line in (*sessions, *_creation_failures(attempt)))


def command_lines(attempt: AttemptRecord) -> Iterator[str]:
    """Yield an attempt's last commands before it failed, those of each session by themselves."""
    titles = session_titles(attempt.sessions)
    for tracked, rows in commands_of(attempt).items():
        if len(titles) > 1:
            yield titles[tracked]
        for row in rows:
            yield f"{clock(tracked, row):>7} {took(row):>8}  {row.text}"
            if row.error:
                yield f"{'':18}{row.error}"


def write_lines(terminal: pytest.TerminalReporter, lines: Iterable[Line]) -> None:
    for line in lines:
        terminal.write_line(escape_control_characters(line.text), **({line.colour: True} if line.colour else {}))


# The section at the end


def summary_lines(registry: Registry, style: Style, *, with_failures: bool) -> Iterator[Line]:
    """Yield counts, then sessions by the tests that used them: those that contradict pytest or that nobody quit.

    Those of failed tests only `with_failures`: else pytest has printed their sections. All from `verbosity` 1 on.
    """
    yield from _count_lines(registry)
    for nodeid, lines in _groups(registry, style, with_failures=with_failures or style.verbosity > 0):
        yield Line(nodeid)
        yield from (Line(f"  {line.text}", line.colour) for line in lines)
    if style.verbosity > 0 and registry.ignored_hubs:
        hubs = ", ".join(sorted(registry.ignored_hubs))
        yield Line(f"left alone: sessions of {hubs}; lambdatest_hub is {' '.join(style.hubs)}")


def problem_lines(problems: Problems) -> Iterator[Line]:
    """Yield each problem once."""
    yield from (Line(f"! {problem}{_times(count)}", "yellow") for problem, count in problems)


def _count_lines(registry: Registry) -> Iterator[Line]:
    tracked_sessions = registry.sessions.values()
    if tracked_sessions:
        counts = counts_text(status_counts(tracked.public for tracked in tracked_sessions))
        yield Line(f"{pluralize(len(tracked_sessions), 'session')}: {counts}")
    if any(map(is_left_running, tracked_sessions)):
        yield Line(_RUNNING, "yellow")
    of_tests = (failure for attempt in registry.attempts.values() for failure in attempt.creation_failures)
    if failures := [*of_tests, *registry.creation_failures]:
        hubs = ", ".join(sorted({failure["hub"] for failure in failures}))
        yield Line(f"{pluralize(len(failures), 'session')} refused by {hubs}")


def _groups(registry: Registry, style: Style, *, with_failures: bool) -> Iterator[tuple[str, list[Line]]]:
    listed: set[TrackedSession] = set()
    for attempt in registry.attempts.values():
        is_shown = failed(attempt) and with_failures
        tracked_sessions = [
            tracked
            for tracked in attempt.sessions
            if is_shown or (not failed(attempt) and attempt.disagrees_with(tracked))
        ]
        lines = [*_blocks(attempt, tracked_sessions, style), *(_creation_failures(attempt) if is_shown else ())]
        listed.update(tracked_sessions)
        if lines:
            yield style.nodeid(attempt.nodeid), lines
    rest = [tracked for tracked in by_priority(registry.sessions.values()) if tracked not in listed]
    if style.verbosity > 0:
        yield from _by_tests(rest, style)
        return
    running = [tracked for tracked in rest if is_left_running(tracked)]
    # Why one was not asked about is said below, once for all.
    yield from _by_tests(running[:_RUNNING_SHOWN], style._replace(with_reasons=False))
    if left := len(running[_RUNNING_SHOWN:]):
        yield f"and {left:,} more running; -v lists them", []


def _by_tests(tracked_sessions: Sequence[TrackedSession], style: Style) -> Iterator[tuple[str, list[Line]]]:
    """Yield `(heading, lines)` of sessions, those that the same tests used together."""
    groups: dict[tuple[AttemptRecord, ...], list[TrackedSession]] = {}
    for tracked in tracked_sessions:
        groups.setdefault(tuple(uses_by_priority(tracked)), []).append(tracked)
    for uses, ones in groups.items():
        if uses:
            others = [Line(f"and {pluralize(len(uses) - 1, 'more test')}")] if len(uses) > 1 else []
            yield style.nodeid(uses[0].nodeid), [*others, *_blocks(uses[0], ones, style)]
        else:
            titles = session_titles(ones)
            yield "no test used it:", [line for one in ones for line in _block(one, None, titles[one], style)]


# A session


def _blocks(attempt: AttemptRecord, tracked_sessions: Iterable[TrackedSession], style: Style) -> Iterator[Line]:
    titles = session_titles(attempt.sessions)
    for tracked in tracked_sessions:
        is_its_own = len(titles) == 1 and titles[tracked] in attempt.nodeid
        yield from _block(tracked, attempt, "" if is_its_own else titles[tracked], style)


def _block(tracked: TrackedSession, attempt: AttemptRecord | None, title: str, style: Style) -> Iterator[Line]:
    session = tracked.public
    use = None if attempt is None else attempt.use_of(tracked)
    number = f"attempt {attempt.number}, " if attempt is not None and attempt.number > 1 else ""
    starts_at, ends_at = position(use) if use is not None and len(tracked.uses) > 1 else ("", "")
    place = f", this test starts at {starts_at}{ends_at}" if starts_at else ""
    disagrees = attempt is not None and attempt.disagrees_with(tracked)
    colour = "yellow" if disagrees else _COLOURS[severity_of(shown_status(session))]
    yield Line(f"{title}{': ' if title else ''}{number}{summary_text(tracked, attempt)}{place}", colour)
    if session["error"] and style.with_reasons:
        yield Line(f"why: {session['error']}")
    if has_own_remark(session, () if attempt is None else (attempt.failure,)):
        yield Line(f"remark: {session['remark']}")
    if use is not None and use.clip is not None:
        yield Line(f"clip: {style.place(use.clip)}")
    yield from map(Line, _places(session, None if use is None else use.video_range, style))


def _places(session: ReportedSession, video_range: VideoRange | None, style: Style) -> Iterator[str]:
    """Yield where there is more to see: page, video and saved copy without a label, so that ids fit into 80 columns."""
    saved = session["artifacts"]
    video = None if "video" in saved else session["video_url"]
    if video is not None:
        yield style.place(video + fragment_of(video, video_range))
    if video is None or style.verbosity > 0:
        yield style.place(session["url"]) if session["url"] else _NO_ID
    if saved:
        yield style.place(session["player"] or saved.get("video") or next(iter(saved.values())).rpartition("/")[0])
    if session["share_url"]:
        yield f"opens without a login until {session['shared_until']}: {session['share_url']}"
    yield from (f"{name}: {style.place(url)}" for name, url in session["links"].items())
    if style.verbosity > 1:
        logs = {**session["logs"], **{kind: path for kind, path in saved.items() if kind != "video"}}
        yield from (f"{kind} log: {style.place(url)}" for kind, url in logs.items())


def _creation_failures(attempt: AttemptRecord) -> Iterator[Line]:
    counts = Counter((failure["hub"], failure["error"]) for failure in attempt.creation_failures)
    for (hub, error), count in counts.items():
        yield Line(f"no session: {hub} refused it ({error}){_times(count)}", "red")


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
