"""The wrapper around `WebDriver.execute`, on real selenium, and what is read off a driver."""

from __future__ import annotations

import subprocess
import sys
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
    WebDriverHook,
    WebSocketHook,
    bidi_address,
    credentials_in,
    hub_of,
    new_session_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_grid import LocalGrid


class Notes:
    """An observer that writes down what it is told."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.seen: list[tuple[object, Any, BaseException | None]] = []
        self._fault = fault

    def saw(
        self,
        driver: Any,  # noqa: ARG002
        command: object,
        params: object,  # noqa: ARG002
        started_at: float,  # noqa: ARG002
        response: Any,
        error: BaseException | None,
    ) -> None:
        self.seen.append((command, response, error))
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
    hook = WebDriverHook(notes, nobody)
    hook.install()
    yield notes
    hook.uninstall()


def close(connection: Any) -> None:
    """A connection that no quit closed would be warned of."""
    connection.close()


def open_browser(grid: LocalGrid) -> WebDriver:
    return webdriver.Remote(grid.hub_url, options=webdriver.ChromeOptions())


pytestmark = pytest.mark.filterwarnings("ignore:Embedding username and password:UserWarning")


def test_the_commands_are_named_as_selenium_names_them() -> None:
    assert Command.NEW_SESSION == NEW_SESSION
    assert Command.QUIT == QUIT


def test_every_command_is_seen_with_its_answer(grid: LocalGrid, notes: Notes) -> None:
    with open_browser(grid) as driver:
        driver.get("data:text/html,<title>Hello</title>")
        title = driver.title
    assert title == "Hello"
    assert notes.commands == [NEW_SESSION, "get", "getTitle", QUIT]
    assert new_session_id(notes.seen[0][1]) in grid.sessions


def test_a_command_that_fails_is_seen_and_fails_as_before(grid: LocalGrid, notes: Notes) -> None:
    driver = open_browser(grid)
    driver.quit()
    with pytest.raises(InvalidSessionIdException) as caught:
        driver.get_cookies()
    command, response, error = notes.seen[-1]
    assert (command, response) == ("getCookies", None)
    assert error is caught.value
    close(driver.command_executor)


def test_what_the_observer_raises_reaches_nobody_but_the_fault_handler(grid: LocalGrid) -> None:
    faults: list[Exception] = []
    hook = WebDriverHook(Notes(fault := RuntimeError("bookkeeping")), faults.append)
    hook.install()
    try:
        open_browser(grid).quit()
    finally:
        hook.uninstall()
    assert faults == [fault, fault]


def test_what_the_observer_raises_about_a_failure_does_not_stand_in_for_it(grid: LocalGrid) -> None:
    faults: list[Exception] = []
    driver = open_browser(grid)
    driver.quit()
    hook = WebDriverHook(Notes(fault := RuntimeError("bookkeeping")), faults.append)
    hook.install()
    try:
        with pytest.raises(InvalidSessionIdException):
            driver.get_cookies()
    finally:
        hook.uninstall()
    assert faults == [fault]
    close(driver.command_executor)


def test_a_wrapper_that_was_left_behind_tells_nobody_anything(grid: LocalGrid) -> None:
    """Whoever wrapped `execute` after us may call ours for ever."""
    hook = WebDriverHook(notes := Notes(), nobody)
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


def test_uninstalling_puts_back_what_was_there() -> None:
    before = WebDriver.execute
    hook = WebDriverHook(Notes(), nobody)
    hook.install()
    assert WebDriver.execute is not before
    hook.uninstall()
    assert WebDriver.execute is before


@pytest.mark.parametrize("order", ["inner first", "outer first"])
def test_a_wrapper_put_over_ours_survives_in_both_orders_of_leaving(grid: LocalGrid, order: str) -> None:
    calls: list[object] = []
    before = WebDriver.execute
    notes = Notes()
    hook = WebDriverHook(notes, nobody)
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
    hook = WebDriverHook(notes := Notes(), nobody)
    hook.install()
    try:
        with open_browser(grid) as driver:
            driver.execute(*args, **kwargs)
    finally:
        hook.uninstall()
    assert calls[1] == (args, kwargs)
    assert notes.commands == [NEW_SESSION, "getTitle", QUIT]


@pytest.mark.parametrize("below", ["selenium", "another plugin's wrapper"])
def test_a_call_without_a_command_fails_as_it_does_without_us(
    grid: LocalGrid, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    before = WebDriver.execute

    def theirs(*args: Any, **kwargs: Any) -> Any:
        return before(*args, **kwargs)

    if below != "selenium":
        monkeypatch.setattr(WebDriver, "execute", theirs)
    hook = WebDriverHook(notes := Notes(), nobody)
    hook.install()
    try:
        with open_browser(grid) as driver, pytest.raises(TypeError, match="driver_command"):
            driver.execute()  # type: ignore[call-arg]
    finally:
        hook.uninstall()
    assert notes.commands[0] == NEW_SESSION
    assert notes.commands[-1] == QUIT


def test_hooks_of_nested_runs_stack(grid: LocalGrid, notes: Notes) -> None:
    inner_notes = Notes()
    inner = WebDriverHook(inner_notes, nobody)
    inner.install()
    driver = open_browser(grid)
    inner.uninstall()
    driver.quit()
    assert inner_notes.commands == [NEW_SESSION]
    assert notes.commands == [NEW_SESSION, QUIT]


class Sent:
    """An observer of BiDi that writes down what it is told."""

    def __init__(self) -> None:
        self.seen: list[tuple[object, object, object]] = []

    def saw_bidi(
        self,
        connection: Any,  # noqa: ARG002
        method: str,
        params: object,
        started_at: float,  # noqa: ARG002
        response: Any,
        error: BaseException | None,  # noqa: ARG002
    ) -> None:
        self.seen.append((method, params, response))


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
    hook = WebSocketHook(sent := Sent(), nobody)
    hook.install()
    assert not hasattr(Connection, "send_cmd"), "older releases have none"
    connection: Any = Connection()
    assert connection.execute(command_builder("browser.close", {})) == ("browser.close", {})
    assert connection.execute(command=subscribe()) == "sent"
    assert connection.execute(iter([3])) == 3
    hook.uninstall()
    assert Connection.execute is before
    assert [(method, params) for method, params, _ in sent.seen] == [
        ("browser.close", {}),
        (subscribe.__qualname__, None),
        (None, None),
    ]


@pytest.mark.parametrize("value", [None, "s", {"capabilities": None}, {"capabilities": {"webSocketUrl": True}}])
def test_a_session_without_bidi_has_no_address_for_it(value: object) -> None:
    assert bidi_address({"value": value}) is None


LATE_IMPORT = """
import sys
from pytest_lambdatest_session.capture.selenium import WebDriverHook, WebSocketHook, WEBDRIVER_MODULE

