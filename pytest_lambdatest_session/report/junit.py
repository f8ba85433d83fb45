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

    from pytest_lambdatest_session.report.records import ReportedSession
    from pytest_lambdatest_session.report.registry import AttemptRecord, Registry

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
        sessions = {name: tracked.public for tracked in self._registry.sessions.values() for name in tracked.names}
        for plugin in self._config.pluginmanager.get_plugins():
            if type(plugin).__name__ == "LogXML":
                for properties in _properties_elements(plugin):
                    _update(properties, sessions)
                if self._is_bound:
                    plugin.pytest_sessionfinish()  # writes the file, which it did before the suite ended these sessions
        self._is_bound = True


def _properties_elements(log_xml: Any) -> Iterator[ET.Element]:
    for reporter in getattr(log_xml, "node_reporters_ordered", ()):
        testcase = reporter.to_xml()
        properties = testcase.find("properties") if isinstance(testcase, ET.Element) else None
        if properties is not None:
            yield properties


def _update(properties: ET.Element, sessions: Mapping[str, ReportedSession]) -> None:
    elements = {element.get("name", ""): element for element in properties.iter("property")}
    ids = [element.get("value", "") for name, element in elements.items() if name.partition(".")[0] == ID_PROPERTY]
    for name, value in numbered_properties([sessions[id_] for id_ in ids if id_ in sessions]):
        element = elements.get(name)
        if element is None:
            element = ET.SubElement(properties, "property", name=name)
        element.set("value", str(value))
