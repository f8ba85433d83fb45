"""The wrapper around `WebDriver.execute`, on real selenium, and what is read off a driver."""

from __future__ import annotations

import subprocess
import sys
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
    from collections.abc import Iterator
    from pathlib import Path

    from local_grid import LocalGrid


class Notes:
    """An observer that writes down what it is told."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.seen: list[tuple[object, Any, BaseException | None]] = []
        self.params: list[object] = []
        self._fault = fault

    def saw(
        self,
        driver: Any,  # noqa: ARG002
        command: object,
        params: object,
        started_at: float,  # noqa: ARG002
        response: Any,
        error: BaseException | None,
    ) -> None:
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


@pytest.fixture
def notes() -> Iterator[Notes]:
    notes = Notes()
    hook = webdriver_hook(notes.saw, nobody)
    hook.install()
    yield notes
    hook.uninstall()


def close(connection: Any) -> None:
    """A connection that no quit closed would be warned of."""
    connection.close()


def open_browser(grid: LocalGrid) -> WebDriver:
    return webdriver.Remote(grid.hub_url, options=webdriver.ChromeOptions())


pytestmark = pytest.mark.filterwarnings("ignore:Embedding username and password:UserWarning")


def test_every_command_is_seen_with_its_answer_and_fails_as_without_us(grid: LocalGrid, notes: Notes) -> None:
    with open_browser(grid) as driver:
        driver.get("data:text/html,<title>Hello</title>")
        title = driver.title
    assert title == "Hello"
    assert notes.commands == [NEW_SESSION, "get", "getTitle", QUIT] == [Command.NEW_SESSION, *notes.commands[1:]]
    assert new_session_id(notes.seen[0][1]) in grid.sessions
    with pytest.raises(InvalidSessionIdException) as caught:
        driver.get_cookies()
    command, response, error = notes.seen[-1]
    assert (command, response) == ("getCookies", None)
    assert error is caught.value
    shown = [entry.path.name for entry in caught.traceback.filter(caught)]  # type: ignore[union-attr]
    assert shown.count("webdriver.py") == 2, "get_cookies and selenium's own execute"
    close(driver.command_executor)


def test_what_the_observer_raises_reaches_nobody_but_the_fault_handler(grid: LocalGrid) -> None:
    faults: list[Exception] = []
    hook = webdriver_hook(Notes(fault := RuntimeError("bookkeeping")).saw, faults.append)
    hook.install()
    try:
        driver = open_browser(grid)
        driver.quit()
        with pytest.raises(InvalidSessionIdException):
            driver.get_cookies()
    finally:
        hook.uninstall()
    assert faults == [fault] * 3
    close(driver.command_executor)


def test_a_wrapper_that_was_left_behind_tells_nobody_anything(grid: LocalGrid) -> None:
    """Whoever wrapped `execute` after us may call ours for ever."""
    hook = webdriver_hook((notes := Notes()).saw, nobody)
    hook.install()
    left_behind: Any = WebDriver.execute
    hook.uninstall()
    driver = open_browser(grid)
    assert left_behind(driver, "getTitle")["value"] == driver.title
    driver.quit()
    with pytest.raises(InvalidSessionIdException):
        left_behind(driver, "getCookies")
    assert notes.seen == []
    close(driver.command_executor)


@pytest.mark.parametrize("order", ["inner first", "outer first"])
def test_a_wrapper_put_over_ours_survives_in_both_orders_of_leaving(grid: LocalGrid, order: str) -> None:
    calls: list[object] = []
    before = WebDriver.execute
    notes = Notes()
    hook = webdriver_hook(notes.saw, nobody)
    hook.install()
    ours = WebDriver.execute

    def theirs(self: WebDriver, driver_command: str, params: Any = None) -> Any:
        calls.append(driver_command)
        return ours(self, driver_command, params)

    WebDriver.execute = theirs  # type: ignore[assignment,method-assign]
    try:
        if order == "inner first":
            hook.uninstall()
            assert WebDriver.execute is theirs, "it is not ours to take away"
            open_browser(grid).quit()
            assert notes.seen == [], "ours only passes through"
            assert calls == [NEW_SESSION, QUIT]
        else:
            WebDriver.execute = ours  # type: ignore[method-assign]
            hook.uninstall()
            assert WebDriver.execute is before
    finally:
        WebDriver.execute = before  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        (("getTitle",), {}),
        (("getTitle", None), {}),
        ((), {"driver_command": "getTitle"}),
        (("getTitle",), {"params": None, "reason": "its own"}),
    ],
)
def test_a_wrapper_below_ours_gets_what_came_as_it_came(
    grid: LocalGrid, monkeypatch: pytest.MonkeyPatch, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    before = WebDriver.execute

    def theirs(self: WebDriver, *args: Any, reason: str = "none", **kwargs: Any) -> Any:
        calls.append((args, kwargs | ({} if reason == "none" else {"reason": reason})))
        return before(self, *args, **kwargs)

    monkeypatch.setattr(WebDriver, "execute", theirs)
    hook = webdriver_hook((notes := Notes()).saw, nobody)
    hook.install()
    try:
        with open_browser(grid) as driver:
            driver.execute(*args, **kwargs)
            with pytest.raises(TypeError, match="driver_command"):
                driver.execute()  # type: ignore[call-arg]
    finally:
        hook.uninstall()
    assert calls[1] == (args, kwargs)
    assert notes.commands == [NEW_SESSION, "getTitle", None, QUIT]


def test_hooks_of_nested_runs_stack(grid: LocalGrid, notes: Notes) -> None:
    inner_notes = Notes()
    inner = webdriver_hook(inner_notes.saw, nobody)
    inner.install()
    driver = open_browser(grid)
    inner.uninstall()
    driver.quit()
    assert inner_notes.commands == [NEW_SESSION]
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


class FakeDriver:
    """As much of a driver as hub_of looks at."""

    def __init__(self, command_executor: object) -> None:
        self.command_executor = command_executor


ADDRESS = "https://hub.lambdatest.com/wd/hub"


@pytest.mark.parametrize(
    ("config", "account"),
    [
        (ClientConfig("https://Me%40x:k%2Fey@Hub.LambdaTest.com:443/wd/hub"), ("Me@x", "k/ey")),
        (ClientConfig(ADDRESS, username="me", password="key"), ("me", "key")),
    ],
    ids=["in the address", "in the config"],
)
def test_the_hub_of_a_connection_is_its_host_without_port_and_userinfo(
    config: ClientConfig, account: tuple[str, str]
) -> None:
    connection = RemoteConnection(client_config=config)
    hub = hub_of(FakeDriver(connection))
    close(connection)
    assert hub is not None
    assert hub.host == "hub.lambdatest.com"
    assert hub.credentials is not None
    assert hub.credentials.account == account


@pytest.mark.parametrize(
    ("executor", "host"),
    [
        (object(), None),
        (None, None),
        (SimpleNamespace(_url="/x"), None),
        (SimpleNamespace(_url=ADDRESS), "hub.lambdatest.com"),
    ],
)
def test_an_older_selenium_keeps_the_address_in_the_connection_itself(executor: object, host: str | None) -> None:
    hub = hub_of(FakeDriver(executor))
    assert (hub and hub.host) == host


OPTIONS = {"username": "me", "accessKey": "key"}


@pytest.mark.parametrize(
    "params",
    [
        {"capabilities": {"alwaysMatch": {"LT:Options": OPTIONS}}},
        {"capabilities": {"firstMatch": [{}, {"lt:options": {"user": "me", "accessKey": "key"}}]}},
        {"desiredCapabilities": {"LT:options": {"username": "me", "access_key": "key"}}},
        {"capabilities": {"alwaysMatch": {"LT:Options": {}}, "firstMatch": [{"LT:Options": OPTIONS}]}},
    ],
    ids=["always", "first", "legacy", "second"],
)
def test_credentials_are_found_in_the_capabilities(params: object) -> None:
    found = credentials_in(params)
    assert found is not None
    assert found.authorization == "Basic bWU6a2V5"


@pytest.mark.parametrize(
    "params",
    [
        None,
        [],
        {},
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
