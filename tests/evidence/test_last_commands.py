"""A failed test shows its last WebDriver commands, from what the run saw itself: no API is asked for them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from stories import outcomes

if TYPE_CHECKING:
    from stories import Run, Story

PAGE = "data:text/html,<title>Shop</title><h1 id='total'>34.80</h1><input id='name' type='text'>"

SUITE = f"""
@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    driver.get_cookies()
    driver.quit()

def test_sells(driver):
    driver.get("{PAGE}")

def test_total(driver):
    driver.get("{PAGE}")
    driver.find_element(By.ID, "name").send_keys("Ada")
    driver.add_cookie({{"name": "customer", "value": "Ada"}})
    for _ in range(3):
        assert not driver.find_elements(By.CSS_SELECTOR, ".gone")
    total = driver.find_element(By.ID, "total")
    assert total.text == "35.80"
"""


CONFTEST = """
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    report = (yield).get_result()
    assert not report.passed or "commands" not in getattr(report, "_lambdatest_payload", {})
"""


def section(run: Run, test: str = "test_total") -> list[str]:
    _, _, rest = run.output.partition(f"_ {test} _")[2].partition(" LambdaTest last commands ")
    lines = rest.partition("\n")[2].splitlines()
    return list(itertools.takewhile(lambda line: not line.startswith(("-", "=")), lines))


def test_a_failed_test_shows_its_last_commands(story: Story) -> None:
    """In the order sent, with times; a find that came thrice stands once; nothing of the teardown after the failure.

    Reports of what passed carry none.
    """
    story.file("conftest.py", CONFTEST)
    story.tests(SUITE)
    run = story.run("--lambdatest-fetch=off", "-n2")
    assert outcomes(run) == {"passed": 1, "failed": 1}
    lines = [line.split("ms  ")[-1] for line in section(run)]
    assert lines == [
        "get  data:text/html…",
        'find_element  css selector [id="name"]',
        'send_keys  css selector [id="name"]',
        "add_cookie",
        "find_elements  css selector .gone  (3 times)",
        'find_element  css selector [id="total"]',
        'text  css selector [id="total"]',
    ]
    details = run.row("test_total").details
    assert "Last 7 commands before the failure" in details
    assert 'text css selector [id="total"]' in details
    assert "before the failure" not in run.row("test_sells").details


def test_what_was_typed_is_shown_only_when_asked_for(story: Story) -> None:
    story.tests(
        f"""
        def test_login():
            with open_browser() as driver:
                driver.get("{PAGE}")
                field = driver.find_element(By.ID, "name")
                field.send_keys(WORD)
                driver.add_cookie({{"name": "session", "value": WORD}})
                try:
                    driver.execute_script("return arguments[0].nothing()", WORD)
                except Exception:
                    pass
                assert False

        WORD = "".join(["hun", "ter2"])
        """
    )
    hidden = story.run()
    assert outcomes(hidden) == {"failed": 1}
    assert 'send_keys  css selector [id="name"]\n' in hidden.output
    assert "hunter2" not in hidden.output
    assert "hunter2" not in hidden.html
    shown = story.run("--lambdatest-show-values=on")
    assert 'send_keys  css selector [id="name"] "hunter2"\n' in shown.output
    assert 'execute_script  return arguments[0].nothing() ["hunter2"]' in shown.output
    assert "hunter2" in shown.row("test_login").details


def test_no_credential_gets_into_the_commands_however_it_is_spelled(story: Story) -> None:
    """In an address, in a script that is shown on request, in a locator and in an error's text."""
    story.tests(
        """
        def test_leaks():
            with open_browser() as driver:
                driver.get("about:blank?user=local_user&auth=local_key")
                try:
                    driver.execute_script("throw 'local_key'", os.environ["STORY_HUB"])
                except Exception:
                    pass
                try:
                    driver.find_element(By.ID, "local_key")
                except Exception:
                    pass
                assert driver.title == "?"
        """
    )
    run = story.run("--lambdatest-show-values=on", "--tb=no")
    assert outcomes(run) == {"failed": 1}
    details = run.row("test_leaks").details
    assert "execute_script throw '***' [\"http://***@127.0.0.1:" in details
    assert 'find_element css selector [id="***"]' in details
    assert "get about:blank" in details
    assert "local_key" not in details
    assert "local_key" not in run.output


def test_each_browser_attempt_and_failed_command_is_told_apart(story: Story) -> None:
    story.tests(
        f"""
        ATTEMPTS = []

        @pytest.mark.flaky(reruns=1)
        def test_flaky():
            ATTEMPTS.append(1)
            with open_browser() as driver:
                driver.get("{PAGE}")
                driver.find_element(By.CSS_SELECTOR, f".try{{len(ATTEMPTS)}}")

        def test_chat():
            with open_browser() as alice, open_browser() as bob:
                alice.get("{PAGE}")
                bob.find_element(By.CSS_SELECTOR, ".bob")
        """
    )
    run = story.run("--reruns=0", "-p", "no:flaky")
    assert outcomes(run) == {"failed": 2, "rerun": 1}
    flaky = {row.result: row.details for row in run.rows if row.test.endswith("test_flaky")}
    first, last = flaky["Rerun"], flaky["Failed"]
    assert ".try1" in first
    assert ".try2" not in first
    assert ".try1" not in last
    assert ".try2" in last
    assert "NoSuchElementException: no such element" in last
    lines = section(run, "test_chat")
    assert lines[0] == "session 1 of 2"
    assert lines[1].endswith("get  data:text/html…")
    assert lines[2] == "session 2 of 2"
    assert lines[3].endswith("find_element  css selector .bob")
    assert lines[4].strip().startswith("NoSuchElementException: no such element")
