"""In the process that runs tests, the code itself looks up nothing that a test can replace."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import pytest_lambdatest_session

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(pytest_lambdatest_session.__file__).parent

WHILE_TESTS_RUN = (
    "capture",
    "report",
    "sidecar/client.py",
    "sidecar/channels.py",
    "sidecar/messages.py",
    "plugin.py",
    "registration.py",
    "problems.py",
    "credentials.py",
)
"""What is loaded into the process that runs tests; folders with all that is in them."""

EXCEPTIONS: dict[str, str] = {
    "capture/untouched.py": "takes what the others use, when the plugin is loaded",
    "plugin.py": "reads the settings when the run is configured",
    "registration.py": "puts the parts together, and keeps the environment, before the first test runs",
    "report/ctrf.py": "completes its file when the tests are over",
    "report/clips.py": "looks for ffmpeg, and at what was cut, when the tests are over",
    "report/github.py": "writes when the tests are over",
    "report/html/report.py": "makes a token for its page when the run is configured",
    "report/html/table.py": "writes its page when the tests are over",
    "report/allure.py": "completes results when the tests are over",
    "report/html/rendering.py": "reads its own templates, style and script when the tests are over",
    "report/html/report_before_4.py": "makes a token for its page when the run is configured",
    "report/junit_fields.py": "reads saved files when the tests are over",
    "report/journal.py": "opens its file when the run is configured",
    "report/log_rows.py": "reads saved logs when the tests are over",
    "report/player/pages.py": "writes when the tests are over",
    "report/player/stills.py": "writes when the tests are over",
    "report/saved_files.py": "looks at what was saved when the tests are over",
    "report/sessions_file.py": "writes when the tests are over",
    "report/terminal_lines.py": "makes paths of links when the tests are over",
    "report/waiting.py": "asks how wide the terminal is when the tests are over",
    "report/xdist.py": "keeps a folder in a process that runs no tests",
}
"""Files that may look up what tests replace, and why."""

TALKS = (
    *("requests", "urllib3", "http", "socket", "ssl"),
    *("asyncio", "selectors", "multiprocessing", "concurrent", "queue"),
)
"""Never imported there: what talks, or starts threads."""

REPLACED = (
    *("time", "random", "uuid", "os", "tempfile", "shutil", "json", "logging", "warnings"),
    *("socket", "select", "signal", "subprocess", "threading"),
)
"""Modules whose functions are taken when the plugin is loaded, and not looked up when they are needed."""

BUILTINS = ("open", "print", "input", "__import__")
NOW = ("now", "utcnow", "today")
FILES = (
    *("open", "read_text", "read_bytes", "write_text", "write_bytes"),
    *("mkdir", "touch", "unlink", "exists", "is_file", "cwd"),
)


class Lookup(NamedTuple):
    """Something that a test can replace, and where it is looked up."""

    line: int
    what: str


def files() -> list[str]:
    paths = [PACKAGE / name for name in WHILE_TESTS_RUN]
    found = [file for path in paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    return [file.relative_to(PACKAGE).as_posix() for file in found]


def lookups_of(tree: ast.Module) -> list[Lookup]:
    """Return what a module imports that talks, and what its functions look up; what only type checkers see is not."""
    return sorted([*_imports(tree), *_in_functions(tree)])


def _imports(tree: ast.Module) -> Iterator[Lookup]:
    for node in _walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        yield from (Lookup(node.lineno, f"import {name}") for name in names if name.split(".")[0] in TALKS)  # type: ignore[attr-defined]


def _in_functions(tree: ast.Module) -> Iterator[Lookup]:
    bound = dict(_bound(tree))
    for function in _walk(tree):
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        body = function.body if isinstance(function.body, list) else [function.body]
        for node in (node for statement in body for node in _walk(statement)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in bound:
                yield Lookup(node.lineno, bound[node.id])
            elif isinstance(node, ast.Call):
                yield from _call(node)


def _call(node: ast.Call) -> Iterator[Lookup]:
    match node.func:
        case ast.Name(id=name) if name in BUILTINS:
            yield Lookup(node.lineno, f"{name}()")
        case ast.Attribute(value=ast.Name(id="untouched")):
            return
        case ast.Attribute(attr=name) if name in (*NOW, *FILES):
            yield Lookup(node.lineno, f".{name}()")


def _bound(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give the names that imports bind to what tests replace; the id of a thread is a function of the interpreter's."""
    for node in _walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in REPLACED:
                    yield (alias.asname or alias.name.split(".")[0], alias.name)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in REPLACED:
            for alias in node.names:
                yield (alias.asname or alias.name, f"{node.module}.{alias.name}")


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree, but for what stands under `if TYPE_CHECKING`."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        yield from _walk(child)


@pytest.mark.parametrize("file", files())
def test_a_module_looks_up_nothing_that_a_test_can_replace(file: str) -> None:
    tree = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
    found = lookups_of(tree)
    if file in EXCEPTIONS:
        assert found, "needs no exception any more"
        return
    assert [f"line {line}: {what}" for line, what in dict.fromkeys(found)] == []


def test_every_exception_is_a_file() -> None:
    assert [file for file in EXCEPTIONS if file not in files()] == []


@pytest.mark.parametrize(
    "code",
    [
        "import time\ndef f():\n    return time.time()",
        "from time import time\ndef f():\n    return time()",
        "import os.path\nf = lambda: os.path.exists('x')",
        "import json as j\nclass C:\n    def f(self):\n        return j.dumps(1)",
        "def f():\n    import socket",
        "import requests",
        "def f(path):\n    with open(path) as file:\n        pass",
        "def f(path):\n    return path.read_text()",
        "from datetime import datetime\ndef f():\n    return datetime.now()",
        "import os\ndef f():\n    return os.environ['A']",
    ],
)
def test_the_check_finds_a_lookup(code: str) -> None:
    assert lookups_of(ast.parse(code)) != []


@pytest.mark.parametrize(
    "code",
    [
        "import time\nclock = time.monotonic",
        "from threading import TYPE_CHECKING\nif TYPE_CHECKING:\n    import requests\n    import os",
        "from _thread import get_ident\ndef f():\n    return get_ident()",
        "from x import untouched\ndef f(path):\n    untouched.open(path, 0)\n    return untouched.now()",
    ],
)
def test_the_check_leaves_alone_what_tests_cannot_replace(code: str) -> None:
    assert lookups_of(ast.parse(code)) == []
