"""What the readers of JUnit XML look for, each in its own words: a table of lines for each of them.

A line is `name = template`: a property of that name, or a line of text where the name is `system-out` or `failure`.
It is written for each session of a test, or for each saved file if it has a field of files. A line with a field that
is not known of a session is left out. Pure.
"""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, NamedTuple

from pytest_lambdatest_session.cloud.endpoints import LOGS
from pytest_lambdatest_session.report.records import ReportedSession, SessionUse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SYSTEM_OUT, FAILURE = "system-out", "failure"
CONTENT_PROPERTIES = ("test_description", "testrun_comment")
"""Whose values stand between the tags: so Xray's own reporters write them."""
FILE_FIELDS = ("file", "file_from_project", "file_absolute", "file_name", "file_kind", "file_base64")
_OF_SESSIONS = [
    *(name for name, kind in ReportedSession.__annotations__.items() if "dict" not in str(kind)),
    *(f"{kind}_logs_url" for kind in dict.fromkeys((*LOGS["web"], *LOGS["app"]))),
]
FIELDS = (*_OF_SESSIONS, *SessionUse.__annotations__, "link", "summary", "title", "number", "suffix", *FILE_FIELDS)


class Line(NamedTuple):
    """What is written for each session or file; name, template and item have fields in braces."""

    name: str
    template: str
    item: str = ""
    """The name of an `<item>` inside the property, which then has the value."""

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(_fields_of(self.name + self.template + self.item))


class Entry(NamedTuple):
    """A line, filled in."""

    name: str
    value: str
    item: str


def parse_lines(text: str) -> tuple[Line, ...]:
    """Read the user's own lines.

    Raises:
        ValueError: with what is wrong with the first line that is.
    """
    lines = tuple(_parse_line(line) for line in text.splitlines() if line.strip())
    if not lines:
        raise ValueError
    return lines


def _parse_line(text: str) -> Line:
    name, equals, template = (part.strip() for part in text.partition("="))
    if not (name and equals and template):
        raise ValueError(f"no 'name = template': {text.strip()!r}")
    line = Line(name, template)
    try:
        unknown = sorted(line.fields.difference(FIELDS))
    except ValueError as error:
        raise ValueError(f"{error}: {text.strip()!r}") from None
    if unknown:
        raise ValueError(f"unknown field {{{unknown[0]}}}; known are {', '.join(FIELDS)}")
    return line


def _fields_of(template: str) -> Iterator[str]:
    for _, field, spec, conversion in Formatter().parse(template):
        if spec or conversion:
            raise ValueError("a field is a name in braces and nothing else")
        if field is not None:
            yield field


def entries(
    lines: Iterable[Line], sessions: Iterable[Mapping[str, str]], files: Iterable[Mapping[str, str]]
) -> Iterator[Entry]:
    """Fill in lines with the fields of a test's sessions and of its saved files, each in their order."""
    sessions, files = list(sessions), list(files)
    for line in lines:
        needed = line.fields
        for values in files if needed.intersection(FILE_FIELDS) else sessions:
            if needed <= values.keys():
                name, value, item = (part.format_map(values) for part in line)
                yield Entry(name, value, item)


_SESSION = "{title} session: {summary}, {link}"
_VIDEO = "{title} video: {video_url}"

FLAVOURS: dict[str, tuple[Line, ...]] = {
    # trcli reads properties by the beginnings of their names.
    "testrail": (
        Line("testrail_result_comment{suffix}", _SESSION),
        Line("testrail_result_comment.video{suffix}", _VIDEO),
        Line("testrail_attachment{suffix}", "{file}"),
    ),
    # A field each; `url:` makes it a link. Its command sends no files: of `attachment` too it takes but an address.
    "testmo": (
        Line("url:{title} session", "{link}"),
        Line("url:{title} video", "{video_url}"),
        Line("{title} status", "{summary}"),
        Line("{title} file {file_name}", "{file}"),
    ),
    # Shows the text of a failure, and of what is attached the first.
    "gitlab": (
        Line(FAILURE, _SESSION),
        Line(FAILURE, _VIDEO),
        Line(SYSTEM_OUT, "[[ATTACHMENT|{file_from_project}]]"),
    ),
    # The plugin junit-attachments takes files by their absolute paths, each on a line of its own.
    "jenkins": (
        Line(SYSTEM_OUT, _SESSION),
        Line(SYSTEM_OUT, _VIDEO),
        Line(SYSTEM_OUT, "[[ATTACHMENT|{file_absolute}]]"),
    ),
    # Takes in no files, only what stands in the XML.
    "xray": (
        Line("testrun_comment", _SESSION),
        Line("testrun_comment", _VIDEO),
        Line("testrun_evidence", "{file_base64}", item="{session_id}-{file_name}"),
    ),
    "datadog": (
        Line("dd_tags[lambdatest.session_id{suffix}]", "{session_id}"),
        Line("dd_tags[lambdatest.session_url{suffix}]", "{link}"),
        Line("dd_tags[lambdatest.status{suffix}]", "{status}"),
        Line("dd_tags[lambdatest.video_url{suffix}]", "{video_url}"),
    ),
    # Shows files that lie beside the XML, by their names.
    "bitrise": (
        Line(SYSTEM_OUT, _SESSION),
        Line(SYSTEM_OUT, _VIDEO),
        Line("attachment_{number}", "{session_id}-{file_name}"),
    ),
    "text": (Line(SYSTEM_OUT, _SESSION), Line(SYSTEM_OUT, _VIDEO)),
    "failure": (Line(FAILURE, _SESSION), Line(FAILURE, _VIDEO)),
}


def text_lines(sessions: Iterable[Mapping[str, str]]) -> list[str]:  # pragma: no cover - as report/ctrf.py
    """Return the lines of the flavour `text`: page, status and video of each session."""
    return [entry.value for entry in entries(FLAVOURS["text"], sessions, ())]
