"""What we rely on without a promise of those who make it.

Each of these says in one place what a release of pytest, pytest-html, xdist or selenium must keep for us to work as
before. One that fails names the code of ours that looks at that shape; where it does, it looks before it reaches, so
that an unknown shape costs details and no run.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.remote.command import Command
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webdriver import WebDriver

if TYPE_CHECKING:
    from stories import Story

IS_BEFORE_4 = find_spec("pytest_html.html_report") is not None
"""For registration.py: the module by which it knows that release."""

OBSERVER = """
import xml.etree.ElementTree as ET
import pytest

SEEN = {}

class Observer:
    def pytest_html_report_title(self, report):
        SEEN["data"] = report

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        if report.when == "call":
            SEEN["report"] = report

    @pytest.hookimpl(tryfirst=True, hookwrapper=True)
    def pytest_sessionfinish(self, session):
        check(session.config)
        yield

def pytest_configure(config):
    config.pluginmanager.register(Observer())

@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_makereport(item, call):
    from pytest_html import extras
    made = yield
    report = made.get_result()
    report.user_properties.append(("mine", "1"))
    if report.when == "call":
        report.extras = [extras.html("<b>mine</b>")]
        report.sections.append(("mine", "before"))

def check(config):
    {check}
"""


def checked(story: Story, check: str, test: str = "def test_it(): pass") -> None:
    """Run a suite whose conftest looks at what a release of somebody else makes of a report."""
    story.file("test_it.py", test)
    lines = "\n    ".join(check.strip().splitlines())
    story.file("conftest.py", OBSERVER.replace("{check}", lines))
    run = story.run_without("-p", "no:cacheprovider")
    assert run.result.ret == pytest.ExitCode.OK, run.output


from_4 = pytest.mark.skipif(IS_BEFORE_4, reason="pytest-html 3 makes its rows when the run ends")


@from_4
def test_pytest_html_reads_the_rows_that_its_title_hook_hands_out_again_when_it_writes(story: Story) -> None:
    """For report/html/report.py: `ReportData.data["tests"]` is `{nodeid: [row, ...]}`, and `table_header` a list."""
    story.file("test_it.py", "def test_it(): pass")
    checked(
        story,
        """
data = SEEN["data"]
(rows,) = data.data["tests"].values()
(row,) = rows
assert isinstance(row["resultsTableRow"], list) and isinstance(row["extras"], list)
assert isinstance(data.table_header, list)
row["resultsTableRow"][-1] = '<td class="col-links">changed late</td>'
""",
    )
    assert "changed late" in (story.pytester.path / "report.html").read_text(encoding="utf-8")


@from_4
def test_pytest_html_shows_what_is_added_to_the_extras_of_a_row_when_it_writes(story: Story) -> None:
    """For report/html/report.py: what stands for the details is put into `ReportData.data` when the run ends."""
    checked(
        story,
        """
((row,),) = SEEN["data"].data["tests"].values()
assert [extra["content"] for extra in row["extras"]] == ["<b>mine</b>"]
row["extras"] = [*row["extras"], {"format_type": "html", "content": "added late"}]
""",
    )
    assert "added late" in (story.pytester.path / "report.html").read_text(encoding="utf-8")


@from_4
def test_pytest_html_has_the_attributes_that_we_look_for() -> None:
    """For report/html/report.py."""
    from pytest_html.report_data import ReportData  # noqa: PLC0415 - not in older releases

    assert isinstance(ReportData.data, property)
    assert isinstance(ReportData.table_header, property)


def test_pytest_keeps_what_stands_in_the_configuration_as_it_stands(
    pytester: pytest.Pytester, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For plugin.py: from pytest 9 in `_inicfg`, of its own type; before, `getini` has the text or the list."""
    if pytest.version_tuple < (9,):
        assert not hasattr(pytestconfig, "_inicfg")
        return
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (pytester.path / "pytest.toml").write_text("[pytest]\nusefixtures = [7]\njunit_family = 2.5\n", encoding="utf-8")
    config = pytester.parseconfig("-o", "junit_suite_name=mine")
    values = {name: config._inicfg[name].value for name in ("usefixtures", "junit_family", "junit_suite_name")}
    assert values == {"usefixtures": [7], "junit_family": 2.5, "junit_suite_name": "mine"}


