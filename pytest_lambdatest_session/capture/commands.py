"""The last WebDriver commands of an attempt, in words that may stand in a report. Pure: no pytest, no selenium.

What people typed, scripts and their arguments, cookies and capabilities can be secrets: none of it is kept in words
unless the user asked for values, and capabilities not even then. Of an address the query is left out, and everything
passes a `clean` that masks the account's credentials.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_lambdatest_session.capture.payload import CommandPayload

    Clean = Callable[[str, int], str]
    """Makes one line of at most so many characters, without secrets."""

SeenCommand: TypeAlias = "tuple[str, str, object, float, float, str | None]"
"""Session id, the name of the command as selenium, BiDi or Playwright has it, what was kept of its parameters, sent at
and answered at in seconds since the epoch, error. A plain tuple, since one is made for every command of a run."""

SHOWN_COMMANDS = 10
_ABOUT_LIMIT, _VALUE_LIMIT, _ERROR_LIMIT = 120, 200, 200
_MOST_FOUND = 20

FINDS = frozenset(
    (
        *("findElement", "findElements", "findChildElement", "findChildElements"),
        *("findElementFromShadowRoot", "findElementsFromShadowRoot"),
    )
)
_SCRIPTS = frozenset(("w3cExecuteScript", "w3cExecuteScriptAsync", "executeScript", "executeAsyncScript"))

BIDI_ENDS = frozenset(("browser.close", "session.end"))
BIDI_ANSWERS = frozenset(
    (
        *("network.continueRequest", "network.continueResponse", "network.continueWithAuth"),
        *("network.failRequest", "network.provideResponse"),
    )
)
"""What handlers send of their own accord for each request that a page makes, whichever test runs."""
_BIDI_LOCATES, _BIDI_NAVIGATES = "browsingContext.locateNodes", "browsingContext.navigate"
# Errors of these may repeat what they were given.
_BIDI_VALUED = ("browsingContext.handleUserPrompt", "input.", "network.", "script.", "storage.")
# Live objects or megabytes among their parameters, or nothing but secrets: not kept at all.
_UNKEPT = frozenset(
    ("actions", "addCredential", "addVirtualAuthenticator", "downloadFile", "pushFile", "switchToFrame", "uploadFile")
)

_SENSITIVE = _SCRIPTS | _UNKEPT

# What they are given is a value, and errors may repeat it.
_TYPING = frozenset(("sendKeysToElement", "w3cSetAlertValue", "addCookie", "storage.setCookie"))
_VALUED = _TYPING | _SENSITIVE | {"w3cGetAlertText"}

# As Selenium's Python users write them; others are spelled from selenium's own names.
_NAMES = {
    "clearElement": "clear",
    "clickElement": "click",
    "findChildElement": "find_element",
    "findChildElements": "find_elements",
    "findElementFromShadowRoot": "find_element",
    "findElementsFromShadowRoot": "find_elements",
    "getCurrentUrl": "current_url",
    "getElementAttribute": "get_attribute",
    "getElementProperty": "get_property",
    "getElementTagName": "tag_name",
    "getElementText": "text",
    "getPageSource": "page_source",
    "getTitle": "title",
    "goBack": "back",
    "goForward": "forward",
    "isElementEnabled": "is_enabled",
    "isElementSelected": "is_selected",
    "sendKeysToElement": "send_keys",
    "w3cExecuteScript": "execute_script",
    "w3cExecuteScriptAsync": "execute_async_script",
}
_MARK = r"\s*lambda-status\s*=|\s*lambda-(?:hook|action)\b.*setTestStatus"


def kept_of(command: str, params: object, response: Any, *, with_values: bool) -> object:
    """Return what to keep of a command's parameters until the attempt ends: never an object of the test's own."""
    if command in FINDS:
        return _found(params, response)
    if command in _SCRIPTS and with_values and isinstance(params, dict):
        return {"script": str(params.get("script", "")), "args": _in_json(params.get("args") or [])}
    # Of all others they are strings and numbers.
    return None if command in _SENSITIVE else params


def _found(params: object, response: Any) -> object:
    """Return a search's parameters, and the ids of what it found, which give later commands on it a name."""
    try:
        # Once per search: WebElement's property `id`, which returns it, takes a tenth of all that a search costs.
        return params, response["value"]._id  # noqa: SLF001
    except (AttributeError, KeyError, TypeError):
        value = response.get("value") if isinstance(response, dict) else None
        elements: list[Any] = value[:_MOST_FOUND] if isinstance(value, list) else [value]
        return params, [element.id for element in elements if hasattr(element, "id")]


def kept_of_bidi(method: str, params: Any, *, with_values: bool) -> object:
    """Return the same of a command of WebDriver BiDi, named as in the classic one that does as much."""
    if not isinstance(params, dict):
        return None
    if method == _BIDI_NAVIGATES:
        return {"url": params.get("url")}
    if method == _BIDI_LOCATES:
        locator = params.get("locator")
        return {"using": locator.get("type"), "value": locator.get("value")} if isinstance(locator, dict) else None
    if not with_values:
        return None
    if method == "storage.setCookie":
        return {"cookie": params.get("cookie")}
    script = params.get("functionDeclaration") or params.get("expression")
    return {"script": script, "args": _in_json(params.get("arguments") or [])} if script else None


def bidi_error(response: Any, error: BaseException | None) -> str | None:
    """Return the error of a command of BiDi: raised, in an answer still to be read, or thrown by the page's script."""
    if error is not None:
        return error_of(error)
    if not isinstance(response, dict):
        return None
    if "error" in response:
        return f"WebDriverException: {response['error']}: {response.get('message', '')}"
    result = response.get("result", response)
    if isinstance(result, dict) and result.get("type") == "exception":
        details = result.get("exceptionDetails")
        return f"JavascriptException: {details.get('text', '') if isinstance(details, dict) else ''}"
    return None


