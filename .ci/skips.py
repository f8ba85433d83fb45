"""Fail if a test was skipped for a reason that the list of accepted skips does not have: `skips.py LIST JUNIT...`.

Of the others it says which ran in none of the reports that have them.
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(accepted_list: str, *reports: str) -> int:
    accepted = list(_patterns(Path(accepted_list)))
    tests = [(report, name, reason) for report in reports for name, reason in _tests(Path(report))]
    skipped = [(report, f"{name}: {reason}") for report, name, reason in tests if reason is not None]
    wrong = [(report, skip) for report, skip in skipped if not any(one.fullmatch(skip) for one in accepted)]
    for report, skip in wrong:
        print(f"skipped without leave, in {Path(report).name}: {skip}")
    print(f"say: {len(reports)} reports, {len(skipped)} skipped tests, {len(wrong)} of them without leave")
    ran = {name for _, name, reason in tests if reason is None}
    for skip in sorted({f"{name}: {reason}" for _, name, reason in tests if name not in ran}):
        print(f"say: ran nowhere: {skip}")
    return 1 if wrong or not reports else 0


def _patterns(path: Path) -> Iterator[re.Pattern[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        pattern, _, why = line.partition(" ## ")
        if line.strip() and not line.startswith("#"):
            if not why.strip():
                raise SystemExit(f"no reason given in {path.name}: {line}")
            yield re.compile(pattern.strip())


def _tests(report: Path) -> Iterator[tuple[str, str | None]]:
    """Yield the name of each test, and why it was skipped; None if it ran."""
    for testcase in ET.parse(report).iter("testcase"):
        skipped = testcase.find("skipped")
        # An expected failure is a skip to JUnit, and none to us: it ran.
        ran = skipped is None or skipped.get("type") == "pytest.xfail"
        reason = None if ran or skipped is None else " ".join(str(skipped.get("message")).split())
        yield " ".join(f"{testcase.get('classname')}::{testcase.get('name')}".split()), reason


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
