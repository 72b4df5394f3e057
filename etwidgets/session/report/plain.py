"""Makes plain values of arrays, tuples and numpy's numbers, and words of plain values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS = {
    "_nm3": "nm³", "_nm2": "nm²", "_nm": "nm", "_px3": "px³", "_px2": "px²", "_px": "px", "_deg": "°",
    "_percent": "%",
}  # fmt: skip
_TITLES = {
    "algorithm": "method",
    "shape": "size in x, z, y (voxels)",
    "stale": "series changed since",
    "thickness": "thickness (voxels)",
    "mean": "mean intensity",
    "pixel_size_nm": "length of a voxel (nm)",
    "name": "volume of",
    "n_bodies": "number of bodies",
    "pores_fraction": "part of the bodies that is pores",
    "n_pores": "number of pores",
    "segmentation": "how it was parted",
    "one_iteration_less_and_more": "total volume, one iteration less to one more",
    "corrected": "without bias",
    "low": "low end (90 %)",
    "high": "high end (90 %)",
    "draws_part": "± by noise and alignment",
    "iterations_part": "± by iterations",
    "threshold_part": "± by threshold",
    "bias_part": "± by what is not known of the bias",
}
_PLAIN = 1e7  # numbers below are written without an exponent
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
    """A plain value as a short text, numbers to 4 digits; long lists are cut, with how many there are."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        short = f"{value:.4g}"
        return f"{float(short):.0f}" if 1e4 <= abs(value) < _PLAIN else short
    if isinstance(value, list):
        shown = ", ".join(
            f"[{worded(each)}]" if isinstance(each, list) else worded(each) for each in value[:_LONGEST]
        )
        return shown + (f", ... ({len(value)} values)" if len(value) > _LONGEST else "")
    if isinstance(value, dict):
        return "; ".join(f"{name}: {worded(each)}" for name, each in value.items())
    return str(value)


def titled(name: str) -> str:
    """The name of a value in plain words, with its unit in parentheses."""
    if name in _TITLES:
        return _TITLES[name]
    for ending, unit in _UNITS.items():
        if name.endswith(ending):
            return f"{name.removesuffix(ending).replace('_', ' ')} ({unit})"
    return name.replace("_", " ")


def scalars(node: Mapping[str, Any]) -> dict[str, Any]:
    """A dictionary without its long lists."""
    return {
        name: value for name, value in node.items() if not (isinstance(value, list) and len(value) > _LONGEST)
    }
