#!/usr/bin/env bash
# pytest 9.2.0 with pytest-xdist 3.8.0: `--dist loadgroup` sends tests of one group to different workers, and says nothing.
#
# pytest-xdist puts the group behind the node id by setting `item._nodeid`; pytest 9.2 no longer reads that attribute.
# With pytest 9.1.1 all tests of the group run on one worker. So a browser that a group's tests share is opened once per
# worker. Seen with Python 3.11; fails if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/test_group.py" <<'PYTHON'
import os
import time

import pytest


@pytest.mark.xdist_group("one browser")
@pytest.mark.parametrize("n", range(8))
def test_group(n):
    time.sleep(0.2)
    with open(os.path.join(os.path.dirname(__file__), "workers.txt"), "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\n")
PYTHON

workers_with() { # PYTEST_VERSION: how many workers ran the group
    python3 -m venv "$work/venv-$1"
    "$work/venv-$1/bin/python" -m pip install --quiet --disable-pip-version-check "pytest==$1" pytest-xdist==3.8.0 2>/dev/null
    rm -f "$work/workers.txt"
    (cd "$work" && "./venv-$1/bin/python" -m pytest -q -p no:cacheprovider -n 4 --dist loadgroup test_group.py) >"$work/out.txt"
    grep -q "8 passed" "$work/out.txt"
    ! grep -qi "warning" "$work/out.txt" || { echo "a warning is given with pytest $1"; exit 1; }
    sort -u "$work/workers.txt" | wc -l
}

before=$(workers_with 9.1.1)
after=$(workers_with 9.2.0)
echo "workers that ran one group of eight tests: pytest 9.1.1: $before, pytest 9.2.0: $after"
[[ $before == 1 && $after -gt 1 ]]
