"""JUnit XML: a testcase is frozen when its teardown is logged; what is known of its sessions later is read by it.

`LogXML` keeps a reporter per testcase, and writes the very elements that they hand out when the session finishes. That
it does is not documented, so a LogXML of another shape keeps the static properties. Tests pin the shape.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from pytest_lambdatest_session.report.formatting import escape_control_characters
from pytest_lambdatest_session.report.junit_fields import Contents, file_fields, session_fields
from pytest_lambdatest_session.report.junit_flavours import CONTENT_PROPERTIES, FAILURE, SYSTEM_OUT, entries
from pytest_lambdatest_session.report.outcomes import CRASHED
from pytest_lambdatest_session.report.properties import numbered_properties

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from pytest_lambdatest_session.problems import Problems
    from pytest_lambdatest_session.report.junit_fields import Folders
    from pytest_lambdatest_session.report.junit_flavours import Entry, Line
    from pytest_lambdatest_session.report.registry import AttemptRecord

ID_PROPERTY = "lambdatest_session_id"
_NAMES = ET.Element("property", name=ID_PROPERTY, value="")
"""Among the real children of all live properties: there ElementTree looks for the names that it may write."""


class JunitXml:
    """An output: properties of every testcase that used sessions, and the lines of `lambdatest_junit`."""

    def __init__(
        self,
        config: pytest.Config,
        lines: Sequence[Line],
        folders: Folders,
        problems: Problems,
        *,
        with_properties: bool,
    ) -> None:
        self._config = config
        self._lines = lines
        self._folders = folders
        self._problems = problems
        self._with_properties = with_properties
        self._attached: list[tuple[pytest.TestReport, AttemptRecord]] = []
        """Of the report that is being logged."""
        self._testcases: list[tuple[Any, AttemptRecord]] = []
        """LogXML's reporters of testcases, for the lines."""
        self._unfinished: list[tuple[Any, AttemptRecord]] = []
        """Those whose testcases are still open."""
        self._additions = Additions()
        self._is_bound = False

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        if report.when in ("teardown", CRASHED):
            self._attached.append((report, attempt))

    # Innermost, so that between its two halves nobody but LogXML opens testcases.
    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, None, None]:
        attempts = [attempt for attached, attempt in self._attached if attached is report]
        self._attached.clear()
        before: list[tuple[Any, Any, int]] = []
        if attempts:
            with self._problems.guard():
                # LogXML opens the testcase of such a report, where none is open; so may we.
                before += [
                    (log_xml, log_xml.node_reporter(report), len(log_xml.node_reporters_ordered))
                    for log_xml in self._log_xmls
                ]
        yield
        for log_xml, reporter, count in before:
            # It opens another one for a teardown that failed after its test had.
            for opened in (reporter, *log_xml.node_reporters_ordered[count:]):
                for attempt in attempts:
                    with self._problems.guard():
                        self._take(opened, attempt)

    def bind(self) -> None:
        self._additions.undo()
        for reporter, attempt in self._unfinished:
            reporter.finalize()  # its worker died, so no teardown did, nor gave it the properties of a report
            if self._with_properties:
                self._enliven(reporter.to_xml(), attempt)
        self._unfinished.clear()
        contents = Contents() if any("file_base64" in line.fields for line in self._lines) else None
        for reporter, attempt in self._testcases:
            files = file_fields(attempt, self._folders, contents)
            self._additions.write(reporter.to_xml(), entries(self._lines, session_fields(attempt), files))
        if self._is_bound:
            for log_xml in self._log_xmls:
                log_xml.pytest_sessionfinish()  # writes the file, which it did before the suite ended these sessions
        self._is_bound = True

    def _take(self, reporter: Any, attempt: AttemptRecord) -> None:
        if self._lines:
            self._testcases.append((reporter, attempt))
        if "to_xml" not in vars(reporter):
            self._unfinished.append((reporter, attempt))
        elif (testcase := reporter.to_xml()).find(f"properties/property[@name='{ID_PROPERTY}']") is not None:
            self._enliven(testcase, attempt)

    def _enliven(self, testcase: ET.Element, attempt: AttemptRecord) -> None:
        """Have a testcase read our properties when it is written."""
        properties = _properties_of(testcase)
        testcase[list(testcase).index(properties)] = LiveProperties(attempt, properties, self._problems)

    @cached_property
    def _log_xmls(self) -> list[Any]:
        plugins = self._config.pluginmanager.get_plugins()
        return [plugin for plugin in plugins if type(plugin).__name__ == "LogXML" and hasattr(plugin, "node_reporter")]


