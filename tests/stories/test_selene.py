"""Selene: its browser for everybody, and browsers that wrap a driver of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from companions import needs, run_example, session_of
from stories import outcomes

if TYPE_CHECKING:
    from stories import Story

pytestmark = needs("selene")


def test_each_test_has_the_session_that_selene_opened_for_it_and_no_other(story: Story) -> None:
    """Before it opens one, selene asks whether the driver of the test before, which was quit, is still alive."""
    story.tests(
        """
        from selene import browser, have

        @pytest.fixture(autouse=True)
        def cloud():
            browser.config.driver_remote_url = os.environ["STORY_HUB"]
            browser.config.driver_options = webdriver.ChromeOptions()
            yield
            browser.quit()

        def test_passes():
            browser.open("https://shop.example/")
            browser.should(have.title("shop.example"))

        def test_fails():
            browser.open("https://shop.example/")
            browser.with_(timeout=0.1).should(have.title("Another"))

        def test_element_fails():
            browser.open("https://shop.example/")
            browser.element("#nothing").with_(timeout=0.1).click()
        """
    )
    run = story.run()
    assert outcomes(run).items() >= {"passed": 1, "failed": 2}.items(), run.output
    tests = ("test_passes", "test_fails", "test_element_fails")
    assert len({session_of(run, test)["session_id"] for test in tests}) == 3
    assert "find_element  css selector #nothing" in run.output


def test_browsers_that_wrap_a_driver(story: Story) -> None:
    story.tests(
        """
        from selene import Browser, Config, be

        def test_it():
            browser = Browser(Config(driver=open_browser()))
            browser.open("https://shop.example/")
            browser.element("body").should(be.present)
            browser.quit()
        """
    )
    run = story.run()
    assert outcomes(run)["passed"] == 1, run.output
    session_of(run, "test_it")


def test_the_example_of_the_documentation(story: Story) -> None:
    run = run_example(story, "selene")
    assert outcomes(run)["passed"] == 2, run.output
    assert [len(row.links) for row in run.rows] == [5, 5], "the session and its four logs"
