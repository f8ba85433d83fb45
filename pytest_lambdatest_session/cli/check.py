"""`check`: what pytest would do with this plugin here, a line each, with what to do about what would not work."""

from __future__ import annotations

import platform
import shutil
import time
from contextlib import redirect_stderr
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from importlib import metadata
from io import StringIO
from typing import TYPE_CHECKING, TextIO

import pytest

from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.cloud.endpoints import api_base_url, kind_of
from pytest_lambdatest_session.cloud.errors import CloudError, NotFound, ServerError
from pytest_lambdatest_session.config import SettingsError, given_settings, mistyped_variables, read_settings
from pytest_lambdatest_session.credentials import credentials_from
from pytest_lambdatest_session.plugin import sources_of
from pytest_lambdatest_session.report.formatting import escape_control_characters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_lambdatest_session.config import Settings

_PLUGIN = "lambdatest_session"
_PACKAGES = (
    *("pytest", "pytest-html", "selenium", "Appium-Python-Client", "playwright", "pytest-xdist"),
    *("pytest-rerunfailures", "allure-pytest", "requests"),
)
_OUTPUTS = {
    "htmlpath": "pytest-html's report",
    "xmlpath": "JUnit XML",
    "allure_report_dir": "Allure's results",
    "report_log": "pytest-reportlog's file",
    "ctrf": "pytest-json-ctrf's file",
    "nunit_xmlpath": "pytest-nunit's file",
}
_UNKNOWN_ID = "check"
_CLOCKS_DIFFER_SECONDS = 5


def check(arguments: Sequence[str], hub: str, environment: Mapping[str, str], out: TextIO) -> int:
    """Print a line for each thing that was looked at; return 0 if nothing has to be done, else 1.

    `arguments` are those that pytest would be given. LambdaTest is asked once.
    """
    is_well = True
    for line in _lines(arguments, hub, environment):
        is_well &= not line.startswith("!")
        out.write(f"{escape_control_characters(line)}\n")
    return 0 if is_well else 1


def _lines(arguments: Sequence[str], hub: str, environment: Mapping[str, str]) -> Iterator[str]:
    yield f"ok  Python {platform.python_version()}; {', '.join(_versions())}"
    config, said = _pytest_config(arguments)
    sources: tuple[Mapping[str, str | None], Mapping[str, str], Mapping[str, object]] = ({}, environment, {})
    if config is None:
        yield f"!   pytest does not start here: {said}"
    elif not config.pluginmanager.hasplugin(_PLUGIN):
        yield "!   pytest would not load the plugin; add -p lambdatest_session, as plugins are not loaded by themselves"
    else:
        yield "ok  pytest loads the plugin"
        yield _outputs(config)
        sources = sources_of(config)
    try:
        settings = read_settings(*sources)
    except SettingsError as error:
        yield f"!   {error}"
        return
    given = list(given_settings(*sources))
    yield f"ok  settings: {', '.join(given) if given else 'all as they are by default'}"
    yield from (f"!   {line}" for line in mistyped_variables(environment))
    if settings.clips != "off" and shutil.which("ffmpeg") is None:
        yield "!   lambdatest_clips needs ffmpeg, which is not on the path; install it"
    yield from _cloud(settings, hub, environment)


def _versions() -> Iterator[str]:
    for name in _PACKAGES:
        found = list(metadata.distributions(name=name))
        yield f"{name} {found[0].version if found else 'not installed'}"


class _Probe:
    """Takes pytest's configuration once it was read, and ends pytest there."""

    config: pytest.Config | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        self.config = config
        return 0


def _pytest_config(arguments: Sequence[str]) -> tuple[pytest.Config | None, str]:
    """Return pytest's configuration as it would be here, or None and what pytest says."""
    probe, said = _Probe(), StringIO()
    with redirect_stderr(said):
        pytest.main(list(arguments), plugins=[probe])
    lines = [line.strip() for line in said.getvalue().splitlines() if line.strip()]
    return probe.config, " ".join(lines[:3]).removeprefix("ERROR: ")


def _outputs(config: pytest.Config) -> str:
    filled = [f"{what} ({path})" for name, what in _OUTPUTS.items() if (path := config.getoption(name, None))]
    return f"ok  outputs: {', '.join(filled) or 'the terminal alone; --html=report.html adds a report'}"


def _cloud(settings: Settings, hub: str, environment: Mapping[str, str]) -> Iterator[str]:
    credentials = credentials_from(environment)
    if credentials is None:
        yield "!   no credentials: set LT_USERNAME and LT_ACCESS_KEY"
        return
    base_url = api_base_url(hub, kind_of(hub), settings.api_url)
    client = Client(base_url, credentials, timeout_seconds=settings.timeout_seconds)
    started = time.monotonic()
    try:
        client.session(_UNKNOWN_ID)
    except NotFound:
        pass  # of a session that nobody has: it looked
    except ServerError as error:
        yield f"!   {base_url} answers {error.status}; try again later, and check lambdatest_api_url if it stays so"
        return
    except CloudError as error:
        yield f"!   {error}"
        return
    finally:
        client.close()
    yield f"ok  {base_url} accepts the credentials, in {time.monotonic() - started:.1f} s"
    if client.answered_at is not None:
        yield _clock(client.answered_at)


def _clock(answered_at: str) -> str:
    """Compare with the Date of an answer that has just come, which has whole seconds."""
    try:
        told = parsedate_to_datetime(answered_at)
    except ValueError:
        return "ok  LambdaTest's clock could not be read"
    ahead = (datetime.now(timezone.utc) - told.replace(tzinfo=told.tzinfo or timezone.utc)).total_seconds()
    if abs(ahead) <= _CLOCKS_DIFFER_SECONDS:
        return "ok  the clock is LambdaTest's"
    return f"!   the clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} LambdaTest's; synchronise it"
