"""The rule behind the cases: whatever a test replaces in its own process, it meets nothing of this plugin there.

Each replacement is the body of a fixture. It is in place when a test that has used a browser is reported, between that
test and the next, around one that waits until LambdaTest's API was asked about the browsers before, and around further
browsers, where those work with it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from isolated import skip_without

if TYPE_CHECKING:
    from isolated import Isolation


class Replacement(NamedTuple):
    """The body of a fixture, which may use `mock`, `monkeypatch` and `tmp_path`, and yields once."""

    name: str
    options: dict[str, str]
    """`alone` where selenium opens no browser with it; what must be installed, `plugin` being its entry point's name;
    a further `fixture`, of that plugin; and a `scope` if that of a class does not do."""
    body: str


def replacements(group: str) -> list[Replacement]:
    """Of blocks with a name and its options on the first line."""
    made = []
    for block in re.split(r"\n\n(?=\S)", group.strip()):
        head, _, body = block.partition("\n")
        name, *options = head.split()
        made.append(Replacement(name, dict(option.partition("=")[::2] for option in options), body))
    return made


START = """
import builtins, contextlib, datetime, decimal, gc, http.client, io, json, locale, logging, os, pathlib, queue, random
import resource, selectors, select, shutil, signal, socket, subprocess, sys, tempfile, threading, time, uuid, warnings
import concurrent.futures, http.server, json.decoder, json.encoder, multiprocessing, multiprocessing.connection, ssl
from unittest import mock

import requests
import urllib3

def refuse(*args, **kwargs):
    raise AssertionError("replaced by a test, and called by somebody else")

@pytest.fixture
def monkeypatch_function(monkeypatch):
    return monkeypatch

@pytest.fixture
def tmp_path_function(tmp_path):
    return tmp_path

@pytest.fixture(scope="class")
def monkeypatch_class():
    with pytest.MonkeyPatch.context() as patch:
        yield patch

@pytest.fixture(scope="class")
def tmp_path_class(tmp_path_factory):
    return tmp_path_factory.mktemp("replaced")
"""

GROUPS = {
    "libraries": """
pook_ alone package=pook
    import pook
    with pook.use():
        pook.get("https://api.shop.example/items").reply(200).json(["pear"])
        assert requests.get("https://api.shop.example/items").json() == ["pear"]
        yield
        assert pook.unmatched_requests() == []

httpretty_ alone package=httpretty
    import httpretty, re
    with httpretty.enabled(allow_net_connect=False):
        httpretty.register_uri(httpretty.GET, re.compile("http://.*"), body='{"data": {"duration": 4711}}')
        yield
        assert httpretty.latest_requests() == []

pyfakefs_ fixture=fs_class package=pyfakefs plugin=fakefs
    fs_class.create_file("/orders/1.txt", contents="pears")
    assert sorted(os.listdir("/orders")) == ["1.txt"]
    yield
    assert not pathlib.Path("/orders/2.txt").exists()
    assert [os.path.join(folder, name) for folder, _, names in os.walk("/") for name in names] == ["/orders/1.txt"]

all_processes fixture=fp package=pytest_subprocess plugin=pytest-subprocess scope=function
    fp.allow_unregistered(True)
    yield
    assert list(fp.calls) == []

frozen package=freezegun
    from freezegun import freeze_time
    with freeze_time("2019-12-31 23:59:59"):
        yield

travelled package=time_machine
    import time_machine
    with time_machine.travel("2041-06-30 22:00 +0000", tick=False):
        yield
""",
    "HTTP": """
requests_session
    with mock.patch("requests.Session") as session, mock.patch("requests.sessions.Session", session):
        yield
    assert session.mock_calls == []

adapter_answers_everything
    answer = requests.Response()
    answer.status_code, answer._content = 200, b'{"data": {"status_ind": "failed", "duration": 4711}}'
    with mock.patch("requests.adapters.HTTPAdapter.send", return_value=answer) as send:
        yield
    assert not send.called

connection_pools alone
    with mock.patch("urllib3.PoolManager") as manager, mock.patch("urllib3.HTTPConnectionPool.urlopen") as urlopen:
        yield
    assert not manager.called and not urlopen.called

http_connections alone
    names = dict.fromkeys(("connect", "request", "getresponse"), mock.DEFAULT)
    with mock.patch.multiple("http.client.HTTPConnection", **names) as methods:
        yield
    assert [method.mock_calls for method in methods.values()] == [[], [], []]

sockets alone
    names = ("socket", "create_connection", "getaddrinfo", "socketpair", "gethostbyname")
    with mock.patch.multiple("socket", **dict.fromkeys(names, mock.DEFAULT)) as functions:
        yield
    assert [function.mock_calls for function in functions.values()] == [[]] * 5

