"""What all tests share: the local grid, and stories that run against it."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from local_grid import LocalGrid
from local_grid.chromium import find_installation
from report_pages import start_chromium
from scripted_server import ScriptedServer
from stories import Story
from warm_pytest import WarmPytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from selenium import webdriver

pytest_plugins = ["pytester"]

# A busy machine is no finding: how long an example takes, and how long it takes to make one, is not what is tested.
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")

_OF_NETWORKS = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NETRC"),
)

_OF_CI = ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "CI_PROJECT_DIR", "GITHUB_STEP_SUMMARY")
"""Where these stand, pytest cuts no line, and the plugin writes a summary."""
_OF_PYTHON = "PYTHONDONTWRITEBYTECODE"
"""Where this stands, as in many containers, each process compiles anew what pytest rewrites: seconds of each worker."""


def pytest_configure() -> None:
    # Shells have what they run in the background ignore Ctrl-C, and children inherit that: some tests press it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in (*_OF_CI, _OF_PYTHON):
        os.environ.pop(name, None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests of a second and of thirty stand side by side: a worker that has none left takes over another's.

    As with `--dist worksteal`, which the oldest pytest-xdist of the matrix refuses.
    """
    scheduling = getattr(importlib.import_module("xdist.scheduler"), "WorkStealingScheduling", None)
    return scheduling and scheduling(config, log)


@pytest.fixture
def grid() -> Iterator[LocalGrid]:
    """A grid with a simulated browser, whose API knows of a session's end at once."""
    with LocalGrid(backend="simulated", ready_after=0, record=False) as running:
        yield running


@pytest.fixture(scope="session")
def warm_pytest() -> Iterator[WarmPytest]:
    warm = WarmPytest()
    yield warm
    warm.close()


@pytest.fixture
def story(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, grid: LocalGrid, warm_pytest: WarmPytest
) -> Iterator[Story]:
    story = Story(pytester, monkeypatch, grid, warm_pytest)
    yield story
    story.end()


@pytest.fixture
def own_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxies, certificates and logins of whoever runs the tests."""
    for name in _OF_NETWORKS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def new_server() -> Iterator[Callable[[], ScriptedServer]]:
    servers: list[ScriptedServer] = []

    def make() -> ScriptedServer:
        servers.append(ScriptedServer())
        return servers[-1]

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def api(own_network: None, new_server: Callable[[], ScriptedServer]) -> ScriptedServer:  # noqa: ARG001
    """An API on loopback that has one session, and answers as its script says from then on."""
    server = new_server()
    return server.will(server.details())


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for a few hosts by name, not for any address, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    crt, key = folder / "server.crt", folder / "server.key"
    curve = ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    command: list[Any] = [openssl, "req", "-x509", "-newkey", *curve, "-nodes", "-days", "2", "-subj", "/CN=x"]
    names = ",".join(f"DNS:{name}" for name in ("localhost", "api.story.example", "cdp.lambdatest.com"))
    command += ["-addext", f"subjectAltName={names}", "-keyout", key, "-out", crt]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return crt, key


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser for all pages: a start takes longer than what is done with it."""
    installation = find_installation()
    if installation is None:
        pytest.skip("chromium and chromedriver are not installed")
    driver = start_chromium(installation, tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()
