"""CI accepts a skipped test only if a list says why."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from documents import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CASE = '<testsuite><testcase classname="tests.test_it" name="test_it">{}</testcase></testsuite>'
SKIP = '<skipped type="pytest.skip" message="no browser"/>'
XFAIL = '<skipped type="pytest.xfail" message="a known fault"/>'
EXPLAINED = r"tests\.test_it::.*: no browser ## only here"
NAMED = "tests.test_it::test_it: no browser"


@pytest.mark.parametrize(
    ("accepted", "inside", "status", "said"),
    [
        ("# none", SKIP, 1, f"skipped without leave, in junit.xml: {NAMED}"),
        (EXPLAINED, SKIP, 0, f"say: ran nowhere: {NAMED}"),
        (".*", SKIP, 1, "no reason given in accepted.txt: .*"),
        ("", "", 0, "0 skipped tests"),
        ("", XFAIL, 0, "0 skipped tests"),
    ],
    ids=["not explained", "explained", "without a reason", "passed", "expected to fail"],
)
def test_a_skip_that_nobody_explained_fails(tmp_path: Path, accepted: str, inside: str, status: int, said: str) -> None:
    (tmp_path / "accepted.txt").write_text(accepted, encoding="utf-8")
    (tmp_path / "junit.xml").write_text(CASE.format(inside), encoding="utf-8")
    command = [sys.executable, str(ROOT / ".ci" / "skips.py"), "accepted.txt", "junit.xml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status
    assert said in done.stdout + done.stderr
    assert ("nowhere" in done.stdout) == (said != "0 skipped tests" and "reason" not in said)
