"""Settings: command line over environment over ini file, read once into one frozen value.

Knows no pytest: the front door (`plugin.py`) declares the options from `OPTIONS`, hands the three sources to
`read_settings` and turns `SettingsError` into pytest's own usage error.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

from pytest_lambdatest_session.cloud.endpoints import checked_api_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pytest_lambdatest_session.report.junit_flavours import Line

Fetch = Literal["background", "teardown", "off"]
MarkStatus = Literal["off", "on", "overwrite"]
IniType = Literal["string", "args", "linelist", "int", "float", "bool"]
Artifacts = Literal["off", "failed", "all"]
_Number = TypeVar("_Number", int, float)
Clips = Literal["off", "failed"]
SHARE_DAYS = (3, 7, 10, 30)
_SWITCH = {
    **dict.fromkeys(("on", "true", "yes", "1"), "on"),
    **dict.fromkeys(("off", "false", "no", "0"), "off"),
}
_ON_OR_OFF = "'on' or 'off' (also true or false, yes or no, 1 or 0)"
# From which LambdaTest's own bindings take their hub: an address, and what HyperExecute sets, a host with its port.
_HUB_VARIABLES = ("LT_HUB_URL", "HYE_HUB")
_DEFAULT = "the default"
_LONGEST_LABEL = 63  # of a host name
_MOST = 1e6  # seconds and megabytes; of more a socket makes an error
_USERINFO = r"(?i)((?:[a-z]+:)?//)?[^\s,]*@"


class SettingsError(ValueError):
    """A setting has a value that is not accepted; the message names the setting, the value and what is accepted."""


class Option(NamedTuple):
    """One setting, as its users write it."""

    name: str
    """The ini key; the command line option is the same with dashes, the environment variable `PYTEST_` and capitals."""
    default: str
    accepted: str
    """What is accepted, in the words of the error message."""
    help: str
    parse: Callable[[str], object]
    """Raises `ValueError` for what is not accepted."""
    ini_type: IniType = "string"
    """As pytest's help shows it."""
    toml_types: tuple[type, ...] = ()
    """What a native TOML file may have beside a string."""
    also_environment: str | None = None
    """An environment variable that others use for the same thing; it ranks below our own."""

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def environment(self) -> tuple[str, ...]:
        own = "PYTEST_" + self.name.upper()
        return (own,) if self.also_environment is None else (own, self.also_environment)


class Settings(NamedTuple):
    """What the user chose. Holds no credentials."""

    hub: tuple[str, ...]
    api_url: str | None
    dashboard_url: str | None
    fetch: Fetch
    budget_seconds: float
    timeout_seconds: float
    share_days: int | None
    sessions_file: str | None
    properties: bool
    junit: tuple[Line, ...]
    show_values: bool
    mark_status: MarkStatus
    artifacts: Artifacts
    artifacts_budget_seconds: float
    artifacts_limit_megabytes: float
    clips: Clips


def mistyped_variables(environment: Iterable[str]) -> Iterator[str]:
    """Yield a line for each variable that is named like one of ours and is none."""
    known = [option.environment[0] for option in OPTIONS]
    for name in sorted(environment):
        if name.startswith("PYTEST_LAMBDATEST_") and name not in known:
            import difflib  # noqa: PLC0415 - hardly ever needed

            (nearest,) = difflib.get_close_matches(name, known, 1, 0.0)
            yield f"{name} is no setting; the nearest is {nearest}"


