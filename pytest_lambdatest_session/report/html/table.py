"""The table of a page: what it shows of sessions and tests, as compact JSON that the page's script draws from.

Rows, details and summary say much the same of thousands of sessions. So what a page says is put together as nested
tuples of texts; each text and each tuple that repeats is written once, and referred to by its number. A session's
addresses differ by its ids alone, so in its texts both ids are replaced by a mark each. Pure.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

from markupsafe import Markup

from pytest_lambdatest_session.report.formatting import escape_control_characters

if TYPE_CHECKING:
    from collections.abc import Callable

Said: TypeAlias = "str | tuple[Said, ...]"
"""What a page says."""

SESSION_ID, TEST_ID = "{~1}", "{~2}"
"""The marks. A text may be marked twice; one that has such a mark of its own shows the id there."""

# Shorter ones take no more room than the number that would refer to them.
_SHORT = 3


class Compact:
    """Takes in what a page says, then writes it: first all is counted, so that what stands alone needs no number."""

    def __init__(self) -> None:
        self._known: dict[Said, Said] = {}
        self._repeated: set[Said] = set()
        self._numbers: dict[Said, int] = {}
        self._shared: list[object] = []

    def count(self, said: Said) -> Said:
        """Note what will be written, and return it: the same object for all that is equal, to keep it once."""
        known = self._known.get(said)
        if known is None:
            known = said if isinstance(said, str) else tuple(self.count(part) for part in said)
            self._known[known] = known
        else:
            self._repeated.add(known)
        return known

    def written(self, said: Said) -> object:
        """Return what stands in the JSON: a number refers to `shared`, all else is meant as it stands."""
        if said not in self._repeated or (isinstance(said, str) and len(said) <= _SHORT):
            return self._plain(said)
        if said not in self._numbers:
            plain = self._plain(said)  # its parts come first, so that numbers often used are short
            self._numbers[said] = len(self._shared)
            self._shared.append(plain)
        return self._numbers[said]

    def _plain(self, said: Said) -> object:
        return said if isinstance(said, str) else [self.written(part) for part in said]

    @property
    def shared(self) -> list[object]:
        """What was referred to so far."""
        return self._shared


def shown_of(session_id: str, test_id: str | None) -> Callable[[str], str]:
    """Return `shown` for what is said of a session, with marks in the place of its ids."""
    session_text = shown(session_id) or SESSION_ID
    test_text = shown(test_id or "") or TEST_ID
    return lambda text: shown(text).replace(session_text, SESSION_ID).replace(test_text, TEST_ID)


def shown(text: str) -> str:
    """Return a text of one line as the page has it."""
    return escape_control_characters(text)


def shown_lines(text: str) -> str:
    """Return a text of several lines as the page has it."""
    return text.replace(SESSION_ID, "\ufffd").replace(TEST_ID, "\ufffd")


def as_script_text(table: object) -> Markup:
    """Return the table as the text of a script element. There only `<` could end it, or begin something else."""
    text = json.dumps(table, separators=(",", ":")).replace("<", "\\u003c")
    return Markup(text)  # noqa: S704 - nothing in it can act