def test_log_xml_writes_the_elements_that_its_reporters_hand_out(story: Story) -> None:
    """For report/junit.py: `node_reporters_ordered[*].to_xml()` is the element that is written.

    A reporter has `to_xml` of its own once it is finalized, and until then `node_reporter(report)` gives it.
    """
    checked(
        story,
        """
(log_xml,) = [plugin for plugin in config.pluginmanager.get_plugins() if type(plugin).__name__ == "LogXML"]
(reporter,) = log_xml.node_reporters_ordered
assert "to_xml" in vars(reporter)
opened = log_xml.node_reporter("test_it.py::test_other")
assert opened is log_xml.node_reporter("test_it.py::test_other") is log_xml.node_reporters_ordered.pop()
assert "to_xml" not in vars(opened)
properties = reporter.to_xml().find("properties")
assert reporter.to_xml().find("properties") is properties
ET.SubElement(properties, "property", name="late", value="2")
""",
    )
    assert '<property name="late" value="2"' in (story.pytester.path / "junit.xml").read_text(encoding="utf-8")


def test_the_terminal_prints_failures_from_the_reports_own_sections_after_the_session_finished(story: Story) -> None:
    """For report/terminal.py: a section replaced until then is printed in its new form."""
    story.file("test_it.py", "def test_it(): assert 0")
    lines = 'SEEN["report"].sections[-1] = ("mine", "changed late")'
    story.file("conftest.py", OBSERVER.replace("{check}", lines))
    run = story.run_without()
    assert "changed late" in run.output


def test_reports_cross_xdist_with_all_their_attributes() -> None:
    """For capture/recorder.py: what is put on a report with `setattr` is in the data that a worker sends."""
    report = pytest.TestReport("n", ("f", 0, "n"), {}, "passed", None, "call")
    report._lambdatest_payload = {"uses": []}  # type: ignore[attr-defined]
    data: dict[str, Any] = report._to_json()
    assert data["_lambdatest_payload"] == {"uses": []}
    assert pytest.TestReport._from_json(data)._lambdatest_payload == {"uses": []}


def test_xdist_has_the_hooks_that_we_implement() -> None:
    """For report/xdist.py."""
    newhooks = pytest.importorskip("xdist.newhooks", reason="pytest-xdist is an optional companion")
    assert list(inspect.signature(newhooks.pytest_configure_node).parameters) == ["node"]
    assert list(inspect.signature(newhooks.pytest_testnodedown).parameters) == ["node", "error"]


def test_selenium_sends_every_command_through_execute() -> None:
    """For capture/selenium.py: the one method, its first argument, and the names of two commands."""
    assert list(inspect.signature(WebDriver.execute).parameters)[:3] == ["self", "driver_command", "params"]
    assert (Command.NEW_SESSION, Command.QUIT) == ("newSession", "quit")


def test_selenium_builds_commands_of_bidi_from_a_method_and_its_params() -> None:
    """For capture/selenium.py: what can be read off the generator that the WebSocket's `execute` is given."""
    common = pytest.importorskip("selenium.webdriver.common.bidi.common", reason="this selenium has hardly any BiDi")
    given = common.command_builder("browser.close", {"a": 1}).gi_frame.f_locals
    assert (given["method"], given["params"]) == ("browser.close", {"a": 1})
    connection = import_module("selenium.webdriver.remote.websocket_connection").WebSocketConnection
    assert list(inspect.signature(connection.execute).parameters) == ["self", "command"]


def test_a_connection_tells_the_address_of_its_hub() -> None:
    """For capture/selenium.py: in `ClientConfig`, or in `_url` where selenium has none yet."""
    hub = "http://hub.example/wd/hub"
    if find_spec("selenium.webdriver.remote.client_config") is None:
        assert vars(RemoteConnection(hub))["_url"] == hub
        return
    from selenium.webdriver.remote.client_config import ClientConfig  # noqa: PLC0415 - not in older releases

    connection = RemoteConnection(client_config=ClientConfig(hub))
    config = getattr(connection, "client_config", None) or connection._client_config
    assert config.remote_server_addr == hub
