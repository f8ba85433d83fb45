"""What of the saved files is put into JUnit XML itself."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from pytest_lambdatest_session.report.junit_fields import Contents

if TYPE_CHECKING:
    from pathlib import Path


def test_no_large_file_is_put_in_and_of_all_no_more_than_fifty_megabytes(tmp_path: Path) -> None:
    megabyte, larger, small = tmp_path / "megabyte", tmp_path / "larger", tmp_path / "small"
    megabyte.write_bytes(bytes(2**20))
    larger.write_bytes(bytes(2**20 + 1))
    small.write_bytes(b"log")
    contents = Contents()
    assert contents.read(larger) is None
    assert contents.read(tmp_path / "gone") is None
    assert [contents.read(megabyte) is None for _ in range(51)] == [False] * 50 + [True]
    assert contents.read(small) is None
    assert Contents().read(small) == base64.b64encode(b"log").decode()
