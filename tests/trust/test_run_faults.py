"""Whatever happens to a run, it ends as it would without this plugin, and tells of its sessions what it can."""

from __future__ import annotations

import os
import re
import signal
import stat
from typing import TYPE_CHECKING

import pytest

from stories import Run, Started, outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from stories import Story

# A test that was reached says so into a pipe, and then waits for what happens to it.
REACHED = """
import threading

def reached(place):
    if place in os.environ["STORY_PLACE"].split():
        with open(place, "w") as pipe:
            pipe.write("reached")
            pipe.flush()
            # Still open: an interrupt while Python closes a file may be lost. And not in one long wait: a signal that
            # comes just before the thread goes to sleep does not wake it.
            for _ in range(600):
                threading.Event().wait(0.2)
"""
SUITE = """
@pytest.fixture
def driver():
    driver = open_browser()
    yield driver
    driver.quit()

@pytest.fixture
def slow(driver):
    reached("setup")
    yield driver
    reached("teardown")
    reached("again")

def test_before(driver):
    driver.title

def test_here(slow):
    slow.title
    reached("call")

def test_after(driver):
    driver.title
"""


def start(story: Story, *arguments: str, plugin: bool = True) -> Started:
    for place in ("setup", "call", "teardown", "again"):
        if not (story.pytester.path / place).exists():
            os.mkfifo(story.pytester.path / place)
    return story.start(*arguments, plugin=plugin)


def with_and_without(story: Story, place: str, *signals: tuple[str, int]) -> Run:
    """Do the same to a run without the plugin and to one with it, and see that they end alike."""
    story.tests(REACHED + SUITE)
    story.set_environment(STORY_PLACE=place)
    ended = []
    for plugin in (False, True):
        run = start(story, plugin=plugin)
        for where, number in signals:
            run.wait_until_reached(where)
            run.process.send_signal(number)
        ended.append(run.finish())
    without, run_with = ended
    assert run_with.result.ret == without.result.ret, run_with.output
    assert closing_line(run_with) == closing_line(without)
    assert "INTERNALERROR" not in run_with.output
    return run_with


def closing_line(run: Run) -> str:
    """Pytest's count of outcomes, without the seconds; "" if it did not come to that."""
    last = run.result.outlines[-1].strip("= ") if run.result.outlines else ""
    return last.partition(" in ")[0] if re.fullmatch(r".* in [\d.:]+s.*", last) else ""


def interrupted(story: Story, place: str, number: int, *arguments: str) -> Run:
    story.tests(REACHED + SUITE)
    story.set_environment(STORY_PLACE=place)
    run = start(story, *arguments)
    run.wait_until_reached(place)
    run.process.send_signal(number)
    return run.finish()


@pytest.mark.parametrize("place", ["setup", "teardown"])
def test_ctrl_c_while_a_test_runs_ends_the_run_at_once(story: Story, place: str) -> None:
    """Though the API hangs: nothing is waited for."""
    story.grid.fault = "hang"
    run = interrupted(story, place, signal.SIGINT)
    assert run.result.ret == pytest.ExitCode.INTERRUPTED
    assert closing_line(run) == ("2 passed" if place == "teardown" else "1 passed")
    assert "INTERNALERROR" not in run.output
    assert "waiting for" not in run.output
    before, here = run.records
    assert [use["nodeid"] for use in before["tests"]] == ["test_story.py::test_before"]
    assert here["session_id"] in story.grid.sessions, "the open session is told of too"
    assert before["session_id"] in (run.folder / "junit.xml").read_text(encoding="utf-8")
    assert before["url"] in run.table.everything
    assert here["url"] in run.table.everything
    assert "= LambdaTest sessions =" in run.output


def test_a_second_ctrl_c_while_fixtures_are_torn_down(story: Story) -> None:
    """The first one interrupts the test, the second the teardown that pytest does at the end."""
    run = with_and_without(story, "teardown again call", ("call", signal.SIGINT), ("teardown", signal.SIGINT))
    assert run.result.ret != pytest.ExitCode.OK


