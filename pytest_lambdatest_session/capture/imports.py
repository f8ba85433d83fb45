"""What is to happen once somebody else imports a module: nothing of selenium or Playwright is imported from here."""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class AfterImport(MetaPathFinder):
    """Calls `then` with a module: at once if it was imported before, else when somebody does so."""

    def __init__(self, name: str, then: Callable[[ModuleType], None]) -> None:
        self._name = name
        self._then = then

    def install(self) -> None:
        module = sys.modules.get(self._name)
        if module is None:
            sys.meta_path.insert(0, self)
        else:
            self._then(module)

    def uninstall(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        for finder in sys.meta_path:
            # A finder without find_spec is of the kind that Python 3.12 stopped asking.
            if isinstance(finder, AfterImport) or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _Loader(spec, spec.loader, self._everyone_waiting())
                return spec
        return None

    def _everyone_waiting(self) -> list[Callable[[ModuleType], None]]:
        """Hooks of nested runs all wait for the same module; the first to be asked answers for all, outermost first."""
        finders = [finder for finder in sys.meta_path if isinstance(finder, AfterImport) and finder._name == self._name]  # noqa: SLF001
        return [finder._then for finder in finders[::-1]]  # noqa: SLF001


class _Loader(Loader):
    """Executes the module with its real loader and puts that loader back, so that nothing else sees this one."""

    def __init__(self, spec: ModuleSpec, loader: Loader, then: list[Callable[[ModuleType], None]]) -> None:
        self._spec = spec
        self._loader = loader
        self._then = then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._spec.loader = self._loader
        self._loader.exec_module(module)
        for then in self._then:
            then(module)
