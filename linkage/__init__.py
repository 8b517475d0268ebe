"""Inbeeld: police incidents and Veilig Thuis reports linked into one checked case view.

Its engine links or deduplicates any two tables: ``from linkage import link, dedupe, name, typed, exact``.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linkage.library import Linked, dedupe, exact, link, load_model, name, typed

__version__ = "0.1.0"
__all__ = ["Linked", "__version__", "dedupe", "exact", "link", "load_model", "name", "typed"]


def __getattr__(attribute: str) -> Any:
    """Import the library when one of its names is asked for: the command line starts without it."""
    if attribute not in __all__:
        raise AttributeError(f"module linkage has no attribute {attribute}")
    from linkage import library

    return getattr(library, attribute)