def test_sigterm_ends_the_run_as_it_does_without_the_plugin(story: Story) -> None:
    assert interrupted(story, "call", signal.SIGTERM).result.ret == -signal.SIGTERM


PASSING = """
def test_opens():
    with open_browser() as driver:
        driver.title
"""


def test_ctrl_c_in_the_wait_and_after_it_is_not_held_against_the_reports(story: Story) -> None:
    """The first one ends the wait, the second whatever of ours comes after it; here a hook of the suite's own."""
    story.grid.fault = "hang"
    story.tests(PASSING)
    story.set_environment(STORY_PLACE="again")
    story.file(
        "conftest.py",
        "import os\nimport pytest\n"
        + REACHED
        + """
@pytest.hookimpl(optionalhook=True)
def pytest_lambdatest_session_finished(config, session):
    reached("again")
""",
    )
    run = start(story, "--lambdatest-budget=300", "--lambdatest-timeout=300")
    run.wait_until_said(b"waiting for 1 LambdaTest session")
    run.process.send_signal(signal.SIGINT)
    run.wait_until_reached("again")
    run.process.send_signal(signal.SIGINT)
    ended = run.finish()
    assert ended.result.duration < 100
    assert ended.result.ret == pytest.ExitCode.OK, "the tests were over"
    assert "! interrupted while waiting" in ended.output
    (record,) = ended.records
    assert record["url"] in ended.table.everything
    assert ended.properties["test_opens"][0]["lambdatest_session_url"] == record["url"]
    assert closing_line(ended) == "1 passed"


# Ctrl-C as soon as the tests are over and something waits, which nobody sees from outside.
PRESSED = """
import signal
import sys
import threading

def press(main):
    waits = False
    while not waits:
        threading.Event().wait(0.01)
        frame = innermost = sys._current_frames()[main]
        names = set()
        while frame is not None:
            names.add(frame.f_code.co_name)
            frame = frame.f_back
        waits = innermost.f_code.co_name == "wait" and "pytest_sessionfinish" in names
    signal.pthread_kill(main, signal.SIGINT)

threading.Thread(target=press, args=(threading.main_thread().ident,), daemon=True).start()
"""


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--lambdatest-mark-status=on", "interrupted before all sessions were marked"),
        ("--lambdatest-share-days=3", "interrupted while links to share were made"),
    ],
)
def test_ctrl_c_while_sessions_are_marked_or_shared_ends_that_alone(story: Story, option: str, said: str) -> None:
    story.grid.fault = "hang"
    story.file("conftest.py", PRESSED)
    story.tests(PASSING)
    run = story.run(option, "--lambdatest-fetch=off", "--lambdatest-budget=300", "--lambdatest-timeout=300")
    assert run.result.ret == pytest.ExitCode.OK, "the tests were over"
    assert f"! {said}" in run.output
    (record,) = run.records
    assert record["url"] in run.table.everything
    assert closing_line(run) == "1 passed"


# Runs that end by themselves, in their own ways


def test_a_test_that_ends_its_process(story: Story) -> None:
    story.tests("def test_exits():\n    open_browser().title\n    os._exit(3)\n" + PASSING)
    assert story.run().result.ret == 3


RED = "def test_red():\n    with open_browser() as driver:\n        assert 0\n"


@pytest.mark.parametrize(
    ("hook", "condition", "status"),
    [
        ("pytest_runtest_makereport(call)", "call.when == 'setup'", pytest.ExitCode.INTERNAL_ERROR),
        ("pytest_runtest_makereport(call)", "call.when == 'call'", pytest.ExitCode.INTERNAL_ERROR),
        ("pytest_runtest_logreport(report)", "report.when == 'setup'", pytest.ExitCode.INTERNAL_ERROR),
        ("pytest_sessionfinish()", "True", 1),
        ("pytest_terminal_summary()", "True", 1),
    ],
)
def test_an_internal_error_of_another_plugin(story: Story, hook: str, condition: str, status: int) -> None:
    error = "RuntimeError('the other plugin is broken')"
    story.file("conftest.py", f"def {hook}:\n    if {condition}:\n        raise {error}\n")
    story.tests(PASSING)
    run = story.run()
    assert run.result.ret == status
    assert "the other plugin is broken" in run.output
    assert "failed inside" not in run.output


