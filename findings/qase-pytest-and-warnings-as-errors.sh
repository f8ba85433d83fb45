#!/usr/bin/env bash
# qase-pytest 9.0.0 with pytest 9.2.0: where warnings are errors, pytest ends before it collects a test.
#
# The plugin's package is the folder `pytest` inside the namespace `qase`. pytest takes the file `qase/pytest/__init__.py` for
# a module named `pytest`, wants to rewrite its assertions, and warns that it is imported already. That is a warning of the
# plugin's installation, not of its use: it stops runs that never name Qase. Seen with Python 3.11; fails if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check pytest==9.2.0 qase-pytest==9.0.0 2>/dev/null
echo "def test_green(): pass" >"$work/test_green.py"
printf '[pytest]\nfilterwarnings = error\n' >"$work/pytest.ini"
cd "$work"
status=0
said=$(./venv/bin/python -m pytest -q -p no:cacheprovider 2>&1) || status=$?
tail -n 1 <<<"$said"
[[ $status != 0 && $said == *"PytestAssertRewriteWarning: Module already imported so cannot be rewritten; pytest"* ]]
# Without the setting the same run is green, and the warning one among others.
rm pytest.ini
./venv/bin/python -m pytest -q -p no:cacheprovider | tail -n 1
