"""Calls the hooks that users implement, see `hookspec`, and lets nothing of theirs break the reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.cloud.redact import clean_text
from pytest_lambdatest_session.report.links import is_link

if TYPE_CHECKING:
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.registry import Registry, TrackedSession

_NAME_LIMIT = 60
# Masked when the problem is noted, so not cut before: half a key is still half a key.
_QUOTED_LIMIT = 10_000
_FAILURES = (Exception, pytest.fail.Exception, pytest.skip.Exception)


def call_user_hooks(config: pytest.Config, registry: Registry, problems: Problems) -> None:
    """Ask for links, then say that each session is finished; every session once."""
    links, finished = "pytest_lambdatest_session_links", "pytest_lambdatest_session_finished"
    if not any(getattr(config.hook, name).get_hookimpls() for name in (links, finished)):
        return
    for tracked in registry.sessions.values():
        # pluggy asks those registered last first; of two links with one name, theirs wins by coming last here.
        for answer in _call(links, config, tracked, problems)[::-1]:
            if not isinstance(answer, Mapping):
                problems.add(f"{links} returned a {type(answer).__name__}; accepted: {{name: url}} or None")
                continue
            for name, url in answer.items():
                if not put_link(tracked.public, name, url):
                    problems.add(
                        f"{links} returned {clean_text(name, _NAME_LIMIT)!r} with "
                        f"{clean_text(url, _QUOTED_LIMIT)!r}, which is left out; "
                        "a link is http(s) or relative to the report, without a user name in it"
                    )
        _call(finished, config, tracked, problems)


def _call(name: str, config: pytest.Config, tracked: TrackedSession, problems: Problems) -> list[object]:
    """Return what the suite's hooks answer; that one fails is a problem, and no answer."""
    record = tracked.record()
    try:
        # Under its name, and under the one that it had first, see `hookspec`.
        answers: list[object] = getattr(config.hook, name)(config=config, webdriver_session=record, session=record)
    except _FAILURES as error:
        said = clean_text(_said_by(error), _QUOTED_LIMIT)
        problems.add(f"the suite's {name} failed: {type(error).__name__}: {said}")
        return []
    return answers


def put_link(session: ReportedSession, name: object, url: object) -> bool:
    """Add, replace or (with an empty URL) take away a link; False if it is none."""
    if not isinstance(name, str) or not name.strip() or not isinstance(url, str) or not is_link(url):
        return False
    name = clean_text(name, _NAME_LIMIT)
    session["artifacts"].pop(name, None)  # a saved copy would be shown in place of the link
    if name == "session":
        session["url"] = url or session["url"]
    elif name == "video":
        session["video_url"] = url or None
    else:
        links = session["logs"] if name in session["logs"] else session["links"]
        links[name] = url
        if not url:
            del links[name]
    return True


def _said_by(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the suite's own class
        return ""
