"""The table of a page: what it shows of sessions and tests, as compact JSON that the page's script draws from.

Rows, details and summary say much the same of thousands of sessions. So what a page says is put together as nested
tuples of texts; each text and each tuple that repeats is written once, and referred to by its number. A session's
addresses differ by its ids alone, so in its texts both ids are replaced by a mark each. Pure.
"""

from __future__ import annotations

import json
from itertools import islice
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any, TypeAlias

from markupsafe import Markup

from pytest_lambdatest_session.report.formatting import escape_control_characters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Said: TypeAlias = "str | tuple[Said, ...]"
"""What a page says."""

SESSION_ID, TEST_ID = "{~1}", "{~2}"
"""The marks. A text may be marked twice; one that has such a mark of its own shows the id there."""

_PRINTABLE = bytes(range(0x20, 0x7F))
"""Of ASCII. Whether a text has others in it `str.isprintable` tells in several times the time."""

quoted = encode_basestring_ascii
"""Of a text its JSON."""

shown = escape_control_characters
"""Of a text of one line what the page has."""

# Shorter ones take no more room than the number that would refer to them.
_SHORT = 3


class Compact:
    """Takes in what a page says, then writes it: first all is counted, so that what stands alone needs no number.

    Nearly all of a session's thirty parts are known, so these are looked up all at once.
    """

    def __init__(self) -> None:
        self._known: dict[Said, Said] = {}
        self._repeated: set[int] = set()
        self._texts: dict[int, str] = {}
        """What stands for that which repeats; both by the ids of what is known."""
        self.shared: list[str] = []
        """What was referred to so far, as JSON."""

    def count(self, said: Said) -> Said:
        """Note what will be written, and return it: the same object for all that is equal, to keep it once."""
        known = self._known.get(said)
        if known is None:
            return self._add(said)
        self._repeated.add(id(known))
        return known

    def _add(self, said: Said) -> Said:
        """Take in what is not known."""
        if not isinstance(said, str):
            parts: list[Any] = [*map(self._known.get, said)]
            self._repeated.update(map(id, parts))
            for place, part in enumerate(parts):
                if part is None:
                    new = said[place]
                    # A text may stand in a part before; to look up a tuple takes as long as all its texts.
                    parts[place] = self.count(new) if isinstance(new, str) else self._add(new)
            said = tuple(parts)
        self._known[said] = said
        return said

    def written(self, known: Said) -> str:
        """Return the JSON of what `count` returned, once all is counted.

        A number refers to `shared`, all else is meant as it stands.
        """
        text = self._texts.get(id(known))
        if text is not None:
            return text
        if isinstance(known, str):
            text = quoted(known)
        else:  # its parts come first, so that numbers often used are short
            texts: list[Any] = [*map(self._texts.get, map(id, known))]
            for place, told in enumerate(texts):
                if told is None:
                    part = known[place]
                    if isinstance(part, str) and id(part) not in self._repeated:
                        texts[place] = quoted(part)
                    else:
                        texts[place] = self.written(part)
            text = f"[{','.join(texts)}]"
        if id(known) in self._repeated:
            if not isinstance(known, str) or len(known) > _SHORT:
                self.shared.append(text)
                text = str(len(self.shared) - 1)
            self._texts[id(known)] = text
        return text


class Shown:
    """Makes of what is said of a session what the page has, with marks in the place of the session's ids."""

    __slots__ = ("_session_id", "_test_id")

    def __init__(self, session_id: str, test_id: str | None) -> None:
        self._session_id = session_id
        self._test_id = test_id or ""

    def __call__(self, text: str) -> str:
        return self.marked(shown(text))

    def lines(self, *texts: str) -> str:
        """Return several texts in a line each, which takes a fraction of the time."""
        text = "\n".join(texts)
        if not text.isascii() or len(text.encode().translate(None, _PRINTABLE)) >= len(texts):
            text = "\n".join(map(shown, texts))
        return self.marked(text)  # no id has a line break in it

    def marked(self, text: str) -> str:
        """Return a text with marks in the place of the ids."""
        session_id, test_id = shown(self._session_id) or SESSION_ID, shown(self._test_id) or TEST_ID
        return text.replace(session_id, SESSION_ID).replace(test_id, TEST_ID)


def shown_lines(text: str) -> str:
    """Return a text of several lines as the page has it."""
    return text.replace(SESSION_ID, "\ufffd").replace(TEST_ID, "\ufffd")


def as_script_text(table: object) -> Markup:
    """Return the table as the text of a script element."""
    return _in_a_script(json.dumps(table, separators=(",", ":")))


def script_texts(rows: Iterable[str]) -> Iterator[Markup]:
    """Yield JSON of many rows as pieces of the text of a script element."""
    comma, left = Markup(), iter(rows)
    while some := ",".join(islice(left, 1000)):
        yield comma + _in_a_script(some)
        comma = Markup(",")


def _in_a_script(text: str) -> Markup:
    """There only `<` could end it, or begin something else."""
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - nothing in it can act
