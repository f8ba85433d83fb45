"""Outcomes, order, what tests print and log, tracebacks and exit status are those of a run without the plugin."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stories import Run, Story

SUITE = """
import logging

@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    print("quitting")
    driver.quit()

def test_prints(driver, capsys):
    print("out")
    assert capsys.readouterr().out == "out\\n"

def test_logs(driver, caplog):
    caplog.set_level(logging.INFO)
    driver.title
    logging.getLogger("suite").warning("noted")
    assert [record.name for record in caplog.records] == ["suite"]

def test_red(driver):
    print("before the failure")
    logging.getLogger("suite").error("an error")
    driver.find_element(By.ID, "missing")

def test_warns(recwarn, driver):
    driver.title
    assert [str(warning.message) for warning in recwarn if "Embedding" not in str(warning.message)] == []

def test_skips(driver):
    pytest.skip("not today")

@pytest.mark.xfail(strict=True)
def test_passes_though_it_should_not(driver):
    driver.title

@pytest.fixture
def broken(driver):
    yield
    raise RuntimeError("teardown")

def test_error(broken):
    pass

def test_counts_threads(driver):
    import threading
    assert threading.current_thread() is threading.main_thread()
"""
# What differs from run to run by nature.
_VOLATILE = re.compile(r"[0-9a-f]{32}|0x[0-9a-f]+|:\d{5}\b|\d+\.\d+s|Duration:.*")


def reported(run: Run) -> list[tuple[str, ...]]:
    """Of the JUnit file: each testcase with the texts below it, properties left out."""
    found = []
    for testcase in ET.parse(run.folder / "junit.xml").iter("testcase"):
        texts = [
            f"{part.tag} {_VOLATILE.sub('*', part.get('message', ''))} {_VOLATILE.sub('*', part.text or '')}"
            for part in testcase
            if part.tag != "properties"
        ]
        found.append((testcase.attrib["name"], *texts))
    return found


def verdicts(run: Run) -> list[str]:
    return re.findall(r"^(test_story\.py::\S+ [A-Z]+)", run.output, re.MULTILINE)


@pytest.mark.parametrize("options", [(), ("-s",)], ids=" ".join)
def test_a_run_differs_in_nothing_but_what_is_reported_of_sessions(story: Story, options: tuple[str, ...]) -> None:
    story.tests(SUITE)
    without = story.run_without("-v", "-o", "junit_logging=all", *options)
    expected, order = reported(without), verdicts(without)
    run = story.run("-v", "-o", "junit_logging=all", *options)
    assert verdicts(run) == order
    assert len(order) >= 8
    assert run.result.ret == without.result.ret
    assert reported(run) == expected
