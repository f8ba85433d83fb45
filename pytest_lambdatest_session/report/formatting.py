"""The words in which the outputs speak of a session; the same in the terminal and in HTML. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pytest_lambdatest_session.cloud.status import folded, verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_lambdatest_session.report.records import Outcome, ReportedSession
    from pytest_lambdatest_session.report.registry import AttemptRecord, TrackedSession

Severity = Literal["good", "bad", "plain"]

_MINUTE, _HOUR = 60, 3600
_STATE_WORDS = {
    "running": "running",
    "pending": "pending",
    "not_found": "not found",
    "unavailable": "unavailable",
    "unchecked": "not asked",
}
_MEANINGS = {
    "completed": "it ended, and nobody marked it passed or failed",
    "running": "nobody quit it before the reports were written",
    "pending": "it ended, and LambdaTest had no final answer yet",
    "not found": "LambdaTest did not know it when asked",
    "unavailable": "LambdaTest could not be asked",
    "not asked": "lambdatest_fetch is off, so nobody asked LambdaTest",
}
_SHORT = 40
_MOST_STATUSES = 8


def shown_status(session: ReportedSession) -> str:
    """Return the cloud's word where it is final, else the word for why there is none."""
    if session["state"] == "final":
        return session["status"] or "ended"
    return _STATE_WORDS[session["state"]]


def status_text(session: ReportedSession) -> str:
    """As `shown_status`, and where nobody could be asked why, in few words: `unavailable: 401`."""
    word = shown_status(session)
    if session["state"] == "unavailable" and session["error"]:
        return f"{word}: {short_reason(session['error'])}"
    return word


def short_reason(error: str) -> str:
    """Return the core of an error's text, which says more of where it happened and what to do: see `cloud.errors`."""
    place, _, what = error.partition(": ")
    core = what if what and place.endswith("can't be asked") else place
    for end in (";", ",", " from "):
        core = core.partition(end)[0]
    return core if len(core) <= _SHORT else core[: _SHORT - 1] + "…"


def meaning_of(status: str) -> str | None:
    """Return what a status means that a reader could take for more, or for less; None if it speaks for itself."""
    return _MEANINGS.get(status)


def severity_of(word: str) -> Severity:
    """Return how good or bad a status or an outcome is."""
    verdict = verdict_of(word)
    return "plain" if verdict is None else "good" if verdict == "passed" else "bad"


def verdict_text(session: ReportedSession, outcome: Outcome | None) -> str:
    """Return who says what, where the cloud's status and pytest's outcome disagree."""
    return f"marked {session['status']} at LambdaTest, {outcome} in pytest"


def summary_text(tracked: TrackedSession, attempt: AttemptRecord | None) -> str:
    """Return status and duration, and where the status disagrees with pytest's outcome of `attempt` who says what."""
    session = tracked.public
    disagrees = attempt is not None and attempt.disagrees_with(tracked)
    status = verdict_text(session, attempt.outcome) if attempt is not None and disagrees else shown_status(session)
    return ", ".join(filter(None, (status, duration_text(session["duration"]))))


def session_facts(session: ReportedSession) -> list[tuple[str, str]]:
    """Return what is known of a session beside how it ended, as `(name, text)`."""
    facts = (
        ("Session time", duration_text(session["duration"])),
        ("Browser", " ".join(filter(None, (session["browser"], session["browser_version"])))),
        ("Device", session["device"]),
        ("Platform", session["platform"]),
        ("Started", moment_text(session["started_at"])),
        ("Name", session["name"]),
        ("Build", session["build_name"]),
        ("Session id", session["session_id"]),
        ("LambdaTest test id", session["test_id"]),
    )
    return [(name, text) for name, text in facts if text]