class Observer:
    saw = saw_bidi = None

faults = []
hooks = [kind(Observer, faults.append) for _ in range(2) for kind in (WebDriverHook, WebSocketHook)]
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


STRANGE_SELENIUM = """
import sys
from pytest_lambdatest_session.capture.selenium import WebDriverHook

class Observer:
    saw = None

faults = []
hook = WebDriverHook(Observer, faults.append)
hook.install()
import selenium.webdriver.remote.webdriver as module
hook.uninstall()
assert module.STRANGE and [type(fault) for fault in faults] == [AttributeError], faults
"""


def test_a_selenium_of_another_shape_still_imports(tmp_path: Any) -> None:
    package = tmp_path / "selenium" / "webdriver" / "remote"
    package.mkdir(parents=True)
    for folder in (package, package.parent, package.parent.parent):
        (folder / "__init__.py").touch()
    (package / "webdriver.py").write_text("STRANGE = True\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{STRANGE_SELENIUM}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


NO_SELENIUM = """
import sys
import types
from pytest_lambdatest_session.capture.selenium import WebDriverHook, WEBDRIVER_MODULE

class Observer:
    saw = None

hook = WebDriverHook(Observer, print)
hook.install()
package = types.ModuleType("selenium.webdriver.remote")
package.__path__ = []
sys.modules[package.__name__] = package
sys.modules["selenium.webdriver"] = types.ModuleType("selenium.webdriver")
sys.modules["selenium"] = types.ModuleType("selenium")
try:
    __import__(WEBDRIVER_MODULE)
except ModuleNotFoundError as error:
    assert error.name == WEBDRIVER_MODULE, error
else:
    raise AssertionError("found where there is none")
"""


def test_a_selenium_that_is_not_there_is_missed_as_without_us() -> None:
    done = subprocess.run([sys.executable, "-c", NO_SELENIUM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_failure_shows_the_traceback_it_would_have_without_us(grid: LocalGrid, notes: Notes) -> None:
    assert notes.seen == []
    driver = open_browser(grid)
    driver.quit()
    with pytest.raises(InvalidSessionIdException) as caught:
        driver.get_cookies()
    close(driver.command_executor)
    shown = [tracked.path.name for tracked in caught.traceback.filter(caught)]  # type: ignore[union-attr]
    assert shown.count("webdriver.py") == 2, "get_cookies and selenium's own execute"


class FakeDriver:
    """As much of a driver as hub_of looks at."""

    def __init__(self, command_executor: object) -> None:
        self.command_executor = command_executor


def test_the_hub_of_a_connection_is_its_host_without_port_and_userinfo() -> None:
    config = ClientConfig("https://Me%40x:k%2Fey@Hub.LambdaTest.com:443/wd/hub")
    connection = RemoteConnection(client_config=config)
    hub = hub_of(FakeDriver(connection))
    close(connection)
    assert hub is not None
    assert hub.host == "hub.lambdatest.com"
    assert hub.credentials is not None
    assert hub.credentials.authorization == "Basic TWVAeDprL2V5"


def test_the_client_config_may_hold_the_credentials() -> None:
    config = ClientConfig("https://hub.lambdatest.com/wd/hub", username="me", password="key")
    connection = RemoteConnection(client_config=config)
    hub = hub_of(FakeDriver(connection))
    close(connection)
    assert hub is not None
    assert hub.credentials is not None
    assert hub.credentials.authorization == "Basic bWU6a2V5"


def test_an_older_selenium_keeps_the_address_in_the_connection_itself() -> None:
    class Connection:
        _url = "http://me:key@hub.lambdatest.com/wd/hub"

    hub = hub_of(FakeDriver(Connection()))
    assert hub is not None
    assert hub.host == "hub.lambdatest.com"


@pytest.mark.parametrize("executor", [object(), None, type("C", (), {"_url": "/relative"})()])
def test_a_driver_without_an_address_has_no_hub(executor: object) -> None:
    assert hub_of(FakeDriver(executor)) is None


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
    ("response", "session_id"),
    [
        ({"value": {"sessionId": "s"}}, "s"),
        ({"sessionId": "s", "value": {}}, "s"),
        ({"value": None}, None),
        ({"value": {"sessionId": 5}}, None),
        (None, None),
        ("text", None),
    ],
)
def test_the_session_id_in_an_answer(response: object, session_id: str | None) -> None:
    assert new_session_id(response) == session_id
