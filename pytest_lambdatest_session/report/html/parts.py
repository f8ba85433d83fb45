"""HTML of a session that rows and summary share. Pure.

Nothing that pytest-html is given is escaped by it, so everything here is: ids, names and statuses come from the cloud,
node ids from the tests. Links were checked when they came in, `cloud.redact.safe_url`. A page may show thousands of
sessions, so what stands in each of them is kept short, and looks are left to `style.css`.
"""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.moments import video_at
from pytest_lambdatest_session.report.words import (
    clock_text,
    duration_text,
    shown_status,
    status_text,
    tone_of,
    visible,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_lambdatest_session.report.ledger import AttemptRecord, Entry
    from pytest_lambdatest_session.report.moments import Span
    from pytest_lambdatest_session.report.records import ReportedSession

NOTHING = "–"  # noqa: RUF001 - a dash in an empty place of a table


def badge(session: ReportedSession) -> str:
    return f'<b class="lt-badge lt-{tone_of(shown_status(session))}">{escaped(status_text(session))}</b>'


def disagreement_badge(entry: Entry, attempt: AttemptRecord | None) -> str:
    if attempt is None or not attempt.disagrees_with(entry):
        return ""
    return ' <b class="lt-badge lt-warn">disagrees</b>'


def position(session: ReportedSession, offset: float) -> str:
    return f"{clock_text(offset)} {'in the video' if video_of(session) else 'in the session'}"


def video_of(session: ReportedSession) -> str | None:
    """The saved copy, if there is one: it opens without a login, and for good."""
    return session["artifacts"].get("video") or session["video_url"]


def logs_of(session: ReportedSession) -> dict[str, str]:
    """`{kind: link}`, of the saved copies where there are some."""
    saved = {kind: path for kind, path in session["artifacts"].items() if kind not in ("video", "screenshots")}
    return {**session["logs"], **saved}


def login_note(sessions: Sequence[ReportedSession]) -> str | None:
    """What has to be said of the links to logs, if there are some that lead to the cloud."""
    if all(session["logs"].keys() <= session["artifacts"].keys() for session in sessions):
        return None
    some_are_saved = any(session["artifacts"] for session in sessions)
    return f"Logs {'that were not saved ' if some_are_saved else ''}ask for a LambdaTest login"


def duration(session: ReportedSession) -> str:
    return NOTHING if session["duration"] is None else duration_text(session["duration"])


def short_links(session: ReportedSession, span: Span | None = None) -> str:
    """`span` is where in the video the test is whose links these are."""
    url = video_of(session)
    video = f"<strong>{_link('video', video_at(url, span))}</strong> " if url else ""
    shared = f"shared until {session['shared_until']}"
    named = [("session", session["url"]), (shared, session["share_url"]), *session["links"].items()]
    links = video + " ".join(_link(name, url) for name, url in named if url)
    logs = " ".join(_link(kind, url) for kind, url in logs_of(session).items())
    note = login_note([session])
    title = f' title="{note}"' if note else ""
    return links + (f" <span{title}>logs: {logs}</span>" if logs else "")


def full_links(session: ReportedSession, span: Span | None = None) -> str:
    """As `short_links`, in full words."""
    video = video_of(session)
    named = [
        ("Video", video_at(video, span) if video else None),
        ("Session page", session["url"]),
        (f"Shared page (opens without a login until {session['shared_until']})", session["share_url"]),
        ("Screenshots", session["artifacts"].get("screenshots") or session["screenshot_url"]),
        *session["links"].items(),
    ]
    links = " ".join(_link(name, url) for name, url in named if url)
    logs = " ".join(_link(f"{kind[:1].upper()}{kind[1:]} log", url) for kind, url in logs_of(session).items())
    note = login_note([session])
    login = f" <i>({note[0].lower()}{note[1:]})</i>" if note else ""
    return links + (f" {logs}{login}" if logs else "")


def _link(name: str, url: str) -> str:
    # `noreferrer` implies `noopener` (https://html.spec.whatwg.org/#link-type-noreferrer). A session has about twenty
    # links, and in pytest-html's rows each quote takes six characters.
    return f'<a href="{escaped(url)}" target=_blank rel=noreferrer>{escaped(name)}</a>'


def escaped(text: str) -> str:
    return escape(visible(text), quote=True)


def joined(separator: str, *parts: str | None) -> str:
    return separator.join(part for part in parts if part)


def asset(name: str) -> str:
    return files("pytest_lambdatest_session.report.html").joinpath(name).read_text(encoding="utf-8")
