"""The pipelines in the how-to pages, judged by what can be had without the services that run them: their schemas."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from companions import needs
from documents import ROOT, blocks

if TYPE_CHECKING:
    from pathlib import Path

TRANSFORMED = ("azure-pipelines", "gitlab-ci")
"""Whose files say more than YAML does."""


@needs("check_jsonschema")
@pytest.mark.parametrize(
    ("page", "schema"),
    [
        ("azure", "azure-pipelines"),
        ("circleci", "circle-ci"),
        ("github-actions", "github-workflows"),
        ("gitlab", "gitlab-ci"),
    ],
)
def test_a_pipeline_fits_the_schema_of_its_service(pytester: pytest.Pytester, page: str, schema: str) -> None:
    (pipeline,) = [block for block in blocks(ROOT / "docs" / "how-to" / f"{page}.md") if block.language == "yaml"]
    transform = ("--data-transform", schema) if schema in TRANSFORMED else ()

    def judge(name: str, text: str) -> pytest.RunResult:
        file: Path = pytester.path / name
        file.write_text(text, encoding="utf-8")
        options = ("--builtin-schema", f"vendor.{schema}", *transform)
        return pytester.run(sys.executable, "-m", "check_jsonschema", *options, str(file))

    result = judge("pipeline.yml", pipeline.text)
    assert result.ret == 0, result.stdout.str()
    assert judge("wrong.yml", "jobs: 7\nsteps: 7\nbrowsers: 7\n").ret == 1