def marks_status(command: str, params: Any) -> bool:
    """Return whether the suite itself marks its session with this command, by one of LambdaTest's hooks."""
    if command not in _SCRIPTS or not isinstance(params, dict):
        return False
    script, args = params.get("script"), params.get("args")
    if not isinstance(script, str) or not script.lstrip().startswith("lambda-"):
        return False
    return re.match(_MARK, f"{script} {_in_json(args or [])}", re.DOTALL | re.IGNORECASE) is not None


def describe(seen: Iterable[SeenCommand], clean: Clean, *, with_values: bool) -> list[CommandPayload]:
    """Return the last commands, oldest first; what was repeated, as a wait does, stands once."""
    names: dict[str, str] = {}
    told: list[CommandPayload] = []
    for session_id, command, about, at, until, error in seen:
        if isinstance(about, tuple):
            about, ids = about  # noqa: PLW2901 - see `_found`
            names.update(dict.fromkeys([ids] if isinstance(ids, str) else ids, _locator(about)))
        told.append(
            {
                "session": clean(session_id, _ABOUT_LIMIT),
                "name": clean(_name_of(command), _ABOUT_LIMIT),
                "about": _about(command, about, names, clean, with_values=with_values),
                "at": at,
                "seconds": max(0.0, until - at),
                "error": _error(command, error, clean, with_values=with_values),
                "times": 1,
            }
        )
    return _folded(told)[-SHOWN_COMMANDS:]


def error_of(error: BaseException) -> str:
    """Return the kind of an error and its message's first line, to be shortened and cleaned when it is shown."""
    message = getattr(error, "msg", None)
    if not isinstance(message, str):
        message = str(error)
    # Selenium ends its messages with an address to read more at.
    first_line = message.strip().partition("\n")[0].partition("; For documentation on this error")[0]
    return f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__


def _name_of(command: str) -> str:
    known = _NAMES.get(command)
    return known or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", command.removeprefix("w3c")).lower()


def _about(command: str, about: object, names: dict[str, str], clean: Clean, *, with_values: bool) -> str:
    if isinstance(about, str):
        # An action of Playwright's, of which only what may be shown was kept.
        return clean(about, _VALUE_LIMIT if with_values else _ABOUT_LIMIT)
    if not isinstance(about, dict):
        return ""
    if command in FINDS or command == _BIDI_LOCATES:
        return clean(_locator(about), _ABOUT_LIMIT)
    if command in ("get", _BIDI_NAVIGATES):
        return clean(shown_address(str(about.get("url", ""))), _ABOUT_LIMIT)
    if "script" in about:
        return clean(f"{about.get('script', '')}  {about.get('args', '')}", _VALUE_LIMIT)
    parts = [names.get(str(about.get("id")), "")]
    if command in ("getElementAttribute", "getElementProperty", "getElementValueOfCssProperty"):
        parts.append(str(about.get("name") or about.get("propertyName") or ""))
    if with_values and command in _TYPING:
        parts.append(_in_json(about.get("text") if "text" in about else about.get("cookie")))
    return clean("  ".join(part for part in parts if part), _VALUE_LIMIT if with_values else _ABOUT_LIMIT)


def _error(command: str, error: str | None, clean: Clean, *, with_values: bool) -> str | None:
    if error is None:
        return None
    if not with_values:
        if command in _VALUED:
            error = error.partition(":")[0]
        elif command.startswith(_BIDI_VALUED):
            # The protocol's codes are of small letters, its messages not.
            error = re.sub(r"^(\w+(?:: [a-z ]+(?=:|$))?).*", r"\1", error)
    return clean(error, _ERROR_LIMIT)


def _locator(about: object) -> str:
    return f"{about.get('using', '')} {about.get('value', '')}".strip() if isinstance(about, dict) else ""


def shown_address(url: str) -> str:
    """Return an address without user info, query and fragment, which identify people; of `data:` only the kind."""
    scheme, _, rest = url.partition(":")
    if scheme.lower() in ("data", "javascript", "blob"):
        return f"{scheme}:{rest.partition(',')[0] if scheme.lower() == 'data' else ''}…"
    shown = re.split(r"[?#]", url, maxsplit=1)[0]
    return re.sub(r"//[^/]*@", "//", shown) + ("?…" if shown != url else "")


# Made once: tests replace `json.dumps`.
_encode = json.JSONEncoder(ensure_ascii=False, default=lambda other: f"<{type(other).__name__}>").encode


def _in_json(value: Any) -> str:
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError):
        return f"<{type(value).__name__}>"


def _folded(commands: list[CommandPayload]) -> list[CommandPayload]:
    """Fold one command, or two in turn, that come again and again: a wait polls with one or the other."""
    folded: list[CommandPayload] = []
    for command in commands:
        folded.append(command)
        for period in (1, 2):
            earlier, latest = folded[-2 * period : -period], folded[-period:]
            if len(earlier) == period and all(map(_is_alike, earlier, latest)):
                folded[-2 * period :] = map(_summed, earlier, latest)
                break
    return folded


def _is_alike(one: CommandPayload, other: CommandPayload) -> bool:
    return all(one[key] == other[key] for key in ("session", "name", "about", "error"))


def _summed(one: CommandPayload, other: CommandPayload) -> CommandPayload:
    return {**one, "seconds": one["seconds"] + other["seconds"], "times": one["times"] + other["times"]}
