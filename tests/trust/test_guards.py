"""The guards are what makes the other tests pass: on a copy of the package, each is taken away and a test fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import pytest_lambdatest_session

ROOT = Path(__file__).parents[2]
PACKAGE = Path(pytest_lambdatest_session.__file__).parent


@dataclass(frozen=True)
class Guard:
    """A piece of the package's text that stands there once, what stands there without it, and who notices."""

    file: str
    text: str
    without: str
    test: str


GUARDS = {
    "what we do after a command raises nothing": Guard(
        "capture/selenium.py",
        "except Exception as fault:  # noqa: BLE001 - bookkeeping does not change what a command returns",
        "except ZeroDivisionError as fault:",
        "tests/capture/test_selenium.py::test_what_the_observer_raises_reaches_nobody_but_the_fault_handler",
    ),
    "credentials go over https, and http only to this machine": Guard(
        "cloud/endpoints.py",
        'if parts.scheme == "http" and not is_loopback(host):',
        "if False:",
        "tests/cloud/test_client.py::test_a_client_is_not_made_for_an_address_unfit_for_credentials",
    ),
    "netrc is kept out": Guard(
        "cloud/client.py",
        'request.headers["Authorization"] = self._credentials.authorization',
        'requests.auth.HTTPBasicAuth(*requests.utils.get_netrc_auth(request.url) or ("", ""))(request)',
        "tests/trust/test_destinations.py::test_netrc_does_not_stand_in_for_the_credentials_of_the_run",
    ),
    "the end of the run takes its budget and no more": Guard(
        "cloud/follower.py",
        "while (left_seconds := deadline - time.monotonic()) > 0:",
        "while (left_seconds := deadline + 3 - time.monotonic()) > 0:",
        "tests/cloud/test_follower.py::test_a_hanging_api_costs_the_budget_and_no_more",
    ),
    "an API in trouble is left alone": Guard(
        "cloud/breaker.py",
        "len(self._strikes) >= self._pace.strikes",
        "len(self._strikes) >= 10**9",
        "tests/cloud/test_breaker.py::test_three_failures_in_a_row_open_it",
    ),
    "an answer is read up to its limit": Guard(
        "cloud/client.py",
        "while len(body) <= limit_bytes and (piece := response.raw.read(limit_bytes + 1, decode_content=False)):",
        "while piece := response.raw.read(limit_bytes + 1, decode_content=False):",
        "tests/cloud/test_client.py::test_a_body_of_100_megabytes_is_not_read_through",
    ),
    "what the API repeats of the key is masked": Guard(
        "cloud/details.py",
        "return masked_text(value, limit, self._secrets) if isinstance(value, str) else clean_text(value, limit)",
        "return clean_text(value, limit)",
        "tests/cloud/test_details.py::test_what_repeats_a_secret_is_masked_or_left_out",
    ),
    "links that open without a login are held back": Guard(
        "cloud/details.py",
        'tuple(name for name, url in links.items() if name == "share" or is_signed(url))',
        "()",
        "tests/cloud/test_details.py::test_links_that_open_without_a_login_are_held_back_and_named",
    ),
    "a link is http or https": Guard(
        "cloud/redact.py",
        'if parts.scheme not in ("http", "https") or not host or not host.isascii():',
        "if not host and not parts.path:",
        "tests/cloud/test_redact.py::test_what_is_no_plain_link_is_not_shown",
    ),
    "text of others is escaped": Guard(
        "report/html/parts.py",
        "return escape(visible(text), quote=True)",
        "return visible(text)",
        "tests/report/html/test_rows.py::test_nothing_that_others_wrote_becomes_markup",
    ),
    "no character of others acts on the terminal": Guard(
        "report/words.py",
        "if text.isprintable():",
        "if True:",
        "tests/report/test_words.py::test_what_would_act_on_a_terminal_is_written_out",
    ),
    "Ctrl-C at the end costs nobody the reports": Guard(
        "problems.py",
        "except KeyboardInterrupt:",
        "except ZeroDivisionError:",
        "tests/trust/test_run_faults.py::test_a_second_ctrl_c_after_that_is_not_held_against_the_reports_either",
    ),
    "a device is never replaced by a file": Guard(
        "report/sessions_file.py",
        "if path.exists() and not path.is_file():",
        "if False:",
        "tests/trust/test_run_faults.py::test_a_sessions_file_may_be_a_pipe_or_a_link",
    ),
}


def run_tests(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests of this project against the package in `folder`."""
    # From there, since Python looks for modules where it starts. What is measured is the package, and no copy of it.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COVERAGE_"))}
    environment |= {"PYTHONPATH": str(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    options = ("-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}", f"--config-file={ROOT / 'pyproject.toml'}")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(str(ROOT / test) for test in tests)],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


def copy_to(folder: Path) -> Path:
    target = folder / PACKAGE.name
    shutil.copytree(PACKAGE, target)
    return target


def test_with_all_guards_in_place_all_is_well(tmp_path: Path) -> None:
    copy_to(tmp_path)
    finished = run_tests(tmp_path, *(guard.test for guard in GUARDS.values()))
    assert finished.returncode == pytest.ExitCode.OK, finished.stdout


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
def test_without_a_guard_a_test_fails(tmp_path: Path, guard: Guard) -> None:
    changed = copy_to(tmp_path) / guard.file
    text = changed.read_text(encoding="utf-8")
    assert text.count(guard.text) == 1, f"{guard.file} has changed; say here what the guard is now"
    changed.write_text(text.replace(guard.text, guard.without), encoding="utf-8")
    finished = run_tests(tmp_path, guard.test)
    assert finished.returncode == pytest.ExitCode.TESTS_FAILED, finished.stdout + finished.stderr
