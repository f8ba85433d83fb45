"""Playwright: sessions of both its APIs, by whatever fixture, on the tests that used them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from companions import needs, pytest_playwright
from local_grid import LocalGrid
from local_grid.backends import value_answer
from local_grid.chromium import find_installation
from local_grid.journal import new_test_id
from local_grid.playwright import PlaywrightBackend
from stories import Story, outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_grid.backends import BrowserSession
    from local_grid.capabilities import WantedSession
    from stories import Run
    from warm_pytest import WarmPytest

pytestmark = needs("playwright")

CLOUD = """
import inspect, json, os, time
from urllib.parse import quote

import pytest

PAGE = "data:text/html,<title>Shop</title><input id=name><p id=total>34.80</p>"
HAVE = {"browserName": "Chrome", "LT:Options": {"user": "local_user", "accessKey": "s3cr3t/key", "build": "story"}}

def address(name, quoted=True):
    capabilities = json.dumps({**HAVE, "LT:Options": {**HAVE["LT:Options"], "name": name}})
    return os.environ["STORY_PLAYWRIGHT"] + (quote(capabilities) if quoted else capabilities)

def keyword(browser_type):
    # `ws_endpoint`, and `endpoint` since.
    return list(inspect.signature(browser_type.connect).parameters)[0]
"""


@pytest.fixture(scope="module")
def playwright_grid() -> Iterator[LocalGrid]:
    """Its sessions have one browser: to a client each connection is one, and a start takes longer than a test."""
    if find_installation() is None:
        pytest.skip("chromium and chromedriver are not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlaywrightBackend, "open", open_once(PlaywrightBackend.open))
        patch.setattr(PlaywrightBackend, "end", lambda *_: value_answer())
        with LocalGrid(backend="chromium", ready_after=0.1, record=False, access_key="s3cr3t/key") as running:
            yield running


def open_once(open_session: Callable[..., BrowserSession]) -> Callable[..., BrowserSession]:
    first: list[BrowserSession] = []

    def open_or_share(backend: PlaywrightBackend, wanted: WantedSession) -> BrowserSession:
        first[:] = first or [open_session(backend, wanted)]
        return replace(first[0], session_id=new_test_id("web"))

    return open_or_share


@pytest.fixture
def playwright_story(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, playwright_grid: LocalGrid, warm_pytest: WarmPytest
) -> Story:
    story = Story(pytester, monkeypatch, playwright_grid, warm_pytest)
    story.set_environment(STORY_PLAYWRIGHT=playwright_grid.playwright_url)
    story.file("cloud.py", CLOUD)
    return story


def by_name(run: Run) -> dict[str | None, dict[str, Any]]:
    return {record["name"]: record for record in run.records}


def used_by(record: dict[str, Any]) -> list[str]:
    return [use["nodeid"].partition("::")[2] for use in record["tests"]]


def assert_no_secret_in(run: Run) -> None:
    """Neither the key, however spelled, nor the capabilities that it stands in; pytest's own files are not ours."""
    for name in ("sessions.jsonl", "report.html", "junit.xml"):
        text = (run.folder / name).read_text(encoding="utf-8")
        assert "s3cr3t" not in text, name
    assert "s3cr3t" not in run.output


def test_each_session_is_on_the_tests_that_used_it(playwright_story: Story) -> None:
    """Fixtures of two scopes, two browsers in a test, one of them never closed, one without a page."""
    story = playwright_story
    story.file(
        "test_story.py",
        """
        from browser import *
        from cloud import *
        from playwright.sync_api import expect, sync_playwright

        pytestmark = pytest.mark.filterwarnings("error")

        @pytest.fixture(scope="session")
        def chromium():
            with sync_playwright() as playwright:
                yield playwright.chromium

        @pytest.fixture(scope="module")
        def shared(chromium):
            browser = chromium.connect(address("shared"))
            yield browser
            browser.close()

        @pytest.fixture
        def page(chromium):
            browser = chromium.connect(**{keyword(chromium): address("own", quoted=False)}, timeout=60000)
            with browser:
                yield browser.new_page()

        @pytest.fixture
        def broken(shared):
            shared.contexts[0].pages[0].click("#nothing", timeout=200)

        def test_first(shared):
            page = shared.new_page()
            page.goto(PAGE)
            time.sleep(0.3)

        def test_without(): pass

        def test_fails(shared):
            page = shared.contexts[0].pages[0]
            page.goto(PAGE + "?token=hidden")
            page.fill("#name", "typed-word")
            page.keyboard.type("typed-word")
            page.evaluate("word => word", "typed-word")
            try:
                page.evaluate("() => typed_word()")
            except Exception:
                pass
            with page.expect_console_message():
                page.evaluate("console.log(1)")
            for _ in range(3):
                assert page.locator(".gone").count() == 0
            expect(page.locator("#total")).to_have_text("35.80", timeout=200)

        def test_own(page, chromium):
            chromium.connect(address("left open")).new_page().title()
            said = page.evaluate("_ => {}", 'lambdatest_action: {"action": "getTestDetails"}')
            assert json.loads(said)["data"]["name"] == "own"
            state = {"action": "setTestStatus", "arguments": {"status": "passed", "remark": "of the suite"}}
            page.evaluate("_ => {}", "lambdatest_action: " + json.dumps(state))

        def test_setup_fails(broken): pass

        def test_no_page(chromium):
            chromium.connect(address("no page")).close()
            assert chromium.name == "none"

        def test_refused(chromium):
            chromium.connect(address("refused").replace("s3" "cr3t", "wr0ng"))
        """,
    )
    run = story.run("--lambdatest-mark-status=on", "--alluredir=allure")
    assert outcomes(run) == {"passed": 3, "failed": 3, "errors": 1}, run.output
    assert "failed inside" not in run.output
    records = by_name(run)
    assert used_by(records["shared"]) == ["test_first", "test_fails", "test_setup_fails"]
    first, fails, broken = records["shared"]["tests"]
    assert (first["offset"], fails["outcome"], broken["outcome"]) == (0.0, "failed", "error")
    assert first["end_offset"] <= fails["offset"] < fails["end_offset"]
    assert records["shared"]["status"] == "failed"
    assert (records["own"]["status"], records["own"]["remark"]) == ("passed", "of the suite")
    assert used_by(records["own"]) == used_by(records["left open"]) == ["test_own"]
    assert len(run.row("test_own").links) >= 2
    assert all(record["state"] == "final" for record in run.records if record["name"] not in ("left open", None))
    (nameless,) = [record for record in run.records if record["name"] is None]
    assert (used_by(nameless), nameless["state"], nameless["url"]) == (["test_no_page"], "unavailable", "")
    assert nameless["session_id"].startswith("unknown-")
    assert "LambdaTest tells a Playwright session's id to an open page" in run.row("test_no_page").details
    assert run.row("test_no_page").links == {}
    (properties,) = run.properties["test_first"]
    assert properties["lambdatest_session_id"] == records["shared"]["session_id"]
    assert properties["lambdatest_session_url"] == records["shared"]["url"]
    assert "lambdatest_session_url" not in run.properties["test_no_page"][0]
    assert "no session: 127.0.0.1 refused it (Error)" in run.output
    assert_commands(run)
    assert "typed-word" not in run.table.everything
    assert_no_secret_in(run)


