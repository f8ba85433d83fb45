"""What the project says of itself holds: versions, bounds, commands, entry point, changelog."""

from __future__ import annotations

import re
import sys
from importlib import metadata, resources
from typing import Any

from documents import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, MATRIX = PYPROJECT["project"], PYPROJECT["tool"]["tox"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]


def bounds(requirements: list[str]) -> dict[str, str]:
    """Of `["pytest>=8.0", ...]` a dict of names and versions."""
    return dict(re.fullmatch(r"([\w-]+)>=([\d.]+)", requirement).groups() for requirement in requirements)  # type: ignore[union-attr, misc]


def test_the_readme_has_each_command_once_on_a_line_of_its_own() -> None:
    """CI takes them from there, word for word."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    for extra in ("example", "test"):
        assert sum(line.startswith(f'python -m pip install -e ".[{extra}]" && ') for line in lines) == 1


def test_the_pythons_of_the_classifiers_are_those_accepted_and_those_of_the_matrix() -> None:
    prefix = "Programming Language :: Python :: 3."
    supported = [line.removeprefix(prefix) for line in PROJECT["classifiers"] if line.startswith(prefix)]
    assert PROJECT["requires-python"] == f">=3.{supported[0]}"
    assert {name.partition("-")[0] for name in MATRIX["env_list"]} == {f"py3{minor}" for minor in supported}


def test_the_oldest_versions_of_the_matrix_are_the_lower_bounds() -> None:
    """What is said to work has been seen to work."""
    oldest = dict(requirement.split("==") for requirement in MATRIX["env"]["py310-oldest"]["deps"])
    assert {name: version.removesuffix(".*") for name, version in oldest.items()} == bounds(
        PROJECT["dependencies"] + EXTRAS["test-matrix"]
    )
    assert bounds(EXTRAS["example"]).keys() <= bounds(EXTRAS["test-matrix"]).keys()
    assert EXTRAS["test"][0] == "pytest-lambdatest-session[test-matrix]"


def test_the_plugin_is_found_by_its_short_name_and_typed() -> None:
    (entry,) = metadata.entry_points(group="pytest11", name="lambdatest_session")
    assert entry.value == "pytest_lambdatest_session.plugin"
    assert entry.dist is not None
    assert entry.dist.version == PROJECT["version"]
    assert resources.files("pytest_lambdatest_session").joinpath("py.typed").is_file()


def test_the_changelog_has_what_is_not_released_on_top() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first, *released = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert first == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)", heading) for heading in released)
