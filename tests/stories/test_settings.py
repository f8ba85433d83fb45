"""Settings come from command line, environment and ini file, in this order; a wrong one is a usage error."""

from __future__ import annotations

import re
from datetime import date, time
from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.config import OPTIONS, Option, SettingsError, read_settings
from pytest_lambdatest_session.report.junit_flavours import FLAVOURS, Line

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
    ("lambdatest_properties", "perhaps", "'on' or 'off' (also true or false, yes or no, 1 or 0)"),
    ("lambdatest_junit", "testrail teamcity", "any of testrail, testmo, gitlab, jenkins, xray, datadog, bitrise"),
    ("lambdatest_junit_lines", "video {video_url}", "(no 'name = template': 'video {video_url}'); accepted: lines"),
    ("lambdatest_junit_lines", "a = {url}\nvideo = {video_url", "(expected '}' before end of string: 'video = {"),
    ("lambdatest_junit_lines", "a = {url!r}", "(a field is a name in braces and nothing else: 'a = {url!r}')"),
    ("lambdatest_junit_lines", "a = {url.__class__}", "unknown field {url.__class__}; known are session_id, "),
    ("lambdatest_mark_status", "always", "'off', 'on' or 'overwrite'"),
    ("lambdatest_artifacts", "on", "'off', 'failed' or 'all'"),
    ("lambdatest_artifacts_budget", "-1", "a number of seconds, 0 or more"),
    ("lambdatest_artifacts_limit", "1 GB", "a number of megabytes, 0 or more"),
    ("lambdatest_clips", "all", "'off' or 'failed'"),
    ("lambdatest_show_values", "2", "'on' or 'off'"),
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
    ("lambdatest_properties", "properties", "off", False),
    ("lambdatest_junit", "junit", "testrail, text", (*FLAVOURS["testrail"], *FLAVOURS["text"])),
    ("lambdatest_junit_lines", "junit", "a = {url}\n b{suffix}= x", (Line("a", "{url}"), Line("b{suffix}", "x"))),
    ("lambdatest_mark_status", "mark_status", "overwrite", "overwrite"),
    ("lambdatest_artifacts", "artifacts", "failed", "failed"),
    ("lambdatest_artifacts_budget", "artifacts_budget_seconds", "5", 5.0),
    ("lambdatest_artifacts_limit", "artifacts_limit_megabytes", "0.5", 0.5),
    ("lambdatest_clips", "clips", "failed", "failed"),
    ("lambdatest_show_values", "show_values", "on", True),
]
# In TOML: `(name, field, value as it is written, what is read)`.
NATIVE: list[tuple[str, str, str, object]] = [
    ("lambdatest_hub", "hub", '["grid.example", "127.0.0.1"]', ("grid.example", "127.0.0.1")),
    ("lambdatest_hub", "hub", '"grid.example lambdatest.com"', ("grid.example", "lambdatest.com")),
    ("lambdatest_api_url", "api_url", '"https://api.example/v1"', "https://api.example/v1"),
    ("lambdatest_dashboard_url", "dashboard_url", '"pages/{session_id}"', "pages/{session_id}"),
    ("lambdatest_fetch", "fetch", '"teardown"', "teardown"),
    ("lambdatest_fetch", "fetch", "false", "off"),
    ("lambdatest_budget", "budget_seconds", "20", 20.0),
    ("lambdatest_budget", "budget_seconds", '"20"', 20.0),
    ("lambdatest_timeout", "timeout_seconds", "2.5", 2.5),
    ("lambdatest_share_days", "share_days", "7", 7),
    ("lambdatest_sessions_file", "sessions_file", '"s.jsonl"', "s.jsonl"),
    ("lambdatest_properties", "properties", "false", False),
    ("lambdatest_properties", "properties", "0", False),
    ("lambdatest_properties", "properties", '"off"', False),
    ("lambdatest_junit", "junit", '["jenkins", "text"]', FLAVOURS["jenkins"]),
    ("lambdatest_junit_lines", "junit", '["a = {url}", "b = {status}"]', (Line("a", "{url}"), Line("b", "{status}"))),
    ("lambdatest_mark_status", "mark_status", "true", "on"),
    ("lambdatest_mark_status", "mark_status", '"overwrite"', "overwrite"),
    ("lambdatest_artifacts", "artifacts", "0", "off"),
    ("lambdatest_artifacts", "artifacts", '"all"', "all"),
    ("lambdatest_artifacts_budget", "artifacts_budget_seconds", "0", 0.0),
    ("lambdatest_artifacts_limit", "artifacts_limit_megabytes", "0.5", 0.5),
    ("lambdatest_clips", "clips", "false", "off"),
    ("lambdatest_show_values", "show_values", "1", True),
]
# With which of them: no file has a name twice.
TOML_FILES = [
    ("pytest.toml", "[pytest]", NATIVE[::2]),
    ("pyproject.toml", "[tool.pytest]", NATIVE[1::2]),
    ("pyproject.toml", "[tool.pytest.ini_options]", NATIVE[::2]),
    ("pyproject.toml", "[tool.pytest.ini_options]", NATIVE[1::2]),
]
# What no setting accepts, but the list of hosts.
NO_VALUES = {
    "['a']": ["a"],
    "[]": [],
    "[['lambdatest.com']]": [["lambdatest.com"]],
    "{ seconds = 5, exact = true }": {"seconds": 5, "exact": True},
    "2026-12-01": date(2026, 12, 1),
    "12:30:00": time(12, 30),
    "nan": float("nan"),
    "-1": -1,
}
NATIVE_PYTEST = pytest.mark.skipif(pytest.version_tuple < (9,), reason="pytest 9 brought configuration in native TOML")