def assert_commands(run: Run) -> None:
    told = [line.split("ms  ")[-1].strip() for line in run.output.splitlines()]
    start = told.index("fill  #name") - 1
    assert told[start : start + 9] == [
        "goto  data:text/html…",
        "fill  #name",
        "keyboard.type",
        "evaluate",
        "evaluate",
        "Error",
        "evaluate",
        "count  .gone  (3 times)",
        "expect  to_have_text #total",
    ]
    assert told[start + 9] == "AssertionError"
    assert "TimeoutError: Timeout 200ms exceeded." in told


ASYNC = """
from cloud import *
import pytest_asyncio
from playwright.async_api import async_playwright

@pytest_asyncio.fixture
async def browser(request):
    async with async_playwright() as playwright:
        with pytest.raises(Exception):
            await playwright.chromium.connect("ws://127.0.0.1:9/playwright")
        browser = await playwright.chromium.connect(address(request.node.name))
        yield browser
        await browser.close()

RUNS = []

@pytest.mark.asyncio
async def test_flaky(browser):
    RUNS.append(1)
    page = await browser.new_page()
    if len(RUNS) == 1:
        await page.close()
        assert 0
    await page.goto(PAGE)
"""


def test_the_asynchronous_api_under_xdist_and_reruns(playwright_story: Story, playwright_grid: LocalGrid) -> None:
    """The answer with the id comes late here: closing waits for it, and nothing else does."""
    story = playwright_story
    story.use("asyncio")
    story.file("test_story.py", ASYNC)
    playwright_grid.answer_actions_after = 1.0
    try:
        run = story.run("--reruns=1", "-n1", "-o", "asyncio_default_fixture_loop_scope=function")
    finally:
        playwright_grid.answer_actions_after = 0.0
    assert outcomes(run).items() >= {"passed": 1, "rerun": 1}.items(), run.output
    assert sorted((use["attempt"], use["outcome"]) for record in run.records for use in record["tests"]) == [
        (1, "rerun"),
        (2, "passed"),
    ]
    assert {record["state"] for record in run.records} == {"final"}
    assert_no_secret_in(run)


def test_pytest_playwright_keeps_its_files_and_closing_does_not_wait_for_ever(
    playwright_story: Story, playwright_grid: LocalGrid
) -> None:
    """And what was typed is shown, where that is asked for."""
    story = playwright_story
    story.use(*pytest_playwright())
    story.file(
        "conftest.py",
        """
        from cloud import *
        from playwright.sync_api import BrowserType

        @pytest.fixture(scope="session")
        def connect_options():
            name = list(inspect.signature(BrowserType.connect).parameters)[1]
            return {name: address("slow")}
        """,
    )
    story.file(
        "test_story.py",
        """
        from cloud import PAGE

        def test_one(page):
            page.goto(PAGE)

        def test_two(page):
            page.goto(PAGE)
            page.fill("#name", "typed-word")
            page.evaluate("() => nothing()")

        def test_unused(browser): pass
        """,
    )
    playwright_grid.answer_actions_after = 30.0
    try:
        run = story.run("--screenshot=on", "--tracing=on", "--lambdatest-show-values=on", "-n1")
    finally:
        playwright_grid.answer_actions_after = 0.0
    assert outcomes(run).items() >= {"passed": 2, "failed": 1}.items(), run.output
    names = {path.name for path in (run.folder / "test-results").rglob("*.*")}
    assert names == {"test-finished-1.png", "test-failed-1.png", "trace.zip"}
    (record,) = run.records
    assert (record["state"], used_by(record)) == ("unavailable", ["test_one[chromium]", "test_two[chromium]"])
    assert "fill  #name value=typed-word" in run.output
    assert "Error: ReferenceError: nothing is not defined" in run.output
    assert_no_secret_in(run)
