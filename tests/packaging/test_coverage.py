"""CI asks for every line and branch of the package. What is left out says why, and the documentation lists it."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest_lambdatest_session
from documents import ROOT

PACKAGE = ROOT / "pytest_lambdatest_session"
PRAGMA = re.compile(r"#\s*pragma:\s*no\s*(?:cover|branch)(?P<rest>.*)", re.IGNORECASE)


def left_out() -> list[tuple[str, str]]:
    """`[(file, reason), ...]`, a reason being what stands behind a dash."""
    return sorted(
        (path.relative_to(PACKAGE).as_posix(), pragma["rest"].removeprefix(" - ") if " - " in pragma["rest"] else "")
        for path in PACKAGE.rglob("*.py")
        for pragma in PRAGMA.finditer(path.read_text(encoding="utf-8"))
    )


def test_what_is_left_out_says_why() -> None:
    assert [file for file, reason in left_out() if not reason] == []


def test_the_documentation_lists_what_is_left_out() -> None:
    page = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
    section = page.partition("\n## Branch coverage\n")[2].partition("\n## ")[0]
    assert section
    assert sorted(re.findall(r"^- `([\w/]+\.py)`: (.+)$", section, re.MULTILINE)) == left_out()


def test_every_module_can_be_loaded_also_those_of_types_alone() -> None:
    names = [
        module.name
        for module in pkgutil.walk_packages(pytest_lambdatest_session.__path__, "pytest_lambdatest_session.")
    ]
    loaded = {importlib.import_module(name).__name__ for name in names if not name.endswith(".__main__")}
    assert {"pytest_lambdatest_session.capture.payload", "pytest_lambdatest_session.cloud.client"} <= loaded
