"""Whatever the API, the hub and the tests' names say is shown as text, and does nothing.

Here the whole way is gone, from the API's answer to real Chromium; each place of the page by itself, with reports that
are made up, is looked at in `tests/report/html/test_in_chromium.py`.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from report_pages import ReportPage
from stories import outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from selenium import webdriver

    from stories import Story

PAYLOADS = (
    "<script>window.__xss = 1</script>",
    "<img src=x onerror=window.__xss=2>",
    '"><img src=x onerror=window.__xss=3>',
    "' onmouseover='window.__xss=4' autofocus onfocus='window.__xss=5",
    "--><svg onload=window.__xss=6>",
    "</style></script></select></details></section><script>window.__xss = 7</script>",
    "javascript:window.__xss=8",
    "&lt;img src=x onerror=window.__xss=9&gt;",
    "<iframe srcdoc='<script>parent.__xss=10</script>'>",
    "{{constructor.constructor('window.__xss=11')()}}${window.__xss=12}",
    "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07\x1b[2J\x9b31m",
    "\u202egnp.exe\u2066 \ufeff \0 \ud83d",
    "| [x](javascript:alert(1)) <b>`",
)
BAD_LINKS = (
    "javascript:window.__xss=20",
    "JaVaScRiPt:window.__xss=21",
    "java\nscript:window.__xss=22",
    "\x01javascript:window.__xss=23",
    "data:text/html,<script>window.__xss=24</script>",
    "vbscript:msgbox(1)",
    "//evil.example/video.mp4",
    "\\\\evil.example\\video.mp4",
    "https:\\\\evil.example/",
    "file:///etc/passwd",
    "blob:https://evil.example/1",
    'https://x.example/" onmouseover="window.__xss=25',
    "https://x.example/'><img src=x onerror=window.__xss=26>",
)
TEXTS = (
    *("name", "remark", "status_ind", "platform", "browser", "browser_version", "build_name", "device", "test_id"),
    *("build_id", "username", "customData", "os_version", "test_type"),
)
LINKS = (
    *("video_url", "screenshot_url", "share_url", "public_url"),
    *(f"{kind}_logs_url" for kind in ("command", "console", "network", "selenium", "appium", "device", "crash")),
)
# A session id and an error of the hub's own making; the hub's host is the only thing that is checked of it.
HUB = """
class Hostile(webdriver.Remote):
    def __init__(self, session_id):
        self.given = session_id
        self.session_id = None
        self.command_executor = type("Connection", (), {"_url": os.environ["STORY_HUB"]})()

    def __getattr__(self, name):
        raise AttributeError(name)

from selenium.webdriver.remote.webdriver import WebDriver
wrapped = WebDriver.execute
"""
EARLY = """
from selenium.webdriver.remote.webdriver import WebDriver

original = WebDriver.execute

def execute(self, driver_command, params=None):
    given = self.__dict__.get("given")
    if given is None:
        return original(self, driver_command, params)
    if driver_command == "newSession":
        self.session_id = given
        return {"value": {"sessionId": given}}
    if driver_command == "refused":
        raise type(given, (Exception,), {})(given)
    return {"value": None}

WebDriver.execute = execute
"""
FOREIGN = (
    "return [...document.querySelectorAll('.lt-sessions, .lt-details, #results-table [class*=col-lt]')]"
    ".flatMap(e => [...e.querySelectorAll('*')])"
    ".filter(e => ['img', 'svg', 'iframe', 'style', 'object', 'form'].includes(e.localName)"
    " || e.localName == 'script' && e.type != 'application/json' && e.text.includes('__xss')"
    " || [...e.attributes].some(a => a.name.startsWith('on')))"
    ".map(e => e.outerHTML)"
)
ALL_LINKS = (
    "return [...document.querySelectorAll('.lt-sessions a, .lt-details a, .col-ltlinks a')]"
    ".map(e => [e.getAttribute('href'), e.protocol])"
)


def test_payloads_in_every_field_of_the_api_do_nothing(story: Story, chromium: webdriver.Chrome) -> None:
    given: dict[str, int] = {}

    def plant(details: dict[str, Any]) -> dict[str, Any]:
        place = given.setdefault(details["session_id"], len(given))
        details |= dict.fromkeys(TEXTS, PAYLOADS[place % len(PAYLOADS)])
        details |= dict.fromkeys(LINKS, BAD_LINKS[place % len(BAD_LINKS)])
        return details

    story.grid.rewrite_details = plant
    summary = story.pytester.path / "summary.md"
    story.set_environment(GITHUB_STEP_SUMMARY=str(summary))
    story.tests(f"""
@pytest.mark.parametrize("number", range({len(PAYLOADS)}))
def test_number(number):
    with open_browser() as driver:
        assert driver.title == "another"
