"""Each message in the troubleshooting page is one that the package can print, word for word."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from documents import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs" / "troubleshooting.md"
MESSAGES = re.findall(r"^### `(.+)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
VARIES = "…"


def texts_of_the_package() -> Iterator[str]:
    """Every string of its code, with `…` for what is put in."""
    for path in (ROOT / "pytest_lambdatest_session").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else VARIES for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.sub(r"\{[^{}]*\}", VARIES, node.value)


TEXTS = sorted(set(texts_of_the_package()), key=len)


@pytest.mark.parametrize("message", MESSAGES)
def test_the_message_is_one_of_the_package(message: str) -> None:
    """Messages are put together from parts: each stretch between what varies stands in the code as it is here."""
    varying = re.sub(r"^\d+", VARIES, message)
    stretches = [stretch.strip(" ():;,") for stretch in varying.split(VARIES)]
    for stretch in filter(None, stretches):
        pieces = [stretch] if any(stretch in text for text in TEXTS) else re.split(r"(?<=:) |(?<=;) ", stretch)
        for piece in pieces:
            assert any(piece.strip(" :;") in text for text in TEXTS), f"nothing in the package says {piece!r}"


def test_no_message_to_users_of_settings_and_network_is_left_out() -> None:
    """What can keep a session from its details, from the modules where these are worded."""
    wanted = [text for text in TEXTS if re.search(r"; (check|set) [a-zA-Z]", text)]
    explained = " ".join(MESSAGES)
    for text in wanted:
        advice = text.rpartition(";")[2].strip()
        assert advice.partition(VARIES)[0] in explained, f"the page does not have: {text}"
