"""The words for WebDriver commands: which are kept, how repetitions fold, what never shows."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_lambdatest_session.capture.commands import (
    bidi_error,
    describe,
    error_of,
    kept_of,
    kept_of_bidi,
    marks_status,
)
from pytest_lambdatest_session.cloud.redact import clean_text, scrub

EVERYTHING = "hunter2"


class Element:
    def __init__(self, id_: str) -> None:
        self.id = id_


def clean(text: str, limit: int) -> str:
    return clean_text(scrub(text, ["s3cret-key"]), limit)


def told(*seen: tuple[str, object], with_values: bool = False, error: str | None = None) -> list[str]:
    commands = [("s", name, about, float(place), place + 0.5, error) for place, (name, about) in enumerate(seen)]
    return [
        " ".join(part for part in (one["name"], one["about"], one["error"]) if part)
        for one in describe(commands, clean, with_values=with_values)
    ]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:s3cret-key@shop.example:8443/basket?token=1#top", "https://shop.example:8443/basket?…"),
        ("https://shop.example/basket", "https://shop.example/basket"),
        ("data:text/html;charset=utf-8,<p>hunter2", "data:text/html;charset=utf-8…"),
        ("javascript:alert('hunter2')", "javascript:…"),
        ("about:blank", "about:blank"),
        ("file:///tmp/page.html", "file:///tmp/page.html"),
        ("https://[broken", "https://[broken"),
        ("https://shop.example/s3cret-key/", "https://shop.example/***/"),
    ],
)
def test_an_address_is_shown_without_what_identifies_people(url: str, shown: str) -> None:
    assert told(("get", {"url": url})) == [f"get {shown}".strip()]


def test_a_command_to_an_element_says_how_it_was_found() -> None:
    params = {"using": "css selector", "value": "#buy"}
    many = {"using": "xpath", "value": "//li"}
    assert told(
        ("findElement", kept_of("findElement", params, {"value": Element("e1")}, with_values=False)),
        ("clickElement", {"id": "e1"}),
        ("findElements", kept_of("findElements", many, {"value": [Element("e2"), Element("e3")]}, with_values=False)),
        ("getElementAttribute", {"id": "e3", "name": "href"}),
        ("clickElement", {"id": "unknown"}),
    ) == [
        "find_element css selector #buy",
        "click css selector #buy",
        "find_elements xpath //li",
        "get_attribute xpath //li href",
        "click",
    ]


@pytest.mark.parametrize("response", [None, {"value": None}, {"value": []}, {"value": {"id": 3}}])
def test_a_search_that_found_nothing_of_the_usual_kind_is_kept_all_the_same(response: Any) -> None:
    kept = kept_of("findElement", {"using": "css selector", "value": "#x"}, response, with_values=False)
    assert told(("findElement", kept)) == ["find_element css selector #x"]


@pytest.mark.parametrize(
    ("command", "params"),
    [
        ("sendKeysToElement", {"id": "e", "text": EVERYTHING, "value": list(EVERYTHING)}),
        ("w3cSetAlertValue", {"text": EVERYTHING}),
        ("addCookie", {"cookie": {"name": "n", "value": EVERYTHING}}),
        ("w3cExecuteScript", {"script": f"return '{EVERYTHING}'", "args": [EVERYTHING]}),
        ("uploadFile", {"file": EVERYTHING}),
    ],
)
def test_values_are_not_shown_nor_what_an_error_says_of_them(command: str, params: dict[str, object]) -> None:
    kept = kept_of(command, params, None, with_values=False)
    (line,) = told((command, kept), error=f"InvalidArgumentException: {EVERYTHING} is not a file")
    assert EVERYTHING not in line
    assert line.endswith("InvalidArgumentException")


def test_values_are_shown_when_asked_for_and_objects_by_their_kind_only() -> None:
    script = kept_of("w3cExecuteScript", {"script": "go()", "args": [1, Element("e")]}, None, with_values=True)
    assert told(
        ("sendKeysToElement", {"text": "Ada s3cret-key"}),
        ("addCookie", {"cookie": {"name": "n", "value": "v"}}),
        ("w3cExecuteScript", script),
        with_values=True,
    ) == ['send_keys "Ada ***"', 'add_cookie {"name": "n", "value": "v"}', 'execute_script go() [1, "<Element>"]']


def test_commands_of_bidi_are_told_as_the_classic_ones_are() -> None:
    given: list[tuple[str, object]] = [
        ("browsingContext.navigate", {"context": "c", "url": "https://me:s3cret-key@shop.example/?token=1"}),
        ("browsingContext.locateNodes", {"locator": {"type": "css", "value": "#buy"}}),
        ("browsingContext.locateNodes", {"locator": None}),
        ("script.callFunction", {"functionDeclaration": "() => 1", "arguments": [{"type": "string", "value": "a"}]}),
        ("script.evaluate", {"expression": "1"}),
        ("storage.setCookie", {"cookie": {"name": "n"}}),
        ("network.continueWithAuth", {"credentials": {"password": EVERYTHING}}),
        ("session_subscribe", None),
    ]
    hidden, shown = (
        told(
            *((name, kept_of_bidi(name, params, with_values=with_values)) for name, params in given),
            with_values=with_values,
        )
        for with_values in (False, True)
    )
    assert hidden == [
        "browsing_context.navigate https://shop.example/?…",
        "browsing_context.locate_nodes css #buy",
        "browsing_context.locate_nodes",
        *("script.call_function", "script.evaluate", "storage.set_cookie", "network.continue_with_auth"),
        "session_subscribe",
    ]
    assert shown == [
        *hidden[:3],
        'script.call_function () => 1 [{"type": "string", "value": "a"}]',
        "script.evaluate 1 []",
        'storage.set_cookie {"name": "n"}',
        *hidden[-2:],
    ]


@pytest.mark.parametrize(
    ("response", "error", "hidden", "shown"),
    [
        (None, ValueError("no hunter2"), "ValueError", ": no hunter2"),
        (None, KeyError(), "KeyError", ""),
        (
            {"error": "invalid argument", "message": "hunter2"},
            None,
            "WebDriverException: invalid argument",
            ": hunter2",
        ),
        ({"type": "exception", "exceptionDetails": {"text": "hunter2"}}, None, "JavascriptException", ": hunter2"),
        ({"result": {"type": "exception"}}, None, "JavascriptException", ":"),
    ],
)
def test_an_error_of_bidi_shows_its_code_and_its_message_if_asked_for(
    response: object, error: Exception | None, hidden: str, shown: str
) -> None:
    failure = bidi_error(response, error)
    assert told(("script.evaluate", None), error=failure) == [f"script.evaluate {hidden}"]
    assert told(("script.evaluate", None), error=failure, with_values=True) == [f"script.evaluate {hidden}{shown}"]


@pytest.mark.parametrize("response", [None, {"type": "success"}, {"result": None}])
def test_an_answer_of_bidi_without_an_error_has_none(response: object) -> None:
    assert bidi_error(response, None) is None


def test_arguments_that_contain_themselves_and_commands_nobody_knows_are_named_by_their_kind() -> None:
    around: list[object] = []
    around.append(around)
    script = kept_of("w3cExecuteScript", {"script": "go()", "args": around}, None, with_values=True)
    given = (("w3cExecuteScript", script), ("getAppStrings", None), ("w3cGetAlertText", None))
    assert told(*given, with_values=True) == ["execute_script go() <list>", "get_app_strings", "get_alert_text"]


def test_what_comes_again_and_again_stands_once_and_the_last_ten_are_shown() -> None:
    find = ("findElement", ({"using": "id", "value": "x"}, ()))
    shown = ("isElementDisplayed", {"id": "e"})
    seen = [("s", name, about, float(n), n + 0.25, None) for n, (name, about) in enumerate([find, shown] * 3 + [find])]
    folded = describe(seen, clean, with_values=False)
    assert [(one["name"], one["times"]) for one in folded] == [
        ("find_element", 3),
        ("is_element_displayed", 3),
        ("find_element", 1),
    ]
    assert folded[0]["seconds"] == 0.75
    many = [("s", f"command{number}", None, 0.0, 0.0, None) for number in range(30)]
    assert [one["name"] for one in describe(many, clean, with_values=False)] == [f"command{n}" for n in range(20, 30)]


def test_an_error_is_its_kind_and_its_first_line() -> None:
    class Refused(Exception):  # noqa: N818 - a stand-in for selenium's
        msg = "no such element: #x\n  (Session info: chrome)"

    assert error_of(Refused()) == "Refused: no such element: #x"
    assert error_of(TimeoutError("slow\nvery")) == "TimeoutError: slow"
    assert error_of(KeyError()) == "KeyError"


@pytest.mark.parametrize(
    ("script", "args", "marks"),
    [
        ("lambda-status=failed", [], True),
        (" lambda-status = passed ", [], True),
        ('lambda-hook: {"action": "setTestStatus", "arguments": {"status": "passed"}}', [], True),
        ("lambda-action", [{"action": "setTestStatus"}], True),
        ("lambda-name=checkout", [], False),
        ('lambda-hook: {"action": "stepcontext"}', [], False),
        ("return 'lambda-status=failed'", [], False),
        (None, [], False),
    ],
)
def test_a_script_that_marks_the_session_is_told_from_others(script: str, args: list[object], marks: bool) -> None:
    assert marks_status("w3cExecuteScript", {"script": script, "args": args}) is marks
    assert not marks_status("get", {"script": script})
