"""The one place that touches Playwright: a wrapper around `BrowserType.connect`, and a watch on what it connects to.

Public is only the connecting; what is done in a browser passes its connection, as messages of Playwright's protocol:
`{"id", "guid", "method", "params", "metadata"}` out, `{"id", "result"}` or `{"id", "error"}` back. They have been the
same for years, while the classes that send them change from release to release. So of each browser on LambdaTest the
connection's two functions for messages are replaced, on that one object: local browsers never pass here.

LambdaTest tells a session's id to an open page alone, as the answer to an action of its own. It is asked with a message
as Playwright would send it, beside those of the suite, which does not wait for it. Playwright is never imported from
here. Knows no pytest.
"""

from __future__ import annotations

import functools
import json
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote, unquote_plus, urlsplit

from pytest_lambdatest_session.capture.commands import shown_address
from pytest_lambdatest_session.capture.selenium import Hub, MethodHook, credentials_in, credentials_of
from pytest_lambdatest_session.capture.untouched import untouched

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.capture.recorder import Recorder

MODULES = ("playwright.sync_api", "playwright.async_api")
ASKED = 'lambdatest_action: {"action": "getTestDetails"}'
"""https://www.testmuai.com/support/docs/playwright-test-execution-status/ has its siblings; read in November 2026."""

_MOST_REQUESTS = 3
_LONGEST_WAIT_SECONDS = 3.0
_WATCHED = ("frame", "page", "handle", "browser-context", "browser", "request-context")
"""What the suite acts on, by the first part of a `guid`."""
_NOT_SHOWN = ("updateSubscription", "waitForEventInfo", "__waitInfo__")
_PREFIXES = {"browser": "browser.", "browser-context": "context.", "request-context": "request."}
_NAMES = {
    "evalOnSelector": "eval_on_selector",
    "evalOnSelectorAll": "eval_on_selector_all",
    "evaluateExpression": "evaluate",
    "evaluateExpressionHandle": "evaluate_handle",
    "goBack": "go_back",
    "goForward": "go_forward",
    "keyboardInsertText": "keyboard.insert_text",
    "keyboardPress": "keyboard.press",
    "keyboardType": "keyboard.type",
    "mouseClick": "mouse.click",
    "mouseMove": "mouse.move",
    "mouseWheel": "mouse.wheel",
    "queryCount": "count",
}
_HARMLESS = frozenset(
    (
        *("selector", "strict", "timeout", "waitTimeout", "waitUntil", "state", "isNot", "force", "trial"),
        *("button", "clickCount", "delay", "modifiers", "position", "x", "y", "deltaX", "deltaY", "steps", "name"),
        *(
            "noWaitAfter",
            "selectorEngines",
            "noDefaultViewport",
            "viewport",
            "isMobile",
            "strictSelectors",
            "acceptDownloads",
        ),
    )
)
"""Parameters that hold nothing which somebody typed, no script and no page, so that errors can't repeat them."""
_ACTION = "lambdatest_action"
_ASSERTION = "AssertionError"
_LONGEST_VALUE = 200
# Made once: tests replace what `json` has.
_raw_decode = json.JSONDecoder().raw_decode


class Action(NamedTuple):
    """What a message asked for, and nothing of it that may not be shown."""

    name: str
    about: str
    at: float
    has_values: bool
    """Whether its error might repeat what may not be shown."""
    fails_on: bool | None
    """Of an assertion the answer that makes it fail."""


class PlaywrightHook:
    """Keeps `connect` of both APIs wrapped between `install` and `uninstall`.

    What the observer raises reaches `on_fault` and nobody else. `on_wrap` is called when there is something to observe.
    """

    def __init__(
        self, observer: Recorder, on_fault: Callable[[Exception], None], on_wrap: Callable[[], None] | None = None
    ) -> None:
        self.observer = observer
        self.on_fault = on_fault
        self.is_installed = False
        self.with_values = False
        methods = {"connect": _address}
        self._hooks = [MethodHook((name, "BrowserType"), methods, self.saw, on_fault, on_wrap) for name in MODULES]

    def install(self) -> None:
        self.is_installed = True
        for hook in self._hooks:
            hook.install()

    def uninstall(self) -> None:
        self.is_installed = False
        for hook in self._hooks:
            hook.uninstall()

    def saw(
        self, _type: Any, address: object, _none: None, _at: float, browser: Any, error: BaseException | None
    ) -> None:
        """Watch a browser that was connected to, if it is one of a session."""
        if error is not None:
            self.observer.not_connected(address, error)
        elif (key := self.observer.connected(address)) is not None:
            _Connection(self, key).watch(browser)


def _address(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, None]:
    """Return what `connect(self, endpoint, ...)` is given; the endpoint was called `ws_endpoint` until 1.5x."""
    browser_type, endpoint = (*args, None, None)[:2]
    return browser_type, kwargs.get("endpoint", kwargs.get("ws_endpoint", endpoint)), None


