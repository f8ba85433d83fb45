#!/usr/bin/env bash
# pytest-playwright 0.6.2: a `connect_options` fixture is ignored without a word, and a local browser is launched.
#
# Suites that are told to run on a remote browser run on the machine itself, or fail where none is installed; 0.7.0 is the
# first that connects. Seen with playwright 1.49.1, pytest 8.4.2 and Python 3.11; fails if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PLAYWRIGHT_BROWSERS_PATH=$work/none
cat >"$work/conftest.py" <<'PYTHON'
import pytest


@pytest.fixture(scope="session")
def connect_options():
    return {"ws_endpoint": "ws://127.0.0.1:9/playwright"}
PYTHON
echo 'def test_it(page): pass' >"$work/test_it.py"
what() { # VERSION
    python3 -m venv "$work/venv-$1"
    "$work/venv-$1/bin/python" -m pip install --quiet --disable-pip-version-check \
        pytest==8.4.2 playwright==1.49.1 "pytest-playwright==$1" 2>/dev/null
    (cd "$work" && "./venv-$1/bin/python" -m pytest -p no:cacheprovider test_it.py >"said-$1.txt") || true
    grep -oE 'BrowserType\.launch|ECONNREFUSED' "$work/said-$1.txt" | head -n 1 || true
}
old=$(what 0.6.2)
new=$(what 0.7.0)
echo "0.6.2: $old, of a local browser; 0.7.0: $new, of the address"
[[ $old == BrowserType.launch && $new == ECONNREFUSED ]]
