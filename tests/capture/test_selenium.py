"""The wrapper around `WebDriver.execute`, on real selenium, and what is read off a driver."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import InvalidSessionIdException
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.command import Command
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webdriver import WebDriver

from pytest_lambdatest_session.capture.selenium import (
    NEW_SESSION,
    QUIT,
    bidi_address,
    credentials_in,
    hub_of,
    new_session_id,
    webdriver_hook,
    websocket_hook,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local_grid import LocalGrid
    from pytest_lambdatest_session.capture.selenium import MethodHook


class Notes:
    """An observer that writes down what it is told."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.seen: list[tuple[object, Any, BaseException | None]] = []
        self.params: list[object] = []
        self._fault = fault

    def saw(self, _driver: Any, command: object, params: object, _at: float, *came: Any) -> None:
        response, error = came
        self.seen.append((command, response, error))
        self.params.append(params)
        if self._fault is not None:
            raise self._fault

    @property
    def commands(self) -> list[object]:
        return [command for command, _, _ in self.seen]


BIDI_MODULE = "selenium.webdriver.remote.websocket_connection"


def nobody(fault: Exception) -> None:
    raise AssertionError(fault)


@contextmanager
def watching(notes: Notes, on_fault: Callable[[Exception], None] = nobody) -> Iterator[MethodHook]:
    hook = webdriver_hook(notes.saw, on_fault)
    hook.install()
    try:
        yield hook
    finally:
        hook.uninstall()


@pytest.fixture
def notes() -> Iterator[Notes]:
    notes = Notes()
    with watching(notes):
        yield notes


def open_browser(grid: LocalGrid) -> WebDriver:
    return webdriver.Remote(grid.hub_url, options=webdriver.ChromeOptions())


def fail_after_quit(driver: Any) -> pytest.ExceptionInfo[InvalidSessionIdException]:
    """Send a command to a session that is gone; a connection that no quit closed would be warned of."""
    with pytest.raises(InvalidSessionIdException) as caught:
        driver.get_cookies()
    driver.command_executor.close()
    return caught


pytestmark = pytest.mark.filterwarnings("ignore:Embedding username and password:UserWarning")


def test_every_command_is_seen_with_its_answer_and_fails_as_without_us(grid: LocalGrid, notes: Notes) -> None:
    with open_browser(grid) as driver:
        driver.get("data:text/html,<title>Hello</title>")
        title = driver.title
    assert title == "Hello"
    assert notes.commands == [NEW_SESSION, "get", "getTitle", QUIT] == [Command.NEW_SESSION, *notes.commands[1:]]
    assert new_session_id(notes.seen[0][1]) in grid.sessions
    caught = fail_after_quit(driver)
    command, response, error = notes.seen[-1]
    assert (command, response) == ("getCookies", None)
    assert error is caught.value
    shown = [entry.path.name for entry in caught.traceback.filter(caught)]  # type: ignore[union-attr]
    assert shown.count("webdriver.py") == 2, "get_cookies and selenium's own execute"


def test_what_the_observer_raises_reaches_nobody_but_the_fault_handler(grid: LocalGrid) -> None:
    faults: list[Exception] = []
    with watching(Notes(fault := RuntimeError("bookkeeping")), faults.append):
        driver = open_browser(grid)
        driver.quit()
        fail_after_quit(driver)
    assert faults == [fault] * 3


@pytest.mark.parametrize("order", ["inner first", "outer first"])
def test_a_wrapper_put_over_ours_survives_in_both_orders_of_leaving(grid: LocalGrid, order: str) -> None:
    calls: list[object] = []
    before = WebDriver.execute
    with watching(notes := Notes()) as hook:
        ours = WebDriver.execute

        def theirs(self: WebDriver, driver_command: str, params: Any = None) -> Any:
            calls.append(driver_command)
            return ours(self, driver_command, params)

        WebDriver.execute = theirs  # type: ignore[assignment,method-assign]
        try:
            if order == "inner first":
                hook.uninstall()
                assert WebDriver.execute is theirs, "it is not ours to take away"
                driver = open_browser(grid)
                driver.quit()
                fail_after_quit(driver)
                assert notes.seen == [], "ours only passes through"
                assert calls == [NEW_SESSION, QUIT, "getCookies"]
            else:
                WebDriver.execute = ours  # type: ignore[method-assign]
                hook.uninstall()
                assert WebDriver.execute is before
        finally:
            WebDriver.execute = before  # type: ignore[method-assign]


