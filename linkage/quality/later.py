"""What importing others' modules need not do: modules nobody asks anything of, and copies nobody changes."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType
from typing import Any


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


@contextmanager
def shallow_fields() -> Iterator[None]:
    """Let a pydantic model (v1) that is declared in this block take over the fields of its base as shallow copies.

    Pydantic copies all that a field is made of, to change what a subclass says otherwise: its settings, its validators,
    its description. Those are copied here too. The rest stays as it is in all of them.
    """
    from pydantic.v1.fields import ModelField

    def copied(field: ModelField, _: dict[int, Any]) -> ModelField:
        taken = copy.copy(field)
        taken.class_validators = dict(field.class_validators)
        taken.field_info = copy.copy(field.field_info)
        return taken

    ModelField.__deepcopy__ = copied  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del ModelField.__deepcopy__  # type: ignore[attr-defined]