class Additions:
    """What was written into testcases beside our own properties, to be taken out again before it is written anew."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def undo(self) -> None:
        for step in reversed(self._undo):
            step()
        self._undo.clear()

    def write(self, testcase: ET.Element, filled_in: Iterable[Entry]) -> None:
        by_name: dict[str, list[Entry]] = {}
        for entry in dict.fromkeys(filled_in):
            by_name.setdefault(entry.name, []).append(entry)
        for name, of_name in by_name.items():
            values = [entry.value for entry in of_name]
            if name == SYSTEM_OUT:
                self._add_text(self._system_out(testcase), values)
            elif name == FAILURE:
                for failure in [element for element in testcase if element.tag in ("failure", "error")]:
                    self._add_text(failure, values)
            else:
                self._add_property(testcase, name, values, [entry.item for entry in of_name if entry.item])

    def _add_property(self, testcase: ET.Element, name: str, values: list[str], items: list[str]) -> None:
        properties = _properties_of(testcase)
        element = ET.SubElement(properties, "property", name=name)
        self._undo.append(lambda: properties.remove(element))
        if name in CONTENT_PROPERTIES:
            element.text = "\n".join(values)
        elif not items:
            element.set("value", "\n".join(values))
        for item, value in zip(items, values, strict=False):
            ET.SubElement(element, "item", name=item).text = value

    def _system_out(self, testcase: ET.Element) -> ET.Element:
        element = testcase.find(SYSTEM_OUT)
        if element is None:
            element = ET.SubElement(testcase, SYSTEM_OUT)
            self._undo.append(lambda: testcase.remove(element))
        return element

    def _add_text(self, element: ET.Element, lines: list[str]) -> None:
        before = element.text
        self._undo.append(lambda: setattr(element, "text", before))
        begun = before if not before or before.endswith("\n") else before + "\n"
        element.text = (begun or "") + "\n".join([*lines, ""])


def _properties_of(testcase: ET.Element) -> ET.Element:
    element = testcase.find("properties")
    if element is None:
        element = ET.Element("properties")
        testcase.insert(0, element)
    return element


class LiveProperties(ET.Element):
    """The properties of a testcase; ours are made when somebody looks at them: elements take a lot of memory."""

    __slots__ = ("_attempt", "_problems")

    def __init__(self, attempt: AttemptRecord, former: ET.Element, problems: Problems) -> None:
        super().__init__("properties")
        self._attempt = attempt
        self._problems = problems
        ours = self._ours()
        self.extend(element for element in former if element.get("name") not in ours)
        self.append(_NAMES)

    def __iter__(self) -> Iterator[ET.Element]:
        ours = self._ours()
        for place in range(len(self)):
            if self[place].get("name") not in ours:
                yield self[place]
        for name, value in ours.items():
            yield ET.Element("property", name=name, value=escape_control_characters(str(value)))  # XML can't hold them

    def _ours(self) -> dict[str, object]:
        attempt = self._attempt
        ours: dict[str, object] = {}
        with self._problems.guard():
            sessions = (tracked.public for tracked in attempt.sessions)
            ours.update(numbered_properties(sessions, attempt.nodeid, attempt.number))
        return ours
