"""Warnings of a function as notes for the user; knows no operation."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# Python's warning filters belong to the process: two sessions must not change them at the same time
_CATCHING = threading.Lock()


def with_notes(function: Callable[..., Any], *given: Any, **options: Any) -> tuple[Any, tuple[str, ...]]:
    """What a function returns, and what it warned of, each once."""
    with _CATCHING, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        result = function(*given, **options)
    # other categories are for programmers
    notes = dict.fromkeys(str(item.message) for item in caught if item.category is UserWarning)
    return result, tuple(notes)
