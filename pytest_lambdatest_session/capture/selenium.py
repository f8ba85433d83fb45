"""The one place that touches selenium: wrappers around what sends commands, and what can be read off a driver.

Every command of every driver passes `WebDriver.execute`: elements, action chains, `with` blocks, Appium's clients and
the wrapper libraries too. Only those of WebDriver BiDi pass it by, through `WebSocketConnection`. Selenium is never
imported from here; if it is not there yet, the wrappers are put on as soon as somebody else imports it. Knows no
pytest.
"""

from __future__ import annotations

import functools
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from pytest_lambdatest_session.capture.imports import AfterImport
from pytest_lambdatest_session.capture.untouched import untouched
from pytest_lambdatest_session.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from typing_extensions import Self

    Read = Callable[["tuple[Any, ...]", "dict[str, Any]"], "tuple[Any, Any, Any]"]
    """From the arguments of a call, self included, to the object, the command and its parameters; raises nothing."""
    Saw = Callable[[Any, Any, Any, float, Any, "BaseException | None"], None]
    """Told of a call after it was made, in the thread that made it: what `Read` returned, when it began in seconds
    since the epoch, and what it returned or raised."""


WEBDRIVER_MODULE = "selenium.webdriver.remote.webdriver"
WEBSOCKET_MODULE = "selenium.webdriver.remote.websocket_connection"
NEW_SESSION = "newSession"
QUIT = "quit"