def test_a_wrapper_below_ours_gets_what_came_as_it_came(grid: LocalGrid, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    before = WebDriver.execute

    def theirs(self: WebDriver, *args: Any, reason: str = "none", **kwargs: Any) -> Any:
        calls.append((args, kwargs | ({} if reason == "none" else {"reason": reason})))
        return before(self, *args, **kwargs)

    monkeypatch.setattr(WebDriver, "execute", theirs)
    given: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        (("getTitle", None), {}),
        ((), {"driver_command": "getTitle"}),
        (("getTitle",), {"params": None, "reason": "its own"}),
    ]
    with watching(notes := Notes()), open_browser(grid) as driver:
        for args, kwargs in given:
            driver.execute(*args, **kwargs)
        with pytest.raises(TypeError, match="driver_command"):
            driver.execute()  # type: ignore[call-arg]
    assert calls[1:4] == given
    assert notes.commands == [NEW_SESSION, *["getTitle"] * 3, None, QUIT]


def test_hooks_of_nested_runs_stack(grid: LocalGrid, notes: Notes) -> None:
    with watching(inner := Notes()):
        driver = open_browser(grid)
    driver.quit()
    assert inner.commands == [NEW_SESSION]
    assert notes.commands == [NEW_SESSION, QUIT]


def test_what_is_given_to_a_websocket_is_read_before_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = pytest.importorskip(BIDI_MODULE, reason="this selenium has no BiDi")

    class Connection:
        def execute(self, command: Any) -> Any:
            return next(command)

    def subscribe() -> Iterator[str]:
        yield "sent"

    def command_builder(method: str, params: object = None) -> Iterator[tuple[str, object]]:
        yield method, params

    monkeypatch.setattr(module, "WebSocketConnection", Connection)
    before = Connection.execute
    hook = websocket_hook((sent := Notes()).saw, nobody)
    hook.install()
    assert not hasattr(Connection, "send_cmd"), "older releases have none"
    connection: Any = Connection()
    assert connection.execute(command_builder("browser.close", {})) == ("browser.close", {})
    assert connection.execute(command=subscribe()) == "sent"
    assert connection.execute(iter([3])) == 3
    hook.uninstall()
    assert Connection.execute is before
    assert list(zip(sent.commands, sent.params, strict=True)) == [
        ("browser.close", {}),
        (subscribe.__qualname__, None),
        (None, None),
    ]


LATE_IMPORT = """
import sys
from pytest_lambdatest_session.capture.selenium import webdriver_hook, websocket_hook

faults = []
hooks = [make(None, faults.append) for _ in range(2) for make in (webdriver_hook, websocket_hook)]
for hook in hooks:
    hook.install()
assert "selenium" not in sys.modules
import selenium.webdriver.remote.webdriver as module
assert module.__spec__.loader is module.__loader__
assert type(module.__loader__).__module__ != "pytest_lambdatest_session.capture.imports", module.__loader__
wrapped = 0
function = module.WebDriver.execute
while hasattr(function, "__wrapped__"):
    function, wrapped = function.__wrapped__, wrapped + 1
assert wrapped == 2, wrapped
for hook in reversed(hooks):
    hook.uninstall()
assert module.WebDriver.execute is function
assert not [finder for finder in sys.meta_path if type(finder).__name__ == "AfterImport"]
assert faults == []
"""


