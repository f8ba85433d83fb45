"""Installed and unused, the plugin does nothing; loaded in any way, it is there once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from documents import ROOT, blocks
from stories import outcomes

if TYPE_CHECKING:
    from stories import Story

LOOK_AT_MODULES = """
import sys

def test_modules():
    assert not {"selenium", "requests", "urllib3", "pytest_lambdatest_session.cloud.client"} & set(sys.modules)
"""


def test_a_run_without_selenium_imports_neither_selenium_nor_requests(story: Story) -> None:
    story.warm = None
    (story.pytester.path / "test_modules.py").write_text(LOOK_AT_MODULES, encoding="utf-8")
    run = story.run()
    assert outcomes(run) == {"passed": 1}


WRAPPERS_OF_OURS = """
def pytest_sessionfinish(session):
    plugins = [impl.plugin for impl in session.config.hook.pytest_runtest_makereport.get_hookimpls()]
    assert plugins
    assert not [one for one in plugins if type(one).__module__.startswith("pytest_lambdatest_session")]
"""


def test_a_run_without_lambdatest_says_nothing_of_the_plugin(story: Story) -> None:
    """Nor is such a process slowed by a wrapper around reports."""
    pytest.importorskip("pytest_jsonreport", reason="pytest-json-report is an optional companion")
    story.file("conftest.py", WRAPPERS_OF_OURS)
    story.file("test_plain.py", "def test_plain(): pass\ndef test_red(): assert 0\n")
    run = story.run("--json-report", "--json-report-file=report.json", "--json-report-omit", "environment")
    assert outcomes(run) == {"passed": 1, "failed": 1}
    assert "ambda" not in run.output.replace("lambdatest-session-", "").replace(str(run.folder), "")
    assert run.headers == ["Result", "Test", "Duration", "Links"]
    assert run.records == []
    report = (run.folder / "report.json").read_text(encoding="utf-8").replace(run.folder.name, "")
    assert "test_plain" in report
    assert "lambdatest_" not in report


def test_hubs_that_are_not_captured_are_named_with_v_alone(story: Story) -> None:
    story.set_environment(PYTEST_LAMBDATEST_HUB="lambdatest.com")
    story.tests(
        """
        def test_remote():
            with open_browser() as driver:
                driver.title

        def test_browser_of_this_machine():
            class Chrome(webdriver.Remote):
                service = "chromedriver"
            with Chrome(os.environ["STORY_HUB"].replace("127.0.0.1", "localhost"), options=webdriver.ChromeOptions()):
                pass
        """
    )
    run = story.run()
    assert outcomes(run) == {"passed": 2}
    assert (run.records, story.grid.api_requests) == ([], [])
    assert "LambdaTest" not in run.output + run.html
    assert "left alone" not in run.output
    assert run.headers == ["Result", "Test", "Duration", "Links"]
    output = story.run("-v", "-n1").output
    assert "\nleft alone: sessions of 127.0.0.1; lambdatest_hub is lambdatest.com\n" in output


@pytest.mark.parametrize(("autoload", "named"), [(True, 0), (True, 2), (False, 2)])
def test_it_is_there_once_however_often_it_is_named(story: Story, autoload: bool, named: int) -> None:
    """Not at all, where its entry point loads it, or twice, as in an ini file and on the command line."""
    if autoload:
        story.autoload()
    story.tests(
        """
        def test_browser(request):
            names = [name for name, plugin in request.config.pluginmanager.list_name_plugin() if plugin]
            assert names.count("lambdatest_session") == 1
            with open_browser() as driver:
                driver.title
        """
    )
    run = story.run_plain(*["-p", "lambdatest_session"] * named, "--lambdatest-sessions-file=sessions.jsonl")
    assert outcomes(run) == {"passed": 1}
    assert len(run.records) == 1


WITHOUT_THE_PACKAGE = """
import sys
from importlib import metadata

everything = metadata.distributions

def distributions(**context):
    return (found for found in everything(**context) if found.metadata["Name"] != "pytest-lambdatest-session")

metadata.distributions = distributions
import pytest
sys.exit(pytest.main(["-p", "html", "-p", "metadata", *sys.argv[1:]]))
"""


def test_a_suite_with_our_hooks_runs_where_the_plugin_is_missing(story: Story) -> None:
    """What docs/how-to/hooks.md says of `optionalhook`, with the hooks of that page."""
    page = ROOT / "docs" / "how-to" / "hooks.md"
    files = {block.title: block.text for block in blocks(page) if block.title}
    story.file("conftest.py", files["conftest.py"])
    story.file("test_plain.py", "def test_plain(): pass\n")
    story.file("without.py", WITHOUT_THE_PACKAGE)

    run = story.run_of(story.pytester.runpython(story.pytester.path / "without.py"))
    assert outcomes(run) == {"passed": 1}

    story.file("pytest.ini", "[pytest]\naddopts = -p lambdatest_session\n")
    run = story.run_of(story.pytester.runpython(story.pytester.path / "without.py"))
    assert run.result.ret != pytest.ExitCode.OK
    assert "No module named 'lambdatest_session'" in run.output

    run = story.run_plain("-p", "no:lambdatest_session")
    assert outcomes(run)["passed"] == 1
    assert run.result.ret == pytest.ExitCode.OK


def test_looking_at_a_suite_asks_nothing(story: Story) -> None:
    story.tests("DRIVER = open_browser()\n\ndef test_title():\n    DRIVER.title\n")
    for option in ("--collect-only", "--setup-plan"):
        run = story.run(option)
        assert run.result.ret == 0
        assert story.grid.api_requests == []
        assert "LambdaTest" not in run.output
