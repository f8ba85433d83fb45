"""`python -m pytest_lambdatest_session check`: what would keep a run from its sessions."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripted_server import ScriptedServer
    from stories import Story

pytestmark = pytest.mark.usefixtures("own_network")


def check(story: Story, *arguments: str) -> tuple[int, list[str]]:
    done = story.command("check", *arguments)
    assert done.errlines == []
    assert "planted-key" not in done.stdout.str()
    return done.ret, done.outlines


@pytest.fixture
def ready(story: Story) -> Story:
    """Credentials are there, and the plugin is named."""
    story.file("pytest.ini", "[pytest]\naddopts = -p lambdatest_session -p html -p metadata\nlambdatest_budget = 20\n")
    story.set_environment(LT_USERNAME="planted-user", LT_ACCESS_KEY="planted-key")
    return story


def test_all_is_well(ready: Story, new_server: Callable[[], ScriptedServer]) -> None:
    server = new_server()
    date = format_datetime(datetime.now(timezone.utc), usegmt=True)
    server.will(server.answer(b"{}", 404, {"Date": date}))
    ready.set_environment(LT_API_BASE_URL=server.base_url)
    ready.warm = None
    status, lines = check(ready, "--html=report.html", "--junitxml=junit.xml")
    assert status == 0
    assert lines[0].startswith("ok  Python 3.")
    assert f"pytest {pytest.__version__}, " in lines[0]
    assert lines[1:4] == [
        "ok  pytest loads the plugin",
        "ok  outputs: pytest-html's report (report.html), JUnit XML (junit.xml)",
        (
            "ok  settings: lambdatest_hub = '127.0.0.1' (from the environment variable PYTEST_LAMBDATEST_HUB), "
            f"lambdatest_api_url = '{server.base_url}' (from the environment variable LT_API_BASE_URL), "
            "lambdatest_budget = '20' (from the ini key lambdatest_budget)"
        ),
    ]
    assert lines[4].startswith(f"ok  {server.base_url} accepts the credentials, in ")
    assert lines[5:] == ["ok  the clock is LambdaTest's"]
    assert len(server.requests) == 1


@pytest.mark.parametrize(("hours", "words"), [(-1, "36.. s ahead of"), (1, "3(600|5..) s behind")])
def test_a_clock_that_differs(ready: Story, new_server: Callable[[], ScriptedServer], hours: int, words: str) -> None:
    server = new_server()
    date = format_datetime(datetime.now(timezone.utc) + timedelta(hours=hours), usegmt=True)
    server.will(server.answer(b"{}", 404, {"Date": date}))
    ready.set_environment(LT_API_BASE_URL=server.base_url)
    status, lines = check(ready)
    assert status == 1
    pytest.LineMatcher(lines).re_match_lines([rf"!   the clock is {words} LambdaTest's; synchronise it"])
    assert "ok  outputs: the terminal alone; --html=report.html adds a report" in lines


def test_a_clock_that_is_not_told(ready: Story, new_server: Callable[[], ScriptedServer]) -> None:
    server = new_server()
    server.will(server.answer(b"{}", 404, {"Date": "noon"}), server.answer(b"{}", 404))
    ready.set_environment(LT_API_BASE_URL=server.base_url)
    assert check(ready)[1][-1] == "ok  LambdaTest's clock could not be read"
    assert "accepts the credentials" in check(ready)[1][-1]


def test_what_is_wrong_is_said_with_what_to_do(ready: Story) -> None:
    """The key is one that the grid does not know, and there is no ffmpeg."""
    ready.set_environment(PYTEST_LAMBDATEST_BUGDET="3", PYTEST_LAMBDATEST_CLIPS="failed", PATH="/nowhere")
    status, lines = check(ready)
    assert status == 1
    assert [line for line in lines if line.startswith("!")] == [
        "!   PYTEST_LAMBDATEST_BUGDET is no setting; the nearest is PYTEST_LAMBDATEST_BUDGET",
        "!   lambdatest_clips needs ffmpeg, which is not on the path; install it",
        (
            f"!   401 from {ready.grid.api_url.split('/')[2]}: user name or access key not accepted; "
            "check LT_USERNAME and LT_ACCESS_KEY"
        ),
    ]


def test_an_api_that_is_down(ready: Story, new_server: Callable[[], ScriptedServer]) -> None:
    server = new_server()
    server.will(server.answer(b"{}", 503))
    ready.set_environment(LT_API_BASE_URL=server.base_url)
    status, lines = check(ready)
    advice = "try again later, and check lambdatest_api_url if it stays so"
    assert (status, lines[-1]) == (1, f"!   {server.base_url} answers 503; {advice}")


def test_nothing_is_there(story: Story) -> None:
    (story.pytester.path / "pytest.ini").unlink()
    status, lines = check(story)
    assert status == 1
    assert [line for line in lines if line.startswith("!")] == [
        "!   pytest would not load the plugin; add -p lambdatest_session, as plugins are not loaded by themselves",
        "!   no credentials: set LT_USERNAME and LT_ACCESS_KEY",
    ]


def test_pytest_does_not_start(ready: Story) -> None:
    status, lines = check(ready, "--no-such-option")
    assert status == 1
    assert lines[1].startswith("!   pytest does not start here: ")
    assert "--no-such-option" in lines[1]


def test_a_setting_that_is_not_accepted(ready: Story) -> None:
    status, lines = check(ready, "--lambdatest-budget=soon")
    assert status == 1
    assert lines[-1].startswith("!   lambdatest_budget is 'soon' (from the command line, --lambdatest-budget)")