def session_links(session: ReportedSession, *, with_logs: bool = True) -> list[tuple[str, str]]:
    """Return what a session has in the cloud, and what the suite's own hook added, as `(name, address)`."""
    until = session["shared_until"]
    links = (
        ("session", session["url"]),
        ("video", session["video_url"]),
        (f"shared until {until}" if until else "shared page", session["share_url"]),
        *session["links"].items(),
    )
    logs = (
        *((f"{kind} log", url) for kind, url in session["logs"].items()),
        ("screenshots", session["screenshot_url"]),
    )
    return [(name, url) for name, url in (*links, *(logs if with_logs else ())) if url]


def has_own_remark(session: ReportedSession, failures: Iterable[str]) -> bool:
    """Return whether LambdaTest's remark says more than that the session ended, its status, and these failures.

    Marking writes the first line of a failure as the remark, and that is told already.
    """
    remark = folded(session["remark"]).rstrip("…")
    if remark in ("", "completed", folded(session["status"])):
        return False
    return not any(folded(failure).startswith(remark) for failure in failures)


def session_titles(tracked_sessions: Sequence[TrackedSession]) -> dict[TrackedSession, str]:
    """Return what tells the sessions of a test apart: their names, and numbers where these are missing or the same.

    A session alone needs no number: "" if it has no name.
    """
    names = [tracked.public["name"] if tracked.public["name"] != tracked.id else None for tracked in tracked_sessions]
    if len(names) == 1:
        return {tracked_sessions[0]: names[0] or ""}
    times = Counter(names)
    return {
        tracked: name if name and times[name] == 1 else f"{name or 'session'} {number} of {len(names)}"
        for number, (tracked, name) in enumerate(zip(tracked_sessions, names, strict=True), 1)
    }


def status_counts(sessions: Iterable[ReportedSession]) -> list[tuple[str, int]]:
    """Return each status with its number of sessions, the bad ones first, then those without a final answer."""
    counts = Counter(shown_status(session) for session in sessions)
    return sorted(counts.items(), key=lambda item: (_rank_of(item[0]), -item[1], item[0]))


def counts_text(counts: Iterable[tuple[str, int]]) -> str:
    """`3 failed, 2 running, 35 passed`."""
    listed = list(counts)
    words = [f"{count:,} {word}" for word, count in listed[:_MOST_STATUSES]]
    # The cloud's words are not a closed set.
    if rest := sum(count for _, count in listed[_MOST_STATUSES:]):
        words.append(f"{rest:,} with other statuses")
    return ", ".join(words)


def duration_text(seconds: float | None) -> str:
    """`7 s`, `2 min 05 s` or `1 h 02 min`; "" if nobody knows."""
    return "" if seconds is None else _duration_text(round(seconds))


@lru_cache(maxsize=1000)
def _duration_text(seconds: int) -> str:
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min {seconds % _MINUTE:02} s"
    return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE:02} min"


def clock_text(seconds: float) -> str:
    """Return a position in a video, as players show it: `01:23`, `1:02:03`."""
    return _clock_text(int(seconds))


@lru_cache(maxsize=1000)
def _clock_text(seconds: int) -> str:
    minutes = f"{seconds % _HOUR // _MINUTE:02}:{seconds % _MINUTE:02}"
    return minutes if seconds < _HOUR else f"{seconds // _HOUR}:{minutes}"


def moment_text(rfc3339: str | None) -> str:
    """`2026-11-24 07:24:41 UTC`, from a time of the public record; "" if there is none."""
    return f"{rfc3339[:10]} {rfc3339[11:19]} UTC" if rfc3339 else ""


def epoch_seconds(rfc3339: str) -> float:
    """Return a time of the public record as seconds since the epoch."""
    return datetime.fromisoformat(rfc3339.replace("Z", "+00:00")).timestamp()


def pluralize(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def escape_control_characters(text: str) -> str:
    """`text` on one line, with control characters and what reorders text written out, so that none of it acts.

    What the cloud says was cleaned when it came in. Node ids are pytest's, which leaves file names as they are, and
    parameter ids too where a suite asked for that.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def _rank_of(word: str) -> int:
    if severity_of(word) == "bad":
        return 0
    return 1 if word in ("running", "pending", "not found", "unavailable") else 2
