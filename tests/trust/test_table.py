"""`docs/trust.md` names a test for every fault; each of them is there, and every test of trust is named."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE))
OF_THE_TABLE_ITSELF = {
    "test_without_the_plugin",
    "test_every_row_names_a_test",
    "test_every_test_that_is_named_is_there",
    "test_every_test_of_trust_is_named",
}


def test_every_row_names_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.endswith("| Proved by |")]
    assert len(rows) > 30
    assert [row for row in rows if not re.search(r"`tests/[\w/]+\.py::\w+`(, `tests/[\w/]+\.py::\w+`)* \|$", row)] == []


def test_every_test_that_is_named_is_there() -> None:
    assert {(file, test) for file, test in NAMED if f"def {test}(" not in _text_of(file)} == set()


def test_every_test_of_trust_is_named() -> None:
    here = {test for file in Path(__file__).parent.glob("test_*.py") for test in _tests_in(file)}
    assert here - {test for _, test in NAMED} - OF_THE_TABLE_ITSELF == set()


def _tests_in(file: Path) -> list[str]:
    # Not those of the suites of stories, which are texts.
    statements = ast.parse(file.read_text(encoding="utf-8")).body
    functions = [one.name for one in statements if isinstance(one, ast.FunctionDef)]
    return [name for name in functions if name.startswith("test_")]


def _text_of(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")
