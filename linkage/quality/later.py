"""Modules that are loaded when somebody first asks something of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType


class _Later(MetaPathFinder):
    """Finds some modules as others do, and gives them the standard library's `importlib.util.LazyLoader`."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the specification of one of the modules, None for any other."""
        found = PathFinder.find_spec(fullname, path, target) if fullname in self.names else None
        if found is not None and found.loader is not None:
            found.loader = LazyLoader(found.loader)
        return found


@contextmanager
def on_demand(*names: str) -> Iterator[None]:
    """Put the loading of these modules off, where this block is the first to import them.

    Whoever uses one of them later finds it as ever.
    """
    finder = _Later(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