def test_selenium_is_wrapped_when_somebody_else_imports_it() -> None:
    done = subprocess.run([sys.executable, "-c", LATE_IMPORT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


IMPORTING = """
import sys
sys.path.insert(0, sys.argv[1])
from pytest_lambdatest_session.capture.selenium import WEBDRIVER_MODULE, webdriver_hook

faults = []
hook = webdriver_hook(None, faults.append)
hook.install()
try:
    module = __import__(WEBDRIVER_MODULE, fromlist=["STRANGE"])
    assert module.STRANGE
except ModuleNotFoundError as error:
    assert error.name == WEBDRIVER_MODULE, error
    print("not found")
hook.uninstall()
print(*(type(fault).__name__ for fault in faults))
"""


@pytest.mark.parametrize(
    ("source", "printed"), [("STRANGE = True\n", "AttributeError\n"), (None, "not found\n\n")], ids=["strange", "none"]
)
def test_a_selenium_of_another_shape_is_imported_and_one_that_is_not_there_missed_as_without_us(
    tmp_path: Path, source: str | None, printed: str
) -> None:
    package = tmp_path / "selenium" / "webdriver" / "remote"
    package.mkdir(parents=True)
    for folder in (package, package.parent, package.parent.parent):
        (folder / "__init__.py").touch()
    if source is not None:
        (package / "webdriver.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-c", IMPORTING, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (printed, "")


ADDRESS = "https://hub.lambdatest.com/wd/hub"


@pytest.mark.parametrize(
    ("connection", "host", "account"),
    [
        (ClientConfig("https://Me%40x:k%2Fey@Hub.LambdaTest.com:443/wd/hub"), "hub.lambdatest.com", ("Me@x", "k/ey")),
        (ClientConfig(ADDRESS, username="me", password="key"), "hub.lambdatest.com", ("me", "key")),
        # An older selenium keeps the address in the connection itself.
        (SimpleNamespace(_url=ADDRESS), "hub.lambdatest.com", None),
        (SimpleNamespace(_url="/x"), None, None),
        (None, None, None),
    ],
    ids=["in the address", "in the config", "older", "relative", "none"],
)
def test_the_hub_of_a_connection_is_its_host_without_port_and_userinfo(
    connection: Any, host: str | None, account: tuple[str, str] | None
) -> None:
    executor: Any = RemoteConnection(client_config=connection) if isinstance(connection, ClientConfig) else connection
    hub = hub_of(SimpleNamespace(command_executor=executor))
    if isinstance(executor, RemoteConnection):
        executor.close()  # type: ignore[no-untyped-call]
    assert (hub and hub.host) == host
    assert (hub and hub.credentials and hub.credentials.account) == account


OPTIONS = {"username": "me", "accessKey": "key"}


@pytest.mark.parametrize(
    "params",
    [
        {"capabilities": {"firstMatch": [{}, {"lt:options": {"user": "me", "accessKey": "key"}}]}},
        {"desiredCapabilities": {"LT:options": {"username": "me", "access_key": "key"}}},
        {"capabilities": {"alwaysMatch": {"LT:Options": {}}, "firstMatch": [{"LT:Options": OPTIONS}]}},
    ],
    ids=["first", "legacy", "second"],
)
def test_credentials_are_found_in_the_capabilities(params: object) -> None:
    found = credentials_in(params)
    assert found is not None
    assert found.authorization == "Basic bWU6a2V5"


@pytest.mark.parametrize(
    "params",
    [
        None,
        {"capabilities": None},
        {"capabilities": {"alwaysMatch": None, "firstMatch": 3}},
        {"capabilities": {"alwaysMatch": {"LT:Options": "text", 1: {}}}},
        {"capabilities": {"alwaysMatch": {"LT:Options": {"username": "me"}}}},
        {"capabilities": {"alwaysMatch": {"LT:Options": {"username": 1, "accessKey": 2}}}},
        {"capabilities": {"firstMatch": ["text"]}},
    ],
)
def test_capabilities_without_credentials_have_none(params: object) -> None:
    assert credentials_in(params) is None


@pytest.mark.parametrize(
    ("response", "session_id", "address"),
    [
        ({"value": {"sessionId": "s", "capabilities": {"webSocketUrl": "ws://x"}}}, "s", "ws://x"),
        ({"sessionId": "s", "value": {"capabilities": {"webSocketUrl": True}}}, "s", None),
        ({"value": {"sessionId": 5, "capabilities": None}}, None, None),
        ({"value": None}, None, None),
    ],
)
def test_the_session_id_and_the_address_for_bidi_in_an_answer(
    response: object, session_id: str | None, address: str | None
) -> None:
    assert (new_session_id(response), bidi_address(response)) == (session_id, address)
    assert new_session_id(None) is None