SPOILED = """
import pytest

def change(report, values):
    names = [name for name in vars(report) if "lambdatest" in name]
    vars(report).update(dict.fromkeys(names, values))

def delete(report):
    for name in [name for name in vars(report) if "lambdatest" in name]:
        delattr(report, name)

SPOILERS = {
    "deleted": delete,
    "replaced by None": lambda report: change(report, None),
    "replaced by text": lambda report: change(report, "x"),
    "extras are None": lambda report: setattr(report, "extras", None),
    "extras are a tuple": lambda report: setattr(report, "extras", ()),
    "properties anew": lambda report: setattr(report, "user_properties", []),
    "sections anew": lambda report: setattr(report, "sections", []),
}

def spoil(report):
    SPOILERS.get(report.nodeid.partition("[")[2][:-1], str)(report)

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report):
    spoil(report)

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    spoil(report)
    return report
"""


def test_a_conftest_that_lays_hands_on_what_is_ours(story: Story) -> None:
    story.file("conftest.py", SPOILED)
    ways = "@pytest.mark.parametrize('way', __import__('conftest').SPOILERS)\n" + RED.replace("()", "(way)", 1)
    story.tests(ways + PASSING)
    run = story.run("-k", "not (extras and None)")
    assert outcomes(run) == {"failed": 6, "passed": 1, "deselected": 1}
    assert {record["state"] for record in run.records} == {"final"}
    assert run.output.count("failed inside") <= 1
    # This one pytest-html itself does not survive.
    run = story.run("-k", "extras and None")
    assert run.result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert closing_line(run) == "1 failed, 7 deselected"
    assert {record["state"] for record in run.records} == {"final"}


HOOKS = """
import pytest

class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("not even its words")

class Plugin:
    @pytest.hookimpl(optionalhook=True)
    def pytest_lambdatest_session_links(self, config, session):
        match session["name"]:
            case "raises":
                raise KeyError("links")
            case "fails":
                pytest.fail("links")
            case "no mapping":
                return ["https://x.example"]
            case "no names":
                return {7: "https://x.example", " ": "https://x.example", "a": 7}
            case "no links":
                return {"b": "http://[", "c": "//x", "d": "https://me:k3y@x", "e": "a\\nb"}
            case "spoils the record":
                session.clear()
            case "replaces":
                links = {"session": "pages/s.html", "video": "https://x.example/v", "console": ""}
                return links | {"mine": "https://x.example/"}

    @pytest.hookimpl(optionalhook=True)
    def pytest_lambdatest_session_finished(self, config, session):
        match session["name"]:
            case "raises":
                raise Unspeakable
            case "fails":
                pytest.skip("finished")
            case "spoils the record":
                session["tests"].clear()

def pytest_configure(config):
    config.pluginmanager.register(Plugin())
"""
WAYS = ["raises", "fails", "no mapping", "no names", "no links", "spoils the record", "replaces"]


