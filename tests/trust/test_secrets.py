"""Nothing secret leaves memory: distinctive credentials in every place they can come from, every output searched.

The grid knows the secrets, so it and its pages stay outside of what is searched. Three things are the suite's own, with
this plugin or without, and are left out here: what a failing test's locals hold (`-l`), what selenium logs of itself at
DEBUG (the capabilities that it sends), and what a suite puts into the names of its tests.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest

from local_grid import LocalGrid
from pytest_lambdatest_session.config import SettingsError, read_settings
from stories import Story, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stories import Run

USER = "planted.user+ci@example.com"
KEY = "LT_pl4nted/K3y+of=the%account"
BASIC = base64.b64encode(f"{USER}:{KEY}".encode()).decode()
MD5 = hashlib.md5(f"{USER}:{KEY}".encode()).hexdigest()
SECRETS = (KEY, BASIC, MD5)

FORMS = {
    "key": KEY,
    "key in an address": quote(KEY, safe=""),
    "key in a form": quote_plus(KEY),
    "key in an address, in lower case": quote(KEY, safe="").replace("%2F", "%2f").replace("%3D", "%3d"),
    "key in an address in an address": quote(quote(KEY, safe=""), safe=""),
    "key in JSON in JSON": json.dumps(KEY).strip('"').replace("/", "\\/"),
    "basic": BASIC,
    "basic in an address": quote(BASIC, safe=""),
    "header": f"Authorization: Basic {BASIC}",
    "md5": MD5,
    "md5 in capitals": MD5.upper(),
    "user info": f"https://{quote(USER, safe='')}:{quote(KEY, safe='')}@hub.lambdatest.com/wd/hub",
    "auth": f"https://automation.lambdatest.com/public/video?testID=1&auth={MD5}",
    "cut by the limit of a remark": "x" * 490 + KEY,
}
"""Ways in which the API may repeat what it was told."""

TEXTS = (
    *("name", "remark", "status_ind", "platform", "browser", "browser_version", "build_name", "device", "test_id"),
    *("build_id", "username", "customData", "os_version", "test_type"),
)
LINKS = (
    *("video_url", "screenshot_url", "share_url", "public_url"),
    *(f"{kind}_logs_url" for kind in ("command", "console", "network", "selenium", "appium", "device", "crash")),
)

SUITE = """
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.remote.client_config import AuthType, ClientConfig

USER, KEY = os.environ["PLANTED_USER"], os.environ["PLANTED_KEY"]

def open_by_address():
    return open_browser()

def open_by_config():
    hub = os.environ["STORY_PLAIN_HUB"]
    config = ClientConfig(remote_server_addr=hub, username=USER, password=KEY, auth_type=AuthType.BASIC)
    return webdriver.Remote(hub, options=options_of({}), client_config=config)

def open_by_capabilities():
    return webdriver.Remote(os.environ["STORY_PLAIN_HUB"], options=options_of({"username": USER, "accessKey": KEY}))

def options_of(vendor):
    chrome = webdriver.ChromeOptions()
    chrome.set_capability("LT:Options", vendor)
    return chrome

@pytest.mark.parametrize("form", range({forms}))
def test_opened(form):
    (open_by_address, open_by_config, open_by_capabilities)[form % 3]().quit()
    assert form % 2, "one in two fails"

def test_commands():
    with open_by_address() as driver:
        for command in (
            lambda: driver.get("http://" + USER.replace("@", "%40") + ":x@127.0.0.1:9/?token=" + KEY),
            lambda: driver.find_element(By.ID, KEY),
            lambda: driver.find_element(By.LINK_TEXT, os.environ["PLANTED_BASIC"]),
            lambda: driver.execute_script("return '" + KEY + "' + arguments[0]", os.environ["PLANTED_MD5"]),
        ):
            try:
                command()
            except WebDriverException:
                pass
        assert 0, "the last commands are shown"

def test_refused():
    try:
        webdriver.Remote(os.environ["STORY_HUB"].replace("@", "x@"), options=options_of({}))
    except WebDriverException:
        pass
    assert 0, "the hub refused it"

def test_left_open():
    open_by_address().title