def read_settings(
    command_line: Mapping[str, str | None], environment: Mapping[str, str], ini: Mapping[str, object]
) -> Settings:
    """Read every setting from the first source that has it: `{option name: text}` each, empty text is unset.

    In `ini` a value may be of any type that TOML has.

    Raises:
        SettingsError: a value is not accepted.
    """
    values = {option.name: _read(option, command_line, environment, ini) for option in OPTIONS}
    hubs_of_bindings = [_hub_in(environment.get(name, "")) for name in _HUB_VARIABLES]
    if environment.get("TESTMU_RUN_TARGET", "").lower() == "cloud":
        # Those for Playwright connect to a relay of their own, and only that to LambdaTest.
        hubs_of_bindings.append("127.0.0.1")
    return Settings(
        hub=(*cast("tuple[str, ...]", values["lambdatest_hub"]), *filter(None, hubs_of_bindings)),
        api_url=cast("str | None", values["lambdatest_api_url"]),
        dashboard_url=cast("str | None", values["lambdatest_dashboard_url"]),
        fetch=cast("Fetch", values["lambdatest_fetch"]),
        budget_seconds=cast("float", values["lambdatest_budget"]),
        timeout_seconds=cast("float", values["lambdatest_timeout"]),
        share_days=cast("int | None", values["lambdatest_share_days"]),
        sessions_file=cast("str | None", values["lambdatest_sessions_file"]),
        properties=cast("bool", values["lambdatest_properties"]),
        junit=(
            *cast("tuple[Line, ...]", values["lambdatest_junit"] or ()),
            *cast("tuple[Line, ...]", values["lambdatest_junit_lines"] or ()),
        ),
        show_values=cast("bool", values["lambdatest_show_values"]),
        mark_status=cast("MarkStatus", values["lambdatest_mark_status"]),
        artifacts=cast("Artifacts", values["lambdatest_artifacts"]),
        artifacts_budget_seconds=cast("float", values["lambdatest_artifacts_budget"]),
        artifacts_limit_megabytes=cast("float", values["lambdatest_artifacts_limit"]),
        clips=cast("Clips", values["lambdatest_clips"]),
    )


def _hub_in(text: str) -> str:
    """The host of an address, or of a host with its port; "" if there is none."""
    try:
        return urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""


def given_settings(
    command_line: Mapping[str, str | None], environment: Mapping[str, str], ini: Mapping[str, object]
) -> Iterator[str]:
    """Yield `name = value (source)` of each setting that a source has, for people."""
    for option in OPTIONS:
        value, source = _first_set(option, command_line, environment, ini)
        if source != _DEFAULT:
            yield f"{option.name} = {_shown(value)} ({source})"


def _read(
    option: Option,
    command_line: Mapping[str, str | None],
    environment: Mapping[str, str],
    ini: Mapping[str, object],
) -> object:
    value, source = _first_set(option, command_line, environment, ini)
    try:
        return None if value == "" else option.parse(_text_of(value, option))
    except ValueError as error:
        raise SettingsError(
            f"{option.name} is {_shown(value)} ({source}), which is not accepted{_because(error)}; "
            f"accepted: {option.accepted}"
        ) from None


def _shown(value: object) -> str:
    """Return a value as a TOML file has it, without user names and keys in addresses."""
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_shown(item)}' for key, item in value.items())} }}"
    if isinstance(value, bool):
        return str(value).lower()
    text = re.sub(_USERINFO, r"\1***@", str(value))
    return repr(text) if isinstance(value, str) else text


def _first_set(
    option: Option,
    command_line: Mapping[str, str | None],
    environment: Mapping[str, str],
    ini: Mapping[str, object],
) -> tuple[object, str]:
    given = command_line.get(option.name)
    if given is not None:
        return given.strip(), f"from the command line, {option.flag}"
    for variable in option.environment:
        if environment.get(variable, "").strip():
            return environment[variable].strip(), f"from the environment variable {variable}"
    configured = ini.get(option.name, "")
    if isinstance(configured, str):
        configured = configured.strip()
    if configured != "":
        return configured, f"from the ini key {option.name}"
    return option.default, _DEFAULT


def _text_of(value: object, option: Option) -> str:
    """Return a value as an ini file would spell it."""
    if isinstance(value, str):
        return value
    # By its very type: in Python true is a number too.
    if type(value) not in option.toml_types:
        raise ValueError
    if not isinstance(value, list):
        return str(value)
    if not all(isinstance(item, str) for item in value):
        raise ValueError
    return "\n".join(value)


def _because(error: ValueError) -> str:
    return f" ({error})" if str(error) else ""


def _parse_hosts(text: str) -> tuple[str, ...]:
    words = text.replace(",", " ").split()
    hosts = tuple(host.strip(".").lower() for host in words)
    if not hosts or not all(map(_is_host_name, hosts)):
        raise ValueError(_hint_of_host(words))
    return hosts


