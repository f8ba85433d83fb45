"""`lambdatest_artifacts`: what the cloud keeps of a session lies beside the report, which shows it from there."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from stories import outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from stories import Run, Story

PAGE = "data:text/html,<title>Shop</title><input id='name' type='text'>"
SUITE = f"""
@pytest.fixture
def driver():
    driver = open_browser(console=True)
    yield driver
    driver.quit()

def test_sells(driver):
    driver.get("{PAGE}")

def test_total(driver):
    driver.get("{PAGE}")
    driver.execute_script("console.error('no such product')")
    driver.execute_script("console.log('just so')")
    assert driver.title == "35.80"
"""
MP4 = b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 2000


def saved(run: Run) -> dict[str, list[str]]:
    """`{session id: [file, ...]}`."""
    folder = run.folder / "report-lambdatest"
    if not folder.exists():
        return {}
    return {one.name: sorted(file.name for file in one.iterdir()) for one in folder.iterdir()}


def session_of(run: Run, test: str) -> dict[str, Any]:
    (found,) = [one for one in run.records if one["tests"][0]["nodeid"].endswith(test)]
    return found


@pytest.fixture
def video(story: Story, tmp_path: Path) -> Path:
    file = tmp_path / "recorded.mp4"
    file.write_bytes(MP4)
    story.film(file)
    return file


@pytest.mark.usefixtures("video")
def test_the_artifacts_of_failed_tests_are_saved_and_shown(story: Story) -> None:
    """Without credentials in the environment xdist's worker, which has them from the hub's address, saves them.

    The video comes by the API, whatever the public link looks like: credentials inside the address that it gives go in
    the header only, and nowhere else.
    """
    story.grid.video_link = "player"
    story.tests(SUITE)
    run = story.run("--lambdatest-artifacts=failed", "-n1")
    assert outcomes(run) == {"passed": 1, "failed": 1}
    record = session_of(run, "test_total")
    assert saved(run) == {
        record["session_id"]: ["command-log.json", "console-log.json", "index.html", "selenium-log.json", "video.mp4"]
    }
    folder = run.folder / "report-lambdatest" / record["session_id"]
    assert (folder / "video.mp4").read_bytes() == MP4
    assert len(json.loads((folder / "command-log.json").read_text(encoding="utf-8"))["data"]) == 6
    row = run.row("test_total")
    assert row.links["player"] == f"{record['player']}#test=test_story.py%3A%3Atest_total"
    for name in ("command", "console", "selenium"):
        assert row.links[name] == record["artifacts"][name]
        assert (run.folder / unquote(row.links[name])).is_file()
    assert row.links["network"] == record["logs"]["network"]
    ((kind, address, caption),) = row.pictures
    assert (kind, caption[:10]) == ("video", "Failed at ")
    assert address.startswith(f"report-lambdatest/{record['session_id']}/video.mp4#t=")
    assert "Console errors in this test's time" in row.details
    assert "no such product" in row.details
    assert "just so" not in row.details
    assert row.details.startswith("AssertionError: assert 'Shop' == '35.80'")
    assert row.details.count("title") == 1, "of two lists of commands one is left"
    assert "LambdaTest" not in row.raw["log"], "pytest-html's own box has the rest"
    (properties,) = run.properties["test_total"]
    assert properties["lambdatest_player"] == row.links["player"]
    page = (run.folder / unquote(record["player"])).read_text(encoding="utf-8")
    assert '"command","title","",0,' in page
    assert "network (empty; network: true in LT:Options records it)" in row.details
    assert "screenshots (LambdaTest has none)" in row.details
    assert run.row("test_sells").links["video"] == session_of(run, "test_sells")["video_url"]
    assert "not saved" not in run.output
    assert f"\nreport-lambdatest/{record['session_id']}/index.html\n" in run.output
    assert "logs that were not saved ask for a LambdaTest login" in row.details
    assert_video_came_by_the_api(story, run)


def assert_video_came_by_the_api(story: Story, run: Run) -> None:
    (request,) = [request for request in story.grid.api_requests if "bundler" in request.path]
    assert request.authorised
    texts = [file.read_text(encoding="utf-8") for file in (run.folder / "report-lambdatest").rglob("*.json")]
    assert not [text for text in (*texts, run.output, run.html, str(run.records)) if "local_key" in text]


@pytest.mark.usefixtures("video")
def test_what_is_there_is_kept_and_not_asked_for_again(story: Story) -> None:
    """A hook of the suite stands for an earlier try that was broken off: it had saved one log, and half a video."""
    story.file(
        "conftest.py",
        """
        from pathlib import Path

        def pytest_runtest_logreport(report):
            for session in getattr(report, "lambdatest_sessions", []):
                folder = Path("report-lambdatest", session["session_id"])
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "command-log.json").write_text("kept")
                (folder / ".video.1.part").write_bytes(b"half")
        """,
    )
    story.tests(SUITE)
    run = story.run("--lambdatest-artifacts=all")
    assert len(saved(run)) == 2
    for session_id, names in saved(run).items():
        folder = run.folder / "report-lambdatest" / session_id
        assert (folder / "command-log.json").read_text(encoding="utf-8") == "kept"
        assert "video.mp4" in names
    assert [request.path for request in story.grid.api_requests if request.path.endswith("log/command")] == []


def test_a_video_that_is_not_ready_is_told_from_none(story: Story, tmp_path: Path) -> None:
    story.tests(SUITE)
    story.film(tmp_path / "later.mp4")
    later = story.run("--lambdatest-artifacts=failed", "--lambdatest-artifacts-budget=3")
    assert "video (not ready yet)" in later.row("test_total").details
    assert "! 1 artifact not saved: not ready yet" in later.output
    assert session_of(later, "test_total")["artifacts_missing"]["video"] == "not ready yet"


@pytest.mark.usefixtures("video")
def test_a_self_contained_page_has_short_texts_and_says_where_the_rest_is(story: Story) -> None:
    story.grid.video_link = "signed"
    story.tests(SUITE)
    run = story.run("--lambdatest-artifacts=failed", "--self-contained-html", "-W", "error::UserWarning:pytest_html")
    details = run.row("test_total").details
    assert "just so" in details
    assert "Not in this page but in the folder report-lambdatest beside it: video, player" in details
    assert run.row("test_total").pictures[0][:2] == ("", "")
    assert session_of(run, "test_total")["artifacts"]["video"].endswith("/video.mp4")
    assert_video_came_by_the_api(story, run)


FAULTS = ["hang", "truncated_body"]


@pytest.mark.usefixtures("video")
@pytest.mark.parametrize("fault", FAULTS)
def test_trouble_while_saving_changes_no_outcome_and_stays_in_its_budget(story: Story, fault: str) -> None:
    story.grid.set_fault(fault, paths="/(log|video|screenshots|bundler)")
    story.tests(SUITE)
    run = story.run("--lambdatest-artifacts=all", "--lambdatest-artifacts-budget=3", "--lambdatest-timeout=1")
    assert outcomes(run) == {"passed": 1, "failed": 1}
    assert run.result.ret == 1
    assert {record["state"] for record in run.records} == {"final"}
    assert not list((run.folder / "report-lambdatest").rglob("*.part"))
    assert "not saved: " in run.output
    assert "failed inside" not in run.output
    seconds = float(run.output.rpartition(" in ")[2].partition("s")[0])
    assert seconds < 60, "three, a request of one, and a busy machine"


def test_a_full_disk_is_one_line_and_leaves_no_half_of_a_file(story: Story, video: Path) -> None:
    """No file may be as large as the video: that limit of the system stands for a disk without room."""
    video.write_bytes(MP4 + bytes(300_000))
    story.file(
        "full_disk.py",
        """
        import resource

        def pytest_runtest_logfinish():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))

        def pytest_lambdatest_session_finished():
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        """,
    )
    story.tests(SUITE)
    story.warm_sidecar = False  # it inherits the limit
    run = story.run("-p", "full_disk", "--lambdatest-artifacts=failed")
    assert outcomes(run) == {"passed": 1, "failed": 1}
    assert "artifacts not saved: File too large, while it was written" in run.output
    assert not list((run.folder / "report-lambdatest").rglob("*.part"))


@pytest.mark.usefixtures("video")
def test_no_more_is_saved_than_the_limit_allows(story: Story) -> None:
    """And without an HTML report beside the sessions file."""
    story.tests(SUITE)
    beside = ("--html=", "--lambdatest-sessions-file=out/these.jsonl")
    run = story.run("--lambdatest-artifacts=all", "--lambdatest-artifacts-limit=0.002", *beside)
    files = [file for file in (run.folder / "out" / "these-lambdatest").rglob("*") if file.is_file()]
    assert len({file.parent for file in files}) == 2
    # The pages with the player are not LambdaTest's, and always small.
    total = sum(file.stat().st_size for file in files if file.name != "index.html")
    assert total <= 0.002 * 2**20
    assert "not saved, since lambdatest_artifacts_limit is reached" in run.output


@pytest.mark.usefixtures("video")
def test_ctrl_c_ends_the_saving_and_the_reports_are_written(story: Story) -> None:
    story.grid.set_fault("hang", paths="/(log|video|screenshots)")
    story.tests(SUITE)
    run = story.start("--lambdatest-artifacts=all")
    story.grid.wait_for(lambda: [one for one in story.grid.api_requests if "/log/" in one.path], 60)
    run.process.send_signal(signal.SIGINT)
    ended = run.finish()
    assert ended.result.ret == pytest.ExitCode.TESTS_FAILED
    assert "! interrupted while artifacts were saved; what was whole by then is reported" in ended.output
    assert "1 failed, 1 passed" in ended.output
    assert len(ended.records) == 2


def test_of_an_app_appiums_log_and_the_devices_are_saved(story: Story) -> None:
    story.tests(
        """
        def test_app():
            with open_browser(isRealMobile=True, deviceName="Pixel 8", app="lt://APP1") as driver:
                driver.find_element(By.ID, "greet").click()
        """
    )
    run = story.run("--lambdatest-artifacts=all")
    assert outcomes(run) == {"passed": 1}
    (record,) = run.records
    assert record["kind"] == "app"
    assert saved(run)[record["session_id"]] == ["appium-log.txt", "command-log.json", "device-log.txt", "index.html"]
    assert run.row("test_app").links["appium"].endswith("/appium-log.txt")
    assert "video (LambdaTest has none; video: true in LT:Options records one)" in run.row("test_app").details
    assert "not saved" not in run.output