"""

CONFTEST = """
import gc, json, logging, os, shutil, tempfile
import pytest

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
logging.getLogger("selenium").setLevel(logging.INFO)

class Everything(logging.Handler):
    def emit(self, record):
        with open(f"records-{WORKER}.txt", "a") as file:
            file.write(f"{record.name} {record.getMessage()} {vars(record)}\\n")

def pytest_configure(config):
    logging.getLogger().addHandler(Everything(logging.NOTSET))
    logging.getLogger().setLevel(logging.NOTSET)

@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(report):
    data = yield
    with open(f"messages-{WORKER}.txt", "a") as file:
        file.write(f"{data!r}\\n")
    return data

@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    with open("messages-main.txt", "a") as file:
        file.write(f"{node.workerinput!r} {getattr(node, 'workeroutput', None)!r}\\n")

@pytest.hookimpl(optionalhook=True)
def pytest_lambdatest_session_links(config, session):
    return {"ticket": "https://planted:" + os.environ["PLANTED_MD5"] + "@x.example/"}

@pytest.hookimpl(optionalhook=True)
def pytest_lambdatest_session_finished(config, session):
    raise RuntimeError("no archive for " + os.environ["PLANTED_ERROR"])

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish():
    # What a worker wrote for the case that it dies.
    shutil.copytree(tempfile.gettempdir(), f"journals-{WORKER}", ignore=shutil.ignore_patterns("pytest-of-*"))
    result = yield
    ours = [one for one in gc.get_objects() if str(type(one).__module__).startswith("pytest_lambdatest_session")]
    with open(f"reprs-{WORKER}.txt", "w") as file:
        for one in ours:
            file.write(f"{one!r} {one!s}\\n")
    return result
