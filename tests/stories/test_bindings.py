"""LambdaTest's own bindings, on which the tests run that it exports, as they are."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from companions import needs
from documents import ROOT, blocks
from local_grid import LocalGrid
from stories import Story, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stories import Run

SUITE = """
import testmu_selenium

testmu_selenium.configure(build="exported", name="a basket")
PAGE = "data:text/html,<title>Shop</title><input id='name' type='text'>"

@testmu_selenium.test
def sign(driver):
    with testmu_selenium.step("Open the shop"):
        testmu_selenium.navigate(driver, PAGE)
    with testmu_selenium.step("Sign"):
        testmu_selenium.findElement(driver, [{"isXPath": False, "selector": "#name"}]).send_keys("Ada")

@testmu_selenium.test
def leave(driver):
    sign(driver)
    assert driver.title == "Another"

def test_signs():
    testmu_selenium.run(sign)

def test_leaves():
    testmu_selenium.run(leave)
"""


def assert_sessions_are_on_their_tests(run: Run) -> None:
    assert outcomes(run) == {"passed": 1, "failed": 1}, run.output
    assert [
        (record["status"], record["build_name"], [use["nodeid"].partition("::")[2] for use in record["tests"]])
        for record in run.records
    ] == [("passed", "exported", ["test_signs"]), ("failed", "exported", ["test_leaves"])]


@needs("testmu_selenium")
@pytest.mark.parametrize("variable", ["HYE_HUB", "LT_HUB_URL"])
def test_sessions_of_exported_tests_are_on_them(story: Story, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """At a hub that one of these variables names, without a setting; their log of its address kept as the page says."""
    monkeypatch.delenv("PYTEST_LAMBDATEST_HUB")
    grid = story.grid
    story.set_environment(
        TESTMU_RUN_TARGET="cloud",
        TESTMU_SMART="0",
        TESTMU_TEARDOWN_VIDEO_DRAIN_MS="0",
        LT_USERNAME=grid.username,
        LT_ACCESS_KEY=grid.access_key,
    )
    hub = f"localhost:{grid.port}" if variable == "HYE_HUB" else grid.hub_url.replace("127.0.0.1", "localhost")
    story.set_environment(**{variable: hub})
    page = ROOT / "docs" / "how-to" / "hyperexecute.md"
    (conftest,) = [block for block in blocks(page) if block.title == "exported/conftest.py"]
    story.file("conftest.py", conftest.text)
    story.tests(SUITE)
    run = story.run()
    assert_sessions_are_on_their_tests(run)
    assert "send_keys css selector #name" in run.row("test_leaves").details
    assert "[TEST START] leave" in run.output, "what they log of the test is there"
    junit = (run.folder / "junit.xml").read_text(encoding="utf-8")
    assert grid.access_key not in run.output + run.html + junit + str(run.records)


PLAYWRIGHT_SUITE = """
import testmu

testmu.configure(build="exported", name="a basket")
PAGE = "data:text/html,<title>Shop</title><input id=name>"

@testmu.test
async def sign(page):
    await page.goto(PAGE)
    await page.fill("#name", "Ada")

@testmu.test
async def leave(page):
    await page.goto(PAGE)
    assert await page.title() == "Another"

def test_signs():
    testmu.run(sign)

def test_leaves():
    testmu.run(leave)
"""


@pytest.fixture
def playwright_grid() -> Iterator[LocalGrid]:
    with LocalGrid(ready_after=0.1, record=False) as running:
        if not running.has_playwright:
            pytest.skip("chromium and chromedriver are not installed")
        yield running


@pytest.fixture
def proxy(playwright_grid: LocalGrid, certificate: tuple[Path, Path]) -> Iterator[str]:
    """An HTTP proxy that has the grid for LambdaTest, since the bindings' address is fixed; of others it has none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def pass_on(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def serve(plain: socket.socket) -> None:
        with suppress(OSError), plain, socket.create_connection(("127.0.0.1", playwright_grid.port)) as grid:
            if not plain.recv(65536).startswith(b"CONNECT cdp.lambdatest.com:443 "):
                return
            plain.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with context.wrap_socket(plain, server_side=True) as client:
                back = threading.Thread(target=pass_on, args=(grid, client), daemon=True)
                back.start()
                pass_on(client, grid)
                back.join()

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


@needs("testmu")
def test_sessions_behind_the_relay_of_the_playwright_bindings_are_seen(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    playwright_grid: LocalGrid,
    proxy: str,
    certificate: tuple[Path, Path],
) -> None:
    """They connect to a relay of their own on loopback, and that one to LambdaTest."""
    story = Story(pytester, monkeypatch, playwright_grid)
    monkeypatch.delenv("PYTEST_LAMBDATEST_HUB")
    story.set_environment(
        TESTMU_RUN_TARGET="cloud",
        TESTMU_STARTUP_VIDEO_SETTLE_MS="0",
        TESTMU_TEARDOWN_VIDEO_DRAIN_MS="0",
        LT_USERNAME=playwright_grid.username,
        LT_ACCESS_KEY=playwright_grid.access_key,
        HTTPS_PROXY=proxy,
        SSL_CERT_FILE=str(certificate[0]),
    )
    story.tests(PLAYWRIGHT_SUITE)
    run = story.run()
    assert_sessions_are_on_their_tests(run)
    assert playwright_grid.access_key not in run.output + run.html + str(run.records)
