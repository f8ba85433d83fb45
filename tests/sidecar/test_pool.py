"""Jobs in threads: who may ask when, what a failure means, and what is given up.

The API is one in memory, behind the pool's own seam; the last test puts the real client and a server there. Most jobs
are of those that poll, as in a run.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from eventually import DEADLINE_SECONDS, eventually
from job_requests import ACCOUNT, APP, WEB, download, poll
from pytest_lambdatest_session.cloud.client import Client
from pytest_lambdatest_session.cloud.details import SessionDetails
from pytest_lambdatest_session.cloud.errors import (
    Forbidden,
    NotFound,
    ServerError,
    Throttled,
    Unauthorized,
    Unreachable,
)
from pytest_lambdatest_session.sidecar.downloading import download_jobs
from pytest_lambdatest_session.sidecar.policy import InitialDelay, Policy
from pytest_lambdatest_session.sidecar.polling import PollJob
from pytest_lambdatest_session.sidecar.pool import Pool
from pytest_lambdatest_session.sidecar.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from pytest_lambdatest_session.credentials import Credentials
    from pytest_lambdatest_session.sidecar.messages import Account, Polled
    from pytest_lambdatest_session.sidecar.pool import Connect
    from scripted_server import ScriptedServer

    Outcome = SessionDetails | Exception | Callable[[], SessionDetails]

URL = "https://x.org/"
PROXY = "https://proxy.example.org/api"
"""An API that has no sibling."""
OTHER: Account = ("you", "your-key")
RUNNING = SessionDetails("s", status="running", video_url=URL)
COMPLETE = SessionDetails("s", status="passed", duration=3.0, video_url=URL)
DOWN, MISSING = Unreachable("down"), NotFound("404")
FINAL, PENDING = ("final", "passed", None), ("pending", None, None)
SOON_SECONDS = DEADLINE_SECONDS / 2
"""What no end of a run takes that does not wait for its budget."""

QUICK = Policy(
    initial_delay=InitialDelay(0.01),
    backoff_seconds=0.01,
    longest_backoff_seconds=0.05,
    incomplete_seconds=0.05,
    missing_seconds=0.2,
    missing_at_finish_seconds=0.2,
    cool_down_seconds=0.05,
    longest_cool_down_seconds=0.1,
)
LEFT_ALONE = replace(QUICK, cool_down_seconds=600, longest_cool_down_seconds=600)


class FakeApi:
    """Says for each session what it was told to say, the last thing again and again; COMPLETE if told nothing."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        """(base URL, session id) of each request, in order."""
        self.asked_at: list[float] = []
        self.accounts: list[Account] = []
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

    def answer(self, base_url: str, session_id: str, account: Account) -> SessionDetails:
        with self._lock:
            self.asked.append((base_url, session_id))
            self.asked_at.append(time.monotonic())
            self.accounts.append(account)
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
        self.is_over.wait(2 * DEADLINE_SECONDS)
        raise Unreachable("hung")


class Held:
    """An outcome that comes when the test says so."""

    def __init__(self, outcome: SessionDetails | Exception = COMPLETE) -> None:
        self.asked, self._proceed = threading.Event(), threading.Event()
        self._outcome = outcome

    def __call__(self) -> SessionDetails:
        self.asked.set()
        assert self._proceed.wait(DEADLINE_SECONDS)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome

    def wait(self) -> None:
        assert self.asked.wait(DEADLINE_SECONDS)

    def come(self) -> None:
        self._proceed.set()


class FakeClient(Client):
    def __init__(self, api: FakeApi, base_url: str, credentials: Credentials) -> None:
        super().__init__(base_url, credentials, timeout_seconds=1)
        self._api = api
        self._account = credentials.account

    def session(self, session_id: str) -> SessionDetails:
        return self._api.answer(self._base_url, session_id, self._account)


class Poller:
    """A pool, and the last that it told of each session: its state, its status and why that is not known."""

    def __init__(self, connect: Connect, policy: Policy | None = QUICK, **options: Any) -> None:
        self.pool = Pool(connect, policy=policy, **{"timeout_seconds": 60.0, **options})
        self.told: dict[str, tuple[str, object, str | None]] = {}
        self.order: list[str] = []
        """Of sessions that are done."""
        self._asked: set[str] = set()

    def poll(self, *session_ids: str, base_url: str = WEB, ended: bool = True, **differences: Any) -> None:
        for session_id in session_ids:
            self._asked.add(session_id)
            request = poll(session_id, base_url, ended=ended, **differences)
            self.pool.add(PollJob(request, time.monotonic(), self.pool.policy, self._keep))  # type: ignore[arg-type]

    def _keep(self, result: Polled) -> None:
        session_id, details = result["session_id"], result["details"]
        assert session_id not in self.order, "nothing is told of a session that is over"
        self.told[session_id] = result["state"], details and details["status"], result["error"]
        if result["done"]:
            self.order.append(session_id)

    def wait(self) -> None:
        """Until all are done."""
        assert eventually(lambda: self._asked <= set(self.order))

    def finish(self, budget_seconds: float = DEADLINE_SECONDS, then: Callable[[], None] = lambda: None) -> None:
        """End the run; see that a short budget is kept, and a long one not spent."""
        started_at = time.monotonic()
        self.pool.finish(budget_seconds)
        then()
        self.wait()
        assert time.monotonic() - started_at < SOON_SECONDS

    def all_have(self, told: tuple[str, object, str | None]) -> bool:
        """Whether all are done, with this as the last that was told of each."""
        return set(self.order) == self._asked and set(self.told.values()) == {told}

    def errors(self) -> dict[str, int]:
        """Why sessions have no final answer, and how many."""
        return Counter(error for _, _, error in self.told.values() if error is not None)


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
    poller = Poller(fake.connect, replace(QUICK, threads=10))
    poller.poll("accepted", ended=False)
    poller.wait()
    fake.asked.clear()
    return poller


def many(count: int) -> list[str]:
    return [str(index) for index in range(count)]


# While tests run


def test_sessions_one_after_the_other_need_two_threads_and_clients_at_most(fake: FakeApi, poller: Poller) -> None:
    """One, and another where a busy machine made it late."""
    for session_id in many(20):
        poller.poll(session_id)
        poller.wait()
    assert len(fake.threads) <= 2
    assert fake.connected <= 2


def test_threads_grow_to_the_limit_and_a_hanging_api_costs_the_budget(fake: FakeApi, accepted: Poller) -> None:
    fake.says("*", fake.hang)
    accepted.poll(*many(500))
    assert eventually(lambda: len(fake.asked) == 10)
    assert not eventually(lambda: len(fake.asked) > 10, 0.1)
    accepted.finish(0.3)
    assert accepted.errors() == {"no answer from api.lambdatest.com within lambdatest_budget, 0.3 s": 500}


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
    busy.wait()
    poller.poll("green-1", "green-2", ended=False)
    poller.poll("red-1", "red-2", ended=False, rank=0)
    busy.come()
    poller.wait()
    assert poller.order == ["busy", "red-1", "red-2", "green-1", "green-2"]


# Credentials


@pytest.mark.parametrize("refusal", [Unauthorized("no"), Forbidden("no")], ids=["401", "403"])
def test_a_refusal_stops_all_questions_with_these_credentials(
    fake: FakeApi, poller: Poller, refusal: Exception
) -> None:
    fake.says("*", held := Held(refusal))
    for theirs in ("theirs", "theirs-too"):
        fake.says(theirs, COMPLETE)
    poller.poll(*many(40))
    held.wait()
    poller.poll("theirs", account=OTHER)
    assert eventually(lambda: poller.order == ["theirs"])
    assert not eventually(lambda: len(fake.asked) > 2, 0.1)
    held.come()
    poller.wait()
    poller.poll("late")
    poller.poll("theirs-too", account=OTHER)
    poller.wait()
    assert poller.told["late"] == ("unavailable", None, "no")
    assert poller.errors() == {"no": 41}
    assert fake.accounts == [ACCOUNT, OTHER, OTHER]


def test_a_refusal_by_the_other_product_concerns_that_product_alone(fake: FakeApi, poller: Poller) -> None:
    fake.says("*", Forbidden("no app testing in this plan"), base_url=APP)
    for session_id in ("a", "b"):
        fake.says(session_id, MISSING, COMPLETE)
        poller.poll(session_id)
        poller.wait()
    assert poller.all_have(FINAL)
    assert [base_url for base_url, _ in fake.asked].count(APP) == 1


def test_until_an_account_is_accepted_one_request_is_under_way_at_a_time(fake: FakeApi, poller: Poller) -> None:
    """A failure says nothing of the account, a 404 does."""
    fake.says("*", DOWN, ServerError("500", 500), MISSING, fake.hang, base_url=PROXY)
    poller.poll(*many(30), ended=False, base_url=PROXY)
    assert eventually(lambda: len(fake.asked) == 30)
    assert fake.at_once[:3] == [1, 1, 1]
    assert max(fake.at_once) == 27


def test_an_account_has_to_be_accepted_by_each_api(fake: FakeApi, accepted: Poller) -> None:
    """A plan may be without one of the products, or without links to share."""
    fake.says("*", held := Held(Forbidden("not in this plan")), base_url=PROXY)
    accepted.poll(*many(30), ended=False, base_url=PROXY)
    held.wait()
    accepted.poll("elsewhere", ended=False, base_url=APP)
    assert eventually(lambda: "elsewhere" in accepted.order), "one API does not keep another waiting"
    assert not eventually(lambda: len(fake.asked) > 2, 0.1)
    held.come()
    accepted.wait()
    assert len(fake.asked) == 2


# An API in trouble


def test_a_dead_api_is_told_and_costs_far_less_than_the_budget(fake: FakeApi) -> None:
    """One that is asked for the first time when the run waits already, too."""
    poller = Poller(fake.connect, LEFT_ALONE)
    for base_url in (WEB, PROXY):
        fake.says("*", DOWN, base_url=base_url)
    poller.poll(*many(400))
    poller.pool.finish(10 * DEADLINE_SECONDS)
    poller.poll(*"abcdef", base_url=PROXY)
    poller.wait()
    assert poller.all_have(("unavailable", None, "down"))
    assert len(fake.asked) < 30


def test_an_api_that_is_down_is_left_alone_until_the_end_gives_it_one_more_chance(fake: FakeApi) -> None:
    poller = Poller(fake.connect, LEFT_ALONE)
    fake.says("*", DOWN, DOWN, DOWN, COMPLETE)
    poller.poll(*many(20))
    assert eventually(lambda: len(fake.asked) == 3)
    poller.poll("late")
    assert not eventually(lambda: len(fake.asked) > 3, 0.1)
    poller.finish()
    assert poller.all_have(FINAL)


def test_while_one_request_probes_the_others_wait_for_what_it_brings(fake: FakeApi, accepted: Poller) -> None:
    """An API that comes back is asked again: a blip in a long night must not lose the rest of it."""
    fake.says("*", DOWN, DOWN, DOWN, probe := Held(), COMPLETE)
    accepted.poll("0")
    probe.wait()
    accepted.poll("1", "2", "3", "4", "5", "6", "7", "8")
    assert not eventually(lambda: len(fake.asked) > 4, 0.1)
    probe.come()
    accepted.wait()
    assert accepted.all_have(FINAL)


def test_one_session_that_the_api_chokes_on_does_not_cost_the_others(fake: FakeApi, poller: Poller) -> None:
    fake.says("poisoned", ServerError("500", 500))
    poller.poll("poisoned")
    assert eventually(lambda: len(fake.asked) > 5)
    poller.poll(*many(20))
    poller.finish()
    assert poller.errors() == {"500": 1}
    assert {poller.told[session_id] for session_id in many(20)} == {FINAL}


def test_an_api_that_asks_for_time_gets_it(fake: FakeApi, poller: Poller) -> None:
    fake.says("a", Throttled("429", 0.2), COMPLETE)
    poller.poll("a")
    assert eventually(lambda: len(fake.asked) == 1)
    poller.poll("b")
    poller.finish()
    assert fake.asked_at[1] - fake.asked_at[0] >= 0.2
    assert poller.all_have(FINAL)


@pytest.mark.parametrize("asked_for", ["before the end", "at the end"])
def test_at_the_end_more_time_than_there_is_is_not_waited_for(fake: FakeApi, poller: Poller, asked_for: str) -> None:
    fake.says("*", Throttled("429", 20 * DEADLINE_SECONDS))
    fake.says("a", first := Held(Throttled("429", 20 * DEADLINE_SECONDS)))
    poller.poll("a")
    first.wait()
    if asked_for == "before the end":
        first.come()
        assert eventually(lambda: poller.errors() != {})
    poller.poll(*many(20))
    poller.finish(then=first.come)
    assert poller.errors() == {"429": len(poller.order)}


def test_another_product_that_is_down_is_not_asked_for_what_home_does_not_know(fake: FakeApi) -> None:
    """A request on its way there comes home when it goes down."""
    for threads, count, most in ((1, 20, 4), (32, 12, 3)):
        poller = Poller(fake.connect, replace(LEFT_ALONE, threads=threads, missing_seconds=60))
        fake.asked.clear()
        fake.says("*", DOWN, base_url=APP)
        fake.says("*", *[MISSING] * count, COMPLETE)
        for session_id in many(count):
            poller.poll(session_id)
            if threads > 1:
                fake.says(session_id, MISSING, MISSING, COMPLETE)
                poller.wait()
        poller.wait()
        assert poller.all_have(FINAL)
        assert 0 < [base_url for base_url, _ in fake.asked].count(APP) <= most


# A step that takes too long


def test_a_step_that_takes_longer_than_the_timeout_is_a_failure_and_what_it_brings_is_dropped(fake: FakeApi) -> None:
    """Its thread does not count: of one that is allowed another takes the place."""
    poller = Poller(fake.connect, replace(QUICK, threads=1), timeout_seconds=0.1)
    fake.says("s", late := Held(RUNNING), COMPLETE)
    poller.poll("s")
    slow = "api.lambdatest.com can't be asked: no whole answer in 0.1 s (lambdatest_timeout)"
    assert eventually(lambda: poller.errors() == {slow: 1} or poller.order)
    poller.wait()
    late.come()
    assert eventually(lambda: sum(thread.is_alive() for thread in fake.threads) == 1)
    assert poller.told["s"] == FINAL


def test_a_download_may_take_longer_than_one_request(fake: FakeApi, tmp_path: Path) -> None:
    """It has a budget of its own; the timeout is for what is small."""
    results: list[Any] = []

    class Slow(FakeClient):
        def log(self, session_id: str, kind: str, limit_bytes: int) -> bytes:  # noqa: ARG002
            fake.is_over.wait(1.0)
            return b'{"data": [1]}'

    pool = Pool(lambda base_url, account: Slow(fake, base_url, account), timeout_seconds=0.1, policy=QUICK)
    storage = Storage(1000, frozenset())
    log, *_ = download_jobs(download(tmp_path, WEB), storage, time.monotonic(), QUICK, results.append)
    pool.add(log)
    assert eventually(lambda: results)
    assert results[0]["path"] == str(tmp_path / "command-log.json")


# The end of the run


def test_without_a_budget_the_end_takes_what_is_there_and_what_comes_later_changes_nothing(
    fake: FakeApi, accepted: Poller
) -> None:
    fake.says("s", late := Held())
    accepted.poll("s")
    late.wait()
    accepted.finish(0)
    late.come()
    # Its thread takes the answer in before it takes the next job.
    accepted.poll("next", account=OTHER)
    accepted.wait()
    assert accepted.told["s"] == PENDING


def test_a_session_that_rests_is_asked_about_at_once_when_the_end_waits_for_it(fake: FakeApi) -> None:
    poller = Poller(fake.connect, replace(QUICK, backoff_factor=60000, longest_backoff_seconds=600, missing_seconds=60))
    fake.says("s", RUNNING, RUNNING, COMPLETE)
    poller.poll("s")
    assert eventually(lambda: len(fake.asked) == 2)
    poller.finish()
    assert poller.told["s"] == FINAL


def test_an_open_breaker_is_the_reason_when_the_budget_is_nothing(fake: FakeApi) -> None:
    poller = Poller(fake.connect, LEFT_ALONE)
    fake.says("*", DOWN)
    poller.poll("a")
    assert eventually(lambda: len(fake.asked) >= 3)
    poller.poll("late")
    poller.finish(0)
    assert poller.told["late"] == ("unavailable", None, "down")


def test_another_end_has_time_of_its_own(fake: FakeApi, poller: Poller) -> None:
    """Sessions are waited for first, links and files after that."""
    fake.says("slow", RUNNING)
    poller.poll("slow")
    assert eventually(lambda: len(fake.asked) > 1)
    for hangs, budget in (("hangs", 0.1), ("last", 0)):
        fake.says(hangs, fake.hang)
        poller.poll(hangs)
        assert eventually(lambda hangs=hangs: (WEB, hangs) in fake.asked)  # type: ignore[misc]
        poller.finish(budget)
        poller.poll(f"after-{hangs}")
        poller.finish()
        assert poller.told[f"after-{hangs}"] == FINAL
    assert poller.told["last"] == PENDING


def test_a_fault_while_asking_is_reported_and_the_session_has_an_answer(fake: FakeApi) -> None:
    faults: list[Exception] = []
    poller = Poller(fake.connect, on_fault=faults.append)
    fake.says("s", ValueError("with my-key in it"))
    poller.poll("s")
    poller.finish()
    reason = "api.lambdatest.com can't be asked: ValueError in this plugin"
    assert poller.told["s"] == ("unavailable", None, reason)
    assert {type(fault) for fault in faults} == {ValueError}


# The whole, with the real rhythm, and with a real client


def test_forty_sessions_are_asked_about_once_or_twice_if_the_api_is_ready_soon_after_their_end(fake: FakeApi) -> None:
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
    poller.finish()
    assert poller.all_have(FINAL)
    assert 40 <= len(fake.asked) <= 80
    assert len(fake.threads) <= Policy().threads


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda api: api.drip(b"HTTP/1.1 200 OK\r\n", b"X-Header: 1\r\n"), id="headers-bytewise"),
        pytest.param(lambda api: api.drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="continue-for-ever"),
        pytest.param(lambda api: api.drip(HEAD + b"Content-Length: 9999\r\n\r\n", b" "), id="body-bytewise"),
        pytest.param(lambda api: api.drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), id="chunks"),
    ],
)
def test_a_request_ends_in_its_time_however_the_answer_trickles(
    api: ScriptedServer, fault: Callable[[ScriptedServer], Callable[..., None]]
) -> None:
    api.will(fault(api), api.details())
    poller = Poller(lambda *account: Client(*account, timeout_seconds=0.5), timeout_seconds=0.5)
    poller.poll("s", base_url=api.base_url)
    slow = f"127.0.0.1:{api.port} can't be asked: no whole answer in 0.5 s (lambdatest_timeout)"
    assert eventually(lambda: poller.errors() == {slow: 1} or poller.order)
    poller.wait()
    assert poller.told["s"] == FINAL
    assert len(api.requests) >= 2, "the first was given up"
