"""What a page's script draws from its table, as text: read as `sessions.js` reads it, without a browser."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any
from urllib.parse import quote

_TABLE = re.compile(r'<script type="application/json" data-lt-table="(\w+)">(.*?)</script>', re.DOTALL)


class PageTable:
    """`rows` and `details` by the place of an attempt, `summary` and `summary_rows` of all sessions."""

    def __init__(self, page: str) -> None:
        found = _TABLE.search(page)
        self.token, text = found.groups() if found else ("", '{"sessions": [], "attempts": [], "shared": []}')
        table = json.loads(text)
        self._shared = table["shared"]
        self.attempts = table["attempts"]
        self.sessions = [
            (session[0], session[1], self._flat(self._read(session[2], session)), session[3])
            for session in table["sessions"]
        ]

    @staticmethod
    def text_in(page: str) -> str:
        """The table as it stands in the page."""
        found = _TABLE.search(page)
        return found[2] if found else ""

    def _read(self, said: Any, session: Any = None) -> Any:
        value = self._shared[said] if isinstance(said, int) else said
        if isinstance(value, list):
            return [self._read(part, session) for part in value]
        return value.replace("{~1}", session[0]).replace("{~2}", session[1]) if session else value

    @staticmethod
    def _flat(view: Any) -> list[Any]:
        """Status, its severity, time, links, logs, note on these, remarks, facts, name, browser, groups."""
        alike, time, facts = view
        return [*alike[:2], time, *alike[2:6], facts, *alike[6:]]

    def place(self, html: str) -> int | None:
        """Whose place a marker in a piece of HTML has; None if nobody's of this page."""
        found = re.search(r"<!--lt (\w+)\.(\d+)-->", html)
        return int(found[2]) if found and found[1] == self.token else None

    def uses(self, place: int) -> list[tuple[Any, Any]]:
        """Of an attempt each session, and what is said of its use."""
        attempt = self.attempts[place]
        return [
            (self.sessions[session], self._read(use, self.sessions[session]))
            for session, use in zip(attempt[2], attempt[3], strict=True)
        ]

    def row_texts(self, place: int) -> list[tuple[str, str]]:
        """The text in the cells of status and time of an attempt's row, line by line."""
        uses, refused = self.uses(place), self._read(self.attempts[place][4])
        lines = [
            (f"{session[2][0]} disagrees" if use[1] else session[2][0], session[2][2]) for session, use in uses[:8]
        ]
        lines += [(f"and {len(uses) - 8} more", "")] if len(uses) > 8 else []
        return lines + ([(f"refused {len(refused)} times" if len(refused) > 1 else "refused", "")] if refused else [])

    def row_links(self, place: int) -> list[list[tuple[str, str]]]:
        """The links in the cell of an attempt's row, `(text, address)`, line by line."""
        return [_short(session, use[4], use[6], self.attempts[place]) for session, use in self.uses(place)[:8]]

    def row_lines(self, place: int) -> list[str]:
        """The text in the same cell."""
        uses = self.uses(place)
        lines = [
            " ".join([use[0].lstrip(": ")] * (len(uses) > 1) + [_short_text(session)]) for session, use in uses[:8]
        ]
        lines += ["in the details"] if len(self.uses(place)) > 8 else []
        return lines + ([""] if self._read(self.attempts[place][4]) else [])

    def detail_links(self, place: int) -> list[tuple[str, str]]:
        """`[(name, address), ...]` of what an unfolded row links to; several sessions have links of the same names."""
        return [
            (full, address + (use[4] if full == "Video" else ""))
            for session, use in self.uses(place)
            for _, full, address in [*session[2][3], *session[2][4]]
        ]

    def details(self, place: int) -> str:
        """The text of what an unfolded row shows."""
        uses = self.uses(place)
        texts = [self._read(self.attempts[place][1])[3]]
        texts += [text for session, use in uses for text in _details(session, use)]
        for hub, error in self._read(self.attempts[place][4]):
            texts += ["No LambdaTest session", "refused", f"{hub} refused it ({error})."]
        return " ".join(" ".join(texts).split())

    def pictures(self, place: int) -> list[tuple[str, str, str]]:
        """What leads to the player in an unfolded row: kind of the picture, its address, and the words below it."""
        return [tuple(part[1:]) for _, use in self.uses(place) for part in use[5] if part[0] == "picture"]

    @property
    def summary_rows(self) -> list[str]:
        """The text of each session's row in the summary, folded parts unfolded."""
        return [self._summary_row(place) for place in range(len(self.sessions))]

    def _summary_row(self, place: int) -> str:
        session = self.sessions[place]
        view, used_by = session[2], [self.attempts[number] for number in session[3]]
        shown, rest = self.tests_of(place)
        texts = [self._test(attempt, place, is_shared=len(used_by) > 1) for attempt in shown]
        if rest:
            counts = Counter(self._read(attempt[1])[0] for attempt in rest)
            told = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.most_common())
            texts.append(f"{len(rest)} {'more ' if shown else ''}test{'' if len(rest) == 1 else 's'}: {told}")
            texts += [self._test(attempt, place, is_shared=True) for attempt in rest]
        texts += [] if used_by else ["no test used it"]
        disagrees = "disagrees" if "d" in view[10] else ""
        is_named = used_by and all(len(attempt[2]) > 1 for attempt in used_by)
        texts += ["" if is_named else view[8], view[0], disagrees, view[2], _short_text(session), view[9]]
        return " ".join(" ".join(texts).split())

    def tests_of(self, place: int) -> tuple[list[Any], list[Any]]:
        """The tests that used a session: those that are shown, and those that are folded."""
        used_by = [self.attempts[number] for number in self.sessions[place][3]]
        if len(used_by) <= 6:
            return used_by, []
        shown = [attempt for attempt in used_by if self._has_failed(attempt)][:6]
        return shown, [attempt for attempt in used_by if attempt not in shown]

    def _has_failed(self, attempt: Any) -> bool:
        return self._read(attempt[1])[0] in ("failed", "error")

    def _test(self, attempt: Any, place: int, *, is_shared: bool) -> str:
        outcome, _, number, _ = self._read(attempt[1])
        title, _, starts_at, *_ = self._read(attempt[3][attempt[2].index(place)], self.sessions[place])
        where = f"from {starts_at}" if is_shared and self._has_failed(attempt) and starts_at else ""
        which = title.removeprefix(":") if title.startswith(":") else f" session{title}"
        return f"{outcome} {attempt[0]}{which if len(attempt[2]) > 1 else number} {where}"

    @property
    def everything(self) -> str:
        """All texts and addresses that the script may put into the page."""
        return " ".join([*map(str, self.sessions), *(str(self.uses(place)) for place in range(len(self.attempts)))])


