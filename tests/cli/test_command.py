"""`python -m pytest_lambdatest_session`: show sessions by id, and join sessions files, as the reports would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from page_tables import PageTable
from pytest_lambdatest_session.cli.join import NoSessionsFileError, merged, page_of, read_sessions_file
from pytest_lambdatest_session.cli.main import main

if TYPE_CHECKING:
    from stories import Story

SUITE = """
def test_sells():
    with open_browser(name="sells") as driver:
        driver.title

def test_total():
    with open_browser(name="total") as driver:
        assert driver.title == "35.80"
"""


@pytest.fixture
def ran(story: Story) -> Story:
    story.tests(SUITE)
    story.run()
    story.set_environment(LT_USERNAME=story.grid.username, LT_ACCESS_KEY=story.grid.access_key)
    return story


def test_show_prints_sessions_as_the_report_would_and_tells_what_it_did_not_find(ran: Story) -> None:
    first, second = ran.grid.sessions
    warm, ran.warm = ran.warm, None
    done = ran.command("show", first, second)
    ran.warm = warm
    assert (done.ret, done.errlines) == (0, [])
    lines = done.outlines
    assert lines[0] == f"{first}  completed"
    assert "  that is            it ended, and nobody marked it passed or failed" in lines
    assert "  name               sells" in lines
    assert f"  command log        {ran.grid.api_url}/sessions/{first}/log/command" in lines
    told = ran.command("show", "--json", first, second)
    records = [json.loads(line) for line in told.outlines]
    assert [record["name"] for record in records] == ["sells", "total"]
    assert records[0]["state"] == "final"
    done = ran.command("show", first, "0" * 32)
    assert done.ret == 1
    assert f"{'0' * 32}  not found" in done.stdout.str()
    assert "404 from" in done.stderr.str()
    ran.set_environment(LT_ACCESS_KEY="wr0ng-key")
    done = ran.command("show", first)
    assert done.ret == 1
    assert f"{first}  unavailable: 401" in done.stdout.str()
    assert "user name or access key not accepted" in done.stderr.str()
    assert "wr0ng-key" not in done.stdout.str() + done.stderr.str()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "required: {show,join,check}"),
        (("show",), "SESSION_ID"),
        (("show", "--all", "1"), "unrecognized arguments: --all"),
        (("show", "https://automation.lambdatest.com/test?testID=1"), "is no session id; accepted: an id such as"),
        (("show", "--hub=https://me:k3y@hub.lambdatest.com/wd/hub", "1"), "give the host alone: hub.lambdatest.com"),
        (("show", "--timeout=soon", "1"), "lambdatest_timeout is 'soon'"),
        (("show", "--api-url=http://me:k3y@x.example/", "1"), "LT_USERNAME and LT_ACCESS_KEY"),
        (("show", "1"), "no credentials: set LT_USERNAME and LT_ACCESS_KEY"),
        (("join",), "FILE"),
        (("join", "nowhere.jsonl"), "nowhere.jsonl: No such file or directory"),
        (("join", "pytest.ini"), "pytest.ini, line 2 is no session; accepted: files that pytest wrote with"),
    ],
)
def test_wrong_use_says_what_was_given_and_what_is_accepted(
    story: Story, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert story.pytester.path == Path.cwd()
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    out, err = capsys.readouterr()
    assert says in err
    assert out == ""
    assert "k3y" not in err


def test_join_makes_one_page_of_several_files(ran: Story) -> None:
    files = []
    for number in (1, 2):
        run = ran.run(f"--lambdatest-sessions-file=one/{number}.jsonl")
        files.append(f"one/{number}.jsonl")
        assert run.result.ret == 1
    done = ran.command("join", *files, "--html", "pages/all.html")
    assert (done.ret, done.outlines, done.errlines) == (0, [], [])
    page = (ran.pytester.path / "pages" / "all.html").read_text(encoding="utf-8")
    assert len(PageTable(page).sessions) == 4
    assert page.count('<article id="test_story.py::test_total">') == 2
    assert "4 sessions" in page
    lines = ran.command("join", *files, *files).outlines
    assert len(lines) == 4


def record(session_id: str = "s1", **values: Any) -> str:
    told = {"session_id": session_id, "hub": "hub.lambdatest.com", "kind": "web", "tests": [], **values}
    return json.dumps(told) + "\n"


def use(nodeid: str, outcome: str = "failed") -> dict[str, object]:
    return {"nodeid": nodeid, "outcome": outcome, "attempt": 1, "worker": None, "offset": 83.0, "end_offset": 99.5}


def test_a_test_of_two_sessions_stands_once_on_the_page(tmp_path: Path) -> None:
    saved = {"poster": "r/s1/01.jpg", "clip": "r/s1/01.mp4"}
    (tmp_path / "one.jsonl").write_text(
        record("s1", tests=[use("t.py::t") | saved], player="r/s1/index.html") + record("s2", tests=[use("t.py::t")])
    )
    page = "".join(page_of(merged([read_sessions_file(tmp_path / "one.jsonl", tmp_path)])))
    assert page.count('<article id="t.py::t">') == 1
    table = PageTable(page)
    assert len(table.sessions) == 2
    assert [picture[:2] for picture in table.pictures(0)] == [("image", saved["poster"])], "and not the video's guess"
    assert table.row_links(0)[0][0] == ("clip", saved["clip"])


def test_a_session_of_several_files_has_the_tests_of_all_and_what_is_final(tmp_path: Path) -> None:
    file = tmp_path / "sessions.jsonl"
    file.write_text(
        record(state="running", tests=[{**use("test_a"), "worker": 3}])
        + record(state="final", status="failed", tests=[use("test_b")]),
        encoding="utf-8",
    )
    (joined,) = merged([read_sessions_file(file)])
    assert (joined.record["state"], joined.record["status"]) == ("final", "failed")
    assert [test["nodeid"] for test in joined.record["tests"]] == ["test_a", "test_b"]
    page = "".join(page_of([joined]))
    table = PageTable(page)
    assert table.summary_rows[0].startswith("failed test_a from 01:23 in the session")
    place = table.place(page.partition('<article id="test_a">')[2].partition("</article>")[0])
    assert place is not None
    assert "This test starts at 01:23 in the session, ends at 01:39" in table.details(place)


def test_links_keep_leading_where_they_led_and_bad_ones_go(tmp_path: Path) -> None:
    folder = tmp_path / "run 1"
    folder.mkdir()
    file = folder / "sessions.jsonl"
    links: dict[str, Any] = {
        "url": "sessions/s1/index.html",
        "share_url": "https://x.example/shared",
        "artifacts": {"video": "report-lambdatest/s1/video.mp4", "command": "javascript:alert(1)"},
        "logs": {
            "console": "javascript:alert(1)",
            "command": "https://me:key@x.example/",
            "network": 5,
            "selenium": "https://x.example/log\nhttps://x.example/video",
        },
    }
    file.write_text(record(state="final", **links), encoding="utf-8")
    page = "".join(page_of(merged([read_sessions_file(file, tmp_path)])))
    ((_, _, session, _),) = PageTable(page).sessions
    assert [address for _, _, address in session[3]] == [
        "run%201/report-lambdatest/s1/video.mp4",
        "run%201/sessions/s1/index.html",
        "https://x.example/shared",
    ]
    assert session[4] == [], "no log has a link that may be followed"


@pytest.mark.parametrize("line", ["<html>", "3", "{}", '{"session_id": 1}', record(tests=3), record(tests=[{}])])
def test_a_line_that_is_no_session_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "sessions.jsonl"
    file.write_text(record() + "\n" + line, encoding="utf-8")
    with pytest.raises(NoSessionsFileError, match=r"sessions.jsonl, line 3 is no session; accepted: "):
        read_sessions_file(file)


def test_texts_in_a_file_are_escaped_in_the_page(tmp_path: Path) -> None:
    file = tmp_path / "sessions.jsonl"
    told = record(state="final", name="<img src=x>\u202e\n", status="<b>", tests=[use("<i>")])
    file.write_text(told, encoding="utf-8")
    page = "".join(page_of(merged([read_sessions_file(file, tmp_path)])))
    assert r"<img src=x>\u202e\n" in PageTable(page).sessions[0][2][8]
    assert "\u202e" not in page
    for tag in ("<img src=x>", "<b>", "<i>test", 'id="<i>"'):
        assert tag not in page


def test_a_page_has_each_of_thousands_of_sessions_in_their_order(tmp_path: Path) -> None:
    ids = [f"session-{number}" for number in range(2001)]
    files = [tmp_path / "1.jsonl", tmp_path / "2.jsonl"]
    for file in files:
        told = [record(id_, url=f"https://x.example/{id_}", tests=[use(f"{id_} {file.stem}")]) for id_ in ids]
        file.write_text("".join(told), encoding="utf-8")
    table = PageTable("".join(page_of(merged(read_sessions_file(file, tmp_path) for file in files))))
    assert [session[0] for session in table.sessions] == ids
    assert [session[2][3] for session in table.sessions] == [
        [["session", "Session page", f"https://x.example/{id_}"]] for id_ in ids
    ]
    told_tests = [[table.attempts[place][0] for place in session[3]] for session in table.sessions]
    assert told_tests == [[f"{id_} 1", f"{id_} 2"] for id_ in ids]
