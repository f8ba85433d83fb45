"""Front door: the options, and which plugins are registered in which process.

A process that runs tests gets a `Recorder`; one that writes reports gets a `Controller`. Without xdist that is the same
process. Nothing here imports selenium or requests: both are loaded when somebody else does, or when a session must be
asked about.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.capture.recorder import Recorder
from pytest_lambdatest_session.cloud.endpoints import is_captured
from pytest_lambdatest_session.cloud.follower import Follower
from pytest_lambdatest_session.config import OPTIONS, Settings, SettingsError, read_settings
from pytest_lambdatest_session.credentials import credentials_from
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.annotate import Annotator
from pytest_lambdatest_session.report.controller import Controller
from pytest_lambdatest_session.report.ledger import Ledger

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable
    from pathlib import Path

    from pytest_lambdatest_session.cloud.client import Client
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.report.html import HtmlReport

RECORDER_NAME = "lambdatest_session_recorder"
CONTROLLER_NAME = "lambdatest_session_controller"
RECORDER = pytest.StashKey[Recorder]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lambdatest", "sessions of LambdaTest (TestMu AI) in the reports")
    for option in OPTIONS:
        described = option.help.replace("%(default)s", option.default)
        group.addoption(option.flag, dest=option.name, default=None, metavar="VALUE", help=described)
        parser.addini(option.name, described, type="string", default="")


# Before conftest files are imported: some open browsers there.
@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    if not _only_looks(early_config.known_args_namespace):
        _recorder_of(early_config)


def pytest_configure(config: pytest.Config) -> None:
    settings = _settings_of(config)
    if _only_looks(config.option):
        return
    worker_id = _worker_id(config)
    ledger = Ledger(settings.dashboard_url, checked=settings.fetch != "off")
    recorder = _recorder_of(config)
    recorder.start(lambda host: is_captured(host, settings.hub), Annotator(ledger, worker_id))
    config.pluginmanager.register(recorder, RECORDER_NAME)
    if worker_id is None:
        controller = _controller(config, settings, ledger, recorder)
        config.pluginmanager.register(controller, CONTROLLER_NAME)
        config.add_cleanup(controller.stop)


def _only_looks(options: Namespace) -> bool:
    """Whether pytest was asked for what it would run."""
    return bool(options.collectonly or getattr(options, "setupplan", False))


def _recorder_of(config: pytest.Config) -> Recorder:
    """The run's recorder, at work from the first call on."""
    recorder = config.stash.get(RECORDER, None)
    if recorder is None:
        recorder = config.stash[RECORDER] = Recorder(Problems())
        recorder.install()
        config.add_cleanup(recorder.uninstall)
    return recorder


def _settings_of(config: pytest.Config) -> Settings:
    try:
        return read_settings(
            {option.name: config.getoption(option.name) for option in OPTIONS},
            os.environ,
            {option.name: config.getini(option.name) for option in OPTIONS},
        )
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None


def _sessions_file(config: pytest.Config, settings: Settings) -> Path | None:
    """From the command line a path is relative to where pytest was called, else to the ini file's folder."""
    if settings.sessions_file is None:
        return None
    given_here = config.getoption("lambdatest_sessions_file") is not None
    return (config.invocation_params.dir if given_here else config.rootpath) / settings.sessions_file


def _worker_id(config: pytest.Config) -> str | None:
    """xdist's name for this process, or None for the one that writes the reports."""
    worker_input = getattr(config, "workerinput", None)
    return None if worker_input is None else str(worker_input["workerid"])


def _controller(config: pytest.Config, settings: Settings, ledger: Ledger, recorder: Recorder) -> Controller:
    problems = recorder.problems

    def credentials_of(session_id: str) -> Credentials | None:
        # Read when needed: a conftest may load them from a file while the run is under way.
        return credentials_from(os.environ) or recorder.credentials_of(session_id)

    html = _html_report(config, ledger, problems)
    if html is not None:
        config.pluginmanager.register(html)
    follower = None
    if settings.fetch != "off":
        follower = Follower(_connector(settings), api_url=settings.api_url, on_fault=problems.fault)
    return Controller(
        config,
        ledger,
        follower,
        html,
        problems,
        credentials_of=credentials_of,
        leftover=recorder.leftover,
        budget_seconds=settings.budget_seconds,
        sessions_file=_sessions_file(config, settings),
    )


def _connector(settings: Settings) -> Callable[[str, Credentials], Client]:
    def connect(base_url: str, credentials: Credentials) -> Client:
        # Loads requests, in the first thread that has a session to ask about.
        from pytest_lambdatest_session.cloud.client import Client  # noqa: PLC0415

        return Client(
            base_url,
            credentials,
            timeout_seconds=settings.timeout_seconds,
            share_days=settings.share_days,
        )

    return connect


def _html_report(config: pytest.Config, ledger: Ledger, problems: Problems) -> HtmlReport | None:
    if not config.getoption("htmlpath", None):
        return None
    # Loads pytest-html, which a run without an HTML report may have switched off.
    from pytest_lambdatest_session.report.html import HtmlReport  # noqa: PLC0415

    return HtmlReport(ledger, problems)