def _hint_of_host(words: list[str]) -> str:
    """Return the host of the first address among what should be hosts, as advice; "" if there is none."""
    for word in words:
        try:
            host = urlsplit(word if "//" in word else f"//{word}").hostname or ""
        except ValueError:
            continue
        if ("/" in word or ":" in word) and _is_host_name(host):
            return f"give the host alone: {host}"
    return ""


def _is_host_name(text: str) -> bool:
    # By hand, since every run passes here: compiling an expression takes longer than all else in this module.
    labels = text.split(".")
    return text.isascii() and all(0 < len(label) <= _LONGEST_LABEL and _is_label(label) for label in labels)


def _is_label(text: str) -> bool:
    return text.replace("-", "").replace("_", "").isalnum() and not text.startswith("-")


def _parse_dashboard_url(text: str) -> str:
    try:
        filled = text.format(session_id="s", test_id="t")
    except (IndexError, KeyError, ValueError, AttributeError):
        raise ValueError from None
    if filled == text or any(character.isspace() for character in text):
        raise ValueError
    scheme = urlsplit(filled).scheme
    if scheme not in ("", "http", "https", "file") or filled.startswith("//"):
        raise ValueError
    return text


def _parse_fetch(text: str) -> str:
    return _one_of(text, "background", "teardown", "off")


def _parse_mark_status(text: str) -> str:
    return _one_of(text, "off", "on", "overwrite")


def _parse_artifacts(text: str) -> str:
    return _one_of(text, "off", "failed", "all")


def _parse_clips(text: str) -> str:
    return _one_of(text, "off", "failed")


def _one_of(text: str, *words: str) -> str:
    word = _SWITCH.get(text.lower(), text)
    if word not in words:
        raise ValueError
    return word


def _number(of_kind: Callable[[str], _Number], text: str) -> _Number:
    try:
        return of_kind(text)
    except ValueError:
        raise ValueError from None  # without Python's own words


def _parse_seconds(text: str) -> float:
    seconds = _number(float, text)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError
    return min(seconds, _MOST)


def _parse_positive_seconds(text: str) -> float:
    seconds = _parse_seconds(text)
    if seconds == 0:
        raise ValueError
    return seconds


def _parse_share_days(text: str) -> int:
    days = _number(int, text)
    if days not in SHARE_DAYS:
        raise ValueError
    return days


def _parse_switch(text: str) -> bool:
    return _one_of(text, "on", "off") == "on"


def _parse_junit(text: str) -> tuple[Line, ...]:
    # Only where it is set.
    from pytest_lambdatest_session.report.junit_flavours import FLAVOURS  # noqa: PLC0415

    names = dict.fromkeys(text.replace(",", " ").lower().split())
    if not names or not names.keys() <= FLAVOURS.keys():
        raise ValueError
    # Two of them may have a line in common.
    return tuple(dict.fromkeys(line for name in names for line in FLAVOURS[name]))


def _parse_junit_lines(text: str) -> tuple[Line, ...]:
    from pytest_lambdatest_session.report.junit_flavours import parse_lines  # noqa: PLC0415 - as above

    return parse_lines(text)


def _parse_path(text: str) -> str:
    if "\0" in text:
        raise ValueError
    return text