def test_a_hook_of_the_suites_own_that_goes_wrong(story: Story) -> None:
    """And one that replaces links, and takes one away."""
    story.file("conftest.py", HOOKS)
    story.tests(f"@pytest.mark.parametrize('way', {WAYS})\ndef test_way(way):\n    open_browser(name=way).quit()\n")
    run = story.run()
    assert run.result.ret == pytest.ExitCode.OK
    assert outcomes(run) == {"passed": len(WAYS)}
    for said in (
        *("links failed: KeyError: 'links'", "links failed: Failed: links", "finished failed: "),
        "links returned a list; accepted: {name: url} or None",
        *(f"links returned '{name}' with " for name in ("7", "", *"abcde")),
    ):
        assert said in run.output
    assert "failed inside" not in run.output
    assert "k3y" not in run.output
    records = {record["name"]: record for record in run.records}
    assert [len(records[way]["tests"]) for way in WAYS] == [1] * len(WAYS)
    assert all(record["url"] in run.table.everything for record in run.records)
    replaced = records.pop("replaces")
    assert all(record["links"] == {} for record in records.values())
    assert (replaced["url"], replaced["video_url"]) == ("pages/s.html", "https://x.example/v")
    assert replaced["links"] == {"mine": "https://x.example/"}
    assert "console" not in replaced["logs"]
    assert "command" in replaced["logs"]


# Drivers and commands of their own kind

BOMBS = [
    "class Bomb:\n    def __getattr__(self, name):\n        raise RuntimeError('boom')\n",
    (
        "class Bomb:\n    command_executor = None\n    @property\n    def session_id(self):\n"
        "        raise LookupError('no session')\n"
    ),
    "class Bomb:\n    session_id = [1]\n",
    "class Bomb:\n    session_id = 'x' * 10**7\n    command_executor = None\n",
    "class Bomb:\n    session_id = None\n    command_executor = None\n",
    "class Bomb:\n    session_id = 7\n    command_executor = None\n",
    ("class Bomb:\n    session_id = 's'\n    class command_executor:\n        _url = 'http://[::1'\n"),
]
EARLY = """
from selenium.webdriver.remote.webdriver import WebDriver

original = WebDriver.execute

def execute(self, driver_command, params=None):
    if type(self).__name__ == "Bomb":
        return {"value": None}
    return original(self, driver_command, params)

WebDriver.execute = execute
"""


def test_a_driver_that_is_none(story: Story) -> None:
    """Selenium's own `execute` would fail with most of them; what another plugin puts in its place may not."""
    story.file("early.py", EARLY)
    story.tests(
        "BOMBS = []\n"
        + "".join(f"{bomb}BOMBS.append(Bomb)\n" for bomb in BOMBS)
        + """
@pytest.mark.parametrize("command", ["newSession", "get", "findElement", "w3cExecuteScript", "quit"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_command(bomb, command):
    for params in ({}, None, [], {"script": object()}):
        assert webdriver.Remote.execute(bomb(), command, params) == {"value": None}

def test_opens():
    with open_browser() as driver:
        driver.title
"""
    )
    run = story.run("-p", "early")
    assert outcomes(run) == {"passed": 5 * len(BOMBS) + 1}
    assert run.result.ret == pytest.ExitCode.OK
    real = [record for record in run.records if record["session_id"] in story.grid.sessions]
    assert [record["state"] for record in real] == ["final"]


PATCHING = """
import atexit
from selenium.webdriver.remote.webdriver import WebDriver

original = WebDriver.execute
seen = []

def execute(self, driver_command, params=None):
    seen.append(driver_command)
    return original(self, driver_command, params)

WebDriver.execute = execute

def pytest_unconfigure():
    {unpatch}

def tell():
    from browser import open_browser
    with open_browser() as driver:
        title = driver.title
    with open("seen.txt", "w") as file:
        file.write(" ".join(seen))

atexit.register(tell)
"""


@pytest.mark.parametrize(("place", "unpatch"), [("before", "WebDriver.execute = original"), ("after", "pass")])
def test_another_plugin_that_wraps_execute(story: Story, place: str, unpatch: str) -> None:
    """Both see every command, in either order, and drivers work when the run is over."""
    name = "early.py" if place == "before" else "conftest.py"
    story.file(name, PATCHING.format(unpatch=unpatch))
    story.tests(PASSING)
    run = story.run(*(("-p", "early") if place == "before" else ()))
    assert outcomes(run) == {"passed": 1}
    assert run.result.ret == pytest.ExitCode.OK
    seen = (run.folder / "seen.txt").read_text(encoding="utf-8").split()
    assert seen[:3] == ["newSession", "getTitle", "quit"]
    assert len(story.grid.sessions) == 2, "the second was opened when the run was over"
    (record,) = run.records
    assert record["state"] == "final"
    assert "failed inside" not in run.output


