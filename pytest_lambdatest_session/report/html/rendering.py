"""The HTML that is written by Python: Jinja2's templates, which escape every text. Pure.

Files are named from the folder `report`: `html/templates/summary.html`, `player/player.js`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from pytest_lambdatest_session.report.formatting import escape_control_characters, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator


def render(template: str, **values: object) -> Markup:
    """Return a whole template as HTML."""
    return Markup(_environment().get_template(template).render(values))  # noqa: S704 - it was escaped as it was made


def pieces(template: str, **values: object) -> Iterator[str]:
    """Yield a template's HTML as it is made, for a page that is too large to be held whole."""
    return _environment().get_template(template).generate(values)


def asset(name: str) -> Markup:
    """Return a file of ours that stands in the page as it is."""
    return Markup(_read(name))  # noqa: S704 - no text of a run is in it


def _read(name: str) -> str:
    return files("pytest_lambdatest_session.report").joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        finalize=_one_line,
        loader=FunctionLoader(_read),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"pluralize": pluralize, "thousands": "{:,}".format}
    return environment


def _one_line(value: object) -> object:
    """Nothing in a text of a run acts: not as HTML, which Jinja2 escapes, nor as a control character."""
    return escape_control_characters(value) if type(value) is str else value
