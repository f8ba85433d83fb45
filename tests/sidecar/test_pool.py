"""Following sessions in the background, and the one wait at the end.

The API is one in memory, behind the follower's own seam; the last tests put the real client and a server
there.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.cloud.details import SessionDetails
from pytest_lambdatest_session.cloud.errors import (
    NO_CREDENTIALS,
    Forbidden,
    NotFound,
    ServerError,
    Throttled,
    Unauthorized,
    Unreachable,
)
from pytest_lambdatest_session.cloud.follower import Answer, Follower, Pace, Problem, Question
from pytest_lambdatest_session.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripted_server import ScriptedServer

    Outcome = SessionDetails | Exception | Callable[[], SessionDetails]

URL = "https://x.org/"
WEB = "https://api.lambdatest.com/automation/api/v1"
APP = "https://mobile-api.lambdatest.com/mobile-automation/api/v1"
RUNNING = SessionDetails("s", status="running", video_url=URL)
COMPLETE = SessionDetails("s", status="passed", duration=3.0, video_url=URL)
FINAL = Answer("final", COMPLETE, None, "web")
ME = Credentials("me", "my-key")
DEADLINE_SECONDS = 10.0

QUICK = Pace(
    settling_seconds=0.01,
    backoff_seconds=0.01,
    longest_backoff_seconds=0.05,
    patience_seconds=0.05,
    missing_seconds=0.2,
    cool_down_seconds=0.05,
    longest_cool_down_seconds=0.1,
)


class FakeApi:
    """Says for each session what it was told to say, the last thing again and again; COMPLETE if told nothing."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        """(base URL, session id) of each question, in order."""
        self.asked_at: list[float] = []
        self.threads: set[str] = set()
        self.connected = 0
        self.closed = 0
        self.is_over = threading.Event()
        self._outcomes: dict[tuple[str, str], list[Outcome]] = {}
        self._lock = threading.Lock()

    def says(self, session_id: str, *outcomes: Outcome, base_url: str = WEB) -> None:
        self._outcomes[base_url, session_id] = list(outcomes)

    def connect(self, base_url: str, _credentials: Credentials) -> FakeAsker:
        with self._lock:
            self.connected += 1
        return FakeAsker(self, base_url)

    def next_outcome(self, base_url: str, session_id: str) -> Outcome:
        with self._lock:
            self.asked.append((base_url, session_id))
            self.asked_at.append(time.monotonic())
            self.threads.add(threading.current_thread().name)
            anything: list[Outcome] = self._outcomes.get((base_url, "*"), [COMPLETE])
            outcomes = self._outcomes.get((base_url, session_id), anything)
            return outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]

    def hang(self) -> SessionDetails:
        self.is_over.wait(DEADLINE_SECONDS)
        raise Unreachable("hung")


class FakeAsker:
    def __init__(self, api: FakeApi, base_url: str) -> None:
        self._api = api
        self._base_url = base_url

    def session(self, session_id: str) -> SessionDetails:
        outcome = self._api.next_outcome(self._base_url, session_id)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome if isinstance(outcome, SessionDetails) else outcome()

    def close(self) -> None:
        self._api.closed += 1


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    api = FakeApi()
    yield api
    api.is_over.set()


@pytest.fixture
def new_follower(fake: FakeApi) -> Iterator[Callable[..., Follower]]:
    followers: list[Follower] = []

    def make(pace: Pace = QUICK, **options: object) -> Follower:
        followers.append(Follower(fake.connect, pace=pace, **options))  # type: ignore[arg-type]
        return followers[-1]

    yield make
    fake.is_over.set()
    for follower in followers:
        follower.stop()
    assert eventually(lambda: not threads())


@pytest.fixture
def follower(new_follower: Callable[..., Follower]) -> Follower:
    return new_follower()


def question(session_id: str = "s", *, ended: bool = True, credentials: Credentials | None = ME) -> Question:
    return Question(session_id, "hub.lambdatest.com", "web", credentials, ended)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("lambdatest-follower")]


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.002)
    return True


def seconds(call: Callable[[], object]) -> float:
    started_at = time.monotonic()
    call()
    return time.monotonic() - started_at


# While tests run


def test_a_session_is_asked_about_once_when_the_first_answer_is_final(fake: FakeApi, follower: Follower) -> None:
    for _ in range(3):
        follower.follow(question())
    follower.drain(DEADLINE_SECONDS)
    follower.follow(question())
    assert follower.answer("s") == FINAL
    assert fake.asked == [(WEB, "s")]
    assert follower.waiting() == 0
    assert follower.problems() == []


def test_answers_arrive_without_anybody_waiting(follower: Follower) -> None:
    follower.follow(question())
    assert eventually(lambda: follower.answer("s") == FINAL)


def test_a_session_nobody_asked_about_has_no_answer(follower: Follower) -> None:
    assert follower.answer("s") is None


def test_before_the_first_answer_a_session_is_pending(new_follower: Callable[..., Follower]) -> None:
    follower = new_follower(Pace())
    follower.follow(question())
    assert follower.answer("s") == Answer("pending", None, None, "web")
    assert follower.waiting() == 1


def test_a_session_is_asked_about_until_it_is_complete(fake: FakeApi, follower: Follower) -> None:
    fake.says("s", NotFound("404"), RUNNING, Unreachable("blip"), RUNNING, COMPLETE)
    fake.says("s", NotFound("404"), base_url=APP)
    follower.follow(question())
    follower.drain(DEADLINE_SECONDS)
    assert follower.answer("s") == FINAL
    assert follower.problems() == []


def test_a_session_of_the_other_product_is_found_there(fake: FakeApi, follower: Follower) -> None:
    fake.says("s", NotFound("404"))
    follower.follow(question())
    follower.drain(DEADLINE_SECONDS)
    assert follower.answer("s") == replace(FINAL, kind="app")
    assert fake.asked == [(WEB, "s"), (APP, "s")]


def test_the_users_own_api_address_is_asked(fake: FakeApi, new_follower: Callable[..., Follower]) -> None:
    follower = new_follower(api_url="https://proxy.example.org/api")
    follower.follow(question())
    follower.drain(DEADLINE_SECONDS)
    assert fake.asked == [("https://proxy.example.org/api", "s")]


def test_no_thread_runs_before_the_first_question(new_follower: Callable[..., Follower]) -> None:
    new_follower().drain(1)
    assert threads() == []


def test_threads_do_not_keep_python_from_ending(follower: Follower) -> None:
    follower.follow(question())
    assert all(thread.daemon for thread in threads())


def test_sessions_one_after_the_other_need_two_threads_at_most(fake: FakeApi, follower: Follower) -> None:
    """One asks, one waits for what is due next."""
    for index in range(20):
        follower.follow(question(str(index)))
        assert eventually(lambda: follower.waiting() == 0)
    assert len(fake.threads) <= 2
    assert fake.connected <= 2


def test_threads_grow_to_the_limit_and_no_further_when_the_api_is_slow(
    fake: FakeApi, new_follower: Callable[..., Follower]
) -> None:
    follower = new_follower(replace(QUICK, threads=3))
    fake.says("*", fake.hang)
    for index in range(20):
        follower.follow(question(str(index)))
    assert eventually(lambda: len(fake.asked) == 3)
    assert len(threads()) == 3


def test_each_thread_keeps_its_connection(fake: FakeApi, new_follower: Callable[..., Follower]) -> None:
    follower = new_follower(replace(QUICK, threads=2))
    for index in range(50):
        follower.follow(question(str(index)))
    follower.drain(DEADLINE_SECONDS)
    assert len(fake.asked) == 50
    assert fake.connected <= 2


def test_idle_threads_end_and_a_new_question_starts_another(
    fake: FakeApi, new_follower: Callable[..., Follower]
) -> None:
    follower = new_follower(replace(QUICK, idle_seconds=0.01))
    for session_id in ("a", "b"):
        follower.follow(question(session_id))
        assert eventually(lambda: follower.waiting() == 0 and not threads())
    assert len(fake.asked) == 2
    assert fake.closed == fake.connected


def test_a_machine_without_threads_to_spare_leaves_answers_pending(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        follower.follow(question("a"))
    assert follower.answer("a") == Answer("pending", None, None, "web")
    follower.follow(question("b"))
    follower.drain(DEADLINE_SECONDS)
    assert (follower.answer("a"), follower.answer("b")) == (FINAL, FINAL)


# Credentials


def test_without_credentials_nothing_is_asked_and_the_reason_is_told_once(fake: FakeApi, follower: Follower) -> None:
    follower.follow(question("a", credentials=None))
    follower.follow(question("b", credentials=None))
    assert follower.answer("a") == Answer("unavailable", None, NO_CREDENTIALS, "web")
    assert follower.problems() == [Problem(NO_CREDENTIALS, 2)]
    assert follower.waiting() == 0
    assert (fake.asked, threads()) == ([], [])


@pytest.mark.parametrize("refusal", [Unauthorized("no"), Forbidden("no")], ids=["401", "403"])
def test_a_refusal_stops_all_questions_with_these_credentials(
    fake: FakeApi, new_follower: Callable[..., Follower], refusal: Exception
) -> None:
    follower = new_follower(replace(QUICK, threads=1))
    fake.says("*", refusal)
    for index in range(40):
        follower.follow(question(str(index)))
    assert eventually(lambda: follower.waiting() == 0)
    follower.follow(question("late"))
    assert follower.answer("late") == Answer("unavailable", None, "no", "web")
    assert follower.problems() == [Problem("no", 41)]
    assert len(fake.asked) == 1


def test_a_refusal_does_not_stop_questions_with_other_credentials(fake: FakeApi, follower: Follower) -> None:
    fake.says("a", Unauthorized("no"))
    follower.follow(question("a"))
    assert eventually(lambda: follower.waiting() == 0)
    follower.follow(question("b", credentials=Credentials("you", "your-key")))
    follower.drain(DEADLINE_SECONDS)
    assert follower.answer("b") == FINAL


def test_a_refusal_by_the_other_product_concerns_that_product_alone(fake: FakeApi, follower: Follower) -> None:
    fake.says("a", NotFound("404"), COMPLETE)
    fake.says("b", NotFound("404"), COMPLETE)
    fake.says("*", Forbidden("no app testing in this plan"), base_url=APP)
    for session_id in ("a", "b"):
        follower.follow(question(session_id))
        assert eventually(lambda: follower.waiting() == 0)
    assert (follower.answer("a"), follower.answer("b")) == (FINAL, FINAL)
    assert follower.problems() == []
    assert [base_url for base_url, _ in fake.asked].count(APP) == 1


# An API in trouble


def test_a_dead_api_is_told_once_and_costs_far_less_than_the_budget(fake: FakeApi, follower: Follower) -> None:
    fake.says("*", Unreachable("dead"))
    for index in range(400):
        follower.follow(question(str(index)))
    assert seconds(lambda: follower.drain(DEADLINE_SECONDS)) < DEADLINE_SECONDS / 4
    assert follower.problems() == [Problem("dead", 400)]
    assert follower.answer("7") == Answer("unavailable", None, "dead", "web")
    assert len(fake.asked) < 30


def test_a_hanging_api_costs_the_budget_and_no_more(fake: FakeApi, follower: Follower) -> None:
    fake.says("*", fake.hang)
    for index in range(500):
        follower.follow(question(str(index)))
    assert seconds(lambda: follower.drain(0.3)) < 1.0
    assert follower.problems() == [Problem("no answer from api.lambdatest.com within lambdatest_budget, 0.3 s", 500)]


def test_an_api_that_comes_back_is_asked_again(fake: FakeApi, follower: Follower) -> None:
    """A blip in a long night must not lose the rest of it."""
    down = [Unreachable("down")] * 6
    fake.says("*", *down, COMPLETE)
    for index in range(20):
        follower.follow(question(str(index)))
    assert eventually(lambda: follower.waiting() == 0)
    assert {follower.answer(str(index)) for index in range(20)} == {FINAL}
    assert follower.problems() == []


def test_while_an_api_is_down_only_probes_are_sent(fake: FakeApi, new_follower: Callable[..., Follower]) -> None:
    follower = new_follower(replace(QUICK, threads=1, cool_down_seconds=60, longest_cool_down_seconds=60))
    fake.says("*", Unreachable("down"))
    for index in range(20):
        follower.follow(question(str(index)))
    assert eventually(lambda: len(fake.asked) == 3)
    follower.follow(question("late"))
    assert not eventually_within(0.1, lambda: len(fake.asked) > 3)


def eventually_within(limit_seconds: float, condition: Callable[[], bool]) -> bool:
    event, deadline = threading.Event(), time.monotonic() + limit_seconds
    while not condition() and time.monotonic() < deadline:
        event.wait(0.005)
    return condition()


def test_an_api_that_was_down_has_one_more_chance_at_the_end(
    fake: FakeApi, new_follower: Callable[..., Follower]
) -> None:
    follower = new_follower(replace(QUICK, threads=1, cool_down_seconds=60))
    fake.says("*", *[Unreachable("down")] * 3, COMPLETE)
    for index in range(20):
        follower.follow(question(str(index)))
    assert eventually(lambda: len(fake.asked) == 3)
    assert seconds(lambda: follower.drain(DEADLINE_SECONDS)) < 2
    assert {follower.answer(str(index)) for index in range(20)} == {FINAL}


def test_while_one_question_probes_the_others_wait_for_what_it_brings(
    fake: FakeApi, new_follower: Callable[..., Follower]
) -> None:
    probed, proceed = threading.Event(), threading.Event()

    def probe() -> SessionDetails:
        probed.set()
        proceed.wait(DEADLINE_SECONDS)
        return COMPLETE

    follower = new_follower(QUICK)
    fake.says("*", *[Unreachable("down")] * 3, probe, COMPLETE)
    for index in range(3):
        follower.follow(question(str(index)))
        assert eventually(lambda wanted=index + 1: len(fake.asked) >= wanted)  # type: ignore[misc]
    for index in range(3, 9):
        follower.follow(question(str(index)))
    assert probed.wait(DEADLINE_SECONDS)
    assert not eventually_within(0.1, lambda: len(fake.asked) > 4)
    proceed.set()
    assert eventually(lambda: follower.waiting() == 0)
    assert {follower.answer(str(index)) for index in range(9)} == {FINAL}


def test_one_session_that_the_api_chokes_on_does_not_cost_the_others(fake: FakeApi, follower: Follower) -> None:
    fake.says("poisoned", ServerError("500", 500))
    follower.follow(question("poisoned"))
    assert eventually(lambda: len(fake.asked) > 5)
    for index in range(20):
        follower.follow(question(str(index)))
    follower.drain(DEADLINE_SECONDS)
    assert {follower.answer(str(index)) for index in range(20)} == {FINAL}
    assert follower.problems() == [Problem("500", 1)]


def test_an_api_that_asks_for_time_gets_it(fake: FakeApi, follower: Follower) -> None:
    fake.says("a", Throttled("429", 0.2), COMPLETE)
    follower.follow(question("a"))
    assert eventually(lambda: len(fake.asked) == 1)
    follower.follow(question("b"))
    follower.drain(DEADLINE_SECONDS)
    assert fake.asked_at[1] - fake.asked_at[0] >= 0.2
    assert (follower.answer("a"), follower.answer("b")) == (FINAL, FINAL)


def test_at_the_end_more_time_than_there_is_is_not_waited_for(fake: FakeApi, follower: Follower) -> None:
    fake.says("*", Throttled("429", 60.0))
    for index in range(20):
        follower.follow(question(str(index)))
    assert seconds(lambda: follower.drain(DEADLINE_SECONDS)) < 2
    assert follower.problems() == [Problem("429", 20)]


def test_a_time_asked_for_before_the_end_and_beyond_it_is_not_waited_for(fake: FakeApi, follower: Follower) -> None:
    fake.says("*", Throttled("429", 60.0))
    follower.follow(question("a"))
    assert eventually(lambda: follower.problems() != [])
    follower.follow(question("b"))
    assert seconds(lambda: follower.drain(DEADLINE_SECONDS)) < 2
    assert follower.problems() == [Problem("429", 2)]


def test_another_product_that_is_down_is_not_asked_for_what_home_does_not_know(
    fake: FakeApi, new_follower: Callable[..., Follower]
) -> None:
    follower = new_follower(replace(QUICK, cool_down_seconds=60, longest_cool_down_seconds=60))
    fake.says("*", Unreachable("down"), base_url=APP)
    for index in range(12):
        fake.says(str(index), NotFound("404"), NotFound("404"), COMPLETE)
        follower.follow(question(str(index)))
        assert eventually(lambda: follower.waiting() == 0)
    assert {follower.answer(str(index)) for index in range(12)} == {FINAL}
    assert [base_url for base_url, _ in fake.asked].count(APP) == 3


def test_a_question_on_its_way_to_another_product_comes_home_when_that_goes_down(
    fake: FakeApi, new_follower: Callable[..., Follower]
) -> None:
    follower = new_follower(replace(QUICK, threads=1, cool_down_seconds=60, longest_cool_down_seconds=60))
    fake.says("*", Unreachable("down"), base_url=APP)
    fake.says("*", *[NotFound("404")] * 20, COMPLETE)
    for index in range(20):
        follower.follow(question(str(index)))
    follower.drain(DEADLINE_SECONDS)
    assert {follower.answer(str(index)) for index in range(20)} == {FINAL}
    assert [base_url for base_url, _ in fake.asked].count(APP) <= 4


# The end of the run


def test_with_nothing_to_wait_for_the_end_takes_no_time(follower: Follower) -> None:
    assert seconds(lambda: follower.drain(DEADLINE_SECONDS)) < 0.1


def test_without_a_budget_the_end_takes_what_is_there(fake: FakeApi, new_follower: Callable[..., Follower]) -> None:
    follower = new_follower(Pace())
    fake.says("*", fake.hang)
    follower.follow(question("a"))
    assert seconds(lambda: follower.drain(0)) < 0.1
    assert follower.answer("a") == Answer("pending", None, None, "web")
    assert follower.waiting() == 0


def test_a_question_that_rests_is_asked_at_once_when_the_end_waits_for_it(
    fake: FakeApi, new_follower: Callable[..., Follower]
) -> None:
    follower = new_follower(replace(QUICK, backoff_factor=6000, longest_backoff_seconds=60))
    fake.says("s", RUNNING, RUNNING, COMPLETE)
    follower.follow(question())
    assert eventually(lambda: len(fake.asked) == 2)
    assert seconds(lambda: follower.drain(DEADLINE_SECONDS)) < DEADLINE_SECONDS / 2
    assert follower.answer("s") == FINAL


def test_a_session_too_young_to_be_asked_about_is_pending_when_the_budget_ends(
    new_follower: Callable[..., Follower],
) -> None:
    follower = new_follower(replace(QUICK, settling_seconds=60))
    follower.follow(question())
    follower.drain(0.01)
    assert follower.answer("s") == Answer("pending", None, None, "web")


def test_when_the_budget_ends_what_is_known_stays_known(fake: FakeApi, follower: Follower) -> None:
    fake.says("a", RUNNING)
    fake.says("b", NotFound("404"))
    fake.says("b", NotFound("404"), base_url=APP)
    follower.follow(question("a"))
    follower.follow(question("b"))
    follower.drain(0.3)
    assert follower.answer("a") == Answer("pending", RUNNING, None, "web")
    assert follower.answer("b") == Answer("not_found", None, "404", "web")
    assert follower.problems() == [Problem("404", 1)]


def test_an_open_breaker_is_the_reason_when_the_budget_is_nothing(
    fake: FakeApi, new_follower: Callable[..., Follower]
) -> None:
    follower = new_follower(replace(QUICK, cool_down_seconds=60))
    fake.says("*", Unreachable("dead"))
    for index in range(3):
        follower.follow(question(str(index)))
    assert eventually(lambda: len(fake.asked) >= 3 and len(follower.problems()) == 1)
    assert eventually(lambda: follower.problems()[0].sessions == 3)
    follower.follow(question("late"))
    follower.drain(0)
    assert follower.answer("late") == Answer("unavailable", None, "dead", "web")


def test_answers_that_come_after_the_end_change_nothing(fake: FakeApi, follower: Follower) -> None:
    asked, proceed = threading.Event(), threading.Event()

    def late() -> SessionDetails:
        asked.set()
        proceed.wait(DEADLINE_SECONDS)
        return COMPLETE

    fake.says("s", late)
    follower.follow(question())
    assert asked.wait(DEADLINE_SECONDS)
    follower.drain(0)
    before = follower.answer("s")
    proceed.set()
    follower.stop()
    assert eventually(lambda: not threads())
    assert follower.answer("s") == before


def test_somebody_who_waits_hears_how_many_and_how_long(fake: FakeApi, follower: Follower) -> None:
    heard: list[tuple[int, float]] = []
    fake.says("*", fake.hang)
    follower.follow(question("a"))
    follower.follow(question("b"))
    follower.drain(1.2, lambda waiting, left: heard.append((waiting, left)))
    assert [waiting for waiting, _ in heard] == [2, 2]
    (first, last) = (left for _, left in heard)
    assert 0 <= first <= 0.2, "told a second after the start"
    assert last == 0


def test_an_interrupt_passes_through_and_what_is_known_can_be_taken(fake: FakeApi, follower: Follower) -> None:
    def interrupt() -> SessionDetails:
        os.kill(os.getpid(), signal.SIGINT)
        return fake.hang()

    follower.follow(question("known"))
    assert eventually(lambda: follower.waiting() == 0)
    fake.says("hangs", interrupt)
    follower.follow(question("hangs"))
    with pytest.raises(KeyboardInterrupt):
        follower.drain(DEADLINE_SECONDS)
    assert seconds(lambda: follower.drain(0)) < 0.1
    assert follower.answer("known") == FINAL
    assert follower.answer("hangs") == Answer("pending", None, None, "web")


def test_a_session_never_quit_is_looked_at_once(fake: FakeApi, follower: Follower) -> None:
    fake.says("open", RUNNING)
    fake.says("dead", Unreachable("dead"))
    for session_id in ("open", "dead", "ended"):
        follower.look_once(question(session_id, ended=False))
    follower.drain(DEADLINE_SECONDS)
    assert follower.answer("open") == Answer("running", RUNNING, None, "web")
    assert follower.answer("dead") == Answer("unavailable", None, "dead", "web")
    assert follower.answer("ended") == FINAL
    assert len(fake.asked) == 3


def test_after_the_end_threads_go_and_close_what_they_opened(fake: FakeApi, follower: Follower) -> None:
    for index in range(20):
        follower.follow(question(str(index)))
    follower.drain(DEADLINE_SECONDS)
    follower.stop()
    assert eventually(lambda: not threads())
    assert fake.closed == fake.connected > 0


def test_stopping_does_not_wait_for_a_hanging_api(fake: FakeApi, follower: Follower) -> None:
    fake.says("*", fake.hang)
    follower.follow(question())
    assert eventually(lambda: len(fake.asked) == 1)
    assert seconds(follower.stop) < 0.5


def test_after_it_was_stopped_nothing_is_asked(
    fake: FakeApi, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[threading.Thread] = []
    follower.stop()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", started.append)
        follower.follow(question())
    assert (fake.asked, started) == ([], [])


# Asked at a test's teardown


def test_asking_now_waits_for_the_answer(fake: FakeApi, follower: Follower) -> None:
    fake.says("s", RUNNING, RUNNING, COMPLETE)
    assert follower.ask_now(question(), DEADLINE_SECONDS) == FINAL
    assert follower.ask_now(question(), DEADLINE_SECONDS) == FINAL
    assert len(fake.asked) == 3


def test_asking_now_gives_what_is_known_when_its_time_is_over(fake: FakeApi, follower: Follower) -> None:
    fake.says("s", RUNNING)
    assert follower.ask_now(question(), 0.1) == Answer("pending", RUNNING, None, "web")
    fake.says("s", COMPLETE)
    assert eventually(lambda: follower.answer("s") == FINAL)


def test_asking_now_waits_only_once_for_an_api_that_hangs(fake: FakeApi, follower: Follower) -> None:
    fake.says("*", fake.hang)
    nothing = Answer("pending", None, "no answer from api.lambdatest.com in 0.1 s", "web")
    assert follower.ask_now(question("0"), 0.1) == nothing
    assert seconds(lambda: [follower.ask_now(question(str(index)), 0.1) for index in range(1, 50)]) < 0.5
    assert follower.ask_now(question("last"), 0.1) == nothing


def test_asking_now_waits_again_when_the_api_has_given_details(fake: FakeApi, follower: Follower) -> None:
    fake.says("a", NotFound("404"))
    fake.says("a", NotFound("404"), base_url=APP)
    assert follower.ask_now(question("a"), 0.1).state == "not_found"
    follower.follow(question("b"))
    assert eventually(lambda: follower.answer("b") == FINAL)
    fake.says("c", RUNNING, RUNNING, COMPLETE)
    assert follower.ask_now(question("c"), DEADLINE_SECONDS) == FINAL


def test_asking_now_does_not_wait_for_an_api_known_to_be_down(
    fake: FakeApi, new_follower: Callable[..., Follower]
) -> None:
    follower = new_follower(replace(QUICK, cool_down_seconds=60))
    fake.says("*", Unreachable("down"))
    for index in range(3):
        follower.follow(question(str(index)))
    assert eventually(lambda: sum(problem.sessions for problem in follower.problems()) == 3)
    assert seconds(lambda: follower.ask_now(question("late"), DEADLINE_SECONDS)) < 0.5
    assert follower.ask_now(question("late"), DEADLINE_SECONDS) == Answer("pending", None, "down", "web")


def test_asking_now_without_credentials_says_so_at_once(follower: Follower) -> None:
    answer = follower.ask_now(question(credentials=None), DEADLINE_SECONDS)
    assert answer == Answer("unavailable", None, NO_CREDENTIALS, "web")


# Faults of our own


def test_a_fault_while_asking_is_reported_and_the_session_has_an_answer(
    fake: FakeApi, new_follower: Callable[..., Follower]
) -> None:
    faults: list[Exception] = []
    follower = new_follower(on_fault=faults.append)
    fake.says("s", ValueError("with my-key in it"))
    follower.follow(question())
    follower.drain(DEADLINE_SECONDS)
    reason = "api.lambdatest.com can't be asked: ValueError in this plugin"
    assert follower.answer("s") == Answer("unavailable", None, reason, "web")
    assert {type(fault) for fault in faults} == {ValueError}


def test_a_fault_when_a_thread_ends_is_reported_and_not_raised_there(fake: FakeApi) -> None:
    class Unclosable(FakeAsker):
        def close(self) -> None:
            raise OSError("no")

    faults: list[Exception] = []
    follower = Follower(lambda base_url, _: Unclosable(fake, base_url), pace=QUICK, on_fault=faults.append)
    follower.follow(question())
    follower.drain(DEADLINE_SECONDS)
    follower.stop()
    assert eventually(lambda: not threads())
    assert [str(fault) for fault in faults] == ["no"]


def test_without_a_listener_faults_are_dropped(fake: FakeApi, follower: Follower) -> None:
    fake.says("s", ValueError(), COMPLETE)
    follower.follow(question())
    follower.drain(DEADLINE_SECONDS)
    assert follower.answer("s") == FINAL


# The whole, with the real rhythm


def test_forty_sessions_end_at_most_a_second_and_a_half_after_the_last_quit(
    fake: FakeApi, new_follower: Callable[..., Follower]
) -> None:
    """An API that takes 0.3 s and is ready 0.7 s after quit: one call a session, and a tail of one round trip."""
    ended_at: dict[str, float] = {}

    def slow(session_id: str) -> Callable[[], SessionDetails]:
        def outcome() -> SessionDetails:
            asked_at = time.monotonic()
            fake.is_over.wait(0.3)
            return COMPLETE if asked_at - ended_at[session_id] >= 0.7 else RUNNING

        return outcome

    follower = new_follower(Pace())
    for index in range(40):
        session_id = str(index)
        fake.says(session_id, slow(session_id))
        ended_at[session_id] = time.monotonic()
        follower.follow(question(session_id))
        fake.is_over.wait(0.02)
    tail_seconds = seconds(lambda: follower.drain(DEADLINE_SECONDS))
    assert {follower.answer(str(index)) for index in range(40)} == {FINAL}
    assert len(fake.asked) == 40
    assert len(threads()) <= Pace().threads
    assert tail_seconds < 1.5 + 1.0  # a busy machine


def real_client(base_url: str, credentials: Credentials) -> Client:
    return Client(base_url, credentials, timeout_seconds=0.5)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(lambda api: api.reset(), "can't be asked: the connection broke", id="reset"),
        pytest.param(lambda api: api.hang(), "can't be asked: no whole answer in 0.5 s", id="hang"),
        pytest.param(lambda api: api.answer(b"<html>", 502), "502 from", id="502"),
        pytest.param(lambda api: api.answer(b""), "the answer is empty", id="empty"),
        pytest.param(lambda api: api.answer(b"no", 401), "401 from", id="401"),
        pytest.param(lambda api: api.answer(b"", 429, {"Retry-After": "60"}), "429 from", id="429"),
        pytest.param(lambda api: api.answer(b"", 302, {"Location": "/x"}), "302 from", id="302"),
    ],
)
def test_whatever_the_api_does_the_end_is_within_the_budget_and_says_why(
    api: ScriptedServer, fault: Callable[[ScriptedServer], Callable[..., None]], reason: str
) -> None:
    api.will(fault(api))
    follower = Follower(real_client, api_url=api.base_url, pace=QUICK)
    for index in range(40):
        follower.follow(question(str(index)))
    assert seconds(lambda: follower.drain(3)) < 3.5
    follower.stop()
    (problem,) = follower.problems()
    assert reason in problem.message
    assert problem.sessions == 40
    assert eventually(lambda: not threads())


def test_a_real_api_answers_over_kept_connections(api: ScriptedServer) -> None:
    follower = Follower(real_client, api_url=api.base_url, pace=replace(QUICK, threads=2))
    for index in range(40):
        follower.follow(question(str(index)))
    follower.drain(DEADLINE_SECONDS)
    follower.stop()
    assert {follower.answer(str(index)).state for index in range(40)} == {"final"}  # type: ignore[union-attr]
    assert len(api.requests) == 40
    assert api.connections <= 2
    assert eventually(lambda: not threads())
