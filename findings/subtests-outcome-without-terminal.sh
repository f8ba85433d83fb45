#!/usr/bin/env bash
# pytest 9.2.0: a test whose subtests failed is a failed test only as long as the terminal plugin is loaded.
#
# With the `subtests` fixture the function's own report says `passed` when it is made and when most plugins see it
# logged; a hook of the terminal plugin turns it into `failed`. With `-p no:terminal` nothing does: the call report that
# plugins get says passed, though a subtest failed. Seen with Python 3.11; fails if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check pytest==9.2.0 2>/dev/null
cat >"$work/test_sub.py" <<'PYTHON'
def test_function(subtests):
    with subtests.test("one"):
        assert False
PYTHON
cat >"$work/conftest.py" <<'PYTHON'
import pathlib

import pytest

LOGGED = pathlib.Path(__file__).with_name("logged.txt")


def write(when, report):
    if report.when == "call" and type(report) is pytest.TestReport:
        with LOGGED.open("a") as file:
            file.write(f"{when} {report.outcome}\n")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report):
    write("first", report)


class Last:
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report):
        result = yield
        write("last", report)
        return result


def pytest_configure(config):
    config.pluginmanager.register(Last())
PYTHON

outcomes() { # ARGUMENTS: the outcome before and after the hooks of all plugins
    rm -f "$work/logged.txt"
    (cd "$work" && ./venv/bin/python -m pytest -p no:cacheprovider "$@" test_sub.py >/dev/null 2>&1) || true
    tr '\n' ' ' <"$work/logged.txt"
}

with_terminal=$(outcomes)
without=$(outcomes -p no:terminal)
echo "with the terminal plugin: $with_terminal"
echo "with -p no:terminal: $without"
[[ $with_terminal == "first passed last failed " && $without == "first passed last passed " ]]
