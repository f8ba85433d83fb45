"""What stays replaced for a whole run: by a conftest file, by fixtures of the session, by a patch of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolated import skip_without

if TYPE_CHECKING:
    from isolated import Isolation

EVERY_WAY_OUT = (
    "--lambdatest-mark-status=on",
    "--lambdatest-share-days=3",
    "--lambdatest-artifacts=failed",
)

BROWSERS = """
def test_browser():
    visit()

def test_without_a_browser():
    until_asked()

def test_fails():
    visit("fails", title="another title")

def test_last():
    visit("last")
"""

REFUSALS = """
import json
import os
import subprocess
import threading
import time
import uuid

import requests
import suite

CALLED = []

def refuse(owner, name):
    def refused(*args, **kwargs):
        CALLED.append(name)
        raise RuntimeError("refused for the whole run")

    setattr(owner, name, refused)

json.JSONEncoder.default = lambda encoder, value: str(value)
uuid.uuid4 = lambda: uuid.UUID(int=7)

# Not earlier: the HTML report's metadata ask a process what machine this is.
def pytest_collection():
    for owner, names in (
        (requests.Session, ["send"]),
        (requests.adapters.HTTPAdapter, ["send"]),
        (subprocess.Popen, ["__init__"]),
        (threading.Thread, ["start"]),
        (os, ["fork", "posix_spawn", "posix_spawnp", "waitpid", "kill"]),
        (time, ["sleep"]),
    ):
        for name in names:
            refuse(owner, name)

def pytest_unconfigure():
    print(f"\\ncalled: {sorted(set(CALLED))}")
"""


def test_a_conftest_file_refuses_and_fakes_for_the_whole_run(isolation: Isolation) -> None:
    """Nothing of it is called, not even at the end, with all that the plugin can do: it marks, shares and downloads."""
    isolation.story.file("conftest.py", REFUSALS)
    isolation.tests(BROWSERS)
    run = isolation.run("--lambdatest-fetch=teardown", *EVERY_WAY_OUT)
    assert "called: []" in run.output
    marks = {session.name: session.mark.status for session in isolation.grid.sessions.values() if session.mark}
    assert marks == {"visit": "passed", "fails": "failed", "last": "passed"}
    assert all(record["share_url"] for record in run.records)
    assert [bool(record["artifacts"]) for record in run.records] == [False, True, False]


def test_fixtures_of_the_session_replace_what_browsers_do_not_need(isolation: Isolation) -> None:
    """Ended before the run is: at its end a report is written where it was asked for."""
    isolation.story.file(
        "conftest.py",
        """
        import os
        import resource
        import signal
        import socket
        from unittest import mock

        import pytest
        import suite

        @pytest.fixture(scope="session", autouse=True)
        def proxies():
            names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
            with mock.patch.dict(os.environ, dict.fromkeys(names, "http://127.0.0.1:9"), LT_USERNAME="made.up"):
                os.environ["NO_PROXY"] = os.environ["no_proxy"] = ""
                yield

        @pytest.fixture(scope="session", autouse=True)
        def limits():
            before = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (40, before[1]))
            yield
            resource.setrlimit(resource.RLIMIT_NOFILE, before)

        @pytest.fixture(scope="session", autouse=True)
        def signals():
            before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGCHLD, signal.SIGHUP)}
            yield
            for number, handler in before.items():
                signal.signal(number, handler)

        @pytest.fixture(scope="session", autouse=True)
        def mask():
            before = os.umask(0o777)
            yield
            os.umask(before)

        @pytest.fixture(scope="session", autouse=True)
        def elsewhere(tmp_path_factory):
            before = os.getcwd()
            gone = tmp_path_factory.mktemp("gone")
            gone.chmod(0o700)
            os.chdir(gone)
            gone.rmdir()
            yield
            os.chdir(before)
        """,
    )
    isolation.tests(
        """
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.common.proxy import Proxy

hub = os.environ["STORY_HUB"]
direct = ClientConfig(hub, proxy=Proxy({"proxyType": "direct"}))

def browse(name, title="shop.local"):
    chrome = webdriver.ChromeOptions()
    chrome.set_capability("LT:Options", {"build": "story", "name": name})
    with webdriver.Remote(hub, options=chrome, client_config=direct) as driver:
        driver.get("http://shop.local/")
        assert driver.title == title

def test_unit():
    assert os.environ["HTTP_PROXY"]

def test_browser():
    browse("first")

def test_without_a_browser():
    until_asked()

def test_fails():
    browse("fails", title="another title")

def test_last():
    browse("last")
"""
    )
    isolation.run("--lambdatest-fetch=teardown")


LEFT_BEHIND = """
import builtins, io, json, logging, os, signal, socket, subprocess, sys, threading, time
import requests

def refuse(*args, **kwargs):
    raise RuntimeError("replaced by a test that did not clean up")

def test_browser():
    visit()

def test_fails():
    visit("fails", title="another title")

def test_last_forgets_to_undo_what_it_did(tmp_path):
    visit("last")
    socket.socket = socket.create_connection = socket.getaddrinfo = refuse
    requests.Session.request = requests.Session.send = refuse
    threading.Thread.start = subprocess.Popen.__init__ = refuse
    time.sleep = time.time = time.monotonic = time.time_ns = time.clock_gettime = refuse
    os.posix_spawn = os.fork = os.waitpid = os.kill = refuse
    json.JSONEncoder.default = refuse
    logging.disable(logging.CRITICAL)
    for name in list(os.environ):
        del os.environ[name]
    os.chdir(tmp_path)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
"""


def test_what_the_last_test_left_replaced_is_so_when_the_run_ends(isolation: Isolation) -> None:
    isolation.tests(LEFT_BEHIND)
    isolation.run(*EVERY_WAY_OUT)


def test_gevent_patches_everything(isolation: Isolation) -> None:
    """In a plugin that is loaded before this one."""
    skip_without("gevent")
    isolation.story.file("plugin_of_the_suite.py", "from gevent import monkey\n\nmonkey.patch_all()\n")
    isolation.tests(
        """
import gevent

def test_two_browsers_at_once():
    gevent.joinall([gevent.spawn(visit, f"greenlet {number}") for number in range(2)], raise_error=True)

def test_without_a_browser():
    gevent.sleep(1 if "STORY_QUESTIONS" in os.environ else 0)

def test_fails():
    visit("fails", title="another title")
"""
    )
    isolation.story.set_environment(PYTHONPATH=str(isolation.story.pytester.path))
    isolation.story.warm = None  # nothing of the plugin's is imported before
    isolation.run("-p", "plugin_of_the_suite")


def test_eventlet_patches_everything(isolation: Isolation) -> None:
    skip_without("eventlet")
    isolation.story.file("conftest.py", "import suite\nimport eventlet\n\neventlet.monkey_patch()\n")
    isolation.tests(
        """
import eventlet

def test_browser():
    eventlet.spawn(visit).wait()

def test_without_a_browser():
    eventlet.sleep(1 if "STORY_QUESTIONS" in os.environ else 0)

def test_fails():
    visit("fails", title="another title")
"""
    )
    isolation.run()


def test_workers_of_xdist_are_left_alone_too(isolation: Isolation) -> None:
    isolation.story.file(
        "conftest.py",
        """
        import os
        import socket

        import pytest
        import requests
        from freezegun import freeze_time

        if "PYTEST_XDIST_WORKER" in os.environ:
            freeze_time("2019-12-31 23:59:59").start()
            requests.Session.send = None
        """,
    )
    skip_without("freezegun")
    isolation.tests(BROWSERS)
    isolation.run("-n", "1")
