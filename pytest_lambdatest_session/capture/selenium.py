"""The one place that touches selenium: a wrapper around `WebDriver.execute`, and what can be read off a driver.

Every command of every driver passes `execute`: elements, action chains, `with` blocks, Appium's clients and the
wrapper libraries too. Selenium is never imported from here; if it is not there yet, the wrapper is put on as soon as
somebody else imports it. Knows no pytest.
"""

from __future__ import annotations

import functools
import sys
from importlib.abc import Loader, MetaPathFinder
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from pytest_lambdatest_session.capture.untouched import untouched
from pytest_lambdatest_session.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Protocol

    class Observer(Protocol):
        """Told of commands after they were executed, in the thread that executed them."""

        def saw(
            self,
            driver: Any,
            command: object,
            params: object,
            started_at: float,
            response: Any,
            error: BaseException | None,
        ) -> None:
            """`started_at` is in seconds since the epoch; `response` is None when `error` is not."""


WEBDRIVER_MODULE = "selenium.webdriver.remote.webdriver"
NEW_SESSION = "newSession"
QUIT = "quit"


class WebDriverHook:
    """Keeps `WebDriver.execute` wrapped between `install` and `uninstall`.

    Hooks of several runs in one process stack, each calling the one below. What the observer raises reaches
    `on_fault` and nobody else. `on_wrap` is called when there is something to observe.
    """

    def __init__(
        self,
        observer: Observer,
        on_fault: Callable[[Exception], None],
        on_wrap: Callable[[], None] | None = None,
    ) -> None:
        self._observer = observer
        self._on_fault = on_fault
        self._on_wrap = on_wrap
        self._installed = False
        self._class: Any = None
        self._original: Any = None
        self._wrapper: Any = None
        self._finder = _AfterImport(WEBDRIVER_MODULE, self._wrap)

    def install(self) -> None:
        self._installed = True
        module = sys.modules.get(WEBDRIVER_MODULE)
        if module is None:
            sys.meta_path.insert(0, self._finder)
        else:
            self._wrap(module)

    def uninstall(self) -> None:
        self._installed = False
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        # Somebody may have wrapped execute after us: then ours stays below theirs and only passes through.
        if self._class is not None and self._class.__dict__.get("execute") is self._wrapper:
            self._class.execute = self._original

    def _wrap(self, module: ModuleType) -> None:
        try:
            driver_class = module.WebDriver
            original = driver_class.execute
            wrapper = self._wrapper_of(original)
            driver_class.execute = wrapper
            self._class, self._original, self._wrapper = driver_class, original, wrapper
            if self._on_wrap is not None:
                self._on_wrap()
        except Exception as fault:  # noqa: BLE001 - a selenium of another shape must still import
            self._on_fault(fault)

    def _wrapper_of(self, original: Callable[..., Any]) -> Callable[..., Any]:
        # Another plugin's wrapper may be below: it gets what comes as it comes, whatever parameters it has.
        @functools.wraps(original)
        def execute(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True  # a failure's traceback stays the one it would be without us
            started_at = untouched.now()
            try:
                response = original(*args, **kwargs)
            except BaseException as error:
                self._tell(args, kwargs, started_at, None, error)
                raise
            self._tell(args, kwargs, started_at, response, None)
            return response

        return execute

    def _tell(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        started_at: float,
        response: Any,
        error: BaseException | None,
    ) -> None:
        if not self._installed:
            return
        try:
            self._observer.saw(*_arguments(args, kwargs), started_at, response, error)
        except Exception as fault:  # noqa: BLE001 - bookkeeping does not change what a command returns
            self._on_fault(fault)


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Return those of `execute(self, driver_command, params=None)`, None for what is missing."""
    driver, command, params = (*args, None, None, None)[:3]
    return driver, kwargs.get("driver_command", command), kwargs.get("params", params)


class _AfterImport(MetaPathFinder):
    """Lets the other finders find one module, and calls `then` with it once it was executed."""

    def __init__(self, name: str, then: Callable[[ModuleType], None]) -> None:
        self._name = name
        self._then = then

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        for finder in sys.meta_path:
            # A finder without find_spec is of the kind that Python 3.12 stopped asking.
            if isinstance(finder, _AfterImport) or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _Loader(spec, spec.loader, self._everyone_waiting())
                return spec
        return None

    def _everyone_waiting(self) -> list[Callable[[ModuleType], None]]:
        """Hooks of nested runs all wait for the same module; the first to be asked answers for all, outermost first."""
        waiting = [finder._then for finder in sys.meta_path if isinstance(finder, _AfterImport)]  # noqa: SLF001
        return waiting[::-1]


class _Loader(Loader):
    """Executes the module with its real loader and puts that loader back, so that nothing else sees this one."""

    def __init__(self, spec: ModuleSpec, loader: Loader, then: list[Callable[[ModuleType], None]]) -> None:
        self._spec = spec
        self._loader = loader
        self._then = then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._spec.loader = self._loader
        self._loader.exec_module(module)
        for then in self._then:
            then(module)


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
    parts = urlsplit(address)
    if not parts.hostname:
        return None
    in_address = _credentials(unquote(parts.username or ""), unquote(parts.password or ""))
    in_config = _credentials(getattr(config, "username", None), getattr(config, "password", None))
    return Hub(parts.hostname, in_address or in_config)


def credentials_in(params: Any) -> Credentials | None:
    """Return the user name and access key among the capabilities of a NEW_SESSION command.

    LambdaTest's block is spelled `LT:Options`, `lt:options` and `LT:options` by its users.
    """
    for capabilities in _capability_sets(params):
        for name, options in capabilities.items():
            if isinstance(name, str) and name.lower() == "lt:options" and isinstance(options, dict):
                username = options.get("username") or options.get("user")
                found = _credentials(username, options.get("accessKey") or options.get("access_key"))
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


def _credentials(username: object, access_key: object) -> Credentials | None:
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
