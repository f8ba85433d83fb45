#!/usr/bin/env bash
# pytest 9.2.0 with pytest-rerunfailures 16.7: a JUnit file has more testcases than its `tests` says.
#
# Each attempt that is run again is a testcase without failure, and is not counted in `tests`. junitparser 3.2.0, which
# counts anew when it merges, makes another sum of the same file. Seen with Python 3.11; fails if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    pytest==9.2.0 pytest-rerunfailures==16.7 junitparser==3.2.0 2>/dev/null
cat >"$work/test_flaky.py" <<'PYTHON'
tries = []


def test_green():
    pass


def test_flaky():
    tries.append(1)
    assert len(tries) == 3
PYTHON
cd "$work"
./venv/bin/python -m pytest -q -p no:cacheprovider --reruns=2 --junitxml=junit.xml test_flaky.py >/dev/null
./venv/bin/junitparser merge junit.xml merged.xml
./venv/bin/python - <<'PYTHON'
import sys
import xml.etree.ElementTree as ET

counts = []
for name in ("junit.xml", "merged.xml"):
    (suite,) = ET.parse(name).iter("testsuite")
    counts.append((suite.get("tests"), len(suite.findall("testcase"))))
    print(name, "says", counts[-1][0], "and has", counts[-1][1])
sys.exit(counts != [("2", 4), ("4", 4)])
PYTHON
