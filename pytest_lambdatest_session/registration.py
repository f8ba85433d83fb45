"""Which parts are registered in which process.

A process that runs tests gets a `Recorder`; one that writes reports gets a `Controller`. Without xdist that is the same
process. Of xdist's workers those ask the cloud whose credentials the controller does not have.
"""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_lambdatest_session.capture.recorder import ReportMaking
from pytest_lambdatest_session.capture.untouched import untouched
from pytest_lambdatest_session.cloud.endpoints import is_captured
from pytest_lambdatest_session.config import mistyped_variables
from pytest_lambdatest_session.credentials import credentials_from
from pytest_lambdatest_session.report.controller import Controller, LateQuits
from pytest_lambdatest_session.report.failures import Failures
from pytest_lambdatest_session.report.json_report import JsonReport
from pytest_lambdatest_session.report.properties import Annotator, ReportProperties
from pytest_lambdatest_session.report.registry import Registry
from pytest_lambdatest_session.report.terminal import FailureSections, TerminalSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pytest

    from pytest_lambdatest_session.capture.recorder import Recorder
    from pytest_lambdatest_session.config import Settings
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.controller import Output
    from pytest_lambdatest_session.report.journal import Journal
    from pytest_lambdatest_session.report.junit_fields import Folders
    from pytest_lambdatest_session.report.registry import TrackedSession
    from pytest_lambdatest_session.report.terminal_lines import Style
    from pytest_lambdatest_session.report.updates import Updates
    from pytest_lambdatest_session.report.xdist import WorkerInput
    from pytest_lambdatest_session.sidecar.messages import Start

_PROBLEM_LIMIT = 1000
_PREFIX = "lambdatest_session_"
_Plugin = TypeVar("_Plugin")