dead_proxies alone
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    yield

tls
    with mock.patch("ssl.create_default_context") as create, mock.patch("ssl.SSLContext") as context:
        yield
    assert not create.called and not context.called
""",
    "files and environment": """
open_reads_the_same
    with mock.patch("builtins.open", mock.mock_open(read_data="the same")) as opened:
        yield
    assert not opened.called

descriptors
    names = ("open", "read", "write", "pipe", "dup", "lseek", "fdopen", "set_blocking")
    with mock.patch.multiple("os", **dict.fromkeys(names, mock.DEFAULT)) as functions:
        yield
    assert {name for name, function in functions.items() if function.called} == set()

paths
    names = ("open", "write_text", "read_text", "mkdir", "unlink", "replace", "touch", "write_bytes", "read_bytes")
    with mock.patch.multiple("pathlib.Path", **dict.fromkeys(names, mock.DEFAULT)) as methods:
        yield
    assert {name for name, method in methods.items() if method.called} == set()

folder_is_gone
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    os.rmdir(tmp_path / "gone")
    yield

temporary_folder_is_gone
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    monkeypatch.setenv("TMPDIR", "/nonexistent")
    for name in ("mkstemp", "mkdtemp", "TemporaryFile", "NamedTemporaryFile"):
        monkeypatch.setattr(tempfile, name, refuse)
    yield

environment_cleared
    with mock.patch.dict(os.environ, clear=True):
        yield

environment_replaced
    with mock.patch('os.environ', {}), mock.patch('os.getenv', refuse):
        yield

environment_of_another_account
    monkeypatch.setenv("LT_USERNAME", "made.up")
    monkeypatch.setenv("LT_ACCESS_KEY", "made-up-key")
    monkeypatch.setenv("LT_API_BASE_URL", "http://127.0.0.1:9/automation/api/v1")
    monkeypatch.setenv("PYTEST_LAMBDATEST_HUB", "elsewhere.example")
    yield
""",
    "processes and threads": """
popen
    with mock.patch("subprocess.Popen") as popen, mock.patch("subprocess.run") as run:
        yield
    assert not popen.called and not run.called

processes
    names = ("fork", "posix_spawn", "posix_spawnp", "execve", "kill", "waitpid", "wait", "_exit", "getpid")
    with mock.patch.multiple("os", **dict.fromkeys(names, mock.DEFAULT)) as functions:
        functions["getpid"].return_value = 4711
        yield
    assert {name for name, function in functions.items() if function.called} - {"getpid"} == set()

threads
    with mock.patch("threading.Thread") as thread, mock.patch("threading.Timer") as timer:
        with mock.patch("_thread.start_new_thread") as start, mock.patch("threading._start_new_thread") as started:
            yield
    assert not any(one.called for one in (thread, timer, start, started))

thread_ids
    with mock.patch("threading.get_ident", return_value=1), mock.patch("_thread.get_ident", return_value=1):
        yield

locks alone
    names = ("Lock", "RLock", "Condition", "Event", "Semaphore")
    with mock.patch.multiple("threading", **dict.fromkeys(names, refuse)):
        with mock.patch.multiple("queue", Queue=refuse, SimpleQueue=refuse):
            yield

waiting alone
    with mock.patch.multiple("select", select=refuse, poll=refuse, epoll=refuse):
        with mock.patch.multiple("selectors", DefaultSelector=refuse, PollSelector=refuse):
            with mock.patch("multiprocessing.connection.wait", refuse):
                yield

sleep
    with mock.patch("time.sleep") as sleep:
        yield
    assert not sleep.called

timers
    ticks = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: ticks.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)

signals
    numbers = (signal.SIGPIPE, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGINT)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
""",
    "Python itself": """
json_functions alone
    with mock.patch.multiple("json", dumps=refuse, loads=refuse, dump=refuse, load=refuse):
        yield

json_classes alone
    with mock.patch.multiple("json.JSONEncoder", default=refuse, encode=refuse, iterencode=refuse):
        with mock.patch.multiple("json.JSONDecoder", decode=refuse, raw_decode=refuse):
            yield

json_inside alone
    with mock.patch.multiple("json.encoder", c_make_encoder=refuse, encode_basestring_ascii=refuse):
        with mock.patch.multiple("json.decoder", scanstring=refuse, JSONObject=refuse):
            yield

clocks alone
    fixed = {"time": 1.0, "time_ns": 10**9, "perf_counter": 1.0, "monotonic": 1.0, "gmtime": None, "strftime": ""}
    mocks = {name: mock.Mock(return_value=value) for name, value in fixed.items()}
    with mock.patch.multiple("time", clock_gettime=refuse, **mocks), mock.patch("datetime.datetime", refuse):
        yield

