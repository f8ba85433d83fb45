"""However pytest is called, a run ends as it would without this plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stories import outcomes

if TYPE_CHECKING:
    from stories import Story

SUITE = """
import warnings

@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    driver.quit()

def test_green(driver, request, recwarn):
    driver.title
    assert [str(one.message) for one in recwarn if "Embedding" not in str(one.message)] == []
    if request.config.pluginmanager.has_plugin("logging-plugin"):
        assert not [record for record in request.getfixturevalue("caplog").records if "lambdatest" in record.name]

def test_red(driver):
    print("something that is captured")
    assert driver.title == "another"

@pytest.mark.skip(reason="not here")
def test_skipped(driver):
    pass
"""
HTML, JUNIT, OURS = "--html=report.html", "--junitxml=junit.xml", "--lambdatest-sessions-file=sessions.jsonl"
# Options, outputs, and whether pytest counts outcomes then.
MODES: dict[str, tuple[tuple[str, ...], tuple[str, ...], bool]] = {
    "no html, quiet": (("-p", "no:html", "-q"), (JUNIT,), True),
    "no terminal": (("-p", "no:terminal"), (HTML, JUNIT), False),
    "no junit, logging, warnings, captured by sys": (
        (
            *("-p", "no:junitxml", "-p", "no:logging", "-p", "no:warnings"),
            *("--capture=sys", "--strict-markers", "--assert=plain", "--import-mode=importlib"),
        ),
        (HTML,),
        True,
    ),
    "little of pytest, not captured, no summary": (
        (
            *("-p", "no:cacheprovider", "-p", "no:doctest", "-p", "no:faulthandler"),
            *("-s", "--no-header", "-r", "N", "--color=yes", "--no-summary", "--setup-show"),
        ),
        (),
        True,
    ),
    "quieter": (("-qq", "--tb=no"), (HTML, JUNIT), False),
}


@pytest.mark.parametrize(("options", "outputs", "counts"), MODES.values(), ids=MODES)
def test_a_run_ends_alike(story: Story, options: tuple[str, ...], outputs: tuple[str, ...], counts: bool) -> None:
    _run(story, options, outputs, counts=counts)


def test_a_run_ends_alike_though_pytest_makes_every_warning_an_error(story: Story) -> None:
    # Named by `-p html`, pytest-html would be the first to warn: pytest takes it for Python's own module.
    story.autoload()
    ignored = ("-W", "error", "-W", "ignore:Embedding username and password:UserWarning")
    _run(story, ignored, (HTML, JUNIT))


def test_a_run_ends_alike_though_python_makes_every_warning_an_error(story: Story) -> None:
    story.set_environment(PYTHONWARNINGS="error")
    _run(story, (), (HTML, JUNIT))


def _run(story: Story, options: tuple[str, ...], outputs: tuple[str, ...], *, counts: bool = True) -> None:
    story.tests(SUITE)
    run = story.run_plain("-p", "lambdatest_session", *outputs, OURS, *options)
    assert run.result.ret == pytest.ExitCode.TESTS_FAILED, run.output
    if counts:
        assert outcomes(run) == {"passed": 1, "failed": 1, "skipped": 1}
    assert "failed inside" not in run.output
    assert "INTERNALERROR" not in run.output
    assert len(run.records) == 2
    assert {record["state"] for record in run.records} == {"final"}
    if HTML in outputs:
        assert run.records[1]["url"] in run.table.everything
    if JUNIT in outputs:
        assert run.properties["test_red"][0]["lambdatest_session_id"] == run.records[1]["session_id"]
    if any(option.startswith("-q") for option in options):
        assert "LambdaTest" not in run.output.partition("short test summary")[2]
