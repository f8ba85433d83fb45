"""Each file that is saved comes whole, or its chore says why it does not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.cloud.artifacts import LogFetch, MediaFetch, Source, Store
from pytest_lambdatest_session.cloud.chores import Connections
from pytest_lambdatest_session.cloud.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_lambdatest_session.credentials import Credentials
    from scripted_server import Exchange, ScriptedServer

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(100)
WEBM = b"\x1aE\xdf\xa3" + bytes(100)
ZIP = b"PK\x03\x04" + bytes(100)
NO_TIME = "no time was left (lambdatest_artifacts_budget)"


@pytest.fixture
def connections() -> Iterator[Connections]:
    opened = Connections(lambda base_url, credentials: Client(base_url, credentials, timeout_seconds=5))
    yield opened
    opened.close()


@pytest.fixture
def source(api: ScriptedServer, credentials: Credentials, tmp_path: Path) -> Source:
    return Source("s1", api.base_url, credentials, tmp_path / "s1")


def store_until(seconds: float) -> Store:
    return Store(10**6, time.monotonic() + seconds)


def saved(source: Source) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in source.folder.iterdir()}


@pytest.mark.parametrize(
    ("kind", "content", "name"),
    [("video", MP4, "video.mp4"), ("video", WEBM, "video.webm"), ("screenshots", ZIP, "screenshots.zip")],
    ids=["mp4", "webm", "zip"],
)
def test_a_file_is_named_by_what_it_is(
    api: ScriptedServer, source: Source, connections: Connections, kind: str, content: bytes, name: str
) -> None:
    api.will(api.json({"url": f"{api.base_url}/v"}), api.answer(content))
    fetch = MediaFetch(kind, source, store_until(20), is_expected=True)
    assert fetch.step(connections) is None
    assert saved(source) == {name: content}
    assert fetch.path == source.folder / name


def test_what_comes_in_a_videos_place_is_not_kept_and_it_is_asked_for_again(
    api: ScriptedServer, source: Source, connections: Connections
) -> None:
    link = api.json({"url": f"{api.base_url}/v.mp4"})
    api.will(link, api.answer(b"<html>in a minute</html>"), link, api.answer(MP4))
    video = MediaFetch("video", source, store_until(20), is_expected=True)
    assert video.step(connections) is not None
    assert video.missing == "not ready yet: something else came in its place"
    assert saved(source) == {}
    assert video.step(connections) is None
    assert saved(source) == {"video.mp4": MP4}


def test_a_stream_in_pieces_is_not_fetched(api: ScriptedServer, source: Source, connections: Connections) -> None:
    api.will(api.json({"url": f"{api.base_url}/v.M3U8?token=1"}))
    video = MediaFetch("video", source, store_until(20), is_expected=True)
    assert video.step(connections) is None
    assert (video.path, video.missing) == (None, "it is a stream in pieces (m3u8), not a file")
    assert len(api.requests) == 1


def test_a_download_ends_when_nobody_waits_any_more(
    api: ScriptedServer, source: Source, connections: Connections
) -> None:
    store = store_until(20)

    def answer_too_late(exchange: Exchange) -> None:
        store.is_over = True
        api.answer(MP4)(exchange)

    api.will(api.json({"url": f"{api.base_url}/v.mp4"}), answer_too_late)
    video = MediaFetch("video", source, store, is_expected=True)
    assert video.step(connections) is None
    assert (video.path, video.missing) == (None, NO_TIME)
    assert saved(source) == {}


def test_what_fails_when_the_time_is_over_was_short_of_time(
    api: ScriptedServer, source: Source, connections: Connections
) -> None:
    api.will(api.answer(b"", 500))
    log = LogFetch("command", "web", source, store_until(-1))
    assert log.step(connections) is None
    assert log.missing == NO_TIME


@pytest.mark.parametrize("status", [400, 404])
def test_a_log_that_the_cloud_does_not_have_is_no_trouble(
    api: ScriptedServer, source: Source, connections: Connections, status: int
) -> None:
    api.will(api.answer(b"{}", status))
    log = LogFetch("network", "web", source, store_until(20))
    assert log.step(connections) is not None, "it may come late"
    assert log.missing == "LambdaTest has none"


def test_a_refusal_stands_for_all(api: ScriptedServer, source: Source, connections: Connections) -> None:
    api.will(api.answer(b"Access denied.", 401))
    store = store_until(20)
    logs = [LogFetch(name, "web", source, store) for name in ("command", "console")]
    assert [log.step(connections) for log in logs] == [None, None]
    assert logs[0].missing == logs[1].missing
    assert logs[0].missing.startswith("401 from ")
    assert len(api.requests) == 1
