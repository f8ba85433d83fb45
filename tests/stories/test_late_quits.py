"""Sessions that the suite ends when its tests are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stories import Story

CONFTEST = """
import atexit

import pytest
from browser import open_browser

DRIVERS = {}

def get(name):
    if name not in DRIVERS:
        DRIVERS[name] = open_browser(name=name)
        if name == "atexit":
            atexit.register(DRIVERS[name].quit)
    return DRIVERS[name]

def quit_if_open(name):
    if name in DRIVERS:
        DRIVERS[name].quit()

@pytest.fixture
def driver_of():
    return get

HOOK
def pytest_sessionfinish(session):
    quit_if_open("sessionfinish")

def pytest_unconfigure(config):
    quit_if_open("unconfigure")
"""

SUITE = """
def test_it(driver_of):
    assert driver_of("sessionfinish").title == "x"

def test_late(driver_of):
    for name in ("unconfigure", "atexit"):
        driver_of(name).title
"""


@pytest.mark.parametrize(
    ("hook", "workers"),
    [("@pytest.hookimpl(trylast=True)", ()), ("@pytest.hookimpl(tryfirst=True)", ()), ("", ("-n1",))],
)
def test_a_quit_in_session_finish_counts_and_a_later_one_does_not(
    story: Story, hook: str, workers: tuple[str, ...]
) -> None:
    story.file("conftest.py", CONFTEST.replace("HOOK", hook))
    story.tests(SUITE)
    story.set_environment(LT_USERNAME=story.grid.username, LT_ACCESS_KEY=story.grid.access_key)
    summary = story.pytester.path / "summary.md"
    summary.write_text("### Before\n", encoding="utf-8")
    story.set_environment(GITHUB_STEP_SUMMARY=str(summary))
    run = story.run(*workers)
    states = {record["name"]: record["state"] for record in run.records}
    assert states["sessionfinish"] == "final"
    assert run.row("test_it").status == "completed"
    (properties,) = run.properties["test_it"]
    assert (properties["lambdatest_state"], properties["lambdatest_status"]) == ("final", "completed")
    assert "sessionfinish: completed" in run.output.partition("= FAILURES =")[2]
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("### Before\n")
    url = properties["lambdatest_session_url"]
    assert [line.count("completed") for line in text.splitlines() if url in line] == [1], "once, though told twice"
    if not workers:  # those end before the reports are written, by chance
        assert (states["unconfigure"], states["atexit"]) == ("running", "running")
        assert "3 sessions: 2 running, 1 completed" in run.output
        assert "running: quit() was not called before the reports were written" in run.output


def test_a_reason_is_said_once_though_late_quits_are_looked_at_by_themselves(story: Story) -> None:
    """With `-q` problems alone are said."""
    story.file("conftest.py", CONFTEST.replace("HOOK", ""))
    story.tests(SUITE)
    story.set_environment(LT_USERNAME=story.grid.username, LT_ACCESS_KEY=story.grid.access_key)
    story.grid.fault = "unauthorized"
    output = story.run("-q").output
    assert "LambdaTest sessions" not in output
    assert "\n! 401 from " in output
    assert "check LT_USERNAME and LT_ACCESS_KEY (3 sessions)\n" in output
    assert "times)" not in output
