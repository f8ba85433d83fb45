"""Where credentials go: to the API that was configured, as selenium's own go to the hub, and nowhere else.

One request at a time this is told in `tests/cloud/test_client.py`; here it is the whole run, with its environment.
"""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from stories import outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scripted_server import ScriptedServer
    from stories import Run, Story

SUITE = """
def test_opens():
    with open_browser() as driver:
        driver.title
"""
AUTHORIZATION = f"Basic {base64.b64encode(b'local_user:local_key').decode()}"


class Tunnels:
    """A proxy that lets through whatever asks for CONNECT, always to the same port, and keeps what it was told."""

    def __init__(self, port: int) -> None:
        self.heads: list[str] = []
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(1)
            self.heads.append(head.decode("latin-1"))
            with socket.create_connection(("127.0.0.1", self._port)) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def api(new_server: Callable[[], ScriptedServer], certificate: tuple[Path, Path]) -> ScriptedServer:
    """The API behind TLS, under the name `localhost` or `api.story.example`."""
    server = new_server()
    server.will(server.details()).speak_tls(*certificate)
    return server


@pytest.fixture
def proxy(api: ScriptedServer) -> Iterator[Tunnels]:
    tunnels = Tunnels(api.port)
    yield tunnels
    tunnels.close()


def run_of(story: Story, **environment: str) -> Run:
    story.set_environment(**environment)
    story.tests(SUITE)
    run = story.run("--lambdatest-budget=60", "--lambdatest-timeout=60")
    assert outcomes(run) == {"passed": 1}
    return run


def only(run: Run) -> dict[str, Any]:
    (record,) = run.records
    return record


def test_the_proxy_of_the_environment_is_used_and_sees_no_credentials(
    story: Story, api: ScriptedServer, proxy: Tunnels, certificate: tuple[Path, Path]
) -> None:
    run = run_of(
        story,
        LT_API_BASE_URL="https://api.story.example/automation/api/v1",
        HTTPS_PROXY=proxy.url,
        NO_PROXY="127.0.0.1",
        REQUESTS_CA_BUNDLE=str(certificate[0]),
    )
    assert only(run)["state"] == "final", run.output
    assert {head.rpartition(" HTTP/")[0] for head in (head.splitlines()[0] for head in proxy.heads)} == {
        "CONNECT api.story.example:443"
    }
    assert "authorization" not in "".join(proxy.heads).lower()
    assert {request.headers["Authorization"] for request in api.requests} == {AUTHORIZATION}


def test_no_proxy_is_heard_and_the_authority_of_ssl_cert_file_trusted(
    story: Story, api: ScriptedServer, proxy: Tunnels, certificate: tuple[Path, Path]
) -> None:
    run = run_of(
        story,
        LT_API_BASE_URL=api.base_url.replace("127.0.0.1", "localhost"),
        HTTPS_PROXY=proxy.url,
        NO_PROXY="127.0.0.1,localhost",
        SSL_CERT_FILE=str(certificate[0]),
    )
    assert only(run)["state"] == "final", run.output
    assert {request.headers["Authorization"] for request in api.requests} == {AUTHORIZATION}
    assert proxy.heads == []


def test_over_plain_http_no_proxy_is_used_at_all(story: Story, proxy: Tunnels) -> None:
    """It is allowed to this machine alone, and a proxy could be another."""
    story.tests(
        "import os\n@pytest.fixture(autouse=True)\ndef hub(monkeypatch):\n    monkeypatch.setenv('NO_PROXY', '*')\n"
        + SUITE
    )
    story.set_environment(HTTP_PROXY=proxy.url, http_proxy=proxy.url)
    run = story.run()
    assert only(run)["state"] == "final", run.output
    assert proxy.heads == []


def test_an_address_without_tls_is_not_asked(story: Story) -> None:
    story.tests(SUITE)
    story.set_environment(LT_API_BASE_URL="http://localhost.story.example/automation/api/v1")
    run = story.run()
    assert run.result.ret == pytest.ExitCode.USAGE_ERROR
    assert "it must be https (http only to this machine)" in run.output


