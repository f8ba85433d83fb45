"""The reference says what the code does: settings, names in outputs, states and hooks, none missing, none too many."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast, get_args

import pytest_lambdatest_session
from documents import ROOT, table_under
from pytest_lambdatest_session import ReportedSession, SessionRecord, SessionUse, hookspec
from pytest_lambdatest_session.config import OPTIONS
from pytest_lambdatest_session.report.html.rows import header_cells
from pytest_lambdatest_session.report.junit_flavours import FIELDS, FLAVOURS
from pytest_lambdatest_session.report.properties import properties_of
from pytest_lambdatest_session.report.records import Outcome, State

if TYPE_CHECKING:
    from local_grid import LocalGrid
    from stories import Story

REFERENCE = ROOT / "docs" / "reference.md"
TEXT = REFERENCE.read_text(encoding="utf-8")
ALL_LOGS = ("command", "console", "network", "selenium", "appium", "device")


def names_under(heading: str) -> list[str]:
    return [row[0].strip("`") for row in table_under(REFERENCE, heading)]


def test_defaults_and_accepted_values_are_those_of_the_code() -> None:
    for option, (name, default, accepted, _) in zip(OPTIONS, table_under(REFERENCE, "## Settings"), strict=True):
        assert (name, accepted) == (f"`{option.name}`", option.accepted)
        if option.default:
            assert default == f"`{option.default}`", option.name
        else:
            assert "`" not in default, "none, or where it comes from in words"


def test_the_readme_has_every_setting_with_the_same_default() -> None:
    in_readme = [row[:2] for row in table_under(ROOT / "README.md", "## Settings")]
    assert in_readme == [row[:2] for row in table_under(REFERENCE, "## Settings")]


def test_the_example_of_precedence_names_a_setting_as_the_three_places_do() -> None:
    option = next(option for option in OPTIONS if option.name == "lambdatest_budget")
    for example in (f"`{option.flag} 5`", f"`{option.environment[0]}=5`", f"`{option.name} = 5`"):
        assert example in TEXT


def test_every_state_is_described() -> None:
    assert names_under("### States") == list(get_args(State))


def test_every_property_is_described() -> None:
    fields: dict[str, object] = dict.fromkeys(ReportedSession.__annotations__, "known")
    session = cast("ReportedSession", fields | {"logs": dict.fromkeys(ALL_LOGS, "https://api.lambdatest.com/log")})
    names = [name for name, _ in properties_of(session, 1, "test_shop.py::test_red", 1)]
    assert names_under("### Properties") == names


def test_every_reader_of_junit_xml_and_every_field_for_it_is_described() -> None:
    assert names_under("### JUnit XML for its readers") == list(FLAVOURS)
    described = {*names_under("#### Lines of your own"), *SessionRecord.__annotations__, *SessionUse.__annotations__}
    described |= {f"{kind}_logs_url" for kind in ALL_LOGS}
    assert set(FIELDS) <= described


def test_every_field_of_the_sessions_file_is_described() -> None:
    assert names_under("### Sessions file") == list(SessionRecord.__annotations__)


def test_every_field_of_a_use_is_described() -> None:
    heading = "Each item of `tests` is one attempt of one test:"
    assert names_under(heading) == list(SessionUse.__annotations__)
    outcomes = next(row[1] for row in table_under(REFERENCE, heading) if row[0] == "`outcome`")
    assert set(re.findall(r"`(\w+)`", outcomes)) == {*get_args(Outcome), "null"}


def test_every_hook_is_described_with_its_arguments() -> None:
    hooks = {
        f"{name}({', '.join(hook.__code__.co_varnames[: hook.__code__.co_argcount])})"
        for name, hook in vars(hookspec).items()
        if name.startswith("pytest_") and callable(hook)
    }
    assert set(names_under("## Hooks")) == hooks


def test_the_columns_of_the_html_report_are_named_as_they_are() -> None:
    for header in header_cells():
        assert f"`{re.sub('<[^>]*>', '', header)}`" in TEXT


def test_every_public_type_is_named() -> None:
    for name in pytest_lambdatest_session.__all__:
        assert f"`{name}`" in TEXT


def test_a_real_run_writes_no_field_and_no_property_that_is_not_described(story: Story, grid: LocalGrid) -> None:
    grid.video_link = "mp4"
    story.tests("def test_one():\n    with open_browser() as driver:\n        driver.title\n")
    run = story.run()
    (record,) = run.records
    assert list(record) == names_under("### Sessions file")
    assert list(record["tests"][0]) == names_under("Each item of `tests` is one attempt of one test:")
    ((properties,),) = run.properties.values()
    assert set(properties) <= set(names_under("### Properties"))