class _Connection:
    """The connection to one session's browser: what passes it, and the one request that is added."""

    def __init__(self, hook: PlaywrightHook, key: str) -> None:
        self._hook = hook
        self._observer = hook.observer
        self._key = key
        self._send: Any = None
        self._receive: Any = None
        self._loop: Any = None
        self._actions: dict[Any, Action] = {}
        """Those under way, by the message's id."""
        self._marking: set[Any] = set()
        self._requests: set[Any] = set()
        """Ids of messages, the suite's own among them, that LambdaTest answers with the session's details."""
        self._request: Any = None
        """The id of ours that is under way."""
        self._asked_times = 0
        self._is_identified = False
        self._last: dict[str, Any] = {}
        self._frame: str | None = None
        self._waiting: Any = None

    def watch(self, browser: Any) -> None:
        browser.on("disconnected", lambda _: self._guarded(self._disconnected))
        connection = browser._impl_obj._connection  # noqa: SLF001 - no public way leads there
        # What takes messages to be sent; until 1.6x that of the transport.
        sender, name = connection, "onmessage"
        if not hasattr(connection, name):
            sender, name = connection._transport, "send"  # noqa: SLF001
        self._send, self._receive, self._loop = getattr(sender, name), connection.dispatch, connection._loop  # noqa: SLF001
        setattr(sender, name, self._on_send)
        connection.dispatch = self._on_receive
        browser.close = self._closing(browser, browser.close)

    def _on_send(self, message: dict[str, Any]) -> Any:
        __tracebackhide__ = True
        at = untouched.now()
        result = self._send(message)
        if self._hook.is_installed:
            self._guarded(self._sent, message, at)
        return result

    def _on_receive(self, message: dict[str, Any]) -> Any:
        until = untouched.now()
        if self._request is not None and message.get("id") == self._request:
            # Of this one Playwright knows nothing.
            self._guarded(self._answered, message, until)
            return None
        result = self._receive(message)
        if self._hook.is_installed and ("id" in message or message.get("method") == "__create__"):
            self._guarded(self._answered, message, until)
        return result

    def _guarded(self, note: Callable[..., None], *args: Any) -> None:
        try:
            note(*args)
        except Exception as fault:  # noqa: BLE001 - bookkeeping changes no message
            self._hook.on_fault(fault)

    def _sent(self, message: dict[str, Any], at: float) -> None:
        kind = message["guid"].partition("@")[0]
        if kind not in _WATCHED:
            return
        self._last = message
        self._observer.acts(self._key, at)
        method = message["method"]
        if method in _NOT_SHOWN:
            return
        said = _said_to_lambdatest(method, message["params"])
        if "setTestStatus" in said:
            self._marking.add(message["id"])
        elif "getTestDetails" in said:
            self._requests.add(message["id"])
        if not message["metadata"].get("internal"):
            self._actions[message["id"]] = action_of(
                kind, method, message["params"], at, with_values=self._hook.with_values
            )

    def _answered(self, message: dict[str, Any], until: float) -> None:
        id_ = message.get("id")
        if id_ is None:
            created = message["params"]
            if created["type"] == "Page":
                self._frame = created["initializer"]["mainFrame"]["guid"]
                self._ask()
            return
        if id_ in self._requests:
            self._requests.remove(id_)
            self._take_details(message)
        if id_ in self._marking:
            self._marking.remove(id_)
            if "error" not in message:
                self._observer.marked(self._key)
        action = self._actions.pop(id_, None)
        if action is not None:
            self._observer.acted(self._key, action, until, _error_of(message, action))
            self._ask()

    def _disconnected(self) -> None:
        self._end_request()
        if self._hook.is_installed:
            self._observer.disconnected(self._key)

    # The session's id

    def _ask(self) -> None:
        if self._is_identified or self._request or self._frame is None or self._asked_times == _MOST_REQUESTS:
            return
        self._asked_times += 1
        # Numbers until 1.6x, texts since; those of the client go up from 1.
        last_id = self._last["id"]
        self._request = -self._asked_times if isinstance(last_id, int) else f"{last_id}.details"
        self._requests.add(self._request)
        metadata = {name: value for name, value in self._last["metadata"].items() if name != "title"}
        params = {"expression": "_ => {}", "arg": {"value": {"s": ASKED}, "handles": []}}
        message = {"id": self._request, "guid": self._frame, "method": "evaluateExpression", "params": params}
        self._send({**message, "metadata": {**metadata, "internal": False}})

    def _take_details(self, message: dict[str, Any]) -> None:
        if message["id"] == self._request:
            self._end_request()
        session_id = _session_id_in(message)
        if session_id is not None and not self._is_identified:
            self._is_identified = True
            self._observer.identified(self._key, session_id)

    def _end_request(self) -> None:
        self._request = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _details(self) -> Any:
        """Return what to wait for before the connection is closed, if an answer is under way; with an end in any case.

        A clock that a test has stopped would end no waiting.
        """
        if self._request is None or abs(self._loop.time() - untouched.monotonic()) > 1 or not self._hook.is_installed:
            return None
        self._waiting = waiting = self._loop.create_future()
        self._loop.call_later(_LONGEST_WAIT_SECONDS, lambda: waiting.done() or waiting.set_result(None))
        return waiting

    def _closing(self, browser: Any, close: Callable[..., Any]) -> Callable[..., Any]:
        async def closed_after(waiting: Any, *args: Any, **kwargs: Any) -> Any:
            await waiting
            return await close(*args, **kwargs) if is_async else None

        is_async = iscoroutinefunction(close)

        @functools.wraps(close)
        def closing(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            waiting = self._details()
            if waiting is not None and is_async:
                return closed_after(waiting, *args, **kwargs)
            if waiting is not None:
                browser._sync(closed_after(waiting))  # noqa: SLF001 - how Playwright waits without being asynchronous
            return close(*args, **kwargs)

        return closing


def action_of(kind: str, method: str, params: dict[str, Any], at: float, *, with_values: bool) -> Action:
    """Return what may be shown of a message: what it acts on, and all that it was given `with_values` only."""
    parts, has_values = [], False
    for name, value in params.items():
        if name == "selector":
            parts.append(str(value).replace("internal:", ""))
        elif name == "url":
            parts.append(shown_address(str(value)))
        elif name == "expression" and method == "expect":
            parts.insert(0, str(value).replace(".", "_"))
        elif name not in _HARMLESS:
            has_values = not with_values
            if with_values:
                parts.append(f"{name}={_shown(value)}"[:_LONGEST_VALUE])
    name = _PREFIXES.get(kind, "") + _NAMES.get(method, method)
    return Action(name, " ".join(parts), at, has_values, params.get("isNot") if method == "expect" else None)


def _shown(value: Any) -> Any:
    """Return the text that an argument of a script is, and any other value as it is."""
    is_argument = isinstance(value, dict) and isinstance(value.get("value"), dict)
    return value["value"].get("s", value["value"]) if is_argument else value


def hub_at(address: object) -> Hub | None:
    """Return the host of an address of Playwright's and the credentials in it; None if it is no address.

    LambdaTest's is `wss://cdp.lambdatest.com/playwright?capabilities=` with JSON, which suites quote or leave as it is.
    """
    if not isinstance(address, str):
        return None
    parts = urlsplit(address)
    if not parts.hostname:
        return None
    query = address.partition("?")[2]
    named = parse_qs(query)
    user, key = (named.get(name, [""])[0] for name in ("user", "key"))
    in_capabilities = credentials_in({"capabilities": {"alwaysMatch": _capabilities_in(query)}})
    in_front = credentials_of(unquote(parts.username or ""), unquote(parts.password or ""))
    return Hub(parts.hostname, in_capabilities or credentials_of(user, key) or in_front)


def _capabilities_in(query: str) -> Any:
    text = query.partition("capabilities=")[2]
    return _decoded(unquote(text)) or _decoded(unquote_plus(text))


def _decoded(text: str) -> Any:
    try:
        return _raw_decode(text.lstrip())[0]
    except ValueError:
        return None


def _error_of(message: dict[str, Any], action: Action) -> str | None:
    error = message.get("error")
    if error is None:
        result = message.get("result") or {}
        # Assertions that fail are no errors of the protocol until 1.6x.
        fails = action.fails_on is not None and result.get("matches") is action.fails_on
        return _ASSERTION if fails else None
    error = error.get("error") or {}
    name, text = error.get("name") or "Error", str(error.get("message") or "")
    if name == "ExpectError":
        return _ASSERTION
    # Without the call log, and the address that could not be opened.
    text = text.partition("\n")[0].partition(" at http")[0]
    return name if action.has_values or not text else f"{name}: {text}"


def _said_to_lambdatest(method: str, params: dict[str, Any]) -> str:
    """Return the text of an action of LambdaTest's, as `lambdatest_action: {...}` or in JSON; "" of anything else."""
    if method != "evaluateExpression":
        return ""
    value = params["arg"]["value"]
    text = value["s"] if "s" in value else str(value["o"]) if "o" in value else ""
    return text if _ACTION in text[:_LONGEST_VALUE] else ""


def _session_id_in(message: dict[str, Any]) -> str | None:
    try:
        data = untouched.decode(message["result"]["value"]["s"])["data"]
        session_id = data.get("session_id") or data.get("test_id")
    except (AttributeError, KeyError, TypeError, ValueError):
        return None  # an error, or the page's own answer where the grid gave none
    return session_id if isinstance(session_id, str) else None
