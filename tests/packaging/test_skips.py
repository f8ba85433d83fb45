"""CI accepts a skipped test only if a list says why."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from documents import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SKIP = '<skipped type="pytest.skip" message="{reason}"/>'
XFAIL = '<skipped type="pytest.xfail" message="a known fault"/>'
JUNIT = (
    '<testsuites><testsuite><testcase classname="tests.test_it" name="test_it">{}</testcase></testsuite></testsuites>'
)


def check(folder: Path, accepted: str, inside: str) -> subprocess.CompletedProcess[str]:
    (folder / "accepted.txt").write_text(accepted, encoding="utf-8")
    (folder / "junit.xml").write_text(JUNIT.format(inside), encoding="utf-8")
    command = [sys.executable, str(ROOT / ".ci" / "skips.py"), "accepted.txt", "junit.xml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=30)


def test_a_skip_that_nobody_explained_fails_and_is_named(tmp_path: Path) -> None:
    result = check(tmp_path, "# none\n", SKIP.format(reason="no browser"))
    assert result.returncode == 1
    assert "tests.test_it::test_it: no browser" in result.stdout


def test_a_skip_that_is_explained_passes_and_is_named_if_the_test_ran_nowhere(tmp_path: Path) -> None:
    accepted = r"tests\.test_it::.*: no browser ## only here" + "\n"
    result = check(tmp_path, accepted, SKIP.format(reason="no browser"))
    assert result.returncode == 0
    assert "say: ran nowhere: tests.test_it::test_it: no browser" in result.stdout


def test_an_explanation_without_a_reason_is_none(tmp_path: Path) -> None:
    result = check(tmp_path, ".*\n", SKIP.format(reason="no browser"))
    assert result.returncode == 1
    assert "no reason given" in result.stderr


@pytest.mark.parametrize("inside", ["", XFAIL], ids=["passed", "expected to fail"])
def test_tests_that_ran_are_no_skips(tmp_path: Path, inside: str) -> None:
    result = check(tmp_path, "", inside)
    assert (result.returncode, "nowhere" in result.stdout) == (0, False)
