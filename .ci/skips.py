"""Fail if a test was skipped for a reason that the list of accepted skips does not have: `skips.py LIST JUNIT...`."""

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
    skipped = [(report, skip) for report in reports for skip in _skips(Path(report))]
    wrong = [(report, skip) for report, skip in skipped if not any(one.fullmatch(skip) for one in accepted)]
    for report, skip in wrong:
        print(f"skipped without leave, in {Path(report).name}: {skip}")
    print(f"say: {len(reports)} reports, {len(skipped)} skipped tests, {len(wrong)} of them without leave")
    return 1 if wrong or not reports else 0


def _patterns(path: Path) -> Iterator[re.Pattern[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        pattern, _, why = line.partition(" ## ")
        if line.strip() and not line.startswith("#"):
            if not why.strip():
                raise SystemExit(f"no reason given in {path.name}: {line}")
            yield re.compile(pattern.strip())


def _skips(report: Path) -> Iterator[str]:
    for testcase in ET.parse(report).iter("testcase"):
        skipped = testcase.find("skipped")
        # An expected failure is a skip to JUnit, and none to us: it ran.
        if skipped is not None and skipped.get("type") != "pytest.xfail":
            name = f"{testcase.get('classname')}::{testcase.get('name')}"
            yield " ".join(f"{name}: {skipped.get('message')}".split())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
