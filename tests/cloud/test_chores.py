"""Chores are done by a few threads, step by step, and end when nobody waits any more."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.cloud.chores import Chores, Connections
from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

CREDENTIALS = Credentials("me", "s3cret")


def connect(base_url: str, credentials: Credentials) -> Client:
    return Client(base_url, credentials, timeout_seconds=1)


class Steps:
    """A chore that wants to be called again after each of the given seconds."""

    def __init__(self, *again_after: float) -> None:
        self._left = list(again_after)
        self.threads: list[str] = []
        self.clients: list[Client] = []

    def step(self, connections: Connections) -> float | None:
        self.threads.append(threading.current_thread().name)
        self.clients.append(connections.client("http://127.0.0.1:9/automation/api/v1", CREDENTIALS))
        return self._left.pop(0) if self._left else None


class Hanging:
    """A chore whose first step takes until somebody lets it go; it wants another one."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.steps = 0

    def step(self, connections: Connections) -> float:  # noqa: ARG002
        self.steps += 1
        self.let_go.wait(20)
        return 0.0


def wait_for_threads() -> None:
    """Until all that do chores have ended."""
    for thread in threading.enumerate():
        if thread.name.startswith("chores"):
            thread.join(20)


@pytest.fixture
def faults() -> list[Exception]:
    return []


@pytest.fixture
def chores(faults: list[Exception]) -> Iterator[Chores]:
    chores = Chores(connect, "chores", threads=2, on_fault=faults.append)
    yield chores
    chores.end()


def test_a_chore_is_called_until_it_has_nothing_left_to_do(chores: Chores) -> None:
    several, one = Steps(0.0, 0.01, 0.0), Steps()
    chores.add(several)
    chores.add(one, 0.01)
    assert chores.wait(20) == 0
    assert (len(several.threads), len(one.threads)) == (4, 1)


def test_a_few_threads_do_all_and_keep_their_connections(chores: Chores) -> None:
    all_of_them = [Steps(0.0, 0.0) for _ in range(40)]
    for chore in all_of_them:
        chores.add(chore)
    assert chores.wait(20) == 0
    assert len({thread for chore in all_of_them for thread in chore.threads}) <= 2
    assert len({client for chore in all_of_them for client in chore.clients}) <= 2


def test_what_is_not_done_in_time_is_left_undone_and_nothing_more_is_taken(chores: Chores) -> None:
    hanging, waits_long = Hanging(), Steps(3600.0)
    chores.add(hanging)
    chores.add(waits_long)
    heard: list[int] = []
    assert chores.wait(1.2, lambda undone, _: heard.append(undone)) == 2
    assert heard
    assert chores.is_over
    chores.add(late := Steps())
    assert chores.wait(0.1) == 2
    hanging.let_go.set()
    wait_for_threads()
    assert late.threads == []
    assert hanging.steps == 1, "nobody waits for another"


def test_a_fault_ends_its_chore_and_no_other(chores: Chores, faults: list[Exception]) -> None:
    class Broken:
        def step(self, connections: Connections) -> None:  # noqa: ARG002
            raise ValueError("broken")

    chores.add(Broken())
    chores.add(after := Steps())
    assert chores.wait(20) == 0
    assert [type(fault) for fault in faults] == [ValueError]
    assert len(after.threads) == 1


def test_a_chore_that_comes_when_all_threads_have_gone_is_done_too(chores: Chores) -> None:
    chores.add(first := Steps())
    wait_for_threads()
    chores.add(second := Steps())
    assert chores.wait(20) == 0
    assert len(first.threads) == len(second.threads) == 1


def test_a_chore_for_which_the_system_has_no_thread_is_done_by_the_next_one_that_starts(chores: Chores) -> None:
    before = threading.stack_size(2**60)  # more than any machine has
    try:
        chores.add(first := Steps())
    finally:
        threading.stack_size(before)
    chores.add(second := Steps())
    assert chores.wait(20) == 0
    assert first.threads == second.threads != []