class MethodHook:
    """Keeps methods of one class wrapped between `install` and `uninstall`.

    Hooks of several runs in one process stack, each calling the one below. `saw` is told of each call after it was
    made; what it raises reaches `on_fault` and nobody else. `on_wrap` is called when there is something to observe.
    Releases may lack any of the methods but the first.
    """

    def __init__(
        self,
        of: tuple[str, str],
        methods: Mapping[str, Read],
        saw: Saw,
        on_fault: Callable[[Exception], None],
        on_wrap: Callable[[], None] | None = None,
    ) -> None:
        module_name, self._class_name = of
        self._methods = methods
        self._saw = saw
        self._on_fault = on_fault
        self._on_wrap = on_wrap
        self._installed = False
        self._class: Any = None
        self._wrapped: dict[str, tuple[Any, Any]] = {}
        """By a method's name what it was, and our wrapper."""
        self._finder = AfterImport(module_name, self._wrap)

    def install(self) -> None:
        self._installed = True
        self._finder.install()

    def uninstall(self) -> None:
        self._installed = False
        self._finder.uninstall()
        for name, (original, wrapper) in self._wrapped.items():
            # Somebody may have wrapped it after us: then ours stays below theirs and only passes through.
            if self._class.__dict__.get(name) is wrapper:
                setattr(self._class, name, original)

    def _wrap(self, module: ModuleType) -> None:
        try:
            self._class = getattr(module, self._class_name)
            for name, read in self._methods.items():
                if self._wrapped and not hasattr(self._class, name):
                    continue
                original = getattr(self._class, name)
                wrapper = self._wrapper_of(original, read)
                setattr(self._class, name, wrapper)
                self._wrapped[name] = original, wrapper
            if self._on_wrap is not None:
                self._on_wrap()
        except Exception as fault:  # noqa: BLE001 - a selenium of another shape must still import
            self._on_fault(fault)

    def _wrapper_of(self, original: Callable[..., Any], read: Read) -> Callable[..., Any]:
        # Another plugin's wrapper may be below: it gets what comes as it comes, whatever parameters it has.
        @functools.wraps(original)
        def execute(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True  # a failure's traceback stays the one it would be without us
            with _Call(self, read(args, kwargs)) as call:
                call.response = original(*args, **kwargs)
            return call.response

        @functools.wraps(original)
        async def execute_async(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            with _Call(self, read(args, kwargs)) as call:
                call.response = await original(*args, **kwargs)
            return call.response

        return execute_async if iscoroutinefunction(original) else execute

    def tell(self, call: _Call, error: BaseException | None) -> None:
        if not self._installed:
            return
        try:
            self._saw(*call.sent, call.started_at, call.response, error)
        except Exception as fault:  # noqa: BLE001 - bookkeeping does not change what a command returns
            self._on_fault(fault)


class _Call:
    """Tells a hook of what is called within it, be it waited for or not."""

    __slots__ = ("_hook", "response", "sent", "started_at")

    def __init__(self, hook: MethodHook, sent: tuple[Any, Any, Any]) -> None:
        self._hook = hook
        self.sent = sent
        self.response: Any = None

    def __enter__(self) -> Self:
        self.started_at = untouched.now()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._hook.tell(self, error)


def webdriver_hook(
    saw: Saw, on_fault: Callable[[Exception], None], on_wrap: Callable[[], None] | None = None
) -> MethodHook:
    """Return what watches `WebDriver.execute`."""
    return MethodHook(
        (WEBDRIVER_MODULE, "WebDriver"), {"execute": _arguments_of("driver_command")}, saw, on_fault, on_wrap
    )


def websocket_hook(saw: Saw, on_fault: Callable[[Exception], None]) -> MethodHook:
    """Return what watches WebDriver BiDi: `execute` sends most commands, and some of selenium 4.51 `send_cmd`.

    A command is the protocol's name of it, or the name of the function that made it.
    """
    methods = {"execute": _generator_arguments, "send_cmd": _arguments_of("method")}
    return MethodHook((WEBSOCKET_MODULE, "WebSocketConnection"), methods, saw, on_fault)


def _arguments_of(command_name: str) -> Read:
    """Return what reads the arguments of `(self, <command_name>, params=None)`, None for what is missing."""

    def read(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
        sender, command, params = (*args, None, None, None)[:3]
        return sender, kwargs.get(command_name, command), kwargs.get("params", params)

    return read


def _generator_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Return those of `command_builder(method, params)`, off the generator that `execute(self, command)` is given.

    Before it runs, since afterwards it has none. Those that selenium before 4.33 made otherwise have their function's
    name.
    """
    connection, command = (*args, None, None)[:2]
    command = kwargs.get("command", command)
    frame = getattr(command, "gi_frame", None)
    given = frame.f_locals if frame is not None else {}
    return connection, given.get("method") or getattr(command, "__qualname__", None), given.get("params")


class Hub(NamedTuple):
    """Where a driver sends its commands."""

    host: str
    """Host name without port and userinfo, in lower case."""
    credentials: Credentials | None


def hub_of(driver: Any) -> Hub | None:
    """Return the hub of a driver, and the credentials in its address or its `ClientConfig`; None if it has none.

    Selenium from 4.26 keeps the address in the connection's `ClientConfig`, older ones in `_url`.
    """
    connection = driver.command_executor
    config = getattr(connection, "client_config", None) or getattr(connection, "_client_config", None)
    address = getattr(config, "remote_server_addr", None) or getattr(connection, "_url", None)
    if not isinstance(address, str):
        return None
    at_address = _hub_at(address)
    if at_address is None or at_address.credentials is not None:
        return at_address
    return Hub(at_address.host, credentials_of(getattr(config, "username", None), getattr(config, "password", None)))


# All sessions of a run have the same few.
@functools.lru_cache(maxsize=16)
def _hub_at(address: str) -> Hub | None:
    parts = urlsplit(address)
    if not parts.hostname:
        return None
    return Hub(parts.hostname, credentials_of(unquote(parts.username or ""), unquote(parts.password or "")))


def credentials_in(params: Any) -> Credentials | None:
    """Return the user name and access key among the capabilities of a NEW_SESSION command.

    LambdaTest's block is spelled `LT:Options`, `lt:options` and `LT:options` by its users.
    """
    for capabilities in _capability_sets(params):
        for name, options in capabilities.items():
            if isinstance(name, str) and name.lower() == "lt:options" and isinstance(options, dict):
                username = options.get("username") or options.get("user")
                found = credentials_of(username, options.get("accessKey") or options.get("access_key"))
                if found is not None:
                    return found
    return None


def _capability_sets(params: Any) -> Iterator[dict[Any, Any]]:
    if not isinstance(params, dict):
        return
    w3c = params.get("capabilities")
    if isinstance(w3c, dict):
        first_match = w3c.get("firstMatch")
        for candidate in (w3c.get("alwaysMatch"), *(first_match if isinstance(first_match, list) else ())):
            if isinstance(candidate, dict):
                yield candidate
    legacy = params.get("desiredCapabilities")
    if isinstance(legacy, dict):
        yield legacy


def credentials_of(username: object, access_key: object) -> Credentials | None:
    """Return both as credentials, None unless they are texts and not empty."""
    if isinstance(username, str) and isinstance(access_key, str) and username and access_key:
        return Credentials(username, access_key)
    return None


def new_session_id(response: Any) -> str | None:
    """Return the session id in the answer to NEW_SESSION: `{"value": {"sessionId": ...}}`, in old ones on top."""
    if not isinstance(response, dict):
        return None
    value = response.get("value")
    session_id = response.get("sessionId") or (value.get("sessionId") if isinstance(value, dict) else None)
    return session_id if isinstance(session_id, str) else None


def bidi_address(response: Any) -> str | None:
    """Return the address of the WebSocket for BiDi in the answer to NEW_SESSION, None if none was asked for."""
    value = response.get("value")
    capabilities = value.get("capabilities") if isinstance(value, dict) else None
    address = capabilities.get("webSocketUrl") if isinstance(capabilities, dict) else None
    return address if isinstance(address, str) else None
