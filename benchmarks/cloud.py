"""A hub, LambdaTest's API and BrowserStack's on loopback, made to be asked thousands of times and to count it.

Not the example's local grid: that one plays the cloud faithfully, this one costs next to nothing beside what is
measured, so that its own time does not hide it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

API_PATH = "/automation/api/v1"
_LOGS = ("command", "console", "network", "selenium")
_ROUNDS_TO_ACCEPT = 5


class Cloud:
    """A context manager; attributes may be changed while it runs.

    Sessions that it did not start itself are those of stub drivers: they are final as soon as they are asked about.
    """

    def __init__(self, *, latency: float = 0.0, ready_after: float = 0.0) -> None:
        self.latency = latency
        self.ready_after = ready_after
        self.calls: Counter[str] = Counter()
        """By session id, of either API."""
        self.address = ""
        self._ended_at: dict[str, float | None] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="benchmark-cloud", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop)
        self._server = started.result()
        self.address = "http://127.0.0.1:{1}".format(*self._server.sockets[0].getsockname())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        # The run is over, and what it left open is of no interest.
        self._loop.set_exception_handler(lambda *_: None)
        self._server.close()
        # A connection that was being accepted takes a few rounds of the loop to become a task.
        quiet_rounds = 0
        while quiet_rounds < _ROUNDS_TO_ACCEPT:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)
            quiet_rounds = 0 if tasks else quiet_rounds + 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, _ = head[0].split(" ")
                fields = (line.partition(":") for line in head[1:])
                headers = {name.lower(): value.strip() for name, _, value in fields}
                await reader.readexactly(int(headers.get("content-length", "0")))
                body = json.dumps(await self._answer(method, target.partition("?")[0])).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                    % (len(body), body)
                )
        writer.close()

    async def _answer(self, method: str, path: str) -> Any:
        if path.startswith("/wd/hub/session"):
            return {"value": self._hub(method, path.removeprefix("/wd/hub/session").strip("/"))}
        session_id = path.rpartition("/")[2].removesuffix(".json")
        self.calls[session_id] += 1
        await asyncio.sleep(self.latency)
        if path.startswith("/browserstack/"):
            return {"automation_session": {"browser_url": f"{self.address}/job/{session_id}", "status": "running"}}
        return {"data": self._details(session_id), "message": "Retrieve session was successful", "status": "success"}

    def _hub(self, method: str, path: str) -> object:
        session_id = path.partition("/")[0]
        if not session_id:
            session_id = str(uuid4())
            self._ended_at[session_id] = None
            return {"sessionId": session_id, "capabilities": {"browserName": "chrome"}}
        if method == "DELETE":
            self._ended_at[session_id] = time.monotonic()
            return None
        return "Title"

    def _details(self, session_id: str) -> dict[str, Any]:
        ended_at = self._ended_at.get(session_id, 0.0)
        if ended_at is None or (ended_at and time.monotonic() - ended_at < self.ready_after):
            return {"session_id": session_id, "test_id": session_id.upper(), "status_ind": "running"}
        base = f"https://api.lambdatest.com{API_PATH}/sessions/{session_id}"
        return {
            "test_id": session_id.upper(),
            "build_id": 4711,
            "name": "A benchmark's session",
            "user_id": 42,
            "username": "benchmark",
            "duration": 61,
            "platform": "win10",
            "browser": "chrome",
            "browser_version": "156.0",
            "device": "",
            "status_ind": "completed",
            "session_id": session_id,
            "build_name": "Benchmark",
            "create_timestamp": "2026-11-24 07:24:40",
            "start_timestamp": "2026-11-24 07:24:41",
            "end_timestamp": "2026-11-24 07:25:42",
            "remark": "completed",
            **{f"{kind}_logs_url": f"{base}/log/{kind}" for kind in _LOGS},
            "screenshot_url": f"{base}/screenshots",
            "video_url": f"https://automation.lambdatest.com/public/video?testID={session_id.upper()}",
        }