OPTIONS: tuple[Option, ...] = (
    Option(
        "lambdatest_hub",
        "lambdatest.com testmuai.com",
        "host names or suffixes of them, separated by spaces, such as 'lambdatest.com'",
        "hosts whose WebDriver sessions are captured, subdomains included (default: %(default)s)",
        _parse_hosts,
        ini_type="args",
        toml_types=(list,),
    ),
    Option(
        "lambdatest_api_url",
        "",
        "an https address with its path and without credentials, such as "
        "'https://api.lambdatest.com/automation/api/v1' (http only for this machine)",
        "base of the REST API, path included (default: from the hub's host; also LT_API_BASE_URL)",
        checked_api_url,
        also_environment="LT_API_BASE_URL",
    ),
    Option(
        "lambdatest_dashboard_url",
        "",
        "an http(s) address, or one relative to the report, with {session_id} or {test_id} in it",
        "template of the session's page, with {session_id} or {test_id} (default: LambdaTest's dashboard)",
        _parse_dashboard_url,
    ),
    Option(
        "lambdatest_fetch",
        "background",
        "'background', 'teardown' or 'off'",
        "when the API is asked: while other tests run, in each test's teardown, or never (default: %(default)s)",
        _parse_fetch,
        toml_types=(bool, int),
    ),
    Option(
        "lambdatest_budget",
        "10",
        "a number of seconds, 0 or more",
        "seconds that all waiting at the end of the run may take together (default: %(default)s)",
        _parse_seconds,
        ini_type="float",
        toml_types=(int, float),
    ),
    Option(
        "lambdatest_timeout",
        "10",
        "a number of seconds above 0",
        "seconds for one request to the API (default: %(default)s)",
        _parse_positive_seconds,
        ini_type="float",
        toml_types=(int, float),
    ),
    Option(
        "lambdatest_share_days",
        "",
        "3, 7, 10 or 30",
        "ask for links that open without a login and expire after so many days: 3, 7, 10 or 30 (default: none)",
        _parse_share_days,
        ini_type="int",
        toml_types=(int,),
    ),
    Option(
        "lambdatest_sessions_file",
        "",
        "a path",
        "write one JSON object per session into this file, a line each (default: none)",
        _parse_path,
    ),
    Option(
        "lambdatest_properties",
        "on",
        _ON_OR_OFF,
        "put properties on test reports and into JUnit XML; off for validators that forbid them (default: %(default)s)",
        _parse_switch,
        ini_type="bool",
        toml_types=(bool, int),
    ),
    Option(
        "lambdatest_junit",
        "",
        "any of testrail, testmo, gitlab, jenkins, xray, datadog, bitrise, text and failure, separated by spaces",
        "readers of the JUnit XML file, in whose words it says more of each session (default: none)",
        _parse_junit,
        ini_type="args",
        toml_types=(list,),
    ),
    Option(
        "lambdatest_junit_lines",
        "",
        "lines of the form 'name = template', with fields such as {video_url}",
        "what else the JUnit XML file says of each session: a property, or a line of 'system-out' or 'failure' "
        "(default: none)",
        _parse_junit_lines,
        ini_type="linelist",
        toml_types=(list,),
    ),
    Option(
        "lambdatest_mark_status",
        "off",
        "'off', 'on' or 'overwrite'",
        "write pytest's outcome to each session that ended; 'on' leaves alone what the suite itself has marked, "
        "'overwrite' does not (default: %(default)s)",
        _parse_mark_status,
        toml_types=(bool, int),
    ),
    Option(
        "lambdatest_artifacts",
        "off",
        "'off', 'failed' or 'all'",
        "save logs, screenshots and video beside the report, of the sessions of failed tests or of all "
        "(default: %(default)s)",
        _parse_artifacts,
        toml_types=(bool, int),
    ),
    Option(
        "lambdatest_artifacts_budget",
        "60",
        "a number of seconds, 0 or more",
        "seconds that saving artifacts at the end of the run may take (default: %(default)s)",
        _parse_seconds,
        ini_type="float",
        toml_types=(int, float),
    ),
    Option(
        "lambdatest_artifacts_limit",
        "1000",
        "a number of megabytes, 0 or more",
        "megabytes that the artifacts of one run may take (default: %(default)s)",
        _parse_seconds,
        ini_type="float",
        toml_types=(int, float),
    ),
    Option(
        "lambdatest_clips",
        "off",
        "'off' or 'failed'",
        "cut the part of each failed test out of its session's video, with ffmpeg; without lambdatest_artifacts the "
        "whole video is not kept (default: %(default)s)",
        _parse_clips,
        toml_types=(bool, int),
    ),
    Option(
        "lambdatest_show_values",
        "off",
        _ON_OR_OFF,
        "show typed texts, scripts and cookies among the last commands of a failed test (default: %(default)s)",
        _parse_switch,
        ini_type="bool",
        toml_types=(bool, int),
    ),
)