def test_a_run_within_a_run(story: Story) -> None:
    """Both tell of the sessions that were opened within them, and the outer one goes on as if nothing was."""
    story.file("conftest.py", "pytest_plugins = ['pytester']\n")
    story.tests(
        """
        def test_outer(pytester):
            with open_browser() as driver:
                driver.title
                pytester.makepyfile("from browser import *\\ndef test_inner():\\n    open_browser().quit()\\n")
                options = ("-p", "lambdatest_session", "--lambdatest-sessions-file=inner.jsonl")
                inner = pytester.runpytest_inprocess(*options)
                inner.assert_outcomes(passed=1)
                assert len((pytester.path / "inner.jsonl").read_text().splitlines()) == 1
                driver.title

        def test_after():
            open_browser().quit()
        """
    )
    run = story.run("-p", "no:cacheprovider")
    assert outcomes(run) == {"passed": 2}
    by_session = run.tests_by_session()
    assert set(by_session) == set(story.grid.sessions)
    assert sorted(by_session.values()) == [["test_after"], ["test_outer"], ["test_outer"]]
    assert {record["state"] for record in run.records} == {"final"}


# Files of ours that can't be written


@pytest.mark.parametrize("obstacle", ["a full disk", "a folder, and no folder", "too long a name, and a folder"])
def test_a_file_of_ours_that_cannot_be_written(story: Story, obstacle: str) -> None:
    """The sessions file, and the summary of a job at GitHub."""
    file = summary = story.pytester.path / "out"
    if obstacle == "a full disk":
        _be_a_full_disk(file)
    else:
        file.mkdir()
    if obstacle == "a folder, and no folder":
        summary = file / "missing" / "summary.md"
    elif obstacle == "too long a name, and a folder":
        file = file / ("x" * 250)  # it is written under a name that is a little longer
    story.tests(RED + PASSING)
    story.set_environment(GITHUB_STEP_SUMMARY=str(summary))
    run = story.run(f"--lambdatest-sessions-file={file}")
    assert run.result.ret == pytest.ExitCode.TESTS_FAILED
    assert outcomes(run) == {"passed": 1, "failed": 1}
    assert f"! the sessions file {file} could not be written: " in run.output
    assert f"! the job summary {summary} could not be written: " in run.output
    assert run.row("test_red").status
    assert len(run.properties) == 2
    assert [one.name for one in story.pytester.path.rglob("*.tmp")] == []


def _be_a_full_disk(path: Path) -> None:
    """A device of its own where that is allowed: whoever may make one could also spoil the machine's."""
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 7))
        path.open("w").close()
    except PermissionError:
        path.unlink(missing_ok=True)
        assert os.geteuid() != 0, "root without leave to make a device; /dev/full is not put at risk"
        path.symlink_to("/dev/full")


def test_a_sessions_file_may_be_a_pipe_or_a_link(story: Story) -> None:
    """As `/dev/stdout` is one: what is there is written to, never replaced by a file. The run ends at a failure."""
    story.tests(RED + PASSING)
    target, link, pipe = (story.pytester.path / name for name in ("target.jsonl", "sessions.jsonl", "pipe"))
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    os.mkfifo(pipe)
    run = story.run("-x")
    assert (run.result.ret, closing_line(run)) == (pytest.ExitCode.TESTS_FAILED, "1 failed")
    assert link.is_symlink()
    assert [record["tests"][0]["outcome"] for record in run.records] == ["failed"], "read by the link"
    assert target.read_text(encoding="utf-8").startswith("{")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    story.run("-x", f"--lambdatest-sessions-file={pipe}")
    assert os.read(reader, 65536).startswith(b"{")
    os.close(reader)
    assert pipe.is_fifo()
