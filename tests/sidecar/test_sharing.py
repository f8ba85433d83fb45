"""A link is asked for twice at most, and why there is none is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from job_requests import share
from pytest_lambdatest_session.cloud.errors import CloudError, Forbidden, Unreachable
from pytest_lambdatest_session.sidecar.policy import Policy
from pytest_lambdatest_session.sidecar.sharing import ShareJob

if TYPE_CHECKING:
    from pytest_lambdatest_session.sidecar.messages import Result


@pytest.mark.parametrize(
    ("errors", "failure"),
    [([Forbidden("403")], "403"), ([Unreachable("blip"), Unreachable("dead")], "dead")],
    ids=["refused", "failed-twice"],
)
def test_why_there_is_no_link_is_told(errors: list[CloudError], failure: str) -> None:
    told: list[Result] = []
    job = ShareJob(share(), 100.0, Policy(), told.append)
    for error in errors:
        assert not job.is_over
        job.handle(error, now := job.due, finishing=True)
    assert job.is_over
    assert told == [{"type": "shared", "session_id": "s", "url": None, "failure": failure}]
    assert now == pytest.approx(100.0 if len(errors) == 1 else 100.64)


def test_the_end_of_the_run_does_not_wait_for_the_next_try() -> None:
    job = ShareJob(share(), 100.0, Policy(), lambda _: None)
    job.handle(Unreachable("blip"), 100.0, finishing=False)
    for now in (100.2, 100.3):
        job.hurry(now)
        assert job.due == 100.2
