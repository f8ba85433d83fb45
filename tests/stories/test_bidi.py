"""WebDriver BiDi talks by WebSocket, past `WebDriver.execute`: its commands use, show and end sessions as others do."""

from __future__ import annotations

import itertools
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from local_grid import LocalGrid
from local_grid.chromium import find_installation
from stories import outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stories import Story


@pytest.fixture
def grid() -> Iterator[LocalGrid]:
    """One of real browsers: the simulated one has no BiDi."""
    if find_installation() is None:
        pytest.skip("chromium and chromedriver are not installed")
    with LocalGrid(backend="chromium", ready_after=0, record=False) as running:
        yield running


CONFTEST = """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    with open("ended.txt", "a") as file:
        for session in getattr(report, "_lambdatest_payload", {}).get("sessions", ()):
            if session["ended_at"] is not None:
                print(item.name, report.when, session["id"], file=file)
    return report
"""

LISTENS = """
OPENED = []


def open_bidi():
    chrome = webdriver.ChromeOptions()
    chrome.set_capability("webSocketUrl", True)
    OPENED.append(webdriver.Remote(os.environ["STORY_HUB"], options=chrome))
    return OPENED[-1]


@pytest.fixture(scope="module")
def other():
    return open_bidi()


def test_opens(other):
    pass

def test_listens(other):
    other.script.add_console_message_handler(print)
"""

QUITS = """
def test_quits(other):
    other.quit()
"""

COMMANDS = """
import contextlib
import threading

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.bidi.common import command_builder

STATUS = os.environ["STORY_HUB"].partition("@")[2] + "/status?user=hunter2"
WORD = "".join(["hun", "ter2"])


def send(driver, method, **params):
    return driver._websocket_connection.execute(command_builder(method, params))


@pytest.fixture(scope="module")
def shared():
    driver = open_bidi()
    driver.browsing_context
    yield driver
    send(driver, "session.end")
    driver.quit()


def window_of(driver):
    return driver.browsing_context.get_tree()[0].context


def test_looks(shared):
    assert window_of(shared)

def test_rests():
    def answer():
        with contextlib.suppress(WebDriverException):
            send(OPENED[-1], "network.continueRequest", request="of some page")
    handler = threading.Thread(target=answer)
    handler.start()
    handler.join()

def test_fails(shared):
    window = window_of(shared)
    shared.browsing_context.navigate(window, f"http://{STATUS}", wait="complete")
    assert shared.browsing_context.locate_nodes(window, {"type": "css", "value": "body"})
    keys = [{"type": kind, "value": key} for key in WORD for kind in ("keyDown", "keyUp")]
    send(shared, "input.performActions", context=window, actions=[{"type": "key", "id": "k", "actions": keys}])
    cookie = {"name": "a", "value": {"type": "string", "value": WORD}, "domain": "127.0.0.1"}
    send(shared, "storage.setCookie", cookie=cookie)
    script = {"target": {"context": window}, "awaitPromise": False}
    send(shared, "script.evaluate", expression=f"throw new Error('{WORD}')", **script)
    with contextlib.suppress(WebDriverException):
        send(shared, "network.continueRequest", request="of some page")
    if hasattr(shared._websocket_connection, "send_cmd"):
        shared.execute(command_builder("browsingContext.activate", {"context": window}))
        assert shared._websocket_connection.send_cmd("browsingContext.reload", {"context": "nowhere"})["error"]
    shared.browsing_context.navigate("nowhere", "about:blank")

def test_closes(other):
    assert other.title == ""
    send(other, "browser.close")
"""


def test_commands_of_bidi_count_as_others_do(story: Story) -> None:
    """Also where a test only listens, which is all that selenium's first releases with BiDi can do."""
    pytest.importorskip("selenium.webdriver.remote.websocket_connection", reason="this selenium has no BiDi")
    has_commands = find_spec("selenium.webdriver.common.bidi.browsing_context") is not None
    story.file("conftest.py", CONFTEST)
    story.tests(LISTENS + (COMMANDS if has_commands else QUITS))
    run = story.run(timeout=120)
    if not has_commands:
        assert outcomes(run) == {"passed": 3}
        assert list(run.tests_by_session().values()) == [["test_opens", "test_listens"]]
        return

    assert outcomes(run) == {"passed": 5, "failed": 1}
    closed, shared = story.grid.sessions
    used = {closed: ["test_opens", "test_listens", "test_closes"], shared: ["test_looks", "test_fails"]}
    assert run.tests_by_session() == used, "what handlers answer, in whatever test, is no use by it"
    ended = set((run.folder / "ended.txt").read_text(encoding="utf-8").splitlines())
    assert ended == {f"test_closes call {closed}", f"test_closes teardown {closed}", f"test_closes teardown {shared}"}
    assert {record["state"] for record in run.records} == {"final"}

    _, _, rest = run.output.partition(" LambdaTest last commands ")
    lines = list(itertools.takewhile(lambda line: not line.startswith(("-", "=")), rest.splitlines()[1:]))
    commands = [line.split("ms  ")[-1].strip() for line in lines]
    missing = "WebDriverException: no such frame"
    newer = ["browsing_context.activate", "browsing_context.reload", f"{missing}: Context nowhere not found"]
    assert commands == [
        "browsing_context.get_tree",
        f"browsing_context.navigate  {story.grid.hub_url_plain}/status?…",
        "browsing_context.locate_nodes  css body",
        "input.perform_actions",
        "storage.set_cookie",
        "script.evaluate",
        "JavascriptException",
        "network.continue_request",
        "WebDriverException: no such request",
        *(newer if newer[0] in commands else []),
        "browsing_context.navigate  about:blank",
        f"{missing}: Context nowhere not found",
    ]
    assert "hunter2" not in run.output + run.html + run.row("test_fails").details