chance
    random.seed(7)
    fixed = uuid.UUID(int=7)
    with mock.patch.multiple("uuid", uuid4=lambda: fixed, uuid1=lambda: fixed):
        with mock.patch("os.urandom", lambda size: b"7" * size), mock.patch("random.random", lambda: 0.7):
            expected = random.Random(7).getrandbits(64)
            yield
            assert random.getrandbits(64) == expected

logging_ alone
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    with mock.patch("logging.Logger.handle") as handle:
        yield
    logging.disable(before)
    assert not handle.called

warnings_ alone
    with mock.patch("warnings.warn") as warn, mock.patch("warnings.warn_explicit") as explicit:
        yield
    assert not warn.called and not explicit.called

imports alone
    for name in [name for name in sys.modules if name.startswith("pytest_lambdatest_session.cloud")]:
        monkeypatch.delitem(sys.modules, name)
    for module in ("requests", "json", "threading", "subprocess"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(sys, "path", [])
    yield

streams
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(sys, "argv", [])
    yield
    assert out.getvalue() == ""

numbers
    before = decimal.getcontext().copy()
    decimal.getcontext().prec = 1
    decimal.getcontext().traps[decimal.Inexact] = True
    language, switch = locale.setlocale(locale.LC_ALL), sys.getswitchinterval()
    locale.setlocale(locale.LC_ALL, "C")
    sys.setswitchinterval(0.5)
    yield
    sys.setswitchinterval(switch)
    locale.setlocale(locale.LC_ALL, language)
    decimal.setcontext(before)

shallow_stack alone
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(170)
    yield
    sys.setrecursionlimit(limit)

descriptors_are_scarce alone
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spare = os.dup(0)
    os.close(spare)
    resource.setrlimit(resource.RLIMIT_NOFILE, (spare, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

umask
    before = os.umask(0o777)
    yield
    os.umask(before)

collector
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()
""",
}


FIXTURES = """
@pytest.fixture(scope="{scope}")
def replaced_{name}(monkeypatch_{scope}, tmp_path_{scope}{further}):
    monkeypatch, tmp_path = monkeypatch_{scope}, tmp_path_{scope}
{body}
"""
TESTS = """
class Test_{name}:
    def test_used_a_browser_before(self, request):
        visit("before {name}")
        request.getfixturevalue("replaced_{name}")

    def test_opens_no_browser(self, replaced_{name}):
        until_asked()
"""
TESTS_WITH_BROWSERS = """
    def test_passes(self, replaced_{name}):
        visit("{name}")

    def test_fails(self, replaced_{name}):
        visit("{name}, again", title="another title")
"""
LAST = """
def test_last():
    visit("last")
"""


def suite_of(group: list[Replacement], *, browsers: bool = True) -> str:
    parts = [START]
    for name, options, body in group:
        further = f", {options['fixture']}" if "fixture" in options else ""
        parts.append(FIXTURES.format(name=name, scope=options.get("scope", "class"), further=further, body=body))
        parts.append((TESTS + TESTS_WITH_BROWSERS * (browsers and "alone" not in options)).format(name=name))
    return "".join([*parts, LAST])


@pytest.mark.parametrize("name", GROUPS)
def test_a_test_replaces_what_it_likes(isolation: Isolation, name: str) -> None:
    group = replacements(GROUPS[name])
    for one in group:
        if "package" in one.options:
            skip_without(one.options["package"])
        if "plugin" in one.options:
            isolation.story.use(one.options["plugin"])
    isolation.grid.ready_after = 60
    isolation.tests(suite_of(group))
    run = isolation.run()
    assert 4711 not in [record["duration"] for record in run.records]
    attempts = [(use["nodeid"], use["attempt"]) for record in run.records for use in record["tests"]]
    assert len(set(attempts)) == len(attempts) == len(run.records)


WHILE_ONE_WAITS = ("descriptors", "processes", "threads", "locks", "waiting", "json_inside", "clocks")


def test_a_teardown_waits_for_its_answer_through_none_of_it(isolation: Isolation) -> None:
    """With `lambdatest_fetch = teardown`, in teardowns that keep a replacement in place for the tests to come."""
    group = [one for text in GROUPS.values() for one in replacements(text) if one.name in WHILE_ONE_WAITS]
    assert len(group) == len(WHILE_ONE_WAITS)
    isolation.tests(suite_of(group, browsers=False))
    isolation.run("--lambdatest-fetch=teardown", waits=False)