class Environment:
    """The environment as it was when collection ended: tests change it, and a conftest may fill it before."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.values: dict[str, str] = {}
        self.pytest_collection_finish()

    def pytest_collection_finish(self) -> None:
        with self._problems.guard():
            # pytest-parallel puts something in its place that lists names of which it has no value.
            values = {name: os.environ.get(name) for name in list(os.environ)}
            self.values = {name: value for name, value in values.items() if value is not None}


class Registration:
    """Builds the parts that this process needs, and registers them for the time of one run."""

    def __init__(self, config: pytest.Config, settings: Settings, recorder: Recorder) -> None:
        self._config = config
        self._settings = settings
        self._recorder = recorder
        self._problems = recorder.problems
        self._problems.clean = lambda problem: self._clean(problem, _PROBLEM_LIMIT)
        self._registry = Registry(settings.dashboard_url, checked=settings.fetch != "off")
        config.add_cleanup(self._registry.clear)
        self._environment = Environment(self._problems)
        self._add(self._environment, "environment")
        self._failure_sections = FailureSections(self._terminal_style)
        self._is_ours: Callable[[TrackedSession], bool] = lambda tracked: not tracked.own_account
        self._polls_all = False

    def register(self) -> None:
        worker_input = getattr(self._config, "workerinput", None)
        if worker_input is None:
            # What pytest-forked runs in a process of its own may end that process.
            journal = None
            if self._config.getoption("forked", None) is not None:  # pragma: no cover - tested with pytest 8
                from pytest_lambdatest_session.report.journal import Journal  # noqa: PLC0415

                journal = Journal.unnamed()
            self._record(None, journal)
            self._register_controller(journal)
        else:
            self._register_worker(worker_input)
        if self._config.getoption("allure_report_dir", None):
            from pytest_lambdatest_session.report.allure import AllureLinks  # noqa: PLC0415

            self._add(AllureLinks(self._config, self._problems), "allure")
        if self._config.getoption("rp_enabled", None):
            from pytest_lambdatest_session.report.reportportal import ReportPortalAttributes  # noqa: PLC0415

            self._add(ReportPortalAttributes(self._config, self._problems), "reportportal")

    def _record(
        self,
        worker: str | None,
        journal: Journal | None,
        has_own_account: Callable[[Credentials | None], bool] | None = None,
    ) -> None:
        settings = self._settings
        if journal is not None:
            self._config.add_cleanup(journal.close)
        annotator = Annotator(self._registry, worker, with_properties=self._with_properties)
        self._recorder.start(
            lambda host: is_captured(host, settings.hub),
            annotator,
            journal,
            has_own_account=has_own_account,
            clean=self._clean,
            with_values=settings.show_values,
        )
        self._add(self._recorder, "recorder")
        making = ReportMaking(self._recorder)
        self._recorder.when_watching(lambda: self._watch(making))

    def _watch(self, making: ReportMaking) -> None:
        self._add(making, "makereport")
        # What reports of failures need, before tests run that may replace what imports modules.
        _ = self._masked_text, self._failure_sections.texts, self._updates

    @cached_property
    def _masked_text(self) -> Callable[[str, int, Iterable[str]], str]:
        from pytest_lambdatest_session.cloud.redact import masked_text  # noqa: PLC0415

        return masked_text

    def _clean(self, text: str, limit: int) -> str:
        """Return one line without the credentials of the environment and of the sessions that this process opened."""
        return self._masked_text(text, limit, self._secrets())

    def _scrub(self, text: str) -> str:
        """Return all lines of a text, without the same credentials."""
        from pytest_lambdatest_session.cloud.redact import scrub  # noqa: PLC0415

        return scrub(text, self._secrets())

    def _secrets(self) -> frozenset[str]:
        credentials = credentials_from(self._environment.values)
        return frozenset(self._recorder.secrets()).union(credentials.secrets if credentials is not None else ())

    def _register_controller(self, journal: Journal | None) -> None:
        for problem in mistyped_variables(os.environ):
            self._problems.add(problem)
        if hasattr(self._config.hook, "pytest_configure_node"):
            from pytest_lambdatest_session.report.xdist import XdistController  # noqa: PLC0415

            # Nothing replaces the environment of a process that runs no tests.
            xdist = XdistController(self._registry, self._problems, lambda: credentials_from(os.environ))
            self._config.add_cleanup(self._add(xdist, "xdist").close)
        self._fetch_in_teardown()
        self._add(TerminalSummary(self._registry, self._problems, self._terminal_style), "terminal")
        self._add(JsonReport(self._registry, self._problems), "json")
        controller = Controller(
            self._config,
            self._registry,
            lambda: self._updates,
            list(self._outputs()),
            self._problems,
            unreported=self._recorder.unreported,
            changed=self._recorder.changed,
            before_log=self._recorder.report_logged,
            journal=journal,
        )
        self._add(controller, "controller")
        self._add(LateQuits(controller, self._problems), "late_quits")

    def _register_worker(self, worker_input: Mapping[str, Any]) -> None:
        from pytest_lambdatest_session.report.journal import Journal  # noqa: PLC0415
        from pytest_lambdatest_session.report.xdist import KEY, XdistWorker  # noqa: PLC0415

        # A controller without this plugin tells nothing: then there is nobody to report to.
        told: WorkerInput | None = worker_input.get(KEY)
        if told is None:  # pragma: no cover - a run whose processes do not load the same plugins
            return
        self._is_ours = lambda tracked: tracked.own_account
        self._polls_all = self._settings.fetch == "teardown"
        journal = Journal.at(Path(told["journal"]))
        self._record(worker_input["workerid"], journal, lambda credentials: self._is_own(credentials, told))
        self._fetch_in_teardown()
        self._add(
            XdistWorker(
                self._config,
                self._registry,
                lambda: self._updates,
                self._problems,
                unreported=self._recorder.unreported,
                before_log=self._recorder.report_logged,
                journal=journal,
            ),
            "worker",
        )

    def _is_own(self, credentials: Credentials | None, told: WorkerInput) -> bool:
        """Return whether this worker has the credentials of a session, and the controller has not."""
        account = credentials or credentials_from(self._environment.values)
        return account is not None and account.fingerprint(told["salt"]) != told["account"]

    @cached_property
    def _updates(self) -> Updates:
        # A run without sessions has no use for it.
        from pytest_lambdatest_session.report.updates import Updates  # noqa: PLC0415
        from pytest_lambdatest_session.sidecar.client import Sidecar  # noqa: PLC0415

        sidecar = Sidecar(self._start_of_sidecar, lambda: self._environment.values, self._secrets)
        self._config.add_cleanup(sidecar.stop)
        return Updates(
            self._config,
            self._settings,
            self._registry,
            sidecar,
            self._problems,
            credentials_of=self._credentials_of,
            clean=self._clean,
            artifacts_folder=self._artifacts_folder,
            is_ours=self._is_ours,
            polls_all=self._polls_all,
            makes_clips=not hasattr(self._config, "workerinput"),
        )

    def _start_of_sidecar(self) -> Start:
        from pytest_lambdatest_session.sidecar.client import import_path  # noqa: PLC0415

        credentials = credentials_from(self._environment.values)
        folder = str(self._config.invocation_params.dir)
        return {
            "type": "start",
            "path": import_path(untouched.sys_path, folder),
            "folder": folder,
            "parent": untouched.getpid(),
            "timeout_seconds": self._settings.timeout_seconds,
            "share_days": self._settings.share_days,
            "account": None if credentials is None else credentials.account,
        }

    def _terminal_style(self) -> Style:
        from pytest_lambdatest_session.report.terminal_lines import Style  # noqa: PLC0415

        config = self._config
        return Style(
            self._artifacts_folder().parent,
            config.invocation_params.dir,
            config.rootpath,
            config.getoption("verbose"),
            self._settings.hub,
        )

    def _artifacts_folder(self) -> Path:
        """Return the folder beside the HTML report, or else the sessions file, named after it; else in the root."""
        html = self._html_path()
        beside = html or self._sessions_file() or self._config.rootpath / "report"
        return beside.with_name(f"{beside.stem}-lambdatest")

    def _html_path(self) -> Path | None:
        path = self._config.getoption("htmlpath", None)
        return self._config.invocation_params.dir / Path(os.path.expandvars(path)).expanduser() if path else None

    def _credentials_of(self, session_id: str) -> Credentials | None:
        return self._recorder.credentials_of(session_id) or credentials_from(self._environment.values)

    def _fetch_in_teardown(self) -> None:
        if self._settings.fetch == "teardown":
            from pytest_lambdatest_session.report.teardown import TeardownFetch  # noqa: PLC0415

            fetch = TeardownFetch(self._registry, lambda: self._updates, self._recorder.changed, self._problems)
            self._add(fetch, "teardown")

    def _outputs(self) -> Iterator[Output]:
        """Yield what shows sessions, first what others link to; each is loaded by the run that has it."""
        settings, registry, problems = self._settings, self._registry, self._problems
        yield Failures(self._scrub)
        if settings.artifacts != "off" or settings.clips != "off":
            from pytest_lambdatest_session.report.player.pages import PlayerPages  # noqa: PLC0415

            yield PlayerPages(registry, problems, self._artifacts_folder, self._html_path())
        yield ReportProperties(registry, with_properties=self._with_properties)
        if self._wants("terminal"):
            yield self._failure_sections
        yield from self._outputs_of_other_plugins()
        if (sessions_file := self._sessions_file()) is not None and self._wants("file"):
            from pytest_lambdatest_session.report.sessions_file import SessionsFile  # noqa: PLC0415

            yield SessionsFile(sessions_file, registry, problems)
        github_summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if github_summary and self._wants("github"):
            from pytest_lambdatest_session.report.github import GithubSummary  # noqa: PLC0415

            yield GithubSummary(Path(github_summary), registry, problems)

    def _outputs_of_other_plugins(self) -> Iterator[Output]:
        option, folder = self._config.getoption, self._config.invocation_params.dir
        if option("xmlpath", None):
            from pytest_lambdatest_session.report.junit import JunitXml  # noqa: PLC0415

            lines, with_properties = self._settings.junit, self._with_properties
            junit = JunitXml(self._config, lines, self._folders(), self._problems, with_properties=with_properties)
            yield self._add(junit, "junit")
        if option("htmlpath", None) and self._wants("html"):
            yield self._html_report()
        if option("allure_report_dir", None) and self._wants("allure"):
            from pytest_lambdatest_session.report.allure import AllureResults  # noqa: PLC0415

            yield AllureResults(folder / option("allure_report_dir"), self._folders(), self._problems)
        if self._config.pluginmanager.hasplugin("nunit") and self._wants("nunit"):  # pragma: no cover - not in each run
            from pytest_lambdatest_session.report.nunit import NunitXml  # noqa: PLC0415

            yield NunitXml(self._config, self._folders())
        if option("ctrf", None) and self._wants("ctrf"):  # pragma: no cover - tested where readers are installed
            from pytest_lambdatest_session.report.ctrf import CtrfFile  # noqa: PLC0415

            yield self._add(CtrfFile(folder / option("ctrf"), self._folders(), self._problems), "ctrf")

    def _folders(self) -> Folders:
        from pytest_lambdatest_session.report.junit_fields import Folders  # noqa: PLC0415

        working = self._config.invocation_params.dir
        return Folders(
            artifacts=self._artifacts_folder().parent,
            working=working,
            project=Path(os.environ.get("CI_PROJECT_DIR") or working),
        )

    def _html_report(self) -> Output:
        inline = None
        if self._settings.artifacts != "off" and self._config.getoption("self_contained_html", False):
            from pytest_lambdatest_session.report.saved_files import inline_reader  # noqa: PLC0415

            inline = inline_reader(self._artifacts_folder().parent)
        # By the module that later releases don't have: to look up a version takes longer.
        if "pytest_html.html_report" in sys.modules:  # pragma: no cover - pytest-html 3, tested with pytest 7
            from pytest_lambdatest_session.report.html.report_before_4 import HtmlReportBefore4  # noqa: PLC0415

            return self._add(HtmlReportBefore4(self._registry, self._problems, inline), "html")
        from pytest_lambdatest_session.report.html.report import HtmlReport  # noqa: PLC0415

        return self._add(HtmlReport(self._registry, self._problems, inline), "html")

    def _sessions_file(self) -> Path | None:
        """Return its path: relative to where pytest was called if given there, else to the ini file's folder."""
        path = self._settings.sessions_file
        if path is None:
            return None
        given_here = self._config.getoption("lambdatest_sessions_file") is not None
        return (self._config.invocation_params.dir if given_here else self._config.rootpath) / path

    @property
    def _with_properties(self) -> bool:
        return self._settings.properties and self._wants("properties")

    def _add(self, plugin: _Plugin, name: str) -> _Plugin:
        manager = self._config.pluginmanager
        if manager.register(plugin, _PREFIX + name) is not None:
            self._config.add_cleanup(lambda: manager.unregister(plugin))
        return plugin

    def _wants(self, output: str) -> bool:
        """Return whether an output was not switched off: `-p no:lambdatest_session_html`."""
        return not self._config.pluginmanager.is_blocked(_PREFIX + output)
