#!/usr/bin/env bash
# allure-pytest 2.16.2: a result's file is not named by the uuid that stands in it.
#
# `ID-result.json` has a "uuid" of its own, another one, so who knows a result's uuid (the reporter's `get_test`) cannot
# open its file by name: every file of the folder has to be read. Seen with pytest 9.2.0 and Python 3.11; fails if that
# changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check pytest==9.2.0 allure-pytest==2.16.2 2>/dev/null
echo 'def test_it(): pass' >"$work/test_it.py"
(cd "$work" && ./venv/bin/python -m pytest -q -p no:cacheprovider --alluredir=results test_it.py >/dev/null)
"$work/venv/bin/python" - "$work/results" <<'PYTHON'
import json, pathlib, sys

(path,) = pathlib.Path(sys.argv[1]).glob("*-result.json")
named, told = path.name.removesuffix("-result.json"), json.loads(path.read_text())["uuid"]
print("same" if named == told else "file name and uuid differ")
sys.exit(named == told)
PYTHON
