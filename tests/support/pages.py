"""Reports of made-up runs: tests that open no browser, run by a real pytest, with sessions told to the real rendering.

What is written is what pytest-html writes; only the registry was filled by hand, so that thousands of sessions take
seconds.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from made_up_runs import API, MadeUpRun
from pytest_lambdatest_session.capture.recorder import ATTEMPT_ATTRIBUTE
from pytest_lambdatest_session.problems import Problems
from pytest_lambdatest_session.report.html.report import HtmlReport

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from pytest_lambdatest_session.report.records import Outcome
    from pytest_lambdatest_session.report.registry import AttemptRecord
    from warm_pytest import WarmPytest

SUITES = ("test_login", "test_basket", "test_checkout", "test_account")
REFUSAL = "401 from api.lambdatest.com: user name or access key not accepted; check LT_USERNAME and LT_ACCESS_KEY"
SHARED, TWO = range(20, 30), range(3, 10_000, 17)
FAILED = range(2, 10_000, 13)

CONFTEST = """
from pages import Telling

def pytest_configure(config):
    if {story!r} != "none":
        config.pluginmanager.register(Telling({count}, {story!r}))
"""
SUITE = """
import pytest
from pages import FAILED

@pytest.mark.parametrize("number", range({start}, {stop}), ids=lambda number: f"customer{{number}}")
def test_the_total_is_the_sum_of_the_prices(number):
    assert number not in FAILED, "two teapots at 17.90 cost 35.80"
"""


def write_page(warm: WarmPytest, folder: Path, count: int, *arguments: str, story: str = "mixed") -> Path:
    """Run a suite of `count` tests in `folder`, and return the report that came of it; "none" tells of no session."""
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "conftest.py").write_text(CONFTEST.format(count=count, story=story), encoding="utf-8")
    share = -(-count // len(SUITES))
    for name, start in zip(SUITES, range(0, count, share), strict=False):
        text = SUITE.format(start=start, stop=min(count, start + share))
        (folder / f"{name}.py").write_text(dedent(text), encoding="utf-8")
    support = str(Path(__file__).parent)
    # Only what is looked at: what else is installed would change the page.
    plugins = ("-p", "pytest_html.plugin", "-p", "pytest_metadata.plugin")
    environment = {"PYTHONPATH": support, "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = ["-q", *plugins, "--html=report.html", "--tb=line", *arguments]
    output = folder / "output.txt"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        status = warm.run(command, folder, (output, output), timeout=120)
    assert status in (0, 1), output.read_text(encoding="utf-8")
    return folder / "report.html"


class Telling:
    """Plays the recorder and the cloud: says of each test which sessions it used, and of each session what it is."""

    def __init__(self, count: int, story: str) -> None:
        self._run = MadeUpRun()
        self._problems = Problems()
        self._html = HtmlReport(self._run.registry, self._problems)
        self._answers: list[Callable[[], object]] = []
        self._tell = {"mixed": self._tell_mixed, "hostile": self._tell_hostile}[story]
        self._attempts: dict[str, AttemptRecord] = {}
        self._count = count

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self._html)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self._attempts[report.nodeid] = self._tell(report, int(report.nodeid.partition("customer")[2][:-1]))
        if report.nodeid in self._attempts:
            attempt = self._attempts[report.nodeid]
            setattr(report, ATTEMPT_ATTRIBUTE, attempt.id)
            self._html.attach(report, attempt)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, None, None]:
        for answer in self._answers:
            answer()
        self._html.bind()
        return (yield)

    def _tell_mixed(self, report: pytest.TestReport, number: int) -> AttemptRecord:
        """All that may happen; most tests have a session of their own."""
        run = self._run
        outcome: Outcome = "failed" if report.failed else "passed"
        if number in SHARED:
            ids = [f"{SHARED[0]:032x}"]
        elif number in TWO:
            ids = [f"{number:032x}", f"{number:031x}b"]
        else:
            ids = [f"{number:032x}"]
        attempt = run.attempt(report.nodeid, outcome, *ids, at=number % 50 * 3.0)
        for id_ in ids:
            self._answers.append(lambda id_=id_: self._answer(number, id_, outcome))  # type: ignore[misc]
        if number == self._count - 1:
            run.unused(f"{self._count:032x}")
            self._answers.append(lambda: run.says_not(f"{self._count:032x}", "running"))
        return attempt

    def _answer(self, number: int, id_: str, outcome: str) -> None:
        run = self._run
        if number % 40 == 11:
            run.says_not(id_, "unavailable", REFUSAL)
            self._problems.add(REFUSAL)
        elif number % 40 == 12:
            run.says_not(id_, "not_found", "404 from api.lambdatest.com: session not known there")
        elif number % 40 == 13:
            run.says_not(id_, "pending")
        else:
            status = "passed" if number % 3 == 0 else "completed"
            duration = (10.0, 9.0, 2.0)[number] if number < 3 else float(number * 37 % 400 + 11)
            if outcome == "failed":
                status = "passed" if number % 4 == 3 else "failed"
            name = "basket of several tests" if number in SHARED else "test_the_total_is_the_sum_of_the_prices"
            remark = "two teapots at 17.90 cost 35.80, the page says 34.80" if status == "failed" else status
            run.says(id_, status=status, duration=duration, name=name, remark=remark)

    def _tell_hostile(self, report: pytest.TestReport, number: int) -> AttemptRecord:
        """Every text that is not ours is an attack; pytest-html's own column keeps the suite's harmless node ids."""
        attack = ATTACKS[number % len(ATTACKS)]
        id_ = f"{number}{attack}"
        outcome: Outcome = "failed" if report.failed else "passed"
        attempt = self._run.attempt(f"test_x.py::test[{attack}]", outcome, id_, refused=(attack,))
        self._problems.add(attack)
        self._answers.append(lambda: self._answer_hostile(number, id_, attack))
        return attempt

    def _answer_hostile(self, number: int, id_: str, attack: str) -> None:
        # Long as well, without a space to break at.
        long = attack + "w" * 200
        tracked = self._run.says_not(id_, "unavailable", long)
        if number % 3:
            names = (
                "status",
                "remark",
                "name",
                "build_name",
                "browser",
                "browser_version",
                "platform",
                "device",
                "test_id",
            )
            logs = ((attack, f"{API}/{attack}"),)
            tracked = self._run.says(id_, **dict.fromkeys(names, long), logs=logs)
        tracked.public["links"][attack] = f"https://example.com/{attack}"


ATTACKS = (
    "<script>window.__xss = 1</script>",
    "<img src=x onerror=window.__xss=2>",
    '"><img src=x onerror=window.__xss=3>',
    "' onmouseover='window.__xss=4' autofocus onfocus='window.__xss=5",
    "--><svg onload=window.__xss=6>",
    "</style></script></select></details></section><script>window.__xss = 7</script>",
    "javascript:window.__xss=8",
    "&lt;img src=x onerror=window.__xss=9&gt;",
)
