"""Each message in the troubleshooting page is one that the package can print, word for word."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

from documents import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs" / "troubleshooting.md"
MESSAGES = re.findall(r"^### `(.+)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
VARIES = "…"


def text_of(node: ast.expr) -> str | None:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else VARIES for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


@cache
def texts_of_the_package() -> list[str]:
    """Every string of its code, with `…` for what is put in, the shortest first."""
    found: set[str] = set()
    for path in (ROOT / "pytest_lambdatest_session").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = text_of(node) if isinstance(node, ast.expr) else None
            if text is not None:
                found.add(text if isinstance(node, ast.JoinedStr) else re.sub(r"\{[^{}]*\}", VARIES, text))
    return sorted(found, key=len)


def test_each_message_is_one_of_the_package() -> None:
    """Messages are put together from parts: each stretch between what varies stands in the code as it is here."""
    varying = (re.sub(r"^\d+", VARIES, message) for message in MESSAGES)
    texts = texts_of_the_package()
    stretches = (stretch.strip(" ():;,") for message in varying for stretch in message.split(VARIES))
    for stretch in filter(None, stretches):
        pieces = [stretch] if any(stretch in text for text in texts) else re.split(r"(?<=:) |(?<=;) ", stretch)
        for piece in pieces:
            assert any(piece.strip(" :;") in text for text in texts), f"nothing in the package says {piece!r}"


def problems_of_the_package() -> Iterator[str]:
    """What is given to `problems.add`, with `…` for what is put in."""
    for path in (ROOT / "pytest_lambdatest_session").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add":
                texts = [text for argument in node.args[:1] if (text := text_of(argument)) is not None]
                yield from (text for text in texts if " " in text)


def test_every_problem_that_the_end_of_a_run_can_name_is_explained() -> None:
    for problem in set(problems_of_the_package()):
        longest = max((stretch.strip(" :;,()") for stretch in problem.split(VARIES)), key=len)
        assert not longest or any(longest in message for message in MESSAGES), problem


def test_no_message_to_users_of_settings_and_network_is_left_out() -> None:
    """What can keep a session from its details, from the modules where these are worded."""
    wanted = [text for text in texts_of_the_package() if re.search(r"; (check|set) [a-zA-Z]", text)]
    explained = " ".join(MESSAGES)
    for text in wanted:
        advice = text.rpartition(";")[2].strip()
        assert advice.partition(VARIES)[0] in explained, f"the page does not have: {text}"
