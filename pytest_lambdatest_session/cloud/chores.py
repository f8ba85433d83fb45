"""Work with the cloud that may take several tries: done by a few daemon threads, ended by whoever waits.

A chore is called in steps, each of which makes a request or two and says after how many seconds it wants to be called
again. So a few threads serve many chores that wait, and none of them sleeps. What a chore leaves undone when the
waiting ends, it has to tell itself: `is_over` says that nobody waits any more.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_lambdatest_session.cloud.client import Client
    from pytest_lambdatest_session.credentials import Credentials

    OnWait = Callable[[int, float], None]
    """Called about once a second with how many chores are left, and the seconds left."""

_TICK_SECONDS = 1.0
_FAREWELL_SECONDS = 0.1
# Keeps connections from one test to the next. Not longer, as Python warns of a fork in a process with threads.
_LINGER_SECONDS = 2.0


class Connections:
    """A thread's own clients, kept so that their connections are."""

    def __init__(self, connect: Callable[[str, Credentials], Client]) -> None:
        self._connect = connect
        self._clients: dict[tuple[str, Credentials], Client] = {}

    def client(self, base_url: str, credentials: Credentials) -> Client:
        key = (base_url, credentials)
        if key not in self._clients:
            self._clients[key] = self._connect(base_url, credentials)
        return self._clients[key]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


class Chore(Protocol):
    def step(self, connections: Connections) -> float | None:
        """Do what can be done now; the seconds until the next step, or None if nothing is left to do."""
        ...


class Chores:
    """Takes chores from any thread; `wait` is for one."""

    def __init__(
        self,
        connect: Callable[[str, Credentials], Client],
        name: str,
        *,
        threads: int,
        on_fault: Callable[[Exception], None],
    ) -> None:
        self._connect = connect
        self._name = name
        self._most_threads = threads
        self._on_fault = on_fault
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._numbers = itertools.count(1)
        self._queue: list[tuple[float, int, Chore]] = []
        self._undone = 0
        self._idle = 0
        self._threads: set[threading.Thread] = set()
        self.is_over = False
        """Whether nobody waits any more; long steps look at it."""

    def add(self, chore: Chore, after_seconds: float = 0.0) -> None:
        with self._lock:
            if not self.is_over:
                self._undone += 1
                self._push(chore, after_seconds)

    def wait(self, seconds: float, on_wait: OnWait | None = None) -> int:
        """Wait until all is done, so long at most, and end the work; how many chores are left undone.

        An interrupt passes through; `end` then ends the work.
        """
        deadline = time.monotonic() + seconds
        while (left_seconds := deadline - time.monotonic()) > 0:
            with self._lock:
                self._changed.wait_for(lambda: not self._undone, min(left_seconds, _TICK_SECONDS))
                undone = self._undone
            if not undone:
                break
            if on_wait is not None:
                on_wait(undone, max(0.0, deadline - time.monotonic()))
        return self.end()

    def end(self) -> int:
        """Let the threads end, one in the midst of a step when that is over; how many chores are left undone."""
        with self._lock:
            self.is_over = True
            self._queue.clear()
            self._changed.notify_all()
            threads, undone = list(self._threads), self._undone
        deadline = time.monotonic() + _FAREWELL_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return undone

    def _push(self, chore: Chore, after_seconds: float) -> None:
        heapq.heappush(self._queue, (time.monotonic() + after_seconds, next(self._numbers), chore))
        if not self._idle and len(self._threads) < self._most_threads:
            self._grow()
        self._changed.notify_all()

    def _grow(self) -> None:
        thread = threading.Thread(target=self._run, name=f"{self._name}-{next(self._numbers)}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # there are no more to be had; those that run will see to it
            return
        self._threads.add(thread)

    def _run(self) -> None:
        connections = Connections(self._connect)
        while (chore := self._next()) is not None:
            again_after = self._do(chore, connections)
            with self._lock:
                if again_after is None:
                    self._undone -= 1
                    self._changed.notify_all()
                elif not self.is_over:
                    self._push(chore, again_after)
        connections.close()

    def _next(self) -> Chore | None:
        """Wait for a chore that is due; None when none comes, and the thread should end."""
        with self._lock:
            while not self.is_over:
                seconds = self._queue[0][0] - time.monotonic() if self._queue else _LINGER_SECONDS
                if seconds <= 0:
                    return heapq.heappop(self._queue)[2]
                self._idle += 1
                was_called = self._changed.wait(seconds)
                self._idle -= 1
                if not was_called and not self._queue:
                    break
            # With the lock held, so that nobody counts on a thread that has made up its mind.
            self._threads.discard(threading.current_thread())
            return None

    def _do(self, chore: Chore, connections: Connections) -> float | None:
        try:
            return chore.step(connections)
        except Exception as error:  # noqa: BLE001 -- pytest would blame the test that happens to run
            self._on_fault(error)
            return None
