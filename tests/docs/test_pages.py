"""Links of the documentation lead somewhere."""

from __future__ import annotations

from documents import PAGES, ROOT, anchors, links


def test_links_to_other_pages_and_pictures_lead_somewhere() -> None:
    for page, link in ((one, link) for one in PAGES for link in links(one)):
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
