"""Settings: command line over environment over ini file, read once into one frozen value.

Knows no pytest: the front door (`plugin.py`) declares the options from `OPTIONS`, hands the three sources to
`read_settings` and turns `SettingsError` into pytest's own usage error.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal, NamedTuple, cast
from urllib.parse import urlsplit

from pytest_lambdatest_session.cloud.endpoints import checked_api_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Fetch = Literal["background", "teardown", "off"]
MarkStatus = Literal["off", "on", "overwrite"]
IniType = Literal["string", "args", "int", "float", "bool"]
Artifacts = Literal["off", "failed", "all"]
SHARE_DAYS = (3, 7, 10, 30)
_SWITCH = {
    **dict.fromkeys(("on", "true", "yes", "1"), "on"),
    **dict.fromkeys(("off", "false", "no", "0"), "off"),
}
_ON_OR_OFF = "'on' or 'off' (also true or false, yes or no, 1 or 0)"
# From which LambdaTest's own bindings take their hub: an address, and what HyperExecute sets, a host with its port.
_HUB_VARIABLES = ("LT_HUB_URL", "HYE_HUB")
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
    show_values: bool
    mark_status: MarkStatus
    artifacts: Artifacts
    artifacts_budget_seconds: float
    artifacts_limit_megabytes: float


def read_settings(
    command_line: Mapping[str, str | None], environment: Mapping[str, str], ini: Mapping[str, object]
) -> Settings:
    """Read every setting from the first source that has it: `{option name: text}` each, empty text is unset.

    In `ini` a value may be of any type that TOML has.

    Raises:
        SettingsError: a value is not accepted.
    """
    values = {option.name: _read(option, command_line, environment, ini) for option in OPTIONS}
    hubs_of_bindings = (_hub_in(environment.get(name, "")) for name in _HUB_VARIABLES)
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
        show_values=cast("bool", values["lambdatest_show_values"]),
        mark_status=cast("MarkStatus", values["lambdatest_mark_status"]),
        artifacts=cast("Artifacts", values["lambdatest_artifacts"]),
        artifacts_budget_seconds=cast("float", values["lambdatest_artifacts_budget"]),
        artifacts_limit_megabytes=cast("float", values["lambdatest_artifacts_limit"]),
    )


def _hub_in(text: str) -> str:
    """The host of an address, or of a host with its port; "" if there is none."""
    try:
        return urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""


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
    if isinstance(value, str):
        return repr(re.sub(_USERINFO, r"\1***@", value))
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return re.sub(_USERINFO, r"\1***@", repr(value))


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
    return option.default, "the default"


def _text_of(value: object, option: Option) -> str:
    """A value as an ini file would spell it."""
    if isinstance(value, str):
        return value
    # By its very type: in Python true is a number too.
    if type(value) not in option.toml_types:
        raise ValueError
    if not isinstance(value, list):
        return str(value)
    if not all(isinstance(item, str) for item in value):
        raise ValueError
    return " ".join(value)


def _because(error: ValueError) -> str:
    return f" ({error})" if str(error) else ""


def _parse_hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.strip(".").lower() for host in text.replace(",", " ").split())
    if not hosts or not all(map(_is_host_name, hosts)):
        raise ValueError
    return hosts


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


def _one_of(text: str, *words: str) -> str:
    word = _SWITCH.get(text.lower(), text)
    if word not in words:
        raise ValueError
    return word


def _parse_seconds(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError
    return min(seconds, _MOST)


def _parse_positive_seconds(text: str) -> float:
    seconds = _parse_seconds(text)
    if seconds == 0:
        raise ValueError
    return seconds


def _parse_share_days(text: str) -> int:
    days = int(text)
    if days not in SHARE_DAYS:
        raise ValueError
    return days


def _parse_switch(text: str) -> bool:
    return _one_of(text, "on", "off") == "on"


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
        "lambdatest_show_values",
        "off",
        _ON_OR_OFF,
        "show typed texts, scripts and cookies among the last commands of a failed test (default: %(default)s)",
        _parse_switch,
        ini_type="bool",
        toml_types=(bool, int),
    ),
)
