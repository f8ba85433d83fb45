"""`lambdatest_junit`: JUnit XML that says of sessions what its readers look for, in the words of each."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

from documents import ROOT, blocks
from pytest_lambdatest_session.report.junit_flavours import FIELDS, FLAVOURS
from stories import outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from stories import Run, Story

SUITE = """
import itertools

attempts = itertools.count(1)

@pytest.fixture
def driver():
    with open_browser() as driver:
        yield driver

@pytest.fixture
def broken(driver):
    yield driver
    driver.execute_script("lambda-status=failed")
    raise RuntimeError("the table is still laid")

@pytest.mark.parametrize("dish", ["a/b::c [1]=<&>", "two words"])
def test_odd(driver, dish):
    print("said by the test")
    assert dish == "two words"

def test_again(driver):
    driver.execute_script("lambda-status=failed")
    assert next(attempts) > 1

def test_both_ends(broken):
    assert broken.title == "another"

def test_two(driver):
    with open_browser() as other:
        other.title

def test_none():
    pass
"""


@pytest.fixture
def saved_video(story: Story, tmp_path: Path) -> None:
    file = tmp_path / "recorded.mp4"
    file.write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(2_000_000))
    story.grid.video_link = "mp4"
    story.film(file)


def cases_of(run: Run) -> list[ET.Element]:
    return list(ET.parse(run.folder / "junit.xml").iter("testcase"))


def properties_of(case: ET.Element) -> dict[str, str]:
    listed = [(one.get("name", ""), one.get("value") or one.text or "") for one in case.iter("property")]
    assert len(dict(listed)) == len(listed), "no name twice"
    return dict(listed)


def text_of(case: ET.Element, tag: str) -> list[str]:
    return (case.findtext(tag) or "").splitlines()


def sessions_of(run: Run, case: ET.Element) -> list[dict[str, Any]]:
    """The records of a testcase, by our own properties, which are always there."""
    properties = properties_of(case)
    names = [name for name in properties if name.partition(".")[0] == "lambdatest_session_id"]
    return [run.record(properties[name]) for name in names]


def files_of(*sessions: dict[str, Any]) -> list[str]:
    order = ("video", "command", "selenium")
    return [session["artifacts"][name] for session in sessions for name in order if name in session["artifacts"]]


def assert_files(run: Run, case: ET.Element, sessions: list[dict[str, Any]]) -> None:
    """Each reader finds them all by its own names: the video, and two logs."""
    properties, files = properties_of(case), files_of(*sessions)
    assert len(files) == 3 * len(sessions)
    assert [value for name, value in properties.items() if name.startswith("testrail_attachment")] == files
    assert [value for name, value in properties.items() if re.match(r"LambdaTest( \d)? file ", name)] == files
    from_project = [f"[[ATTACHMENT|{run.folder.name}/{path}]]" for path in files]
    absolute = [f"[[ATTACHMENT|{run.folder / path}]]" for path in files]
    assert [line for line in text_of(case, "system-out") if line.startswith("[[")] == from_project + absolute
    found = re.search(r"\[\[ATTACHMENT\|(.+?)\]\]", case.findtext("system-out") or "")
    if found:
        assert found[1].endswith("/video.mp4"), "GitLab takes the first"
        assert (run.folder.parent / found[1]).is_file()
    names = [f"{one['session_id']}-{path.rpartition('/')[2]}" for one in sessions for path in files_of(one)]
    assert [properties[f"attachment_{number}"] for number, _ in enumerate(files, 1)] == names
    evidence = {item.get("name"): base64.b64decode(item.text or "") for item in case.iter("item")}
    small = {name: path for name, path in zip(names, files, strict=True) if not path.endswith(".mp4")}
    assert evidence == {name: (run.folder / path).read_bytes() for name, path in small.items()}


def copied_for_bitrise(story: Story) -> set[str]:
    """The names of the files that the script of its page puts beside the JUnit file."""
    (_, script) = [
        block for block in blocks(ROOT / "docs" / "how-to" / "bitrise.md") if block.language in ("ini", "sh")
    ]
    copying = script.text.partition("\n")[2]
    result = story.pytester.run("env", "BITRISE_TEST_RESULT_DIR=results", "bash", "-e", "-c", copying)
    assert result.ret == 0, result.stderr.str()
    return {path.name for path in (story.pytester.path / "results" / "browsers").iterdir()}


def assert_sessions(case: ET.Element, sessions: list[dict[str, Any]]) -> None:
    """Each reader finds them all by its own names: page, video and status."""
    properties, said = properties_of(case), text_of(case, "system-out")
    if not sessions:
        assert (case.get("name"), properties) == ("test_none", {})
    for number, session in enumerate(sessions, 1):
        title, end = (
            ("LambdaTest", "") if len(sessions) == 1 else (f"LambdaTest {number}", f".{number}"[: 2 * number - 2])
        )
        comment, video = properties[f"testrail_result_comment{end}"], f"{title} video: {session['video_url']}"
        assert comment.startswith(f"{title} session: {session['status']}, ")
        assert comment.endswith(f", {session['url']}")
        assert properties[f"testrail_result_comment.video{end}"] == video
        assert {comment, video} <= {*said}
        assert {comment, video} <= {*properties["testrun_comment"].splitlines()}
        for failure in [*case.iter("failure"), *case.iter("error")]:
            assert (failure.text or "").splitlines()[-2:] == [comment, video]
        assert properties[f"url:{title} session"] == session["url"]
        assert properties[f"url:{title} video"] == session["video_url"]
        assert properties[f"{title} status"] in comment
        assert properties[f"dd_tags[lambdatest.session_id{end}]"] == session["session_id"]
        assert properties[f"dd_tags[lambdatest.status{end}]"] == session["status"]


@pytest.mark.usefixtures("saved_video")
def test_every_reader_finds_sessions_and_files_in_its_own_words(story: Story) -> None:
    """With reruns, xdist, odd ids, two sessions in a test, and two testcases of a test that failed at both ends."""
    story.tests(SUITE)
    story.set_environment(CI_PROJECT_DIR=str(story.pytester.path.parent))
    run = story.run(
        *("--reruns=1", "-n2", "-o", "junit_logging=all", "--lambdatest-artifacts=all"),
        f"--lambdatest-junit={' '.join(FLAVOURS)}",
    )
    assert outcomes(run) == {"passed": 4, "failed": 2, "errors": 1, "rerun": 4}
    assert "failed inside" not in run.output
    suite = ET.parse(run.folder / "junit.xml").find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("7", "2", "1")
    seen, copied = [], copied_for_bitrise(story)
    for case in cases_of(run):
        sessions = sessions_of(run, case)
        seen += [(case.get("name"), session["session_id"]) for session in sessions]
        assert_files(run, case, sessions)
        assert_sessions(case, sessions)
        assert {value for name, value in properties_of(case).items() if name.startswith("attachment_")} <= copied
    # Of every attempt; the last of `test_both_ends` has a testcase for the test and one for its teardown.
    ran = [
        (use["nodeid"].partition("::")[2], record["session_id"]) for record in run.records for use in record["tests"]
    ]
    (last,) = [pair for pair in ran if pair[0] == "test_both_ends" and seen.count(pair) == 2]
    assert sorted(seen) == sorted([*ran, last])
    comments = [properties_of(case).get("testrail_result_comment", "") for case in cases_of(run)]
    assert len([comment for comment in comments if "attempt 1 failed and was run again" in comment]) == 3
    assert any("disagrees with pytest's passed, attempt 2" in comment for comment in comments)
    assert any("said by the test" in text_of(case, "system-out") for case in cases_of(run))


def test_the_users_own_lines_are_up_to_date_after_late_quits(story: Story) -> None:
    """A session that the suite quits after the file was written ends in the file all the same."""
    story.file(
        "conftest.py",
        """
        import pytest

        KEPT = []

        @pytest.hookimpl(trylast=True)
        def pytest_sessionfinish():
            KEPT[0].quit()
        """,
    )
    ini = story.pytester.path / "pytest.ini"
    ini.write_text(
        ini.read_text(encoding="utf-8")
        + """
