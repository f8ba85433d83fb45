#!/usr/bin/env bash
# pytest-retry 1.7.0: the report of a first try is logged twice, the second time with the outcome of the last try.
#
# A test that fails and then passes: hooks see the call report of the first try as `retried`, and then the same object
# once more as `passed`; the try that passed has no call report of its own. Whoever binds what a report carries to the
# first time it is seen shows a failed try's data on a passed row. Seen with pytest 9.2.0 and Python 3.11; fails if that
# changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check pytest==9.2.0 pytest-retry==1.7.0 2>/dev/null
cat >"$work/test_flaky.py" <<'PYTHON'
import pytest

tries = []


@pytest.mark.flaky(retries=1)
def test_flaky():
    tries.append(1)
    assert len(tries) == 2
PYTHON
cat >"$work/conftest.py" <<'PYTHON'
import pathlib

objects = []


def pytest_runtest_logreport(report):
    if report.when == "call":
        objects.append(report)
        number = [id(one) for one in objects].index(id(report)) + 1
        with pathlib.Path(__file__).with_name("logged.txt").open("a") as file:
            file.write(f"object {number} {report.outcome}\n")
PYTHON
(cd "$work" && ./venv/bin/python -m pytest -q -p no:cacheprovider test_flaky.py >/dev/null)
cat "$work/logged.txt"
[[ $(tr '\n' ' ' <"$work/logged.txt") == "object 1 retried object 1 passed " ]]