NETRC = "machine 127.0.0.1 login netrc_user password netrc_key\nmachine localhost login netrc_user password netrc_key\n"


@pytest.fixture
def netrc(story: Story, tmp_path: Path) -> None:
    for folder in (story.pytester.path, tmp_path):
        (folder / ".netrc").write_text(NETRC, encoding="utf-8")
    story.set_environment(NETRC=str(tmp_path / ".netrc"))


@pytest.mark.usefixtures("netrc")
def test_netrc_does_not_add_credentials_where_there_are_none(story: Story) -> None:
    """A suite that opens its browsers in a way that hides the key: then nobody is asked, and it is said what to do."""
    story.set_environment(STORY_PLAIN_HUB=story.grid.hub_url_plain, STORY_AUTHORIZATION=AUTHORIZATION)
    story.tests(
        """
        from selenium.webdriver.remote.remote_connection import RemoteConnection

        class Hidden(RemoteConnection):
            @classmethod
            def get_remote_connection_headers(cls, parsed_url, keep_alive=False):
                headers = super().get_remote_connection_headers(parsed_url, keep_alive)
                return {**headers, "Authorization": os.environ["STORY_AUTHORIZATION"]}

        def test_opens():
            hub = Hidden(os.environ["STORY_PLAIN_HUB"])
            webdriver.Remote(hub, options=webdriver.ChromeOptions()).quit()
        """
    )
    run = story.run()
    assert outcomes(run)["passed"] == 1
    assert story.grid.api_requests == []
    assert only(run)["state"] == "unavailable"
    assert run.output.count("! no credentials: set LT_USERNAME and LT_ACCESS_KEY") == 1
    assert run.row("test_opens").links["session"] == only(run)["url"]


@pytest.mark.usefixtures("netrc")
def test_a_session_is_asked_about_with_the_credentials_that_opened_it(story: Story) -> None:
    """Two accounts in one run, none in the environment, and a third in `.netrc`."""
    story.grid.accounts["other_user"] = "other_key"
    story.set_environment(STORY_OTHER_HUB=story.grid.hub_url.replace("local_user:local_key", "other_user:other_key"))
    story.tests(
        SUITE
        + """
def test_other():
    webdriver.Remote(os.environ["STORY_OTHER_HUB"], options=webdriver.ChromeOptions()).quit()
"""
    )
    run = story.run()
    assert {record["state"] for record in run.records} == {"final"}
    owners = {request.session_id: request.username for request in story.grid.api_requests}
    assert sorted(map(str, owners.values())) == ["local_user", "other_user"]


# Links that open without a login

SIGNED = "https://storage.example/video.mp4?X-Amz-Expires=604800&X-Amz-Signature=abc"


@pytest.mark.parametrize("days", [None, 7], ids=["not asked for", "for seven days"])
def test_links_without_a_login_are_there_when_asked_for(story: Story, days: int | None) -> None:
    md5 = "0123456789abcdef0123456789abcdef"
    story.grid.rewrite_details = lambda details: {
        **details,
        "video_url": SIGNED,
        "screenshot_url": f"https://automation.lambdatest.com/public/video?testID=1&auth={md5}",
    }
    story.tests(SUITE)
    run = story.run(*([f"--lambdatest-share-days={days}"] if days else []))
    assert only(run)["video_url"] == (SIGNED if days else None)
    everything = [
        path.read_text(encoding="utf-8") for path in run.folder.glob("*") if path.suffix in (".html", ".xml", ".jsonl")
    ]
    everything.append(run.output)
    assert any(re.search("X-Amz-Signature", text) for text in everything) == bool(days)
    assert not any(md5 in text for text in everything)
    asked = {request.query.get("shareExpiryLimit") for request in story.grid.api_requests if request.method == "GET"}
    assert asked == {str(days) if days else None}