@pytest.mark.parametrize(
    ("name", "value", "host"),
    [
        ("HYE_HUB", "10.1.2.3:4444", "10.1.2.3"),
        ("HYE_HUB", "Hub.Internal", "hub.internal"),
        ("LT_HUB_URL", "http://me:s3cr3t-key@hub.internal:4444/wd/hub", "hub.internal"),
        ("LT_HUB_URL", "hub.internal/wd/hub", "hub.internal"),
        ("LT_HUB_URL", "http://[broken", None),
        ("HYE_HUB", "", None),
        ("TESTMU_RUN_TARGET", "cloud", "127.0.0.1"),
        ("TESTMU_RUN_TARGET", "local", None),
    ],
)
def test_hubs_of_lambdatests_own_bindings_are_captured(name: str, value: str, host: str | None) -> None:
    hub = read_settings({}, {name: value}, {"lambdatest_hub": "grid.example"}).hub
    assert hub == ("grid.example", *([host] if host else []))


@pytest.mark.parametrize(("name", "field", "text", "value"), GOOD, ids=[name for name, *_ in GOOD])
def test_each_setting_is_read_from_each_source(name: str, field: str, text: str, value: object) -> None:
    expected = text.rstrip("/") if value is None else value
    for settings in (
        read_settings({name: text}, {}, {}),
        read_settings({}, {f"PYTEST_{name.upper()}": text}, {}),
        read_settings({}, {}, {name: text}),
    ):
        assert getattr(settings, field) == expected


def test_the_command_line_wins_over_environment_and_ini_file() -> None:
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


@pytest.mark.parametrize("text", ["on", "true", "yes", "1", "off", "false", "no", "0", "True", "FALSE"])
def test_on_and_off_may_be_spelled_as_pytest_spells_them(text: str) -> None:
    """Also as `ini_options` in TOML turn a boolean into text: True."""
    is_on = text.lower() in ("on", "true", "yes", "1")
    settings = read_settings(
        {"lambdatest_show_values": text},
        {"PYTEST_LAMBDATEST_PROPERTIES": text},
        {"lambdatest_mark_status": text, **({} if is_on else dict.fromkeys(HAVE_OFF, text))},
    )
    assert (settings.show_values, settings.properties) == (is_on, is_on)
    assert settings.mark_status == ("on" if is_on else "off")
    assert (settings.fetch, settings.artifacts) == (("background", "off") if is_on else ("off", "off"))


HAVE_OFF = ("lambdatest_fetch", "lambdatest_artifacts")


