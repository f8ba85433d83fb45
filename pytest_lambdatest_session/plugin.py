"""Front door: the options, and the moment at which each part starts to work.

Nothing here imports selenium or requests: both are loaded when somebody else does, or when a session must be asked
about.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import pytest_lambdatest_session.cloud.errors  # noqa: F401 - see there
from pytest_lambdatest_session import hookspec
from pytest_lambdatest_session.capture.recorder import Recorder
from pytest_lambdatest_session.config import OPTIONS, Settings, SettingsError, read_settings
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.registration import Registration

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from pytest_lambdatest_session.config import IniType

# Since then a configuration file may have numbers, booleans and lists; before, every value is text.
_HAS_TYPES = pytest.version_tuple >= (9,)
RECORDER = pytest.StashKey[Recorder]()


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hookspec)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lambdatest", "sessions of LambdaTest (TestMu AI) in the reports")
    for option in OPTIONS:
        described = option.help.replace("%(default)s", option.default)
        group.addoption(option.flag, dest=option.name, default=None, metavar="VALUE", help=described)
        ini_type: IniType = option.ini_type if _HAS_TYPES else "string"
        parser.addini(option.name, described, type=ini_type, default="")


# Before conftest files are imported: some open browsers there.
@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    if not _only_looks(early_config.known_args_namespace):
        _recorder_of(early_config)


def pytest_configure(config: pytest.Config) -> None:
    settings = _settings_of(config)
    if not _only_looks(config.option):
        Registration(config, settings, _recorder_of(config)).register()


def _only_looks(options: Namespace) -> bool:
    """Return whether pytest was asked for what it would run."""
    return bool(options.collectonly or getattr(options, "setupplan", False))


def _recorder_of(config: pytest.Config) -> Recorder:
    """Return the run's recorder, at work from the first call on."""
    recorder = config.stash.get(RECORDER, None)
    if recorder is None:
        recorder = config.stash[RECORDER] = Recorder(Problems())
        recorder.install()
        config.add_cleanup(recorder.uninstall)
    return recorder


def _settings_of(config: pytest.Config) -> Settings:
    try:
        return read_settings(*sources_of(config))
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None


def sources_of(config: pytest.Config) -> tuple[dict[str, str | None], Mapping[str, str], dict[str, object]]:
    """Return what command line, environment and configuration file have, for `read_settings`."""
    return (
        {option.name: config.getoption(option.name) for option in OPTIONS},
        os.environ,
        {option.name: _configured(config, option.name) for option in OPTIONS},
    )


def _configured(config: pytest.Config, name: str) -> object:
    """Return what stands in the configuration file or after `-o`, of whatever type, "" if nothing does.

    `getini` refuses what is not of the declared type, with an internal error before pytest 9.2, and has "20" and "off"
    for no number and no boolean where they stand in TOML.
    """
    values = getattr(config, "_inicfg", {})
    return values[name].value if name in values else config.getini(name)
