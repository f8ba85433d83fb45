#!/usr/bin/env bash
# @datadog/datadog-ci 5.25.0: `junit upload` of a file that is no JUnit XML says "Uploaded 0 files", and exits with 0.
#
# So a pipeline whose report was cut short, or that names the wrong file, stays green with nothing sent. Seen with Node
# 20.20 and --dry-run, which needs no account; fails if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --no-audit --no-fund --silent @datadog/datadog-ci@5.25.0 >/dev/null
echo '<report><test name="t"/></report>' >report.xml
status=0
said=$(DATADOG_API_KEY=none ./node_modules/.bin/datadog-ci junit upload --dry-run --service=s report.xml 2>&1) || status=$?
echo "$said"
[[ $status == 0 && $said == *"Invalid jUnitXML file"* && $said == *"Uploaded 0 files"* ]]
