#!/usr/bin/env bash
# junit2html 31.1.4: a property with items in place of a value, as Xray documents for evidence, is a KeyError.
#
# Xray's test runs take `<property name="testrun_evidence"><item name="...">...</item></property>`; a file made for it is
# none for junit2html, which wants an attribute `value`. Seen with Python 3.11; fails if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check junit2html==31.1.4 2>/dev/null
cat >"$work/junit.xml" <<'XML'
<testsuites><testsuite name="s" tests="1" failures="0" errors="0" skipped="0" time="0.1">
<testcase classname="c" name="t" time="0.1"><properties>
<property name="testrun_evidence"><item name="log.txt">bG9n</item></property>
</properties></testcase></testsuite></testsuites>
XML
status=0
said=$("$work/venv/bin/junit2html" "$work/junit.xml" "$work/report.html" 2>&1) || status=$?
tail -n 1 <<<"$said"
[[ $status != 0 && $(tail -n 1 <<<"$said") == "KeyError: 'value'" ]]
