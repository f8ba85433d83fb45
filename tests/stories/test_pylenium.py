"""Pylenium: its fixtures of every scope, whose driver is made with the first command."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from companions import needs, run_example, session_of
from stories import outcomes

if TYPE_CHECKING:
    from stories import Story

pytestmark = needs("pylenium")


def set_up(story: Story) -> None:
    """A project as Pylenium makes it, that opens its browsers at the grid."""
    assert story.pytester.run(sys.executable, "-m", "pylenium.scripts.cli", "init").ret == 0
    path = story.pytester.path / "pylenium.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["driver"] |= {"remote_url": story.grid.hub_url, "capabilities": {"LT:Options": {"build": "story"}}}
    path.write_text(json.dumps(config), encoding="utf-8")


def test_sessions_of_every_scope_are_on_their_tests(story: Story) -> None:
    set_up(story)
    story.tests(
        """
        def test_passes(py):
            py.visit("https://shop.example/")

        def test_fails(py):
            py.visit("https://shop.example/")
            assert py.title() == "Another"

        class TestOfOneClass:
            def test_first(self, pyc):
                pyc.visit("https://shop.example/")

            def test_second(self, pyc):
                assert pyc.title() == "shop.example"

        def test_of_all(pys):
            pys.visit("https://shop.example/")
        """
    )
    run = story.run()
    assert outcomes(run).items() >= {"passed": 4, "failed": 1}.items(), run.output
    ids = {test: session_of(run, test)["session_id"] for test in run.properties}
    assert len(ids) == 5
    assert ids["test_first"] == ids["test_second"]
    assert len(set(ids.values())) == 4
    assert {record["build_name"] for record in run.records} == {"story"}
    assert (run.folder / "test_results" / "test_fails" / "test_failed.png").is_file(), "Pylenium's own"


def test_a_browser_that_is_opened_only_to_be_closed_is_on_no_test(story: Story) -> None:
    """Pylenium quits the driver that it has not made yet, and makes it for that."""
    set_up(story)
    story.tests("def test_it(py): pass")
    run = story.run()
    assert run.tests_by_session().popitem()[1] == []
    assert run.row("test_it").links == {}


def test_the_example_of_the_documentation(story: Story) -> None:
    run = run_example(story, "pylenium")
    assert outcomes(run)["passed"] == 1, run.output
    assert len(run.row("test_the_shop_opens").links) == 5, "the session and its four logs"
