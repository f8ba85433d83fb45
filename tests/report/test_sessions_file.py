"""The sessions file is there whole, or as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.report.sessions_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_whatever_interrupts_the_writing_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "sessions.jsonl"
    path.write_text("of the last run\n", encoding="utf-8")

    def texts() -> Iterator[str]:
        yield "half\n"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, texts())
    assert {one.name: one.read_text(encoding="utf-8") for one in tmp_path.iterdir()} == {path.name: "of the last run\n"}
