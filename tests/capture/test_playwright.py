"""What is read off Playwright's addresses and messages, and a connection that is not as it was expected."""

from __future__ import annotations

import inspect
import json
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest

from pytest_lambdatest_session.capture.playwright import MODULES, Action, PlaywrightHook, action_of, hub_at
from pytest_lambdatest_session.capture.recorder import Recorder
from pytest_lambdatest_session.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Callable

CAPABILITIES = json.dumps({"browserName": "Chrome", "LT:Options": {"user": "me", "accessKey": "k/e y+1"}})
CLOUD = "wss://cdp.lambdatest.com/playwright"


@pytest.mark.parametrize(
    "address",
    [
        f"{CLOUD}?capabilities={quote(CAPABILITIES)}",
        f"{CLOUD}?capabilities={quote_plus(CAPABILITIES)}",
        f"{CLOUD}?capabilities={CAPABILITIES}&user=other&key=other",
        f"{CLOUD}?capabilities={{}}&user=me&key={quote('k/e y+1')}",
        f"wss://me:{quote('k/e y+1', safe='')}@cdp.lambdatest.com/playwright",
    ],
    ids=["quoted", "as a form", "unquoted", "beside", "in front"],
)
def test_the_credentials_are_found_wherever_suites_put_them_into_the_address(address: str) -> None:
    hub = hub_at(address)
    assert hub is not None
    assert hub.host == "cdp.lambdatest.com"
    assert hub.credentials is not None
    assert hub.credentials.account == ("me", "k/e y+1")


def test_an_address_without_credentials_has_a_host_and_what_is_none_no_hub() -> None:
    hub = hub_at(f"{CLOUD}?capabilities=[1")
    assert hub is not None
    assert (hub.host, hub.credentials) == ("cdp.lambdatest.com", None)
    assert [hub_at(address) for address in (None, "", "playwright")] == [None] * 3


def test_an_action_keeps_what_may_be_shown() -> None:
    def told(method: str, kind: str = "frame", *, with_values: bool = False, **params: Any) -> tuple[str, str, bool]:
        action = action_of(kind, method, params, 0.0, with_values=with_values)
        return action.name, action.about, action.has_values

    assert told("click", selector="internal:role=button", strict=True) == ("click", "role=button", False)
    assert told("goto", url="https://me:pw@shop.example/a?token=1") == ("goto", "https://shop.example/a?…", False)
    assert told("fetch", "request-context", url="/a", postData="secret") == ("request.fetch", "/a", True)
    assert told("newPage", "browser-context") == ("context.newPage", "", False)
    assert told("fill", selector="#a", value="word") == ("fill", "#a", True)
    assert told("fill", selector="#a", value="word", with_values=True) == ("fill", "#a value=word", False)
    argument = {"value": {"s": "word"}, "handles": []}
    assert told("evaluateExpression", arg=argument, with_values=True) == ("evaluate", "arg=word", False)


class Notes:
    """An observer that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def connected(self, address: object) -> str | None:
        self.told.append(("connected", address))
        return "key" if str(address).startswith("ours") else None

    def not_connected(self, address: object, error: BaseException) -> None:
        self.told.append(("not connected", address, type(error)))

    def identified(self, key: str, session_id: str) -> None:
        self.told.append(("identified", key, session_id))

    def acts(self, key: str, at: float) -> None:
        """Told of each message."""

    def acted(self, key: str, action: Action, until: float, error: str | None) -> None:  # noqa: ARG002
        self.told.append(("acted", action.name, error))

    def marked(self, key: str) -> None:
        self.told.append(("marked", key))

    def disconnected(self, key: str) -> None:
        self.told.append(("disconnected", key))


class Connection:
    """A connection of a Playwright that nobody has yet, which keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.onmessage: Callable[[Any], None] = self.sent.append
        self._loop = SimpleNamespace(time=lambda: -1000.0)
        self._transport: Any = None

    def dispatch(self, message: dict[str, Any]) -> None:
        self.received.append(message)

    def send(self, id_: object, method: str, **params: Any) -> None:
        self.onmessage({"id": id_, "guid": "frame@1", "method": method, "params": params, "metadata": {}})


class Browser:
    def __init__(self) -> None:
        self._impl_obj = SimpleNamespace(_connection=Connection())
        self.listeners: list[Callable[[object], None]] = []

    def on(self, event: str, listener: Callable[[object], None]) -> None:
        assert event == "disconnected"
        self.listeners.append(listener)

    def close(self) -> str:
        return "closed"


