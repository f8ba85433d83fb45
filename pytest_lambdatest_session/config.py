"""Settings: command line over environment over ini file, read once into one frozen value.

Knows no pytest: the front door (`plugin.py`) declares the options from `OPTIONS`, hands the three sources to
`read_settings` and turns `SettingsError` into pytest's own usage error.
"""

from __future__ import annotations

import math
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from pytest_lambdatest_session.cloud.endpoints import checked_api_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pytest_lambdatest_session.report.junit_flavours import Line

    Sources = tuple[Mapping[str, str | None], Mapping[str, str], Mapping[str, object]]
    """Command line, environment and ini file."""

Fetch = Literal["background", "teardown", "off"]
MarkStatus = Literal["off", "on", "overwrite"]
IniType = Literal["string", "args", "linelist", "int", "float", "bool"]
Artifacts = Literal["off", "failed", "all"]
Clips = Literal["off", "failed"]
SHARE_DAYS = ("3", "7", "10", "30")
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
    unit: str = ""
    """Of an amount."""

    @property
    def field(self) -> str:
        """Return its name among `Settings`."""
        return self.name.removeprefix("lambdatest_") + (f"_{self.unit}" if self.unit else "")

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
    values: dict[str, Any] = {option.field: _read(option, (command_line, environment, ini)) for option in OPTIONS}
    hubs_of_bindings = [_hub_in(environment.get(name, "")) for name in _HUB_VARIABLES]
    if environment.get("TESTMU_RUN_TARGET", "").lower() == "cloud":
        # Those for Playwright connect to a relay of their own, and only that to LambdaTest.
        hubs_of_bindings.append("127.0.0.1")
    values["hub"] = (*values["hub"], *filter(None, hubs_of_bindings))
    values["junit"] = (*(values["junit"] or ()), *(values.pop("junit_lines") or ()))
    return Settings(**values)


def _hub_in(text: str) -> str:
    """Return the host of an address, or of a host with its port; "" if there is none."""
    try:
        return urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""


def given_settings(
    command_line: Mapping[str, str | None], environment: Mapping[str, str], ini: Mapping[str, object]
) -> Iterator[str]:
    """Yield `name = value (source)` of each setting that a source has, for people."""
    for option in OPTIONS:
        value, source = _first_set(option, (command_line, environment, ini))
        if source != _DEFAULT:
            yield f"{option.name} = {_shown(value)} ({source})"


def _read(option: Option, sources: Sources) -> object:
    value, source = _first_set(option, sources)
    try:
        return None if value == "" else option.parse(_text_of(value, option))
    except ValueError as error:
        raise SettingsError(
            f"{option.name} is {_shown(value)} ({source}), which is not accepted"
            f"{f' ({error})' if str(error) else ''}; accepted: {option.accepted}"
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


def _first_set(option: Option, sources: Sources) -> tuple[object, str]:
    command_line, environment, ini = sources
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


def _parse_hosts(text: str) -> tuple[str, ...]:
    words = text.replace(",", " ").split()
    hosts = tuple(host.strip(".").lower() for host in words)
    if not hosts or not all(map(_is_host_name, hosts)):
        in_addresses = [_hub_in(word) for word in words if "/" in word or ":" in word]
        raise ValueError(next((f"give the host alone: {host}" for host in in_addresses if _is_host_name(host)), ""))
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


def _parse_word(text: str, *, of: tuple[str, ...] = ("on", "off")) -> str:
    word = _SWITCH.get(text.lower(), text)
    if word not in of:
        raise ValueError
    return word


def _parse_amount(text: str, *, above_zero: bool) -> float:
    try:
        amount = float(text)
    except ValueError:
        raise ValueError from None  # without Python's own words
    if not math.isfinite(amount) or amount < 0 or (above_zero and amount == 0):
        raise ValueError
    return min(amount, _MOST)


def _parse_share_days(text: str) -> int:
    return int(_parse_word(text, of=SHARE_DAYS))


def _parse_switch(text: str) -> bool:
    return _parse_word(text) == "on"


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


def _choice(name: str, words: tuple[str, ...], help_: str) -> Option:
    """Return an option that takes one of several words, by default the first."""
    accepted = f"{', '.join(map(repr, words[:-1]))} or {words[-1]!r}"
    parse = partial(_parse_word, of=words)
    return Option(name, words[0], accepted, f"{help_} (default: %(default)s)", parse, toml_types=(bool, int))


def _switch(name: str, default: str, help_: str) -> Option:
    help_ += " (default: %(default)s)"
    return Option(name, default, _ON_OR_OFF, help_, _parse_switch, ini_type="bool", toml_types=(bool, int))


def _amount(name: str, default: str, help_: str, *, unit: str = "seconds", above_zero: bool = False) -> Option:
    return Option(
        name,
        default,
        f"a number of {unit}{' above 0' if above_zero else ', 0 or more'}",
        f"{unit} {help_} (default: %(default)s)",
        partial(_parse_amount, above_zero=above_zero),
        ini_type="float",
        toml_types=(int, float),
        unit=unit,
    )


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
    _choice(
        "lambdatest_fetch",
        ("background", "teardown", "off"),
        "when the API is asked: while other tests run, in each test's teardown, or never",
    ),
    _amount("lambdatest_budget", "10", "that all waiting at the end of the run may take together"),
    _amount("lambdatest_timeout", "10", "for one request to the API", above_zero=True),
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
    _switch(
        "lambdatest_properties",
        "on",
        "put properties on test reports and into JUnit XML; off for validators that forbid them",
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
    _choice(
        "lambdatest_mark_status",
        ("off", "on", "overwrite"),
        "write pytest's outcome to each session that ended; 'on' leaves alone what the suite itself has marked, "
        "'overwrite' does not",
    ),
    _choice(
        "lambdatest_artifacts",
        ("off", "failed", "all"),
        "save logs, screenshots and video beside the report, of the sessions of failed tests or of all",
    ),
    _amount("lambdatest_artifacts_budget", "60", "that saving artifacts at the end of the run may take"),
    _amount("lambdatest_artifacts_limit", "1000", "that the artifacts of one run may take", unit="megabytes"),
    _choice(
        "lambdatest_clips",
        ("off", "failed"),
        "cut the part of each failed test out of its session's video, with ffmpeg; without lambdatest_artifacts the "
        "whole video is not kept",
    ),
    _switch(
        "lambdatest_show_values",
        "off",
        "show typed texts, scripts and cookies among the last commands of a failed test",
    ),
)
