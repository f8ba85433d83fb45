"""Arguments, and what becomes of them. Needs no selenium, and pytest for `check` alone."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_lambdatest_session.cli.join import NoSessionsFileError, join
from pytest_lambdatest_session.cli.show import show
from pytest_lambdatest_session.config import SettingsError, read_settings
from pytest_lambdatest_session.credentials import credentials_from

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROGRAM = "lambdatest-session"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 if all was found, 1 if something was not or is to be done, 2 if it was used wrongly."""
    parser = _parser()
    given, others = parser.parse_known_args(arguments)
    if given.command == "check":
        from pytest_lambdatest_session.cli.check import check  # noqa: PLC0415 - loads pytest

        return check([*given.arguments, *others], given.hub, os.environ, sys.stdout)
    if others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    if given.command == "join":
        try:
            return join(given.files, given.html, sys.stdout)
        except NoSessionsFileError as error:
            parser.error(str(error))
        except OSError as error:
            parser.error(f"{error.filename}: {error.strerror}")
    try:
        settings = read_settings(
            {"lambdatest_api_url": given.api_url, "lambdatest_timeout": given.timeout}, os.environ, {}
        )
    except SettingsError as error:
        parser.error(str(error))
    credentials = credentials_from(os.environ)
    if credentials is None:
        parser.error("no credentials: set LT_USERNAME and LT_ACCESS_KEY")
    return show(given.session_ids, given.hub, settings, credentials, sys.stdout, sys.stderr, as_json=given.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM if Path(sys.argv[0]).stem == _PROGRAM else "python -m pytest_lambdatest_session",
        description="Sessions of LambdaTest (TestMu AI), as the reports of pytest show them.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="{show,join,check}")
    showing = commands.add_parser(
        "show",
        help="ask LambdaTest about sessions by their ids",
        description="Ask LambdaTest about sessions, with LT_USERNAME and LT_ACCESS_KEY. Exit status: 0 if all were "
        "found, 1 if some were not or could not be asked about, 2 if used wrongly.",
    )
    showing.add_argument("session_ids", nargs="+", metavar="SESSION_ID", type=_session_id)
    showing.add_argument("--json", action="store_true", help="a JSON object a line, as in a sessions file")
    showing.add_argument(
        "--hub",
        default="hub.lambdatest.com",
        type=_hub,
        metavar="HOST",
        help="the hub that ran them, which decides product and region: mobile-hub.lambdatest.com, "
        "eu-hub.lambdatest.com, ... (default: %(default)s)",
    )
    showing.add_argument("--api-url", metavar="URL", help="as the plugin's --lambdatest-api-url")
    showing.add_argument("--timeout", metavar="SECONDS", help="as the plugin's --lambdatest-timeout")
    joining = commands.add_parser(
        "join",
        help="make one page, or one file, of several sessions files",
        description="Join the sessions files of several runs; a session that stands in several is shown once, with "
        "the tests of all.",
    )
    joining.add_argument("files", nargs="+", metavar="FILE", type=Path)
    joining.add_argument(
        "--html", type=Path, metavar="OUT", help="write a page here (default: the joined lines on standard output)"
    )
    checking = commands.add_parser(
        "check",
        help="say what would keep a run from its sessions",
        description="Say a line each of versions, plugin, outputs, settings, credentials, API and clock, with what to "
        "do. Exit status: 0 if nothing has to be done, else 1. LambdaTest is asked once.",
    )
    checking.add_argument("arguments", nargs="*", metavar="PYTEST_ARGUMENT", help="as pytest would be given them")
    checking.add_argument("--hub", default="hub.lambdatest.com", type=_hub, metavar="HOST", help="as for show")
    return parser


def _session_id(text: str) -> str:
    if not text.strip() or "/" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is no session id; accepted: an id such as 'a1b2...', not a link")
    return text.strip()


def _hub(text: str) -> str:
    try:
        return read_settings({"lambdatest_hub": text}, {}, {}).hub[0]
    except SettingsError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