class Strange:
    """A browser without the parts that nobody promises."""

    def on(self, event: str, listener: Callable[[object], None]) -> None:
        """Call nobody."""


class BrowserType:
    def connect(self, endpoint: str, *, timeout: float = 0) -> Any:
        """Connect."""
        if endpoint == "broken":
            raise OSError(timeout)
        return Strange() if endpoint == "ours, of another shape" else Browser()


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def faults() -> list[Exception]:
    return []


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch, notes: Notes, faults: list[Exception]) -> PlaywrightHook:
    for name in MODULES:
        module: Any = ModuleType(name)
        module.BrowserType = type("BrowserType", (BrowserType,), {"connect": BrowserType.connect})
        monkeypatch.setitem(sys.modules, name, module)
    hook = PlaywrightHook(notes, faults.append)  # type: ignore[arg-type]
    hook.install()
    return hook


def new_type() -> Any:
    from playwright.sync_api import BrowserType  # noqa: PLC0415 - the one that the fixture made

    return BrowserType


def test_connecting_is_as_it_was(hook: PlaywrightHook, notes: Notes, faults: list[Exception]) -> None:
    browser_type = new_type()
    assert inspect.signature(browser_type.connect) == inspect.signature(BrowserType.connect)
    assert browser_type.connect.__doc__ == "Connect."
    browser_type().connect(endpoint="theirs")
    with pytest.raises(OSError, match="7"):
        browser_type().connect("broken", timeout=7)
    browser = browser_type().connect("ours")
    assert notes.told == [("connected", "theirs"), ("not connected", "broken", OSError), ("connected", "ours")]
    hook.uninstall()
    assert browser_type.connect is BrowserType.connect
    connection = browser._impl_obj._connection
    connection.send(1, "click", selector="#a")
    connection.dispatch({"id": 1})
    browser.listeners[0](browser)
    assert (len(connection.sent), len(connection.received), len(notes.told)) == (1, 1, 3)
    assert faults == []


def test_a_browser_of_another_shape_is_a_fault_and_no_failure(hook: PlaywrightHook, faults: list[Exception]) -> None:
    new_type()().connect("ours, of another shape")
    assert [type(fault) for fault in faults] == [AttributeError]
    assert hook.is_installed


def test_a_playwright_of_another_shape_still_imports(
    monkeypatch: pytest.MonkeyPatch, notes: Notes, faults: list[Exception]
) -> None:
    for name in MODULES:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    PlaywrightHook(notes, faults.append).install()  # type: ignore[arg-type]
    assert [type(fault) for fault in faults] == [AttributeError, AttributeError]


def test_it_is_asked_again_and_not_for_ever(hook: PlaywrightHook, notes: Notes, faults: list[Exception]) -> None:
    """The first answer is an error and the second makes no sense; what is asked passes Playwright by."""
    browser = new_type()().connect("ours")
    connection = browser._impl_obj._connection
    assert hook.is_installed
    connection.send("a@1", "click", selector="#a")
    page = {"type": "Page", "initializer": {"mainFrame": {"guid": "frame@1"}}}
    connection.dispatch({"guid": "context@1", "method": "__create__", "params": page})
    connection.dispatch({"id": "a@1.details", "error": {"error": {"message": "gone"}}})
    connection.dispatch({"id": "a@1"})
    connection.dispatch({"id": "a@1.details", "result": {"value": {"s": '{"data": {"session_id": 7}}'}}})
    for number in range(2, 6):
        connection.send(f"a@{number}", "expect", selector="#a", expression="to.be.visible", isNot=True)
        connection.dispatch({"id": f"a@{number}", "result": {"matches": True}})
        connection.dispatch({"id": f"a@{number}.details", "result": {"value": {"v": "undefined"}}})
    asked = [message["id"] for message in connection.sent if message["id"].endswith("details")]
    assert asked == ["a@1.details", "a@1.details", "a@2.details"]
    assert [message["id"] for message in connection.received if "id" in message] == [
        *("a@1", "a@2", "a@3"),
        *("a@3.details", "a@4", "a@4.details", "a@5", "a@5.details"),
    ]
    assert notes.told[1:] == [("acted", "click", None), *[("acted", "expect", "AssertionError")] * 4]
    assert faults == []


