#!/usr/bin/env bash
# pytest-html 3.2.0 with pytest 7.1.3: with a report on, `--durations` knows no teardown any more.
#
# To make one row of a test's phases it changes the last report of each test in place, `when` included, and everybody
# who looks later sees a second call. Seen with Python 3.10 and 3.11; fails if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    pytest==7.1.3 pytest-html==3.2.0 2>/dev/null
cat >"$work/test_slow.py" <<'PYTHON'
import time

import pytest


@pytest.fixture
def slow():
    yield
    time.sleep(0.2)


def test_it(slow):
    pass
PYTHON
phases() { (cd "$work" && ./venv/bin/python -m pytest -p no:cacheprovider --durations=0 -vv "$@" test_slow.py) |
    grep -oE '0\.2[0-9]s (call|teardown)' | cut -d' ' -f2; }
without=$(phases)
with=$(phases --html=report.html)
echo "the slow phase is a $without, and with --html a $with"
[[ $without == teardown && $with == call ]]
