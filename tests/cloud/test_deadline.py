"""The reader beneath every answer; how whole requests keep their time stands in test_client."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.cloud.deadline import _TimedReader

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    """A connection on which a byte has arrived."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"x")
        yield ours


def test_each_read_may_take_what_is_left(connection: socket.socket) -> None:
    connection.settimeout(99)
    with connection.makefile("rb", buffering=0) as raw:
        assert _TimedReader(raw, connection, time.monotonic() + 10).read(1) == b"x"
    assert connection.gettimeout() == pytest.approx(10, abs=5)


def test_no_read_begins_after_the_deadline(connection: socket.socket) -> None:
    with (
        connection.makefile("rb", buffering=0) as raw,
        pytest.raises(TimeoutError, match=r"^timed out$"),
    ):
        _TimedReader(raw, connection, time.monotonic() - 1).read(1)
