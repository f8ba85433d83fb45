"""Settings come from command line, environment and ini file, in this order; a wrong one is a usage error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.config import OPTIONS, Option, SettingsError, read_settings

if TYPE_CHECKING:
    from stories import Story

WRONG = [
    ("lambdatest_hub", "https://hub.lambdatest.com/wd/hub", "host names or suffixes of them, separated by spaces"),
    ("lambdatest_hub", "hub..lambdatest.com", "host names"),
    ("lambdatest_api_url", "api.lambdatest.com", "an https address with its path"),
    ("lambdatest_api_url", "http://api.lambdatest.com/automation/api/v1", "http only for this machine"),
    ("lambdatest_api_url", "ftp://api.lambdatest.com", "an https address"),
    ("lambdatest_dashboard_url", "https://dash.example/", "{session_id} or {test_id}"),
    ("lambdatest_dashboard_url", "https://dash.example/{session}", "{session_id} or {test_id}"),
    ("lambdatest_dashboard_url", "javascript:alert('{session_id}')", "an http(s) address"),
    ("lambdatest_dashboard_url", "//dash.example/{session_id}", "an http(s) address"),
    ("lambdatest_fetch", "later", "'background', 'teardown' or 'off'"),
    ("lambdatest_budget", "ten", "a number of seconds, 0 or more"),
    ("lambdatest_budget", "-1", "a number of seconds, 0 or more"),
    ("lambdatest_budget", "inf", "a number of seconds, 0 or more"),
    ("lambdatest_budget", "nan", "a number of seconds, 0 or more"),
    ("lambdatest_timeout", "0", "a number of seconds above 0"),
    ("lambdatest_timeout", "1 minute", "a number of seconds above 0"),
    ("lambdatest_share_days", "5", "3, 7, 10 or 30"),
    ("lambdatest_share_days", "a week", "3, 7, 10 or 30"),
    ("lambdatest_properties", "yes", "'on' or 'off'"),
]
GOOD = [
    ("lambdatest_hub", "hub", "grid.example, lambdatest.com", ("grid.example", "lambdatest.com")),
    ("lambdatest_api_url", "api_url", "https://eu-api.lambdatest.com/automation/api/v2/", None),
    ("lambdatest_dashboard_url", "dashboard_url", "pages/{session_id}/index.html", "pages/{session_id}/index.html"),
    ("lambdatest_fetch", "fetch", "off", "off"),
    ("lambdatest_budget", "budget_seconds", "0", 0.0),
    ("lambdatest_timeout", "timeout_seconds", "2.5", 2.5),
    ("lambdatest_share_days", "share_days", "30", 30),
    ("lambdatest_sessions_file", "sessions_file", "out/sessions.jsonl", "out/sessions.jsonl"),
]


def test_the_defaults_are_those_of_the_documentation() -> None:
    settings = read_settings({}, {}, {})
    assert settings.hub == ("lambdatest.com", "testmuai.com")
    assert settings.api_url is None
    assert settings.dashboard_url is None
    assert settings.fetch == "background"
    assert settings.budget_seconds == 10
    assert settings.timeout_seconds == 10
    assert settings.share_days is None
    assert settings.sessions_file is None


@pytest.mark.parametrize(("name", "field", "text", "value"), GOOD, ids=[name for name, *_ in GOOD])
def test_each_setting_is_read_from_each_source(name: str, field: str, text: str, value: object) -> None:
    expected = text.rstrip("/") if value is None else value
    for settings in (
        read_settings({name: text}, {}, {}),
        read_settings({}, {f"PYTEST_{name.upper()}": text}, {}),
        read_settings({}, {}, {name: text}),
    ):
        assert getattr(settings, field) == expected


def test_the_command_line_wins_over_the_environment_and_that_over_the_ini_file() -> None:
    name = "lambdatest_budget"
    everywhere = ({name: "1"}, {"PYTEST_LAMBDATEST_BUDGET": "2"}, {name: "3"})
    assert read_settings(*everywhere).budget_seconds == 1
    assert read_settings({}, *everywhere[1:]).budget_seconds == 2
    assert read_settings({}, {}, everywhere[2]).budget_seconds == 3


def test_the_vendor_clients_variable_for_the_api_ranks_below_our_own() -> None:
    vendor, own = "https://one.example/automation/api/v1", "https://two.example/automation/api/v1"
    assert read_settings({}, {"LT_API_BASE_URL": vendor}, {}).api_url == vendor
    both = {"LT_API_BASE_URL": vendor, "PYTEST_LAMBDATEST_API_URL": own}
    assert read_settings({}, both, {}).api_url == own


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_an_empty_value_in_the_environment_or_the_ini_file_is_unset(option: Option) -> None:
    variables = dict.fromkeys(option.environment, " ")
    assert read_settings({}, variables, {option.name: ""}) == read_settings({}, {}, {})


@pytest.mark.parametrize(("name", "value", "accepted"), WRONG, ids=[f"{name}={value}" for name, value, _ in WRONG])
def test_a_wrong_value_ends_the_run_before_it_starts(story: Story, name: str, value: str, accepted: str) -> None:
    story.tests("def test_nothing(): pass")
    run = story.run(f"--{name.replace('_', '-')}={value}")
    assert run.result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"{name} is {value!r} (from the command line, --{name.replace('_', '-')})" in run.output
    assert accepted in run.output


def test_a_wrong_value_in_the_ini_file_or_the_environment_names_where_it_stands(story: Story) -> None:
    story.tests("def test_nothing(): pass")
    story.file("pytest.ini", "[pytest]\nlambdatest_budget = soon\n")
    run = story.run()
    assert run.result.ret == pytest.ExitCode.USAGE_ERROR
    assert "lambdatest_budget is 'soon' (from the ini key lambdatest_budget)" in run.output
    story.set_environment(PYTEST_LAMBDATEST_FETCH="never")
    story.file("pytest.ini", "[pytest]\n")
    run = story.run()
    assert run.result.ret == pytest.ExitCode.USAGE_ERROR
    assert "lambdatest_fetch is 'never' (from the environment variable PYTEST_LAMBDATEST_FETCH)" in run.output


def test_a_path_that_no_system_has_is_a_wrong_value_too() -> None:
    with pytest.raises(SettingsError, match=r"lambdatest_sessions_file is .* \(from the ini key .*accepted: a path"):
        read_settings({}, {}, {"lambdatest_sessions_file": "sessions\0.jsonl"})


def test_a_key_in_an_address_is_not_repeated_in_the_error() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"lambdatest_api_url": "https://me:s3cr3t-key@api.lambdatest.com/automation/api/v1"}, {}, {})
    assert "LT_USERNAME and LT_ACCESS_KEY" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)
