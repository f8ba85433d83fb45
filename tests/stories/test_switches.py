"""Each output has a name, by which `-p no:` switches it off and no other."""

from __future__ import annotations

import json
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from documents import ROOT, table_under
from stories import outcomes

if TYPE_CHECKING:
    from stories import Run, Story

SUITE = """
def test_red():
    with open_browser() as driver:
        assert driver.title == "another"
"""
# Whatever of ours is registered has a name.
REGISTERED = """
import pytest

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    for name, plugin in session.config.pluginmanager.list_name_plugin():
        if type(plugin).__module__.startswith("pytest_lambdatest_session."):
            with open("registered", "a") as file:
                print(name, file=file)
"""
# Those that need a server or a plugin of an environment of its own: see the tests of these.
ELSEWHERE = {"lambdatest_session_reportportal", "lambdatest_session_ctrf", "lambdatest_session_nunit"}
NAMES = [
    name
    for row in table_under(ROOT / "docs" / "reference.md", "### Switching one off")
    if (name := row[0].strip("`")) not in ELSEWHERE
]


def outputs_of(run: Run) -> set[str]:
    """The names of those that say something of the session."""
    folder = run.folder
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    results = [path.read_text(encoding="utf-8") for path in (folder / "allure").glob("*-result.json")]
    (properties,) = run.properties["test_red"]
    said = {
        "html": "LambdaTest" in run.headers or "lt-sessions" in run.html or "lt-details" in run.html,
        "terminal": "- LambdaTest session -" in run.output or "= LambdaTest sessions =" in run.output,
        "properties": bool(properties),
        "json": "lambdatest_sessions" in report or any("lambdatest_sessions" in test for test in report["tests"]),
        "allure": "LambdaTest session" in "".join(results),
        "github": (folder / "summary.md").is_file(),
        "file": (folder / "sessions.jsonl").is_file(),
    }
    return {f"lambdatest_session_{name}" for name, is_said in said.items() if is_said}


# Each name is off in two runs of four or in three, and no other name in the same.
_PLACES = [*combinations(range(4), 2), *combinations(range(4), 3)]
WAYS = [("-n1", "--lambdatest-fetch=teardown"), (), (), ()]
RUNS = [{name for name, places in zip(NAMES, _PLACES, strict=False) if run in places} for run in range(4)]


@pytest.mark.parametrize(("off", "workers"), list(zip(RUNS, WAYS, strict=True)))
def test_outputs_are_switched_off_by_name_and_no_others_are(
    story: Story, off: set[str], workers: tuple[str, ...]
) -> None:
    for companion in ("allure_pytest", "pytest_jsonreport", "xdist"):
        pytest.importorskip(companion, reason="an optional companion")
    story.set_environment(GITHUB_STEP_SUMMARY=str(story.pytester.path / "summary.md"))
    story.file("conftest.py", REGISTERED)
    story.tests(SUITE)
    ini = (story.pytester.path / "pytest.ini").read_text(encoding="utf-8")
    story.file("pytest.ini", f"{ini}addopts = {' '.join(f'-p no:{name}' for name in sorted(off))}\n")
    run = story.run("--json-report", "--json-report-file=report.json", "--alluredir=allure", *workers)
    assert outcomes(run) == {"failed": 1}
    assert "failed inside" not in run.output
    assert outputs_of(run) == set(NAMES) - off
    registered = (run.folder / "registered").read_text(encoding="utf-8").split()
    assert len(set(registered)) > 5
    assert all(name.startswith("lambdatest_session_") for name in registered)
