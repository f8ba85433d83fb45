"""The fields of `lambdatest_junit_lines`: what is known of an attempt's sessions and saved files, as text."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from pytest_lambdatest_session.report.formatting import duration_text, escape_control_characters, status_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_lambdatest_session.report.registry import AttemptRecord, Use

_LARGEST_BYTES = 2**20
_ALL_BYTES = 50 * 2**20
_FIRST_FILES = ("clip", "video", "screenshots")
"""In the order in which a reader that shows one file should meet them; logs come after."""


class Folders(NamedTuple):
    """Where paths start."""

    artifacts: Path
    """What the artifacts' paths in the sessions' records are relative to."""
    working: Path
    """Where pytest was started."""
    project: Path
    """The checkout, as GitLab has it in `CI_PROJECT_DIR`, else the working folder."""


def session_fields(attempt: AttemptRecord) -> list[dict[str, str]]:
    """Return the known fields of each session that an attempt used."""
    return [_fields(use, position, len(attempt.uses)) for position, use in enumerate(attempt.uses, 1)]


class Contents:
    """Reads what is put into the XML: no file of more than a megabyte, and of one run no more than fifty."""

    def __init__(self) -> None:
        self._left = _ALL_BYTES

    def read(self, path: Path) -> str | None:
        """Return a file in base64; None if it can't be read, or is too large."""
        try:
            size = path.stat().st_size
            if size > min(_LARGEST_BYTES, self._left):
                return None
            self._left -= size
            return b64encode(path.read_bytes()).decode()
        except OSError:
            return None


def file_fields(attempt: AttemptRecord, folders: Folders, contents: Contents | None) -> Iterator[dict[str, str]]:
    """Yield the known fields of each saved file: its own, and those of its session. Files are numbered throughout."""
    number = 0
    for fields, use in zip(session_fields(attempt), attempt.uses, strict=True):
        artifacts = use.saved_files
        for kind in sorted(artifacts, key=_rank):
            number += 1
            path = folders.artifacts / unquote(artifacts[kind])
            of_file = {
                "file": _relative(path, folders.working),
                "file_from_project": _relative(path, folders.project),
                "file_absolute": str(path.absolute()),
                "file_name": path.name,
                "file_kind": kind,
            }
            if contents is not None and (content := contents.read(path)) is not None:
                of_file["file_base64"] = content
            yield fields | _numbered(number) | of_file


def _fields(use: Use, position: int, count: int) -> dict[str, str]:
    session, attempt, time_range = use.tracked.public, use.attempt, use.time_range
    known: dict[str, object] = {name: value for name, value in session.items() if not isinstance(value, dict)}
    known |= {f"{kind}_logs_url": url for kind, url in session["logs"].items()}
    known |= {"nodeid": attempt.nodeid, "outcome": attempt.outcome, "attempt": attempt.number, "worker": attempt.worker}
    known["offset"], known["end_offset"] = time_range or (None, None)
    known["link"] = session["share_url"] or session["url"]
    known["summary"] = _summary(use)
    known["title"] = title_of(position, count)
    texts = {name: escape_control_characters(str(value)) for name, value in known.items() if value is not None}
    return texts | _numbered(position)


def title_of(position: int, count: int) -> str:
    """Return what an attempt's sessions are called where there are other links and files."""
    return "LambdaTest" if count == 1 else f"LambdaTest {position}"


def _numbered(number: int) -> dict[str, str]:
    return {"number": str(number), "suffix": "" if number == 1 else f".{number}"}


def _summary(use: Use) -> str:
    session, attempt = use.tracked.public, use.attempt
    words = [status_text(session), duration_text(session["duration"])]
    if attempt.disagrees_with(use.tracked):
        words.append(f"disagrees with pytest's {attempt.outcome}")
    if attempt.outcome == "rerun":
        words.append(f"attempt {attempt.number} failed and was run again")
    elif attempt.number > 1:
        words.append(f"attempt {attempt.number}")
    return ", ".join(filter(None, words))


def _rank(kind: str) -> int:
    return _FIRST_FILES.index(kind) if kind in _FIRST_FILES else len(_FIRST_FILES)


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.absolute().as_posix()
