"""Each file that is saved comes whole, or its job says why it does not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from job_requests import ACCOUNT, download
from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.cloud.errors import CloudError
from pytest_lambdatest_session.credentials import Credentials
from pytest_lambdatest_session.sidecar.downloading import download_jobs, scrub_log
from pytest_lambdatest_session.sidecar.policy import Policy
from pytest_lambdatest_session.sidecar.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_lambdatest_session.sidecar.downloading import LogJob, MediaJob
    from pytest_lambdatest_session.sidecar.messages import Downloaded, Result
    from scripted_server import ScriptedServer

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(100)
WEBM = b"\x1aE\xdf\xa3" + bytes(100)
ZIP = b"PK\x03\x04" + bytes(100)


class Saving:
    """The files of one session, each fetched step by step."""

    def __init__(self, api: ScriptedServer, folder: Path, *, limit_bytes: int = 10**6, has_video: bool = True) -> None:
        self.api = api
        self.folder = folder
        self.storage = Storage(limit_bytes, frozenset(["planted-access-key"]))
        self.told: list[Downloaded] = []
        self.client = Client(api.base_url, Credentials(*ACCOUNT), timeout_seconds=5)
        request = download(folder, api.base_url, has_video=has_video)
        self.jobs: dict[str, LogJob | MediaJob] = {
            job.name: job for job in download_jobs(request, self.storage, time.monotonic(), Policy(), self._keep)
        }

    def _keep(self, result: Result) -> None:
        assert result["type"] == "downloaded"
        self.told.append(result)

    def step(self, name: str) -> bool:
        """Take one step as the pool does, and return whether that was the last one."""
        job = self.jobs[name]
        outcome: object
        try:
            outcome = job.step(self.client)
        except CloudError as error:
            outcome = error
        job.handle(outcome, time.monotonic(), finishing=True)
        return job.is_over

    @property
    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()} if self.folder.exists() else {}

    @property
    def last(self) -> tuple[str | None, str | None]:
        """Path and reason of the last that was told."""
        return self.told[-1]["path"], self.told[-1]["missing"]


@pytest.fixture
def saving(api: ScriptedServer, tmp_path: Path) -> Iterator[Saving]:
    made = Saving(api, tmp_path / "s1")
    yield made
    made.client.close()


@pytest.mark.parametrize(
    ("kind", "content", "name"),
    [("video", MP4, "video.mp4"), ("video", WEBM, "video.webm"), ("screenshots", ZIP, "screenshots.zip")],
    ids=["mp4", "webm", "zip"],
)
def test_a_file_is_named_by_what_it_is(saving: Saving, kind: str, content: bytes, name: str) -> None:
    saving.api.will(saving.api.json({"url": f"{saving.api.base_url}/v"}), saving.api.answer(content))
    assert saving.step(kind)
    assert saving.files == {name: content}
    assert saving.last == (str(saving.folder / name), None)


@pytest.mark.parametrize(("kind", "content"), [("video", MP4), ("screenshots", ZIP)])
def test_what_comes_in_the_place_of_a_file_is_not_kept_and_it_is_asked_for_again(
    saving: Saving, kind: str, content: bytes
) -> None:
    api = saving.api
    link = api.json({"url": f"{api.base_url}/v"})
    api.will(link, api.answer(b"<html>in a minute</html>"), link, api.answer(content))
    assert not saving.step(kind)
    assert (saving.files, saving.told) == ({}, [])
    assert saving.jobs[kind]._missing == "not ready yet: something else came in its place"
    assert saving.step(kind)
    assert list(saving.files.values()) == [content]


def test_a_video_that_was_promised_is_waited_for(saving: Saving) -> None:
    api = saving.api
    api.will(api.json({"url": f"{api.base_url}/v.mp4"}), api.answer(b"", 404))
    assert not saving.step("video")
    saving.jobs["video"].give_up(None)
    assert saving.last == (None, "not ready yet")


@pytest.mark.parametrize(
    ("name", "missing"),
    [("screenshots", "LambdaTest has none"), ("video", "LambdaTest has none; video: true in LT:Options records one")],
)
def test_media_that_are_not_there_are_asked_for_a_moment_longer(
    api: ScriptedServer, tmp_path: Path, name: str, missing: str
) -> None:
    saving = Saving(api, tmp_path, has_video=False)
    api.will(api.answer(b"", 404))
    assert not saving.step(name)
    saving.jobs["video"].is_over = True
    saving.jobs[name]._began_at -= 2
    assert saving.step(name)
    assert saving.last == (None, missing)


def test_screenshots_are_waited_for_as_long_as_the_video_is(saving: Saving) -> None:
    """They come together."""
    saving.api.will(saving.api.answer(b"", 404))
    saving.jobs["screenshots"]._began_at -= 100
    assert not saving.step("screenshots")
    saving.jobs["video"].give_up(None)
    assert saving.step("screenshots")


@pytest.mark.parametrize(
    ("status", "tries", "missing"),
    [
        (400, 3, "LambdaTest has none"),
        (404, 3, "LambdaTest has none"),
        (500, 3, "500 from 127."),
        (401, 1, "401 from "),
    ],
)
def test_a_log_that_does_not_come_is_asked_for_three_times_unless_refused(
    saving: Saving, status: int, tries: int, missing: str
) -> None:
    saving.api.will(saving.api.answer(b"{}", status))
    assert [saving.step("command") for _ in range(tries)] == [False] * (tries - 1) + [True], "it may come late"
    assert str(saving.last[1]).startswith(missing)


@pytest.mark.parametrize(
    ("name", "body", "missing"),
    [
        ("command", b'{"data": []}', "empty"),
        ("command", b'{"data": 7}', "empty"),
        ("selenium", b"not JSON", "empty"),
        ("console", b"[]", "empty; console: true in LT:Options records it"),
        ("network", b"[]", "empty; network: true in LT:Options records it"),
    ],
)
def test_a_log_without_rows_is_not_saved(saving: Saving, name: str, body: bytes, missing: str) -> None:
    saving.api.will(saving.api.answer(body))
    assert saving.step(name)
    assert saving.last == (None, missing)
    assert saving.files == {}


def test_what_an_earlier_run_saved_is_not_asked_for(saving: Saving) -> None:
    saving.folder.mkdir()
    (saving.folder / "video.webm").write_bytes(WEBM)
    (saving.folder / "command-log.json").write_bytes(b"[1]")
    (saving.folder / "console-log.json").write_bytes(b"")
    saving.api.will(saving.api.answer(b"[2]"))
    assert [saving.step(name) for name in ("video", "command", "console")] == [True, True, True]
    assert [told["path"] for told in saving.told] == [
        str(saving.folder / name) for name in ("video.webm", "command-log.json", "console-log.json")
    ]
    assert len(saving.api.requests) == 1, "a file that is empty is none"


def test_when_the_limit_is_reached_nothing_more_is_tried(api: ScriptedServer, tmp_path: Path) -> None:
    saving = Saving(api, tmp_path, limit_bytes=100)
    api.will(api.json({"url": f"{api.base_url}/v.mp4"}), api.answer(MP4))
    assert saving.step("video")
    assert saving.step("command")
    reason = "not saved, since lambdatest_artifacts_limit is reached"
    assert [told["missing"] for told in saving.told] == [reason, reason]
    assert len(api.requests) == 2
    assert saving.files == {}


def test_when_the_disk_fails_nothing_more_is_tried(saving: Saving) -> None:
    saving.folder.write_text("a file where the folder should be")
    saving.api.will(saving.api.answer(b"[1]"))
    assert saving.step("command")
    assert saving.step("console")
    assert len({told["missing"] for told in saving.told}) == 1
    assert saving.last[1] is not None
    assert saving.last[1].endswith(", while it was written")
    assert len(saving.api.requests) == 1


@pytest.mark.parametrize("has_failed", [False, True], ids=["not-asked", "asked-in-vain"])
def test_at_the_end_it_says_what_the_last_try_said_or_that_there_was_no_time(saving: Saving, has_failed: bool) -> None:
    saving.api.will(saving.api.answer(b"", 404))
    if has_failed:
        saving.step("command")
    job = saving.jobs["command"]
    job.give_up(job.reason_at_end("trouble", "silence"))
    missing = "LambdaTest has none" if has_failed else "no time was left (lambdatest_artifacts_budget)"
    assert saving.last == (None, missing)


def test_whether_files_come_says_nothing_about_the_api(saving: Saving) -> None:
    assert {job.circuit for job in saving.jobs.values()} == {(saving.api.base_url, "files")}


def test_a_log_is_cleared_of_credentials_however_json_spells_them() -> None:
    log = (
        r'{"requestBody": "{\"LT:Options\": {\"accessKey\": \"unknown-key\", \"user\": \"me\"}}", '
        r'"password": "hunter2", "url": "https://me:other@hub.lambdatest.com", "text": "a \"quoted\" key"}'
    )
    scrubbed = scrub_log(log, ['a "quoted" key'])
    assert scrubbed == (
        r'{"requestBody": "{\"LT:Options\": {\"accessKey\": \"***\", \"user\": \"***\"}}", '
        r'"password": "***", "url": "https://***@hub.lambdatest.com", "text": "***"}'
    )
