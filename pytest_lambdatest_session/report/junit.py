"""JUnit XML: a testcase's properties are frozen when its teardown is logged; what came later is added to them.

`LogXML` keeps one `Element` per testcase and writes those very objects when the session finishes. That it does is
not documented, so every step looks before it reaches, and a LogXML of another shape keeps the static properties. Tests
pin the shape.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

from pytest_lambdatest_session.report.properties import numbered_properties

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pytest

    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry, TrackedSession

ID_PROPERTY = "lambdatest_session_id"


class JunitXml:
    """An output: the properties of every testcase that used sessions, brought up to date."""

    def __init__(self, config: pytest.Config, registry: Registry) -> None:
        self._config = config
        self._registry = registry
        self._is_bound = False

    def attach(self, report: pytest.TestReport, attempt: AttemptRecord) -> None:
        """Nothing to do: LogXML takes the static properties from the report."""

    def bind(self) -> None:
        nodeids = {
            (use.tracked.id, _testcase_name(attempt.nodeid)): attempt.nodeid
            for attempt in self._registry.attempts.values()
            for use in attempt.uses
        }
        for plugin in self._config.pluginmanager.get_plugins():
            if type(plugin).__name__ == "LogXML":
                for name, properties in _properties_elements(plugin):
                    _update(properties, self._registry.sessions, name, nodeids)
                if self._is_bound:
                    plugin.pytest_sessionfinish()  # writes the file, which it did before the suite ended these sessions
        self._is_bound = True


def _properties_elements(log_xml: Any) -> Iterator[tuple[str, ET.Element]]:
    for reporter in getattr(log_xml, "node_reporters_ordered", ()):
        testcase = reporter.to_xml()
        properties = testcase.find("properties") if isinstance(testcase, ET.Element) else None
        if properties is not None:
            yield testcase.get("name", ""), properties


def _testcase_name(nodeid: str) -> str:
    """What LogXML keeps of a node id."""
    head, bracket, parameters = nodeid.partition("[")
    return head.rpartition("::")[2] + bracket + parameters


def _update(
    properties: ET.Element,
    sessions: Mapping[str, TrackedSession],
    testcase: str,
    nodeids: Mapping[tuple[str, str], str],
) -> None:
    """`nodeids` are those of tests by a session that they used and the testcase's name."""
    elements = {element.get("name", ""): element for element in properties.iter("property")}
    ids = [element.get("value", "") for name, element in elements.items() if name.partition(".")[0] == ID_PROPERTY]
    used = [sessions[id_].public for id_ in ids if id_ in sessions]
    nodeid = nodeids.get((ids[0], testcase), "") if ids else ""
    for name, value in numbered_properties(used, nodeid):
        element = elements.get(name)
        if element is None:
            element = ET.SubElement(properties, "property", name=name)
        element.set("value", str(value))
