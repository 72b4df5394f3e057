"""Makes plain values of arrays, tuples and numpy's numbers, and words of plain values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 24  # numbers of a list that are written out


def plain(value: Any) -> Any:
    """A value of numbers, texts, lists and dictionaries only; what is not finite becomes None."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def worded(value: Any) -> str:
    """A plain value as a short text; long lists are cut, with how many values there are."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        shown = ", ".join(
            f"[{worded(each)}]" if isinstance(each, list) else worded(each) for each in value[:_LONGEST]
        )
        return shown + (f", ... ({len(value)} values)" if len(value) > _LONGEST else "")
    if isinstance(value, dict):
        return "; ".join(f"{name}: {worded(each)}" for name, each in value.items())
    return str(value)


def scalars(node: Mapping[str, Any]) -> dict[str, Any]:
    """A dictionary without its long lists."""
    return {
        name: value for name, value in node.items() if not (isinstance(value, list) and len(value) > _LONGEST)
    }
