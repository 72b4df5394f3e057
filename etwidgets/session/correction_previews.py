"""What a correction finds in a series, and one projection after it; touches its arguments only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import align

if TYPE_CHECKING:
    from numpy.typing import NDArray

DetectorImages = Mapping[str, "NDArray[Any]"]
Found = align.Background | align.IntensityFactors | align.HotPixels | DetectorImages


def find_correction(
    projections: NDArray[Any],
    tilts_deg: NDArray[np.float64] | None,
    operation: str,
    parameters: Mapping[str, Any],
) -> tuple[str, Mapping[str, Any], Found | None]:
    """What the operation would correct; None where it needs tilts or images that there are not.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    tilts_deg
        ``(T,)`` degrees, or None.
    operation, parameters
        As in ``session.apply``; both are returned as well, for a form may have moved on.
    """
    found: Found | None = None
    if operation == "subtract_background":
        found = align.estimate_background(projections, **parameters)
    elif operation == "remove_hot_pixels":
        found = align.find_hot_pixels(projections, **parameters)
    elif operation == "equalize_intensity" and tilts_deg is not None:
        found = align.intensity_factors(projections, tilts_deg, **parameters)
    elif operation == "correct_detector" and parameters:
        found = {name: np.asarray(projections[index]) for name, index in parameters.items()}
    return operation, parameters, found


def corrected_image(found: Found, image: NDArray[Any], index: int) -> NDArray[np.float32]:
    """One projection ``(Y, X)`` after the correction."""
    if isinstance(found, align.Background):
        return (image - found.of(index, image.shape)).astype(np.float32)
    if isinstance(found, align.IntensityFactors):
        return (image * found.factors[index]).astype(np.float32)
    if isinstance(found, align.HotPixels):
        own = align.HotPixels(found.fixed, found.hits[found.hits[:, 0] == index], (1, *found.shape[1:]))
        own.hits[:, 0] = 0
        return np.asarray(align.remove_hot_pixels(image[np.newaxis], own)[0], np.float32)
    return align.correct_detector(image[np.newaxis], **found)[0]


def correction_text(found: Found | None) -> str:
    """What was found, in words; plain text."""
    if isinstance(found, align.Background):
        if not found.determined:
            return f"Not determined: {found.reason}. Choose a method other than automatic."
        share = float(np.median(found.shares))
        return (
            f"Level {found.level:.4g} ± {found.error:.2g}, {100 * found.fraction:.2g} % of the maximum; from "
            f"{share:.0%} of the pixels."
        )
    if isinstance(found, align.IntensityFactors):
        low, high = found.factors.min(), found.factors.max()
        return f"Law: {found.law}. Standard deviation {found.flicker:.1%}; factors {low:.3f} to {high:.3f}."
    if isinstance(found, align.HotPixels):
        return f"Found {len(found.fixed)} pixels that are always wrong, and {len(found.hits)} single hits."
    return ""
