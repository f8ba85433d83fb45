"""HTML of the summary's block: what is to be said of all sessions, and the table from which its script draws each.

Those that need a look come first. Pure.
"""

from __future__ import annotations

from collections import Counter
from itertools import takewhile
from typing import TYPE_CHECKING

from markupsafe import Markup

from pytest_lambdatest_session.report.formatting import counts_text, meaning_of, pluralize, status_counts
from pytest_lambdatest_session.report.html.page import page_table
from pytest_lambdatest_session.report.html.parts import login_note
from pytest_lambdatest_session.report.html.rendering import asset, render
from pytest_lambdatest_session.report.html.view import groups_of
from pytest_lambdatest_session.report.priority import by_priority, is_left_running, needs_attention

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.html.view import Inline
    from pytest_lambdatest_session.report.registry import Registry, TrackedSession

# With more sessions than the first of these, only those that need a look stand open, up to the second: the block should
# not push the results off the screen.
_ALL_OPEN, _OPEN_AT_MOST = 12, 10
_FILTER_FROM = 6
_STATUS_CHOICES = 12


def style() -> Markup:
    """Return the styles that a page with a block needs, as one element."""
    return Markup("<style>{}{}</style>").format(asset("html/style.css"), asset("html/failure_details.css"))


def sessions_block(registry: Registry, problems: Problems, token: str, inline: Inline | None = None) -> Markup:
    """Return the summary's block with all that its script draws on the page, or "" if the run had no sessions."""
    said = block_values(registry, problems, token, inline)
    return render("html/templates/summary.html", **said) if said else Markup()


def block_values(registry: Registry, problems: Problems, token: str, inline: Inline | None = None) -> dict[str, object]:
    """Return what the template of the block takes, or nothing if the run had no sessions; of it the table is made late.

    `token` tells the page's table from those of other runs, as reports may be merged. `inline` is for a page that
    stands by itself: it gives the text of a saved log that is short enough to be in it.
    """
    sessions = by_priority(registry.sessions.values())
    failures = [failure for attempt in registry.attempts.values() for failure in attempt.creation_failures]
    failures += registry.creation_failures
    noted = list(problems)
    if not (sessions or failures or noted):
        return {}
    counts = status_counts(tracked.public for tracked in sessions)
    groups = Counter("".join(map(groups_of, sessions)))
    builds = {tracked.public["build_name"] for tracked in sessions} - {None}
    return {
        "total": len(sessions),
        "of_failed": groups["f"],
        "disagreeing": groups["d"],
        "left_running": sum(map(is_left_running, sessions)),
        "counts": counts_text(counts),
        "refused": len(failures),
        "refusing_hubs": ", ".join(sorted({failure["hub"] for failure in failures})),
        "build": builds.pop() if len(builds) == 1 else None,
        "problems": noted,
        "choices": _choices(len(sessions), groups, counts) if len(sessions) >= _FILTER_FROM else (),
        **_tables(sessions),
        "meanings": [(word, meaning) for word, _ in counts if (meaning := meaning_of(word)) is not None],
        "login_note": login_note([tracked.public for tracked in sessions]),
        "token": token,
        "table": page_table(sessions, registry.attempts.values(), inline),
        "script": asset("html/sessions.js"),
    }


def _choices(total: int, groups: Counter[str], counts: Sequence[tuple[str, int]]) -> list[tuple[str, str]]:
    """Return `(value, name)` of each choice of the filter, for the script to bring to life."""
    names = (("f", "of failed tests"), ("d", "disagrees with pytest"), ("u", "no final answer"))
    return [
        ("", f"all sessions ({total:,})"),
        *((group, f"{name} ({groups[group]:,})") for group, name in names if groups[group]),
        *((f"={word}", f"{word} ({count:,})") for word, count in counts[:_STATUS_CHOICES]),
    ]


def _tables(sessions: Sequence[TrackedSession]) -> dict[str, object]:
    """Return how many sessions stand open, under which label, and the title of the rest, which is folded."""
    if len(sessions) <= _ALL_OPEN:
        return {"open": len(sessions), "open_label": "All sessions", "rest_title": None}
    in_need = sum(1 for _ in takewhile(needs_attention, sessions))  # they come first
    is_open = min(in_need, _OPEN_AT_MOST)
    title = _rest_title(len(sessions) - is_open, in_need - is_open, is_all=not is_open)
    return {"open": is_open, "open_label": "Sessions that need a look", "rest_title": title}


def _rest_title(rest: int, in_need: int, *, is_all: bool) -> str:
    if is_all:
        return f"All {pluralize(rest, 'session')}"
    others = pluralize(rest, "more session")
    return others + (f", {in_need:,} of which need a look" if in_need else "")
