"""However pytest is called, a run ends as it would without this plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stories import Run, Story

SUITE = """
import warnings

@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    driver.quit()

def test_green(driver, caplog, recwarn):
    driver.title
    assert not recwarn.list
    assert not [record for record in caplog.records if "lambdatest" in record.name]

def test_red(driver):
    print("something that is captured")
    assert driver.title == "another"

@pytest.mark.skip(reason="not here")
def test_skipped(driver):
    pass
"""
HTML, JUNIT, OURS = "--html=report.html", "--junitxml=junit.xml", "--lambdatest-sessions-file=sessions.jsonl"
MODES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "no html": (("-p", "no:html"), (JUNIT,)),
    "no terminal": (("-p", "no:terminal"), (HTML, JUNIT)),
    "no junit, logging, warnings": (("-p", "no:junitxml", "-p", "no:logging", "-p", "no:warnings"), (HTML,)),
    "not captured": (("-s", "--no-header", "-r", "N", "--color=yes"), (HTML, JUNIT)),
    "captured by sys": (
        ("--capture=sys", "--strict-markers", "--assert=plain", "--import-mode=importlib"),
        (HTML, JUNIT),
    ),
    "quiet": (("-q",), (HTML, JUNIT)),
    "quieter": (("-qq", "--tb=no"), (HTML, JUNIT)),
    "nothing but pytest": (("-p", "no:cacheprovider", "-p", "no:doctest", "-p", "no:faulthandler"), ()),
    "no summary": (("--no-summary", "--trace-config", "--setup-show"), (HTML, JUNIT)),
}


@pytest.mark.parametrize(("options", "outputs"), MODES.values(), ids=MODES)
def test_a_run_ends_alike(story: Story, options: tuple[str, ...], outputs: tuple[str, ...]) -> None:
    _compare(story, options, outputs)


def test_a_run_ends_alike_though_pytest_makes_every_warning_an_error(story: Story) -> None:
    # Named by `-p html`, pytest-html would be the first to warn: pytest takes it for Python's own module.
    story.load_all_plugins()
    # pytest-asyncio warns where it is not configured.
    ignored = ("-W", "error", "-W", "ignore:Embedding username and password:UserWarning", "-p", "no:asyncio")
    _compare(story, ignored, (HTML, JUNIT))


@pytest.mark.parametrize("fault", [None, "unauthorized"], ids=["all well", "the API refuses"])
def test_a_run_ends_alike_though_python_makes_every_warning_an_error(story: Story, fault: str | None) -> None:
    story.grid.fault = fault
    story.set_environment(PYTHONWARNINGS="error")
    _compare(story, (), (HTML, JUNIT))


def _compare(story: Story, options: tuple[str, ...], outputs: tuple[str, ...]) -> None:
    story.tests(SUITE)
    without = story.run_plain("-p", "no:lambdatest_session", *outputs, *options)
    run = story.run_plain("-p", "lambdatest_session", *outputs, OURS, *options)
    assert run.result.ret == without.result.ret == pytest.ExitCode.TESTS_FAILED, run.output
    assert _tests_in(run) == _tests_in(without)
    assert "failed inside" not in run.output
    assert "INTERNALERROR" not in run.output
    assert len(run.records) == 2
    if story.grid.fault is None:
        assert {record["state"] for record in run.records} == {"final"}
    if HTML in outputs:
        assert run.records[1]["url"] in run.table.everything
    if JUNIT in outputs:
        assert run.properties["test_red"][0]["lambdatest_session_id"] == run.records[1]["session_id"]
    if any(option.startswith("-q") for option in options):
        assert "LambdaTest" not in run.output.partition("short test summary")[2]


def _tests_in(run: Run) -> list[str]:
    """The words with which pytest counts, where there is a terminal."""
    lines = [line.strip("= ") for line in run.result.outlines]
    return [line.partition(" in ")[0] for line in lines if " failed" in line and " in " in line]
