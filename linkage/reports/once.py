"""What is made of values that come again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Made = TypeVar("Made")


class Once(dict[Any, Made]):
    """What is made of values: of each when it first comes, and never again."""

    def __init__(self, make: Callable[[Any], Made]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, value: Any) -> Made:
        """Make it of a value."""
        made = self[value] = self._make(value)
        return made
