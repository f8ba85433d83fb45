#!/usr/bin/env bash
# @testmo/testmo-cli 1.4.5: an attachment that is a file, or lies at an http:// address, is sent as a text field, not as an artifact.
#
# Its description of JUnit XML has `attachment` properties with paths. The command reads no such file: it looks for
# `https://` at the beginning of the value (`/^http?s:/`), and of any other value makes a field of the kind text. So it
# does with `url:` properties. Seen with Node 20.20, without an account, by the parts of the command that read a file
# and make the request's body; fails if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --no-audit --no-fund --silent @testmo/testmo-cli@1.4.5 >/dev/null
echo hello >log.txt
cat >junit.xml <<'XML'
<testsuites><testsuite name="s" tests="1"><testcase classname="c" name="t"><properties>
<property name="attachment1" value="log.txt"/>
<property name="attachment2" value="http://files.example/log.txt"/>
<property name="attachment3" value="https://files.example/log.txt"/>
<property name="url:build" value="http://ci.example/7"/>
</properties></testcase></testsuite></testsuites>
XML
node - <<'JS'
const {readFileSync} = require("fs");
const parts = process.cwd() + "/node_modules/@testmo/testmo-cli/dist/";
const {JUnitParser} = require(parts + "parsers/junit.js");
const {RemoteAutomationThreadAppend} = require(parts + "core/remote.js");
const {tests} = new JUnitParser().parse(readFileSync("junit.xml", "utf8"));
const [sent] = RemoteAutomationThreadAppend.fromOptions(tests).tests;
const artifacts = sent.artifacts.map((one) => one.url).join(" ");
const texts = sent.fields.filter((one) => one.type === 1).map((one) => one.value).join(" ");
console.log("artifacts:", artifacts, "\ntexts:", texts);
process.exit(artifacts === "https://files.example/log.txt"
  && texts === "log.txt http://files.example/log.txt http://ci.example/7" ? 0 : 1);
JS
