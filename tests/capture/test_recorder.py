"""What a recorder notes, and what it passes over."""

from __future__ import annotations

from pytest_lambdatest_session.capture.recorder import Recorder
from pytest_lambdatest_session.problems import Problems


class Socket:
    url = "ws://127.0.0.1:1/session/s1"


def test_bidi_of_a_session_that_nobody_captured_is_no_use() -> None:
    recorder = Recorder(Problems())
    recorder.saw_bidi(Socket(), "script.evaluate", {"expression": "1"}, 1.0, {}, None)
    recorder.saw_bidi(Socket(), "session.end", {}, 2.0, {}, None)
    known = recorder.unreported()
    assert (known["sessions"], known["attempts"]) == ([], [])