def test_what_the_suite_tells_lambdatest_is_understood_in_either_form(
    hook: PlaywrightHook, notes: Notes, faults: list[Exception]
) -> None:
    connection = new_type()().connect("ours")._impl_obj._connection
    asks = 'lambdatest_action: {"action": "getTestDetails"}'
    marks = {"o": [{"k": "lambdatest_action", "v": {"o": [{"k": "action", "v": {"s": "setTestStatus"}}]}}]}
    for number, value in enumerate(({"s": asks}, marks, marks, {"s": "other"}, {"v": "null"})):
        connection.send(number, "evaluateExpression", arg={"value": value})
    connection.onmessage(
        {"id": 5, "guid": "page@1", "method": "updateSubscription", "params": {}, "metadata": {"internal": True}}
    )
    connection.onmessage({"id": 6, "guid": "page@1", "method": "close", "params": {}, "metadata": {"internal": True}})
    connection.onmessage({"id": 7, "guid": "route@1", "method": "abort", "params": {}, "metadata": {}})
    connection.dispatch({"id": 0, "result": {"value": {"s": '{"data": {"test_id": "A-B"}}'}}})
    connection.dispatch({"id": 1})
    connection.dispatch({"id": 2, "error": {"error": {"message": "Refused: secret"}}})
    connection.dispatch({"id": 5})
    connection.send(8, "click", selector="#a")
    connection.dispatch({"id": 8, "error": {"error": {"name": "TimeoutError", "message": "200 ms\nCall log: ..."}}})
    connection.send(9, "expect", isNot=False)
    connection.dispatch({"id": 9, "error": {"error": {"name": "ExpectError", "message": "Expect failed"}}})
    connection.dispatch({"guid": "page@1", "method": "__create__", "params": {"type": "Frame"}})
    connection.dispatch({"guid": "page@1", "method": "loadstate", "params": {}})
    assert notes.told[1:] == [
        ("identified", "key", "A-B"),
        ("acted", "evaluate", None),
        ("marked", "key"),
        ("acted", "evaluate", None),
        ("acted", "evaluate", "Error"),
        ("acted", "click", "TimeoutError: 200 ms"),
        ("acted", "expect", "AssertionError"),
    ]
    assert len(connection.sent) == 10, "nothing was added"
    assert hook.is_installed
    assert faults == []


@pytest.mark.parametrize("captured", [True, False])
def test_a_browser_of_a_conftest_is_kept_or_left_out_when_the_settings_are_known(captured: bool) -> None:
    recorder = Recorder(Problems())
    watching = PlaywrightHook(recorder, recorder.problems.fault)
    watching.is_installed = True
    browser = Browser()
    watching.saw(None, f"{CLOUD}?capabilities={{}}", None, 0.0, browser, None)
    recorder.start(lambda host: captured and host == "cdp.lambdatest.com", lambda *_: None)
    connection = browser._impl_obj._connection
    connection.send(1, "evaluateExpression", arg={"value": {"s": 'lambdatest_action: {"action": "getTestDetails"}'}})
    connection.dispatch({"id": 1, "result": {"value": {"s": '{"data": {"session_id": "A-B"}}'}}})
    browser.listeners[0](browser)
    assert [session.get("told_id") for session in recorder.changed()] == ["A-B"] * captured
    assert list(recorder.problems) == []


def test_a_connection_that_sends_by_its_transport_is_watched_as_well(hook: PlaywrightHook, notes: Notes) -> None:
    """That of Playwright until 1.6x; CI's matrix has it for real."""
    browser = Browser()
    connection = browser._impl_obj._connection
    transport = SimpleNamespace(send=connection.onmessage)
    del connection.onmessage
    connection._transport = transport
    hook.saw(None, "ours", None, 0.0, browser, None)
    message = {"id": 1, "guid": "page@1", "method": "keyboardType", "params": {"text": "a"}, "metadata": {}}
    transport.send(message)
    connection.dispatch({"id": 1})
    assert connection.sent == [message]
    assert notes.told[1:] == [("acted", "keyboard.type", None)]


def test_a_fault_while_watching_changes_no_message(hook: PlaywrightHook, faults: list[Exception]) -> None:
    browser = new_type()().connect("ours")
    browser._impl_obj._connection.onmessage({"id": 1})
    assert browser._impl_obj._connection.sent == [{"id": 1}]
    assert [type(fault) for fault in faults] == [KeyError]
    assert hook.is_installed


def test_nothing_is_waited_for_where_a_test_has_stopped_the_clock(hook: PlaywrightHook) -> None:
    browser = new_type()().connect("ours")
    connection = browser._impl_obj._connection
    connection.send(5, "title")
    page = {"type": "Page", "initializer": {"mainFrame": {"guid": "frame@1"}}}
    connection.dispatch({"guid": "context@1", "method": "__create__", "params": page})
    assert connection.sent[-1]["id"] == -1
    assert browser.close() == "closed"
    assert hook.is_installed
