"""Jobs in threads: who may ask when, what a failure means, and what is given up.

The API is one in memory, behind the pool's own seam; the last tests put the real client and a server there. Most jobs
are of those that poll, as in a run.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest

from job_requests import ACCOUNT, APP, WEB, download, poll
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
from pytest_lambdatest_session.sidecar.downloading import download_jobs
from pytest_lambdatest_session.sidecar.policy import Policy
from pytest_lambdatest_session.sidecar.polling import PollJob, fields_of
from pytest_lambdatest_session.sidecar.pool import Pool
from pytest_lambdatest_session.sidecar.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_lambdatest_session.cloud.endpoints import Kind
    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.sidecar.messages import Account, Polled, Result
    from pytest_lambdatest_session.sidecar.pool import Connect
    from scripted_server import ScriptedServer

    Outcome = SessionDetails | Exception | Callable[[], SessionDetails]

URL = "https://x.org/"
PROXY = "https://proxy.example.org/api"
"""An API that has no sibling."""
RUNNING = SessionDetails("s", status="running", video_url=URL)
COMPLETE = SessionDetails("s", status="passed", duration=3.0, video_url=URL)
DEADLINE_SECONDS = 60.0
TIMEOUT_SECONDS = 60.0

QUICK = Policy(
    initial_delay_seconds=0.01,
    backoff_seconds=0.01,
    longest_backoff_seconds=0.05,
    incomplete_seconds=0.05,
    missing_seconds=0.2,
    missing_at_finish_seconds=0.2,
    cool_down_seconds=0.05,
    longest_cool_down_seconds=0.1,
)


class Answer(NamedTuple):
    state: str
    details: SessionDetails | None = None
    error: str | None = None
    kind: Kind = "web"


FINAL = Answer("final", COMPLETE)


class FakeApi:
    """Says for each session what it was told to say, the last thing again and again; COMPLETE if told nothing."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        """(base URL, session id) of each request, in order."""
        self.asked_at: list[float] = []
        self.accounts: list[tuple[str, str]] = []
        self.threads: set[threading.Thread] = set()
        self.connected = 0
        self.at_once: list[int] = []
        """How many requests were under way when each began, itself included."""
        self.is_over = threading.Event()
        self._under_way = 0
        self._outcomes: dict[tuple[str, str], list[Outcome]] = {}
        self._lock = threading.Lock()

    def says(self, session_id: str, *outcomes: Outcome, base_url: str = WEB) -> None:
        self._outcomes[base_url, session_id] = list(outcomes)

    def connect(self, base_url: str, credentials: Credentials) -> FakeClient:
        with self._lock:
            self.connected += 1
        return FakeClient(self, base_url, credentials)

    def answer(self, base_url: str, session_id: str, credentials: Credentials) -> SessionDetails:
        with self._lock:
            self.asked.append((base_url, session_id))
            self.asked_at.append(time.monotonic())
            self.accounts.append(credentials.account)
            self.threads.add(threading.current_thread())
            self._under_way += 1
            self.at_once.append(self._under_way)
            anything: list[Outcome] = self._outcomes.get((base_url, "*"), [COMPLETE])
            outcomes = self._outcomes.get((base_url, session_id), anything)
            outcome = outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]
        try:
            if isinstance(outcome, Exception):
                raise outcome
            return outcome if isinstance(outcome, SessionDetails) else outcome()
        finally:
            with self._lock:
                self._under_way -= 1

    def hang(self) -> SessionDetails:
        self.is_over.wait(DEADLINE_SECONDS)
        raise Unreachable("hung")


class Held:
    """An outcome that comes when the test says so."""

    def __init__(self, outcome: SessionDetails | Exception = COMPLETE) -> None:
        self.asked, self.proceed = threading.Event(), threading.Event()
        self._outcome = outcome

    def __call__(self) -> SessionDetails:
        self.asked.set()
        assert self.proceed.wait(DEADLINE_SECONDS)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


class FakeClient(Client):
    def __init__(self, api: FakeApi, base_url: str, credentials: Credentials) -> None:
        super().__init__(base_url, credentials, timeout_seconds=1)
        self._api = api
        self._credentials = credentials

    def session(self, session_id: str) -> SessionDetails:
        return self._api.answer(self._base_url, session_id, self._credentials)


class Poller:
    """A pool, and the last that it told of each session."""

    def __init__(
        self,
        connect: Connect,
        policy: Policy | None = QUICK,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        on_fault: Callable[[Exception], None] | None = None,
    ) -> None:
        faults = {} if on_fault is None else {"on_fault": on_fault}
        self.pool = Pool(connect, timeout_seconds=timeout_seconds, policy=policy, **faults)
        self.order: list[str] = []
        """Of sessions that are done."""
        self._asked: set[str] = set()
        self._told: dict[str, Polled] = {}

    def poll(
        self,
        *session_ids: str,
        ended: bool = True,
        account: Account | None = ACCOUNT,
        base_url: str = WEB,
        rank: int = 1,
    ) -> None:
        for session_id in session_ids:
            self._asked.add(session_id)
            request = poll(session_id, base_url, ended=ended, account=account, rank=rank)
            self.pool.add(PollJob(request, time.monotonic(), self.pool.policy, self._keep))

    def _keep(self, result: Result) -> None:
        assert result["type"] == "polled"
        assert not self._is_done(result["session_id"]), "nothing is told of a session that is over"
        self._told[result["session_id"]] = result
        if result["done"]:
            self.order.append(result["session_id"])

    def _is_done(self, session_id: str) -> bool:
        return session_id in self._told and self._told[session_id]["done"]

    @property
    def waiting(self) -> int:
        return sum(not self._is_done(session_id) for session_id in self._asked)

    def wait(self) -> None:
        """Until all are done."""
        assert eventually(lambda: self.waiting == 0)

    def finish(self, budget_seconds: float) -> float:
        """End the run, and return how long that took."""
        started_at = time.monotonic()
        self.pool.finish(budget_seconds)
        self.wait()
        return time.monotonic() - started_at

    def has(self, session_id: str, answer: Answer) -> bool:
        """Whether this is the last that was told of a session."""
        told = self._told[session_id]
        details = None if answer.details is None else fields_of(answer.details)
        return (told["state"], told["details"], told["error"], told["kind"]) == (
            *(answer.state, details, answer.error, answer.kind),
        )

    def all_have(self, answer: Answer) -> bool:
        """Whether it is the last that was told of each."""
        return all(self.has(session_id, answer) for session_id in self._asked)

    def errors(self) -> dict[str, int]:
        """Why sessions have no final answer, and how many."""
        reasons = [told["error"] for told in self._told.values() if told["error"] is not None]
        return {reason: reasons.count(reason) for reason in reasons}


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    api = FakeApi()
    yield api
    api.is_over.set()


@pytest.fixture
def poller(fake: FakeApi) -> Poller:
    return Poller(fake.connect)


@pytest.fixture
def accepted(fake: FakeApi) -> Poller:
    """One whose account LambdaTest has accepted; until then one request is under way at a time."""
    return accepted_by(fake, QUICK)


def accepted_by(fake: FakeApi, policy: Policy, *, timeout_seconds: float = TIMEOUT_SECONDS) -> Poller:
    poller = Poller(fake.connect, policy, timeout_seconds=timeout_seconds)
    poller.poll("accepted", ended=False)
    poller.wait()
    fake.asked.clear()
    return poller


def many(count: int) -> list[str]:
    return [str(index) for index in range(count)]


def eventually(condition: Callable[[], bool], limit_seconds: float = DEADLINE_SECONDS) -> bool:
    deadline, event = time.monotonic() + limit_seconds, threading.Event()
    while not condition() and time.monotonic() < deadline:
        event.wait(0.002)
    return condition()


# While tests run


def test_a_session_is_asked_about_until_it_is_complete(fake: FakeApi, poller: Poller) -> None:
    fake.says("s", NotFound("404"), RUNNING, Unreachable("blip"), RUNNING, COMPLETE)
    fake.says("s", NotFound("404"), base_url=APP)
    poller.poll("s")
    poller.wait()
    assert poller.has("s", FINAL)
    assert [base_url for base_url, _ in fake.asked] == [WEB, APP, WEB, WEB, WEB, WEB]


def test_sessions_one_after_the_other_need_two_threads_at_most(fake: FakeApi, poller: Poller) -> None:
    """One asks, one waits for what is due next."""
    for session_id in many(20):
        poller.poll(session_id)
        poller.wait()
    assert len(fake.threads) <= 2
    assert fake.connected <= 2


def test_threads_grow_to_the_limit_and_no_further_when_the_api_is_slow(fake: FakeApi) -> None:
    poller = accepted_by(fake, replace(QUICK, threads=3))
    fake.says("*", fake.hang)
    poller.poll(*many(20))
    assert eventually(lambda: len(fake.asked) == 3)
    assert not eventually(lambda: len(fake.asked) > 3, 0.1)
    assert len(fake.threads) == 3


def test_a_machine_without_threads_to_spare_catches_up_when_it_has_one(fake: FakeApi, poller: Poller) -> None:
    before = threading.stack_size(2**60)  # more than any machine has
    try:
        poller.poll("a")
    finally:
        threading.stack_size(before)
    poller.poll("b")
    poller.wait()
    assert poller.all_have(FINAL)
    assert len(fake.asked) == 2


def test_sessions_of_failed_tests_are_asked_about_first(fake: FakeApi) -> None:
    """As many as wait for the same thread."""
    poller = Poller(fake.connect, replace(QUICK, threads=1))
    fake.says("busy", busy := Held())
    poller.poll("busy", ended=False)
    assert busy.asked.wait(DEADLINE_SECONDS)
    poller.poll("green-1", "green-2", "green-3", ended=False)
    poller.poll("red-1", "red-2", ended=False, rank=0)
    busy.proceed.set()
    poller.wait()
    assert poller.order == ["busy", "red-1", "red-2", "green-1", "green-2", "green-3"]


# Credentials


def test_without_credentials_nothing_is_asked_and_the_reason_is_told(fake: FakeApi, poller: Poller) -> None:
    poller.poll("a", "b", account=None)
    assert poller.all_have(Answer("unavailable", None, NO_CREDENTIALS))
    assert (poller.waiting, fake.asked) == (0, [])


@pytest.mark.parametrize("refusal", [Unauthorized("no"), Forbidden("no")], ids=["401", "403"])
def test_a_refusal_stops_all_questions_with_these_credentials(
    fake: FakeApi, poller: Poller, refusal: Exception
) -> None:
    fake.says("*", held := Held(refusal))
    poller.poll(*many(40))
    assert held.asked.wait(DEADLINE_SECONDS)
    assert not eventually(lambda: len(fake.asked) > 1, 0.1)
    held.proceed.set()
    poller.wait()
    poller.poll("late")
    assert poller.all_have(Answer("unavailable", None, "no"))
    assert len(fake.asked) == 1


def test_another_account_is_asked_with_its_own_credentials_whatever_becomes_of_the_first(
    fake: FakeApi, poller: Poller
) -> None:
    other = ("you", "your-key")
    fake.says("a", held := Held(Unauthorized("no")))
    poller.poll("a")
    assert held.asked.wait(DEADLINE_SECONDS)
    poller.poll("b", account=other)
    assert eventually(lambda: poller.order == ["b"])
    held.proceed.set()
    poller.wait()
    poller.poll("c", account=other)
    poller.wait()
    assert poller.errors() == {"no": 1}
    assert fake.accounts == [ACCOUNT, other, other]


def test_a_refusal_by_the_other_product_concerns_that_product_alone(fake: FakeApi, poller: Poller) -> None:
    fake.says("a", NotFound("404"), COMPLETE)
    fake.says("b", NotFound("404"), COMPLETE)
    fake.says("*", Forbidden("no app testing in this plan"), base_url=APP)
    for session_id in ("a", "b"):
        poller.poll(session_id)
        poller.wait()
    assert poller.all_have(FINAL)
    assert [base_url for base_url, _ in fake.asked].count(APP) == 1


def test_until_an_account_is_accepted_one_request_is_under_way_at_a_time(fake: FakeApi, poller: Poller) -> None:
    """A failure says nothing of the account, a 404 does."""
    fake.says("*", Unreachable("blip"), ServerError("500", 500), NotFound("404"), fake.hang, base_url=PROXY)
    poller.poll(*many(30), ended=False, base_url=PROXY)
    assert eventually(lambda: len(fake.asked) == 30)
    assert fake.at_once[:3] == [1, 1, 1]
    assert max(fake.at_once) == 27


def test_an_account_has_to_be_accepted_by_each_api(fake: FakeApi, accepted: Poller) -> None:
    """A plan may be without one of the products, or without links to share."""
    fake.says("*", held := Held(Forbidden("not in this plan")), base_url=PROXY)
    accepted.poll(*many(30), ended=False, base_url=PROXY)
    assert held.asked.wait(DEADLINE_SECONDS)
    accepted.poll("elsewhere", ended=False, base_url=APP)
    assert eventually(lambda: "elsewhere" in accepted.order), "one API does not keep another waiting"
    assert not eventually(lambda: len(fake.asked) > 2, 0.1)
    held.proceed.set()
    accepted.wait()
    assert len(fake.asked) == 2


# An API in trouble


def test_a_dead_api_is_told_and_costs_far_less_than_the_budget(fake: FakeApi, poller: Poller) -> None:
    fake.says("*", Unreachable("dead"))
    poller.poll(*many(400))
    assert poller.finish(DEADLINE_SECONDS) < DEADLINE_SECONDS / 4
    assert poller.all_have(Answer("unavailable", None, "dead"))
    assert len(fake.asked) < 30


def test_a_hanging_api_costs_the_budget_and_no_more(fake: FakeApi, accepted: Poller) -> None:
    fake.says("*", fake.hang)
    accepted.poll(*many(500))
    assert accepted.finish(0.3) < DEADLINE_SECONDS / 4
    assert accepted.errors() == {"no answer from api.lambdatest.com within lambdatest_budget, 0.3 s": 500}


def test_an_api_that_comes_back_is_asked_again(fake: FakeApi, poller: Poller) -> None:
    """A blip in a long night must not lose the rest of it."""
    fake.says("*", *[Unreachable("down")] * 6, COMPLETE)
    poller.poll(*many(20))
    poller.wait()
    assert poller.all_have(FINAL)


def test_an_api_that_is_down_is_left_alone_until_the_end_gives_it_one_more_chance(fake: FakeApi) -> None:
    poller = Poller(fake.connect, replace(QUICK, cool_down_seconds=60, longest_cool_down_seconds=60))
    fake.says("*", *[Unreachable("down")] * 3, COMPLETE)
    poller.poll(*many(20))
    assert eventually(lambda: len(fake.asked) == 3)
    poller.poll("late")
    assert not eventually(lambda: len(fake.asked) > 3, 0.1)
    assert poller.finish(DEADLINE_SECONDS) < DEADLINE_SECONDS / 4
    assert poller.all_have(FINAL)


def test_while_one_request_probes_the_others_wait_for_what_it_brings(fake: FakeApi, accepted: Poller) -> None:
    fake.says("*", *[Unreachable("down")] * 3, probe := Held(), COMPLETE)
    for index, session_id in enumerate(many(3)):
        accepted.poll(session_id)
        assert eventually(lambda wanted=index + 1: len(fake.asked) >= wanted)  # type: ignore[misc]
    accepted.poll("3", "4", "5", "6", "7", "8")
    assert probe.asked.wait(DEADLINE_SECONDS)
    assert not eventually(lambda: len(fake.asked) > 4, 0.1)
    probe.proceed.set()
    accepted.wait()
    assert {accepted.has(session_id, FINAL) for session_id in many(9)} == {True}


def test_one_session_that_the_api_chokes_on_does_not_cost_the_others(fake: FakeApi, poller: Poller) -> None:
    fake.says("poisoned", ServerError("500", 500))
    poller.poll("poisoned")
    assert eventually(lambda: len(fake.asked) > 5)
    poller.poll(*many(20))
    poller.finish(DEADLINE_SECONDS)
    assert {poller.has(session_id, FINAL) for session_id in many(20)} == {True}
    assert poller.errors() == {"500": 1}


def test_an_api_that_asks_for_time_gets_it(fake: FakeApi, poller: Poller) -> None:
    fake.says("a", Throttled("429", 0.2), COMPLETE)
    poller.poll("a")
    assert eventually(lambda: len(fake.asked) == 1)
    poller.poll("b")
    poller.finish(DEADLINE_SECONDS)
    assert fake.asked_at[1] - fake.asked_at[0] >= 0.2
    assert poller.all_have(FINAL)


@pytest.mark.parametrize("asked_for", ["before the end", "at the end"])
def test_at_the_end_more_time_than_there_is_is_not_waited_for(fake: FakeApi, poller: Poller, asked_for: str) -> None:
    fake.says("*", Throttled("429", 10 * DEADLINE_SECONDS))
    if asked_for == "before the end":
        poller.poll("a")
        assert eventually(lambda: poller.errors() != {})
    poller.poll(*many(20))
    assert poller.finish(DEADLINE_SECONDS) < DEADLINE_SECONDS / 4
    assert poller.errors() == {"429": len(poller.order)}


def test_another_product_that_is_down_is_not_asked_for_what_home_does_not_know(fake: FakeApi) -> None:
    poller = Poller(fake.connect, replace(QUICK, cool_down_seconds=60, longest_cool_down_seconds=60))
    fake.says("*", Unreachable("down"), base_url=APP)
    for session_id in many(12):
        fake.says(session_id, NotFound("404"), NotFound("404"), COMPLETE)
        poller.poll(session_id)
        poller.wait()
    assert poller.all_have(FINAL)
    assert [base_url for base_url, _ in fake.asked].count(APP) == 3


def test_a_request_on_its_way_to_another_product_comes_home_when_that_goes_down(fake: FakeApi) -> None:
    policy = replace(QUICK, threads=1, cool_down_seconds=60, longest_cool_down_seconds=60, missing_seconds=5)
    poller = Poller(fake.connect, policy)
    fake.says("*", Unreachable("down"), base_url=APP)
    fake.says("*", *[NotFound("404")] * 20, COMPLETE)
    poller.poll(*many(20))
    poller.wait()
    assert poller.all_have(FINAL)
    assert [base_url for base_url, _ in fake.asked].count(APP) <= 4


# A step that takes too long


def test_a_step_that_takes_longer_than_the_timeout_is_a_failure_and_what_it_brings_is_dropped(fake: FakeApi) -> None:
    """Its thread does not count: of one that is allowed another takes the place."""
    poller = Poller(fake.connect, replace(QUICK, threads=1), timeout_seconds=0.1)
    fake.says("s", late := Held(RUNNING), COMPLETE)
    poller.poll("s")
    slow = "api.lambdatest.com can't be asked: no whole answer in 0.1 s (lambdatest_timeout)"
    assert eventually(lambda: poller.errors() == {slow: 1} or poller.waiting == 0)
    poller.wait()
    late.proceed.set()
    assert eventually(lambda: sum(thread.is_alive() for thread in fake.threads) == 1)
    assert poller.has("s", FINAL)
    assert len(fake.threads) == 2


def test_a_download_may_take_longer_than_one_request(fake: FakeApi, tmp_path: Path) -> None:
    """It has a budget of its own; the timeout is for what is small."""
    started, done = threading.Event(), threading.Event()
    results: list[Result] = []

    class Slow(FakeClient):
        def log(self, session_id: str, kind: str, limit_bytes: int) -> bytes:  # noqa: ARG002
            started.set()
            fake.is_over.wait(1.0)
            done.set()
            return b'{"data": [1]}'

    pool = Pool(lambda base_url, account: Slow(fake, base_url, account), timeout_seconds=0.1, policy=QUICK)
    log, *_ = download_jobs(
        download(tmp_path, WEB), Storage(1000, frozenset()), time.monotonic(), QUICK, results.append
    )
    pool.add(log)
    assert started.wait(DEADLINE_SECONDS)
    assert done.wait(DEADLINE_SECONDS)
    assert eventually(lambda: len(results) == 1)
    assert results[0]["path"] == str(tmp_path / "command-log.json")  # type: ignore[typeddict-item]


# The end of the run


def test_without_a_budget_the_end_takes_what_is_there_and_what_comes_later_changes_nothing(
    fake: FakeApi, accepted: Poller
) -> None:
    fake.says("s", late := Held())
    accepted.poll("s")
    assert late.asked.wait(DEADLINE_SECONDS)
    assert accepted.finish(0) < DEADLINE_SECONDS / 4
    late.proceed.set()
    # Its thread takes the answer in before it takes the next job.
    accepted.poll("next", account=("you", "your-key"))
    assert eventually(lambda: "next" in accepted.order)
    assert accepted.has("s", Answer("pending"))


def test_a_session_that_rests_is_asked_about_at_once_when_the_end_waits_for_it(fake: FakeApi) -> None:
    poller = Poller(fake.connect, replace(QUICK, backoff_factor=6000, longest_backoff_seconds=60, missing_seconds=60))
    fake.says("s", RUNNING, RUNNING, COMPLETE)
    poller.poll("s")
    assert eventually(lambda: len(fake.asked) == 2)
    assert poller.finish(DEADLINE_SECONDS) < DEADLINE_SECONDS / 2
    assert poller.has("s", FINAL)


def test_when_the_budget_ends_what_is_known_stays_known(fake: FakeApi) -> None:
    poller = Poller(fake.connect, replace(QUICK, missing_at_finish_seconds=60))
    fake.says("a", RUNNING)
    fake.says("b", NotFound("404"))
    fake.says("b", NotFound("404"), base_url=APP)
    poller.poll("a", "b")
    poller.finish(0.3)
    assert poller.has("a", Answer("pending", RUNNING))
    assert poller.has("b", Answer("not_found", None, "404"))


def test_an_open_breaker_is_the_reason_when_the_budget_is_nothing(fake: FakeApi) -> None:
    poller = Poller(fake.connect, replace(QUICK, cool_down_seconds=60))
    fake.says("*", Unreachable("dead"))
    poller.poll("a")
    assert eventually(lambda: len(fake.asked) >= 3)
    assert eventually(lambda: poller.errors() == {"dead": 1})
    poller.poll("late")
    poller.finish(0)
    assert poller.has("late", Answer("unavailable", None, "dead"))


def test_another_end_has_time_of_its_own(fake: FakeApi, poller: Poller) -> None:
    """Sessions are waited for first, links and files after that."""
    fake.says("hangs", fake.hang)
    fake.says("slow", RUNNING)
    poller.poll("slow")
    assert eventually(lambda: len(fake.asked) > 1)
    poller.poll("hangs")
    assert eventually(lambda: (WEB, "hangs") in fake.asked)
    poller.finish(0.1)
    poller.poll("next")
    assert poller.finish(DEADLINE_SECONDS) < DEADLINE_SECONDS / 2
    assert poller.has("next", FINAL)
    fake.says("last", fake.hang)
    poller.poll("last")
    assert eventually(lambda: (WEB, "last") in fake.asked)
    poller.finish(0)
    assert poller.has("last", Answer("pending"))


# Faults of our own


def test_a_fault_while_asking_is_reported_and_the_session_has_an_answer(fake: FakeApi) -> None:
    faults: list[Exception] = []
    poller = Poller(fake.connect, on_fault=faults.append)
    fake.says("s", ValueError("with my-key in it"))
    poller.poll("s")
    poller.finish(DEADLINE_SECONDS)
    reason = "api.lambdatest.com can't be asked: ValueError in this plugin"
    assert poller.has("s", Answer("unavailable", None, reason))
    assert {type(fault) for fault in faults} == {ValueError}


def test_a_client_that_cannot_be_made_is_a_fault_too(fake: FakeApi) -> None:
    poller = Poller(lambda base_url, credentials: Client(base_url, credentials, timeout_seconds=1))
    poller.poll("s", base_url="http://not.encrypted.example/automation/api/v1")
    poller.finish(DEADLINE_SECONDS)
    assert poller.errors() == {"not.encrypted.example can't be asked: ValueError in this plugin": 1}
    assert fake.asked == []


# The whole, with the real rhythm


def test_forty_sessions_end_at_most_a_second_and_a_half_after_the_last_quit(fake: FakeApi) -> None:
    """An API that takes 0.3 s and is ready 0.7 s after quit: what the end has asked early is asked once more."""
    ended_at: dict[str, float] = {}

    def slow(session_id: str) -> Callable[[], SessionDetails]:
        def outcome() -> SessionDetails:
            asked_at = time.monotonic()
            fake.is_over.wait(0.3)
            return COMPLETE if asked_at - ended_at[session_id] >= 0.7 else RUNNING

        return outcome

    poller = Poller(fake.connect, None)
    for session_id in many(40):
        fake.says(session_id, slow(session_id))
        ended_at[session_id] = time.monotonic()
        poller.poll(session_id)
        fake.is_over.wait(0.02)
    poller.finish(DEADLINE_SECONDS)
    assert poller.all_have(FINAL)
    assert 40 <= len(fake.asked) <= 80
    assert len(fake.threads) <= Policy().threads


def real_client(base_url: str, credentials: Credentials) -> Client:
    return Client(base_url, credentials, timeout_seconds=0.5)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda api: api.hang(), id="before-headers"),
        pytest.param(lambda api: api.hang(HEAD + b'Content-Length: 99\r\n\r\n{"data'), id="inside-the-body"),
        pytest.param(lambda api: api.drip(b"HTTP/1.1 200 OK\r\n", b"X-Header: 1\r\n"), id="headers-bytewise"),
        pytest.param(lambda api: api.drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="continue-for-ever"),
        pytest.param(lambda api: api.drip(HEAD + b"Content-Length: 9999\r\n\r\n", b" "), id="body-bytewise"),
        pytest.param(lambda api: api.drip(HEAD + b"Connection: close\r\n\r\n", b" "), id="body-bytewise-to-the-end"),
        pytest.param(lambda api: api.drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), id="chunks"),
    ],
)
def test_a_request_ends_in_its_time_however_the_answer_trickles(
    api: ScriptedServer, fault: Callable[[ScriptedServer], Callable[..., None]]
) -> None:
    api.will(fault(api), api.details())
    poller = Poller(real_client, timeout_seconds=0.5)
    started_at = time.monotonic()
    poller.poll("s", base_url=api.base_url)
    slow = f"127.0.0.1:{api.port} can't be asked: no whole answer in 0.5 s (lambdatest_timeout)"
    assert eventually(lambda: poller.errors() == {slow: 1} or poller.waiting == 0)
    poller.wait()
    assert poller.order == ["s"]
    assert len(api.requests) == 2, "the first was given up, the second answered"
    assert time.monotonic() - started_at < DEADLINE_SECONDS / 4


def test_a_real_api_answers_over_kept_connections(api: ScriptedServer) -> None:
    poller = Poller(real_client, replace(QUICK, threads=2), timeout_seconds=0.5)
    poller.poll(*many(40), base_url=api.base_url)
    poller.wait()
    assert poller.errors() == {}
    assert len(api.requests) == 40
    assert api.connections <= 2