""")
    run = story.run("--color=no", "-vv", "--lambdatest-artifacts=failed", "--lambdatest-artifacts-budget=120")
    assert outcomes(run) == {"failed": len(PAYLOADS)}
    assert len(given) == len(PAYLOADS)
    _look_at(chromium, run.folder / "report.html")
    # What all of them would do to this page: tests/report/player/test_in_chromium.py.
    player = ReportPage(chromium, run.folder / unquote(run.records[0]["player"]))
    assert player.run(
        "for (const row of document.querySelectorAll('.row, #timeline button')) row.click();"
        "return [window.__xss ?? 0, document.querySelectorAll('img, svg, iframe, [href^=javascript]').length]"
    ) == [0, 0]
    assert player.texts("#rows .row")
    assert player.errors() == []

    shown = " ".join(str(value) for record in run.records for value in record.values())
    assert "<img src=x onerror=window.__xss=2>" in shown, "as text it is kept"
    for record in run.records:
        assert (record["video_url"] or "https://x").startswith("https://x")
        assert all(url.startswith("https://x") for url in record["logs"].values())
    _is_harmless(run.output)
    properties = [
        (item.attrib["name"], item.attrib["value"]) for item in ET.parse(run.folder / "junit.xml").iter("property")
    ]
    assert any("onerror" in value for _, value in properties)
    assert all(value.startswith("https://") for name, value in properties if "_url" in name)
    markdown = summary.read_text(encoding="utf-8")
    assert "](javascript:" not in markdown
    assert not re.search(r"(?<!\\)<(?!https?://)", markdown)


def test_names_of_tests_and_what_the_hub_says_do_nothing(story: Story, chromium: webdriver.Chrome) -> None:
    """Pytest-html shows names of tests as they are, scripts included, so that only what is ours is looked at."""
    story.file("early.py", EARLY)
    story.file("payloads.json", json.dumps(PAYLOADS))
    story.file(
        "pytest.ini",
        "[pytest]\npythonpath = .\ndisable_test_id_escaping_and_forfeit_all_rights_to_community_support = true\n",
    )
    story.tests(
        HUB
        + """
import json
PAYLOADS = json.load(open("payloads.json"))

@pytest.mark.parametrize("payload", PAYLOADS, ids=[name.replace("\\0", "").replace("\\ud83d", "") for name in PAYLOADS])
def test_session(payload):
    driver = Hostile(payload)
    driver.execute("newSession", {})
    driver.execute("get", {"url": payload})
    driver.execute("findElement", {"using": payload, "value": payload})
    try:
        driver.execute("refused", {})
    except Exception as error:
        assert type(error).__name__ == payload
    driver.execute("quit")
    assert 0
"""
    )
    run = story.run("-p", "early", "--color=no", "-vv", "--lambdatest-budget=1", "--lambdatest-junit=datadog failure")
    assert outcomes(run)["failed"] == len(PAYLOADS)
    assert "failed inside" not in run.output
    assert len(run.records) == len(PAYLOADS)
    for record in run.records:
        assert re.fullmatch(r"https://automation\.lambdatest\.com/logs/\?sessionID=[\w%.~-]+", record["url"])
    assert all(re.search(r"/sessions/[^/]+$", request.path) for request in story.grid.api_requests)
    page = ReportPage(chromium, run.folder / "report.html")
    assert page.run(FOREIGN) == []
    ours = run.output.partition("= LambdaTest sessions =")[2].partition("= short test summary")[0]
    assert ours.count("\ntest_story.py::test_session[") == len(PAYLOADS)
    _is_harmless(ours)
    ET.parse(run.folder / "junit.xml")


def _look_at(chromium: webdriver.Chrome, report: Path) -> None:
    page = ReportPage(chromium, report)
    page.run("for (const fold of document.querySelectorAll('details')) fold.open = true")
    page.click("#show_all_details")
    page.sort_by("ltstatus")
    page.find("x")
    assert page.run(FOREIGN) == []
    for href, protocol in page.run(ALL_LINKS):
        assert protocol in ("http:", "https:") or (
            protocol == "file:" and href.startswith(("#", "report-lambdatest/"))
        ), href
    page.run(
        "for (const e of document.querySelectorAll('.lt-sessions *, .lt-details *, #results-table [class*=col-lt] *'))"
        " for (const type of ['mouseover', 'focus', 'pointerenter']) e.dispatchEvent(new Event(type, {bubbles: true}))"
    )
    assert page.run("return window.__xss") is None
    assert page.run("return document.querySelectorAll('.lt-details').length") == len(PAYLOADS) * 2, (
        "with why each failed"
    )
    assert page.errors() == []


def _is_harmless(text: str) -> None:
    """No character that a terminal acts upon, or that turns text around."""
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]", text) == []
