"""What the project says of itself holds: versions, bounds, commands, entry point, changelog."""

from __future__ import annotations

import re
import sys
from importlib import metadata, resources
from typing import Any

import pytest

from documents import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
MATRIX = PYPROJECT["tool"]["tox"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def supported_pythons() -> list[str]:
    prefix = "Programming Language :: Python :: 3."
    return [line.removeprefix(prefix) for line in PROJECT["classifiers"] if line.startswith(prefix)]


def bounds(requirements: list[str]) -> dict[str, str]:
    """Of `["pytest>=8.0", ...]` a dict of names and versions."""
    return dict(re.fullmatch(r"([\w-]+)>=([\d.]+)", requirement).groups() for requirement in requirements)  # type: ignore[union-attr, misc]


@pytest.mark.parametrize("extra", ["example", "test"])
def test_the_readme_has_each_command_once_on_a_line_of_its_own(extra: str) -> None:
    """CI takes them from there, word for word."""
    commands = [line for line in README.splitlines() if line.startswith(f'python -m pip install -e ".[{extra}]" && ')]
    assert len(commands) == 1


def test_the_oldest_python_of_the_classifiers_is_the_oldest_accepted_one() -> None:
    assert PROJECT["requires-python"] == f">=3.{supported_pythons()[0]}"


def test_the_matrix_has_every_supported_python() -> None:
    tested = {re.match(r"py3(\d+)-", name).group(1) for name in MATRIX["env_list"]}  # type: ignore[union-attr]
    assert tested == set(supported_pythons())


def test_the_oldest_versions_of_the_matrix_are_the_lower_bounds() -> None:
    """What is said to work has been seen to work."""
    lower = bounds([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]])
    oldest = dict(requirement.split("==") for requirement in MATRIX["env"]["py310-oldest"]["deps"])
    assert {name: version.removesuffix(".*") for name, version in oldest.items()} == lower


def test_the_example_needs_nothing_that_the_tests_do_not() -> None:
    extras = PROJECT["optional-dependencies"]
    assert bounds(extras["example"]).keys() <= bounds(extras["test"]).keys()


def test_the_plugin_is_found_by_its_short_name() -> None:
    (entry,) = metadata.entry_points(group="pytest11", name="lambdatest_session")
    assert entry.value == "pytest_lambdatest_session.plugin"
    assert entry.dist is not None
    assert entry.dist.version == PROJECT["version"]


def test_the_package_is_typed() -> None:
    assert resources.files("pytest_lambdatest_session").joinpath("py.typed").is_file()


def test_the_changelog_has_what_is_not_released_on_top() -> None:
    first, *released = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert first == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)", heading) for heading in released)