lambdatest_junit = text
lambdatest_junit_lines =
    owner{suffix} = {nodeid} by {browser}, {{as is}}
    never = {device}
    failure = see {command_logs_url}
    tickets = https://tickets.example/?q={session_id}
""",
        encoding="utf-8",
    )
    story.tests(
        """
        import conftest

        def test_it(record_property):
            record_property("tickets", "T-1")
            conftest.KEPT.append(open_browser())
        """
    )
    run = story.run("-o", "junit_logging=no", "--lambdatest-properties=off")
    (record,) = run.records
    assert record["state"] == "final"
    (case,) = cases_of(run)
    assert [(one.get("name"), one.get("value")) for one in case.iter("property")] == [
        ("tickets", "T-1"),
        ("owner", "test_story.py::test_it by chrome, {as is}"),
        ("tickets", f"https://tickets.example/?q={record['session_id']}"),
    ]
    said = f"LambdaTest session: completed, {record['duration']:.0f} s, {record['url']}"
    assert text_of(case, "system-out") == [said]


def test_a_wrong_line_is_a_usage_error_that_names_what_is_known(story: Story) -> None:
    run = story.run("--lambdatest-junit-lines=video = {vido_url}")
    assert run.result.ret == pytest.ExitCode.USAGE_ERROR
    assert "unknown field {vido_url}; known are session_id, test_id, hub, kind, state, " in run.output
    assert all(name in run.output for name in FIELDS)
