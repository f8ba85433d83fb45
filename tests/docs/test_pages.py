"""Links of the documentation lead somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from documents import PAGES, ROOT, anchors, links

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_links_to_other_pages_and_pictures_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith(("https://", "http://")):
            continue  # not ours; nothing of the network is asked in tests
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name} links to {link}, which is not there"
        assert target.is_relative_to(ROOT)
        if anchor:
            assert anchor in anchors(target), f"{page.name} links to {link}; there are {sorted(anchors(target))}"


def test_every_page_is_reached_from_the_contents() -> None:
    contents = ROOT / "docs" / "index.md"
    listed = {(contents.parent / link.partition("#")[0]).resolve() for link in links(contents)}
    pages = {page.resolve() for page in (ROOT / "docs").rglob("*.md")} - {contents.resolve()}
    assert pages <= listed