"""


@pytest.fixture
def grid() -> Iterator[LocalGrid]:
    with LocalGrid(
        backend="simulated", username=USER, access_key=KEY, ready_after=0.0, record=False, echo_capabilities=True
    ) as running:
        yield running


@pytest.fixture
def planted(story: Story, tmp_path: Path) -> Story:
    """A story whose hub, API and environment repeat the credentials wherever they can."""
    grid = story.grid
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    story.set_environment(
        PLANTED_USER=USER,
        PLANTED_KEY=KEY,
        PLANTED_BASIC=BASIC,
        PLANTED_MD5=MD5,
        PLANTED_ERROR=KEY,
        STORY_PLAIN_HUB=grid.hub_url_plain,
        GITHUB_STEP_SUMMARY=str(story.pytester.path / "summary.md"),
        TMPDIR=str(temporary),
    )
    forms = list(FORMS.values())
    given: dict[str, str] = {}

    def plant(details: dict[str, Any]) -> dict[str, Any]:
        form = given.setdefault(details["session_id"], forms[len(given) % len(forms)])
        details |= {field: f"{field} {form}" for field in TEXTS}
        details |= dict(zip(LINKS, _links(form), strict=True))
        return details

    grid.rewrite_details = plant
    story.file("conftest.py", CONFTEST)
    story.tests(SUITE.replace("{forms}", str(len(forms))))
    return story


def _links(form: str) -> Iterator[str]:
    encoded = quote(form, safe="")
    yield from (
        f"https://storage.example/video.mp4?auth={encoded}",
        f"https://storage.example/{encoded}/shots.zip",
        f"https://storage.example/#auth={encoded}",
        f"https://{encoded}@storage.example/",
        f"https://storage.example/log?key={encoded}&user=me",
        f"https://storage.example/log?next={quote(f'https://x.example/?token={encoded}', safe='')}",
        f"https://storage.example/log?anything={encoded}",
        f"https://storage.example/log;{encoded}",
        f"https://user:{encoded}@storage.example/log",
        f"https://{form}.example/log",
        f"https://storage.example/log?X-Amz-Signature={encoded}",
    )


ALL_OUTPUTS = (
    *("-vv", "-l", "-rA", "--tb=long", "--full-trace", "--durations=0", "--lambdatest-show-values=on"),
    *("-o", "log_cli=true", "--log-cli-level=DEBUG", "--log-file=log.txt", "--log-file-level=DEBUG"),
    *("--json-report", "--json-report-file=report.json", "--report-log=reports.jsonl", "--alluredir=allure"),
)


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        (("--lambdatest-artifacts=all",), True),
        (
            (
                *("-n2", "--lambdatest-mark-status=overwrite", "--lambdatest-share-days=7"),
                *("--self-contained-html", "--lambdatest-fetch=teardown"),
            ),
            False,
        ),
    ],
    ids=["environment, artifacts", "xdist, marked, shared, teardown"],
)
def test_no_output_has_a_secret_that_was_planted_everywhere(
    planted: Story, options: tuple[str, ...], environment: bool
) -> None:
    if environment:
        planted.set_environment(LT_USERNAME=USER, LT_ACCESS_KEY=KEY)
    if "-n2" in options:
        # A controller that nobody told the key can't know it when the suite's own hook quotes it there.
        planted.set_environment(PLANTED_ERROR=FORMS["user info"])
    run = planted.run(*ALL_OUTPUTS, *options, timeout=120)
    assert outcomes(run)["failed"] == len(FORMS) // 2 + 2
    answered = [record for record in run.records if record["state"] == "final"]
    assert len(answered) >= len(FORMS), run.output
    assert all("***" in record["name"] or "xxx" in record["name"] for record in answered), "it was masked"
    written = _everything_written(run)
    for name in ("report.html", "junit.xml", "report.json", "reports.jsonl", "sessions.jsonl", "summary.md", "log.txt"):
        assert written[name], name
    assert any(name.startswith("records-") for name in written)
    assert any(name.startswith("reprs-") for name in written)
    assert any(name.startswith("allure") for name in written)
    if "-n2" in options:
        assert any(name.startswith("messages-gw") for name in written)
        assert any(name.startswith("journals-gw") and name.endswith(".jsonl") for name in written)
    assert leaks_in({**written, "the terminal": run.output}) == []


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("lambdatest_hub", "planted:LT_pl4nted@hub.lambdatest.com", "***@hub.lambdatest.com"),
        (
            "lambdatest_hub",
            "https://planted:LT_pl4nted@hub.lambdatest.com/wd/hub",
            "https://***@hub.lambdatest.com/wd/hub",
        ),
        ("lambdatest_api_url", "https://planted:LT/_pl4nted@api.lambdatest.com", "https://***@api.lambdatest.com"),
        ("lambdatest_api_url", "https://p@x.example:LT_pl4nted@api.lambdatest.com", "https://***@api.lambdatest.com"),
        ("lambdatest_dashboard_url", "//planted:LT_pl4nted@x.example/{session_id}", "//***@x.example/{session_id}"),
        ("lambdatest_fetch", "planted:LT_pl4nted@", "***@"),
    ],
)
def test_a_setting_that_is_not_accepted_is_quoted_without_the_key_in_it(name: str, value: str, shown: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({name: value}, {}, {})
    assert "pl4nted" not in str(caught.value)
    assert f"{name} is {shown!r}" in str(caught.value)


def _everything_written(run: Run) -> dict[str, str]:
    """`{name: text}` of every file that the run left behind, but for bytecode and the suite itself."""
    return {
        str(path.relative_to(run.folder)): path.read_text(encoding="utf-8", errors="replace")
        for path in run.folder.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }


def leaks_in(texts: dict[str, str]) -> list[tuple[str, str]]:
    """Where a secret stands in one of its spellings, with what is around it; also in pieces of a dozen characters."""
    found = []
    for name, text in texts.items():
        for spelling in _spellings():
            at = text.find(spelling)
            if at >= 0:
                found.append((name, text[max(0, at - 80) : at + len(spelling) + 20]))
    return found


def _spellings() -> set[str]:
    pieces = {secret[:20] for secret in SECRETS}
    plain = {*SECRETS, MD5.upper(), *pieces, USER}
    quoted = {quote(text, safe="") for text in plain} | {quote_plus(text) for text in plain}
    quoted |= {quote(text, safe="") for text in quoted} | {quote(text).replace("%2F", "%2f") for text in quoted}
    return plain | quoted | {json.dumps(text)[1:-1].replace("/", "\\/") for text in plain}
