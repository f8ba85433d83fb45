"""Which parts are registered in which process.

A process that runs tests gets a `Recorder`; one that writes reports gets a `Controller`. Without xdist that is the same
process. Of xdist's workers those ask the cloud whose credentials the controller does not have.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_lambdatest_session.capture.recorder import ReportMaking
from pytest_lambdatest_session.cloud.endpoints import is_captured
from pytest_lambdatest_session.credentials import credentials_from
from pytest_lambdatest_session.report.controller import Controller
from pytest_lambdatest_session.report.json_report import JsonReport
from pytest_lambdatest_session.report.ledger import Ledger
from pytest_lambdatest_session.report.properties import Annotator, ReportProperties
from pytest_lambdatest_session.report.settling.asking import Asking
from pytest_lambdatest_session.report.settling.end_of_run import NO_WORK, CloudWork, EndOfRun
from pytest_lambdatest_session.report.terminal import CommandSections, FailureSections, TerminalSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest

    from pytest_lambdatest_session.capture.recorder import Recorder
    from pytest_lambdatest_session.cloud.chores import Chores
    from pytest_lambdatest_session.cloud.client import Client
    from pytest_lambdatest_session.cloud.follower import Follower
    from pytest_lambdatest_session.config import Settings
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.report.controller import Output
    from pytest_lambdatest_session.report.settling.artifacts import Artifacts
    from pytest_lambdatest_session.report.settling.marking import Marking
    from pytest_lambdatest_session.report.settling.sharing import Sharing
    from pytest_lambdatest_session.report.xdist import Journal

_PROBLEM_LIMIT = 1000
_PREFIX = "lambdatest_session_"


class Registration:
    """Builds the parts that this process needs, and registers them for the time of one run."""

    def __init__(self, config: pytest.Config, settings: Settings, recorder: Recorder) -> None:
        self._config = config
        self._settings = settings
        self._recorder = recorder
        self._problems = recorder.problems
        self._problems.clean = lambda problem: self._clean(problem, _PROBLEM_LIMIT)
        self._ledger = Ledger(settings.dashboard_url, checked=settings.fetch != "off")

    def register(self) -> None:
        worker_input = getattr(self._config, "workerinput", None)
        if worker_input is None:
            self._record(worker=None)
            self._register_controller()
        else:
            self._register_worker(worker_input)
        self._register_beside_others()

    def _register_beside_others(self) -> None:
        if self._config.getoption("allure_report_dir", None):
            from pytest_lambdatest_session.report.allure import AllureLinks  # noqa: PLC0415

            self._add(AllureLinks(self._problems), "allure")
        if self._config.getoption("rp_enabled", None):
            from pytest_lambdatest_session.report.reportportal import ReportPortalAttributes  # noqa: PLC0415

            self._add(ReportPortalAttributes(self._config, self._problems), "reportportal")

    def _record(self, worker: str | None, journal: Journal | None = None) -> None:
        settings = self._settings
        annotator = Annotator(self._ledger, worker, with_properties=self._with_properties)
        self._recorder.start(
            lambda host: is_captured(host, settings.hub),
            annotator,
            journal,
            clean=self._clean,
            with_values=settings.show_values,
        )
        self._add(self._recorder, "recorder")
        making = ReportMaking(self._recorder)
        self._recorder.when_watching(lambda: self._add(making, "makereport"))

    def _clean(self, text: str, limit: int) -> str:
        """One line without the credentials of the environment and of the sessions that this process opened."""
        # Loaded when there is something to clean; so below, what few runs ask for is loaded by those alone.
        from pytest_lambdatest_session.cloud.redact import masked_text  # noqa: PLC0415

        return masked_text(text, limit, self._secrets())

    def _secrets(self) -> frozenset[str]:
        credentials = credentials_from(os.environ)
        return frozenset(self._recorder.secrets()).union(credentials.secrets if credentials is not None else ())

    def _register_controller(self) -> None:
        workers_ask = self._register_for_workers()
        work = CloudWork(
            asking=self._asking(),
            marking=self._marking(workers_mark=workers_ask),
            sharing=self._sharing(leave_to_workers=workers_ask),
            artifacts=self._artifacts(leave_to_workers=workers_ask),
        )
        self._fetch_in_teardown(work.asking)
        self._add(TerminalSummary(self._ledger, self._problems), "terminal")
        self._add(JsonReport(self._ledger, self._problems), "json")
        self._add(
            Controller(
                self._config,
                self._ledger,
                work.asking,
                self._outputs() if work.marking is None else [work.marking, *self._outputs()],
                self._problems,
                leftover=self._recorder.leftover,
                reported=self._recorder.reported,
                end=self._end_of_run(work),
                workers_ask=workers_ask or self._settings.fetch == "teardown",
            ),
            "controller",
        )

    def _register_for_workers(self) -> bool:
        """Register what xdist's workers report to, if it is there; whether they ask the cloud themselves."""
        if not hasattr(self._config.hook, "pytest_configure_node"):
            return False
        from pytest_lambdatest_session.report.xdist import XdistController  # noqa: PLC0415

        xdist = XdistController(self._ledger, self._problems)
        self._add(xdist, "xdist")
        self._config.add_cleanup(xdist.close)
        return xdist.workers_ask

    def _register_worker(self, worker_input: Mapping[str, Any]) -> None:
        from pytest_lambdatest_session.report.xdist import KEY, Journal, WorkerInput, XdistWorker  # noqa: PLC0415

        # A controller without this plugin tells nothing: then there is nobody to report to.
        told: WorkerInput | None = worker_input.get(KEY)
        self._record(worker_input["workerid"], Journal(Path(told["journal"])) if told is not None else None)
        asks = told is not None and told["asks"]
        asking = self._asking() if asks or self._settings.fetch == "teardown" else None
        self._fetch_in_teardown(asking)
        work = CloudWork(asking, self._marking(), self._sharing(), self._artifacts()) if asks else NO_WORK
        self._add(
            XdistWorker(
                self._config,
                self._ledger,
                work.asking,
                self._problems,
                leftover=self._recorder.leftover,
                reported=self._recorder.reported,
                end=self._end_of_run(work),
                marking=work.marking,
            ),
            "worker",
        )

    def _end_of_run(self, work: CloudWork) -> EndOfRun:
        return EndOfRun(self._config, self._ledger, work, self._problems, self._settings.budget_seconds)

    def _asking(self) -> Asking | None:
        if self._settings.fetch == "off":
            return None
        return Asking(self._ledger, self._start_follower, self._credentials_of, self._problems)

    def _start_follower(self) -> Follower:
        # Loaded with the first session: it was most of what the plugin adds to the start of pytest.
        from pytest_lambdatest_session.cloud.follower import Follower  # noqa: PLC0415

        settings = self._settings
        follower = Follower(_connector(settings), api_url=settings.api_url, on_fault=self._problems.fault)
        self._config.add_cleanup(follower.stop)
        return follower

    def _marking(self, *, workers_mark: bool = False) -> Marking | None:
        settings = self._settings
        if settings.mark_status == "off":
            return None
        from pytest_lambdatest_session.report.settling.marking import Marking  # noqa: PLC0415

        marking = Marking(
            self._ledger,
            self._chores("marking", threads=2),
            self._credentials_of,
            self._clean,
            self._problems,
            api_url=settings.api_url,
            overwrite=settings.mark_status == "overwrite",
            workers_mark=workers_mark,
        )
        self._config.add_cleanup(marking.stop)
        return marking

    def _sharing(self, *, leave_to_workers: bool = False) -> Sharing | None:
        settings = self._settings
        if settings.share_days is None:
            return None
        from pytest_lambdatest_session.report.settling.sharing import Sharing  # noqa: PLC0415

        sharing = Sharing(
            self._ledger,
            self._chores("sharing", threads=4),
            self._credentials_of,
            self._problems,
            days=settings.share_days,
            api_url=settings.api_url,
            leave_to_workers=leave_to_workers,
        )
        self._config.add_cleanup(sharing.stop)
        return sharing

    def _artifacts(self, *, leave_to_workers: bool = False) -> Artifacts | None:
        settings = self._settings
        if settings.artifacts == "off":
            return None
        from pytest_lambdatest_session.report.settling.artifacts import Artifacts  # noqa: PLC0415

        artifacts = Artifacts(
            self._ledger,
            self._chores("artifacts", threads=4),
            self._artifacts_folder(),
            self._credentials_of,
            self._secrets,
            self._problems,
            api_url=settings.api_url,
            of_all=settings.artifacts == "all",
            budget_seconds=settings.artifacts_budget_seconds,
            limit_bytes=int(settings.artifacts_limit_megabytes * 2**20),
            leave_to_workers=leave_to_workers,
        )
        self._config.add_cleanup(artifacts.stop)
        return artifacts

    def _chores(self, name: str, *, threads: int) -> Chores:
        from pytest_lambdatest_session.cloud.chores import Chores  # noqa: PLC0415

        connect = _connector(self._settings)
        return Chores(connect, f"lambdatest-{name}", threads=threads, on_fault=self._problems.fault)

    def _artifacts_folder(self) -> Path:
        """Beside the HTML report and named after it, or else the sessions file; without either in the root folder."""
        html = self._html_path()
        beside = html or self._sessions_file() or self._config.rootpath / "report"
        return beside.with_name(f"{beside.stem}-lambdatest")

    def _html_path(self) -> Path | None:
        path = self._config.getoption("htmlpath", None)
        return self._config.invocation_params.dir / Path(os.path.expandvars(path)).expanduser() if path else None

    def _credentials_of(self, session_id: str) -> Credentials | None:
        # Read when needed: a conftest may load them from a file while the run is under way.
        return credentials_from(os.environ) or self._recorder.credentials_of(session_id)

    def _fetch_in_teardown(self, asking: Asking | None) -> None:
        if asking is not None and self._settings.fetch == "teardown":
            from pytest_lambdatest_session.report.settling.teardown import TeardownFetch  # noqa: PLC0415

            timeout_seconds = self._settings.timeout_seconds
            fetch = TeardownFetch(self._ledger, asking, self._recorder.leftover, timeout_seconds, self._problems)
            self._add(fetch, "teardown")

    def _outputs(self) -> list[Output]:
        outputs: list[Output] = [ReportProperties(self._ledger, with_properties=self._with_properties)]
        if self._wants("terminal"):
            outputs += [FailureSections(), CommandSections()]
        if self._config.getoption("xmlpath", None):
            from pytest_lambdatest_session.report.junit import JunitXml  # noqa: PLC0415

            outputs.append(JunitXml(self._config, self._ledger))
        if self._config.getoption("htmlpath", None) and self._wants("html"):
            outputs.append(self._html_report())
        sessions_file = self._sessions_file()
        if sessions_file is not None and self._wants("file"):
            from pytest_lambdatest_session.report.sessions_file import SessionsFile  # noqa: PLC0415

            outputs.append(SessionsFile(sessions_file, self._ledger, self._problems))
        github_summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if github_summary and self._wants("github"):
            from pytest_lambdatest_session.report.github import GithubSummary  # noqa: PLC0415

            outputs.append(GithubSummary(Path(github_summary), self._ledger, self._problems))
        return outputs

    def _html_report(self) -> Output:
        # Loads pytest-html, which a run without an HTML report may have switched off.
        from pytest_lambdatest_session.report.html.report import HtmlReport  # noqa: PLC0415

        html = HtmlReport(self._ledger, self._problems, self._inline())
        self._add(html, "html")
        return html

    def _inline(self) -> Callable[[str], str | None] | None:
        """What gives the texts that an HTML report of one file has in it."""
        if self._settings.artifacts == "off" or not self._config.getoption("self_contained_html", False):
            return None
        from pytest_lambdatest_session.report.settling.artifacts import text_reader  # noqa: PLC0415

        return text_reader(self._artifacts_folder().parent)

    def _sessions_file(self) -> Path | None:
        """From the command line a path is relative to where pytest was called, else to the ini file's folder."""
        path = self._settings.sessions_file
        if path is None:
            return None
        given_here = self._config.getoption("lambdatest_sessions_file") is not None
        return (self._config.invocation_params.dir if given_here else self._config.rootpath) / path

    @property
    def _with_properties(self) -> bool:
        return self._settings.properties and self._wants("properties")

    def _add(self, plugin: object, name: str) -> None:
        manager = self._config.pluginmanager
        if manager.register(plugin, _PREFIX + name) is not None:
            self._config.add_cleanup(lambda: manager.unregister(plugin))

    def _wants(self, output: str) -> bool:
        """Whether an output was not switched off: `-p no:lambdatest_session_html`."""
        return not self._config.pluginmanager.is_blocked(_PREFIX + output)


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
