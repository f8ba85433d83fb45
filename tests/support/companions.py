"""What the stories of wrapper libraries share: where they run, one test's session in every report, and their page."""

from __future__ import annotations

import shlex
import shutil
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from documents import ROOT, Block, blocks
from stories import Run

if TYPE_CHECKING:
    from stories import Story

PAGE = ROOT / "docs" / "how-to" / "wrappers.md"


def needs(module: str) -> pytest.MarkDecorator:
    """Skips where a wrapper is not installed. Its environment of tox imports it first, so that nothing skips there."""
    return pytest.mark.skipif(find_spec(module) is None, reason=f"{module} has an environment of its own")


def needs_command(name: str) -> pytest.MarkDecorator:
    """Skips where a command is not on the path: those of npm's packages are not in every environment."""
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"the command {name} is not on the path")


def pytest_playwright() -> tuple[str, ...]:
    """The plugins that it consists of: until 0.9 it takes a fixture of pytest-base-url's."""
    return ("playwright", *(["base_url"] if find_spec("pytest_base_url") is not None else []))


def session_of(run: Run, test: str) -> dict[str, Any]:
    """The record of a test's only session, which its row, its JUnit properties and the sessions file agree about."""
    (record,) = [record for record in run.records if test in _tests_of(record)]
    assert (record["state"], record["status"]) == ("final", "completed")
    row = run.row(test)
    assert (row.status, row.session_time[-2:]) == ("completed", " s")
    assert row.links == {"session": record["url"], **record["logs"]}
    assert record["session_id"] in row.details
    (properties,) = run.properties[test]
    assert properties["lambdatest_session_id"] == record["session_id"]
    assert properties["lambdatest_session_url"] == record["url"]
    assert properties["lambdatest_status"] == "completed"
    assert properties["lambdatest_duration"] == str(record["duration"])
    return record


def _tests_of(record: dict[str, Any]) -> list[str]:
    return [use["nodeid"].rpartition("::")[2] for use in record["tests"]]


def run_example(story: Story, folder: str) -> Run:
    """Do what the page says of the files in a folder, with whatever plugins are installed; the cloud is the grid."""
    story.load_all_plugins()
    story.set_environment(LT_USERNAME=story.grid.username, LT_ACCESS_KEY=story.grid.access_key)
    (story.pytester.path / folder).mkdir()
    for block in blocks(PAGE):
        if block.title.startswith(f"{folder}/"):
            story.file(block.title, _at_the_grid(story, block))
    (command,) = [block for block in blocks(PAGE) if block.language == "sh" and block.text.startswith(f"cd {folder}\n")]
    python = f"{shlex.quote(sys.executable)} -m"
    text = _at_the_grid(story, command).replace("\npytest ", f"\n{python} pytest ")
    text = text.replace("\npylenium ", f"\n{python} pylenium.scripts.cli ")
    result = story.pytester.run("bash", "-e", "-c", text, timeout=60)
    return Run(result, story.pytester.path / folder)


def _at_the_grid(story: Story, block: Block) -> str:
    host = f"127.0.0.1:{story.grid.port}"
    text = block.text.replace("https://hub.lambdatest.com", f"http://{host}").replace("hub.lambdatest.com", host)
    return text.replace("https://$LT", "http://$LT").replace("--port=443", f"--port={story.grid.port}")
