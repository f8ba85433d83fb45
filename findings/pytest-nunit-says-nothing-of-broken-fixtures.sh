#!/usr/bin/env bash
# pytest-nunit 1.0.7: a test whose fixture failed is Failed with an empty message, and a passed one has a <failure> too.
#
# pytest-azurepipelines publishes this file, so there a broken fixture shows no reason. What tells failed tests apart is the
# attribute `result` alone. Seen with Python 3.11; fails if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check pytest==9.2.0 pytest-nunit==1.0.7 2>/dev/null
cat >"$work/test_oven.py" <<'PYTHON'
import pytest


@pytest.fixture
def oven():
    raise RuntimeError("the oven is cold")


def test_bakes(oven):
    pass


def test_serves():
    pass
PYTHON
cd "$work"
./venv/bin/python -m pytest -q -p no:cacheprovider --nunitxml=nunit.xml >/dev/null || true
./venv/bin/python - <<'PYTHON'
import sys
import xml.etree.ElementTree as ET

found = {
    case.get("name").partition("::")[2]: (case.get("result"), [one.findtext("message") for one in case.iter("failure")])
    for case in ET.parse("nunit.xml").iter("test-case")
}
print(found)
sys.exit(found != {"test_bakes": ("Failed", [""]), "test_serves": ("Passed", [""])})
PYTHON