def _short(session: Any, fragment: str, clip: str, attempt: Any) -> list[tuple[str, str]]:
    ends = {"player": f"#test={quote(attempt[0], safe='')}", "video": fragment}
    links = [("clip", clip)] if clip else []
    links += [(name, address + ends.get(name, "")) for name, _, address in session[2][3] if name]
    return links + [(name, address) for name, _, address in session[2][4]]


def _short_text(session: Any) -> str:
    logs = " ".join(name for name, _, _ in session[2][4])
    return " ".join([*(name for name, _, _ in session[2][3] if name), *([f"logs: {logs}"] if logs else [])])


def _details(session: Any, use: Any) -> list[str]:
    view, disagreement = session[2], use[1]
    note = [f"({view[5][0].lower()}{view[5][1:]})"] if view[4] and view[5] else []
    return [
        f"LambdaTest session{use[0]}",
        view[0],
        *(["disagrees", disagreement] if disagreement else []),
        *(text for part in use[5] for text in _failure_details(part)),
        *(f"{name}: {text}" for name, text in view[6]),
        *(full for _, full, _ in [*view[3], *view[4]]),
        *note,
        *([f"This test starts at {use[2]}{use[3]}"] if use[2] else []),
        *(f"{name} {text}" for name, text in view[7]),
    ]


def _failure_details(part: Any) -> list[str]:
    kind: str = part[0]
    told: list[Any] = part[1:]
    if kind == "note":
        return [told[0]]
    if kind == "log":
        return [str(line) for line in told]
    if kind == "picture":
        return [told[2]]
    title, heads, rows = told
    return [title, *heads, *(text for cells, error, _ in rows for text in [*cells, error])]
