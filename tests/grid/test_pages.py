"""The page of each session on disk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import lxml.html
import requests

from local_grid import LocalGrid
from local_grid.journal import LoggedMessage, now
from local_grid.pages import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver

HOSTILE = "<script>alert(1)</script>\"'&"


def test_every_session_quit_or_not_leaves_a_page(
    open_driver: Callable[..., WebDriver], call_api: Callable[..., requests.Response], tmp_path: Path
) -> None:
    with LocalGrid(backend="simulated", pages_dir=tmp_path) as grid:
        quit_one, left_one = open_driver(grid, name="quit", build="night"), open_driver(grid, name="left open")
        for query in (f"/logs/?sessionID={quit_one.session_id}", f"/test?testID={quit_one.session_id}"):
            assert "still running" in requests.get(grid.base_url + query, timeout=30).text
        assert requests.get(f"{grid.base_url}/test?testID=none", timeout=30).status_code == 404
        quit_one.get("data:text/html,<title>shop</title>")
        quit_one.quit()
        late = {"status_ind": "failed", "reason": "3 != 4"}
        call_api(grid, f"/sessions/{quit_one.session_id}", "PATCH", json=late)
    page = (tmp_path / f"{quit_one.session_id}" / "index.html").read_text(encoding="utf-8")
    assert "<h1>quit <span" in page
    assert 'class="status failed"' in page, "though it was set after the end"
    assert '<p class="reason failed">3 != 4</p>' in page
    assert "build night" in page
    assert page.count("<details>") == len(grid.sessions[quit_one.session_id or ""].commands) == 3
    assert "This session was not recorded." in page
    left = (tmp_path / f"{left_one.session_id}" / "index.html").read_text(encoding="utf-8")
    assert 'class="status timeout"' in left
    assert "closed before this session was quit" in left


def test_texts_of_a_suite_are_escaped_and_nothing_is_loaded_from_elsewhere(
    grid: LocalGrid, open_driver: Callable[..., WebDriver]
) -> None:
    driver = open_driver(grid, name=HOSTILE, build=HOSTILE)
    driver.get(f"data:text/html,{HOSTILE}")
    console = (LoggedMessage(HOSTILE, HOSTILE, now()),)
    session = replace(grid.sessions[driver.session_id or ""], console=console, recording=True)
    page = lxml.html.document_fromstring(render(session, "video.mp4"))
    assert page.xpath("//@href | //@src") == ["video.mp4"]
    assert page.xpath("//script") == []
    assert page.text_content().count(HOSTILE) >= 5
    assert "The recording is not ready yet." in render(session, None)


def test_an_unwritable_folder_does_not_stop_the_grid(open_driver: Callable[..., WebDriver], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with LocalGrid(backend="simulated", pages_dir=tmp_path / "file") as grid:
        for _ in range(2):
            open_driver(grid).quit()
    assert all(session.ended for session in grid.sessions.values())
