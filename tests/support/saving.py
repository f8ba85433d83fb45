"""The files of one session, saved by the sidecar's own jobs from an API that answers as its script says."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from job_requests import ACCOUNT, download
from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.cloud.errors import CloudError
from pytest_lambdatest_session.credentials import Credentials
from pytest_lambdatest_session.sidecar.downloading import download_jobs
from pytest_lambdatest_session.sidecar.policy import Policy
from pytest_lambdatest_session.sidecar.storage import Storage

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_lambdatest_session.sidecar.downloading import LogJob, MediaJob
    from pytest_lambdatest_session.sidecar.messages import Downloaded
    from scripted_server import ScriptedServer


class Saving:
    """Each file is fetched step by step."""

    def __init__(self, api: ScriptedServer, folder: Path, *, limit_bytes: int = 10**7, has_video: bool = True) -> None:
        self.api = api
        self.folder = folder
        self.told: list[Downloaded] = []
        self.storage = Storage(limit_bytes, frozenset(["planted-access-key"]))
        request = download(folder, api.base_url, has_video=has_video)
        jobs = download_jobs(request, self.storage, time.monotonic(), Policy(), self.told.append)  # type: ignore[arg-type]
        self.jobs: dict[str, LogJob | MediaJob] = {job.name: job for job in jobs}

    def step(self, name: str = "video") -> bool:
        """Take one step as the pool does, and return whether that was the last one."""
        job, client = self.jobs[name], Client(self.api.base_url, Credentials(*ACCOUNT), timeout_seconds=30)
        outcome: object
        try:
            outcome = job.step(client)
        except CloudError as error:
            outcome = error
        finally:
            client.close()
        job.handle(outcome, time.monotonic())
        return job.is_over

    def age(self, name: str, seconds: float) -> None:
        """Have a file be waited for since so long, a negative time to keep it young on a busy machine."""
        self.jobs[name]._began_at = time.monotonic() - seconds

    @property
    def files(self) -> dict[str, bytes]:
        """`{path below the folder: content}`."""
        there = self.folder.rglob("*") if self.folder.is_dir() else ()
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in there if path.is_file()}

    @property
    def last(self) -> tuple[str | None, str | None]:
        """Path and reason of the last that was told."""
        return self.told[-1]["path"], self.told[-1]["missing"]
