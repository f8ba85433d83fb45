"""What sessions add to a report, against the same run without the plugin: counted in bytes, as seconds differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages import write_page

if TYPE_CHECKING:
    from pathlib import Path

FEW, MANY = 100, 300
# Of what pytest-html itself writes of a test; a tenth above what it was when this was written, 1.28.
MOST = 1.4


def test_a_session_adds_no_more_to_a_report_than_it_did(tmp_path: Path) -> None:
    """The script and the style stand once in a page, so two sizes of it tell what each session adds."""
    sizes = {}
    for count in (FEW, MANY):
        for story in ("mixed", "none"):
            folder = tmp_path / f"{count}-{story}"
            folder.mkdir()
            sizes[count, story] = write_page(folder, count, story=story).stat().st_size
    without = sizes[MANY, "none"] - sizes[FEW, "none"]
    added = sizes[MANY, "mixed"] - sizes[FEW, "mixed"] - without
    assert added / without < MOST, f"{added / (MANY - FEW):.0f} bytes a test"
