"""Check what stands in the built wheel and sdist: `dist.py FOLDER CHECKOUT`."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

PACKAGE = "pytest_lambdatest_session"
ENTRY_POINT = f"[pytest11]\nlambdatest_session = {PACKAGE}.plugin"
OF_THE_SDIST = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "pyproject.toml", "docs/", "tests/")


def main(folder: str, checkout: str) -> int:
    (wheel,) = Path(folder).glob("*.whl")
    (sdist,) = Path(folder).glob("*.tar.gz")
    wrong = [*_wrong_in_wheel(wheel, Path(checkout)), *_wrong_in_sdist(sdist)]
    for line in wrong:
        print(line)
    print(f"say: {wheel.name} ({wheel.stat().st_size // 1024} KiB), {sdist.name} ({sdist.stat().st_size // 1024} KiB)")
    return 1 if wrong else 0


def _wrong_in_wheel(wheel: Path, checkout: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = {name.partition("/")[2]: archive.read(name).decode() for name in names if ".dist-info/" in name}
    inside = {name for name in names if ".dist-info/" not in name}
    source = {
        path.relative_to(checkout).as_posix()
        for path in (checkout / PACKAGE).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wrong = [f"the wheel lacks {name}" for name in sorted(source - inside)]
    wrong += [f"the wheel has {name}, which is none of the package's files" for name in sorted(inside - source)]
    must_have = {f"{PACKAGE}/py.typed", f"{PACKAGE}/report/html/style.css", f"{PACKAGE}/report/html/sessions.js"}
    wrong += [f"the wheel lacks {name}" for name in sorted(must_have - inside)]
    if ENTRY_POINT not in metadata["entry_points.txt"]:
        wrong.append(f"the wheel's entry points are {metadata['entry_points.txt']!r}")
    if (checkout / "README.md").read_text(encoding="utf-8") not in metadata["METADATA"]:
        wrong.append("the wheel's description is not the README")
    if "licenses/LICENSE" not in metadata:
        wrong.append("the wheel has no licence")
    return wrong


def _wrong_in_sdist(sdist: Path) -> list[str]:
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    wrong = [f"the sdist lacks {part}" for part in OF_THE_SDIST if not any(name.startswith(part) for name in names)]
    left_over = ("__pycache__", ".pyc", "example_project/report/")
    wrong += [f"the sdist has {name}" for name in names if any(part in name for part in left_over)]
    return wrong


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