@pytest.mark.parametrize("name", HAVE_OFF)
def test_what_can_be_off_and_not_on_accepts_no_other_spelling_of_on(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is true .*; accepted: "):
        read_settings({}, {}, {name: True})


def given(story: Story) -> dict[str, str]:
    """What a run of nothing has for settings: `{field: repr of its value}`."""
    story.file(
        "conftest.py",
        """
        from pytest_lambdatest_session import plugin

        def pytest_configure(config):
            for name, value in plugin._settings_of(config)._asdict().items():
                print(f"read {name}={value!r}")
        """,
    )
    (story.pytester.path / "pytest.ini").unlink()
    story.file("test_nothing.py", "def test_nothing(): pass\n")
    run = story.run_plain("-p", "lambdatest_session", "-s")
    assert run.result.ret == pytest.ExitCode.OK, run.output
    lines = [line.removeprefix("read ") for line in run.output.splitlines() if line.startswith("read ")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


@pytest.mark.parametrize(("file", "table", "values"), TOML_FILES)
def test_toml_may_spell_numbers_booleans_and_lists_as_its_own(
    story: Story, monkeypatch: pytest.MonkeyPatch, file: str, table: str, values: list[tuple[str, str, str, object]]
) -> None:
    if "ini_options" not in table and pytest.version_tuple < (9,):
        pytest.skip("pytest 9 brought configuration in native TOML")
    for name in ("PYTEST_LAMBDATEST_HUB", "LT_API_BASE_URL"):
        monkeypatch.delenv(name)
    chosen = {name: text for name, _, text, _ in values}
    lines = "\n".join(f"{name} = {text}" for name, text in chosen.items())
    story.file(file, f"{table}\n{lines}\n")
    seen = given(story)
    for name, field, text, value in values:
        if chosen[name] == text:
            assert seen[field] == repr(value), name


@NATIVE_PYTEST
def test_the_command_line_wins_over_toml_too(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.file("pytest.toml", "[pytest]\nlambdatest_budget = 20\nlambdatest_timeout = 20\nlambdatest_fetch = false\n")
    story.set_environment(
        PYTEST_ADDOPTS="-o lambdatest_budget=5 --lambdatest-timeout=4", PYTEST_LAMBDATEST_FETCH="background"
    )
    monkeypatch.delenv("PYTEST_LAMBDATEST_HUB")
    seen = given(story)
    assert (seen["budget_seconds"], seen["timeout_seconds"], seen["fetch"]) == ("5.0", "4.0", "'background'")


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_a_value_of_no_use_is_named_with_what_is_accepted(option: Option) -> None:
    for shown, value in NO_VALUES.items():
        if option.name == "lambdatest_hub" and value == ["a"]:
            continue
        with pytest.raises(SettingsError) as caught:
            read_settings({}, {}, {option.name: value})
        assert str(caught.value).startswith(f"{option.name} is {shown} (from the ini key {option.name})")
        assert str(caught.value).endswith(f"accepted: {option.accepted}")


OF_NO_USE = [
    ("pytest.toml", "[pytest]\nlambdatest_budget = true", "a number of seconds, 0 or more"),
    ("pytest.toml", "[pytest]\nlambdatest_hub = [1, 2]", "host names or suffixes of them, separated by spaces"),
    ("pyproject.toml", "[tool.pytest.ini_options]\nlambdatest_budget = []", "a number of seconds, 0 or more"),
]


@pytest.mark.parametrize(("file", "text", "accepted"), OF_NO_USE)
def test_a_wrong_type_in_toml_is_a_usage_error_of_ours(
    story: Story, monkeypatch: pytest.MonkeyPatch, file: str, text: str, accepted: str
) -> None:
    if "ini_options" not in text and pytest.version_tuple < (9,):
        pytest.skip("pytest 9 brought configuration in native TOML")
    monkeypatch.delenv("PYTEST_LAMBDATEST_HUB")
    (story.pytester.path / "pytest.ini").unlink()
    story.file(file, f"{text}\n")
    story.file("test_nothing.py", "def test_nothing(): pass\n")
    name = text.split()[1]
    run = story.run_plain("-p", "lambdatest_session")
    assert run.result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in run.output.splitlines() if line.startswith("ERROR")]
    assert line.startswith(f"ERROR: {name} is ")
    assert f"(from the ini key {name}), which is not accepted; accepted: {accepted}" in line
    assert "Traceback" not in run.output


@NATIVE_PYTEST
def test_the_help_shows_the_types(story: Story) -> None:
    shown = re.findall(
        r"^  (lambdatest_\w+) \((\w+)\):", story.run_plain("-p", "lambdatest_session", "--help").output, re.MULTILINE
    )
    assert dict(shown) == {option.name: option.ini_type for option in OPTIONS}
    assert {"string", "args", "linelist", "int", "float", "bool"} == {ini_type for _, ini_type in shown}


def test_an_empty_value_in_the_environment_or_the_ini_file_is_unset() -> None:
    variables = {name: " " for option in OPTIONS for name in option.environment}
    assert read_settings({}, variables, {option.name: "" for option in OPTIONS}) == read_settings({}, {}, {})


@pytest.mark.parametrize(("name", "value", "accepted"), WRONG, ids=[f"{name}={value}" for name, value, _ in WRONG])
def test_a_wrong_value_is_named_with_what_is_accepted(name: str, value: str, accepted: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({name: value}, {}, {})
    assert f"{name} is {value!r} (from the command line, --{name.replace('_', '-')})" in str(caught.value)
    assert accepted in str(caught.value)


def test_a_wrong_value_ends_the_run_before_it_starts(story: Story) -> None:
    story.tests("def test_nothing(): pass")
    story.file("pytest.ini", "[pytest]\nlambdatest_budget = soon\n")
    run = story.run()
    assert run.result.ret == pytest.ExitCode.USAGE_ERROR
    refused = "which is not accepted; accepted: a number"
    assert f"lambdatest_budget is 'soon' (from the ini key lambdatest_budget), {refused}" in run.output
    with pytest.raises(SettingsError, match=r"is 'no' .from the environment variable PYTEST_LAMBDATEST_BUDGET"):
        read_settings({}, {"PYTEST_LAMBDATEST_BUDGET": "no"}, {})


def test_a_number_that_stands_for_no_limit_works_as_one(story: Story) -> None:
    story.set_environment(LT_USERNAME=story.grid.username, LT_ACCESS_KEY=story.grid.access_key)
    story.tests(
        """
        def test_it():
            with open_browser() as driver:
                driver.title
        """
    )
    numbers = ("--lambdatest-budget=1e300", "--lambdatest-timeout=1e300", "--lambdatest-artifacts-limit=1e308")
    run = story.run(*numbers, "--lambdatest-artifacts=all", "--lambdatest-artifacts-budget=1")
    (record,) = run.records
    assert (record["state"], record["error"]) == ("final", None)
    assert "console" in record["artifacts"] or "console" in record["artifacts_missing"]
    assert "ended early" not in run.output


def test_a_path_that_no_system_has_is_a_wrong_value_too() -> None:
    with pytest.raises(SettingsError, match=r"lambdatest_sessions_file is .* \(from the ini key .*accepted: a path"):
        read_settings({}, {}, {"lambdatest_sessions_file": "sessions\0.jsonl"})


def test_a_key_in_an_address_is_not_repeated_in_the_error() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"lambdatest_api_url": "https://me:s3cr3t-key@api.lambdatest.com/automation/api/v1"}, {}, {})
    assert "LT_USERNAME and LT_ACCESS_KEY" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_a_key_in_a_list_of_addresses_is_not_repeated_either() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({}, {}, {"lambdatest_hub": ["https://me:s3cr3t-key@hub.lambdatest.com/wd/hub"]})
    assert "lambdatest_hub is ['https://***@hub.lambdatest.com/wd/hub']" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("https://me:key@hub.lambdatest.com/wd/hub", " (give the host alone: hub.lambdatest.com)"),
        ("lambdatest.com hub.example:4444", " (give the host alone: hub.example)"),
        ("https://[hub.example", ""),
        ("hub!", ""),
    ],
)
def test_an_address_in_place_of_a_host_gets_advice(given: str, advice: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"lambdatest_hub": given}, {}, {})
    assert f"not accepted{advice}; accepted: host names" in str(caught.value)


def test_a_mistyped_variable_is_named_with_the_nearest(story: Story) -> None:
    story.set_environment(PYTEST_LAMBDATEST_BUGDET="1")
    story.tests("def test_nothing(): pass")
    assert "! PYTEST_LAMBDATEST_BUGDET is no setting; the nearest is PYTEST_LAMBDATEST_BUDGET" in story.run("-q").output
