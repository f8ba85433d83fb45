"""The page of each session on disk."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import requests

from local_grid import LocalGrid, LoggedMessage
from local_grid.journal import now
from local_grid.pages import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver

HOSTILE = "<script>alert(1)</script>\"'&"


class Links(HTMLParser):
    """The addresses that a page loads or links, and the number of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.scripts = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.found += [value or "" for name, value in attrs if name in ("href", "src")]


def test_every_session_quit_or_not_leaves_a_page(open_driver: Callable[..., WebDriver], tmp_path: Path) -> None:
    with LocalGrid(backend="simulated", pages_dir=tmp_path) as grid:
        quit_one, left_one = open_driver(grid, name="quit", build="night"), open_driver(grid, name="left open")
        quit_one.get("data:text/html,<title>shop</title>")
        quit_one.execute_script("lambda-status=passed")
        quit_one.quit()
    page = (tmp_path / f"{quit_one.session_id}" / "index.html").read_text(encoding="utf-8")
    assert "<h1>quit <span" in page
    assert 'class="status passed"' in page
    assert "build night" in page
    assert page.count("<details>") == len(grid.sessions[quit_one.session_id or ""].commands) == 4
    assert "This session was not recorded." in page
    left = (tmp_path / f"{left_one.session_id}" / "index.html").read_text(encoding="utf-8")
    assert 'class="status timeout"' in left
    assert "closed before this session was quit" in left


def test_a_status_that_is_set_after_the_end_is_on_the_page(
    grid: LocalGrid,
    open_driver: Callable[..., WebDriver],
    call_api: Callable[..., requests.Response],
    tmp_path: Path,
) -> None:
    driver = open_driver(grid)
    driver.quit()
    call_api(grid, f"/sessions/{driver.session_id}", "PATCH", json={"status_ind": "failed", "reason": "3 != 4"})
    grid.close()
    page = (tmp_path / "pages" / f"{driver.session_id}" / "index.html").read_text(encoding="utf-8")
    assert 'class="status failed"' in page
    assert '<p class="reason failed">3 != 4</p>' in page


def test_texts_of_a_suite_are_escaped(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    driver = open_driver(grid, name=HOSTILE, build=HOSTILE, tags=[HOSTILE])
    driver.get(f"data:text/html,{HOSTILE}")
    driver.execute_script("lambda-exceptions", [HOSTILE])
    session = replace(
        grid.sessions[driver.session_id or ""],
        console=(LoggedMessage(HOSTILE, HOSTILE, now()),),
        network=(LoggedMessage("REQUEST", HOSTILE, now()),),
        wants_network=True,
    )
    links = Links(render(session, "video.mp4"))
    assert links.scripts == 0
    assert links.found == ["video.mp4"], "nothing is loaded from elsewhere"


def test_a_running_session_has_a_page_at_the_dashboard(grid: LocalGrid, open_driver: Callable[..., WebDriver]) -> None:
    driver = open_driver(grid, name="in the middle")
    for path in (f"/logs/?sessionID={driver.session_id}", f"/test?testID={driver.session_id}"):
        page = requests.get(grid.base_url + path, timeout=10).text
        assert "in the middle" in page
        assert "still running" in page
    assert requests.get(f"{grid.base_url}/test?testID=none", timeout=10).status_code == 404
    assert requests.get(f"{grid.base_url}/", timeout=10).status_code == 404
    recording = replace(grid.sessions[driver.session_id or ""], recording=True)
    assert "The recording is not ready yet." in render(recording, None)


def test_an_unwritable_folder_does_not_stop_the_grid(open_driver: Callable[..., WebDriver], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with LocalGrid(backend="simulated", pages_dir=tmp_path / "file") as grid:
        for _ in range(2):
            open_driver(grid).quit()
    assert all(session.ended for session in grid.sessions.values())
