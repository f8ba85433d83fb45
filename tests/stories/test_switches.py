"""Each output has a name, by which `-p no:` switches it off and no other."""

from __future__ import annotations

import json
import re
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
NAMES = [row[0].strip("`") for row in table_under(ROOT / "docs" / "reference.md", "### Switching one off")]


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


@pytest.mark.parametrize(
    ("name", "workers"),
    [*((name, ()) for name in ("", *NAMES)), ("", ("-n1",)), ("lambdatest_session_properties", ("-n1",))],
)
def test_an_output_is_switched_off_by_its_name_and_no_other_is(
    story: Story, name: str, workers: tuple[str, ...]
) -> None:
    for companion in ("allure_pytest", "pytest_jsonreport", "xdist"):
        pytest.importorskip(companion, reason="an optional companion")
    story.set_environment(GITHUB_STEP_SUMMARY=str(story.pytester.path / "summary.md"))
    story.tests(SUITE)
    off = ("-p", f"no:{name}") if name else ()
    run = story.run("--json-report", "--json-report-file=report.json", "--alluredir=allure", *workers, *off)
    assert outcomes(run) == {"failed": 1}
    assert "failed inside" not in run.output
    # ReportPortal needs a server, see its own tests.
    assert outputs_of(run) == set(NAMES) - {name, "lambdatest_session_reportportal"}


def test_one_is_switched_off_in_the_ini_file(story: Story) -> None:
    ini = story.pytester.path / "pytest.ini"
    ini.write_text(ini.read_text(encoding="utf-8") + "addopts = -p no:lambdatest_session_html\n", encoding="utf-8")
    story.tests(SUITE)
    run = story.run()
    assert run.headers == ["Result", "Test", "Duration", "Links"]
    assert "lt-" not in run.html.partition("<body>")[2]
    assert len(run.records) == 1


def test_whatever_of_ours_is_registered_has_a_name(story: Story) -> None:
    story.file(
        "conftest.py",
        """
        import pytest

        @pytest.hookimpl(trylast=True)
        def pytest_sessionfinish(session):
            for name, plugin in session.config.pluginmanager.list_name_plugin():
                if type(plugin).__module__.startswith("pytest_lambdatest_session."):
                    print("registered", name)
        """,
    )
    story.tests(SUITE)
    run = story.run("-s", "--lambdatest-fetch=teardown", "-n1", "--alluredir=allure")
    names = set(re.findall(r"registered (\S+)", run.output))
    assert len(names) > 5
    assert all(name.startswith("lambdatest_session_") for name in names)
