"""Fades projections out across the tilt axis until all hold the same mass; does not align."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from etwidgets.align.checks import checked_projections, match_name, refuse_blank, refuse_negative
from etwidgets.errors import AlignmentError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ACCURACIES = {"low": 0.025, "medium": 0.01, "high": 0.001}
_LARGEST_EXPONENT = 20.0  # a window of about a fifth of the height; more would leave no image


def weight_projections(projections: ArrayLike, accuracy: str = "medium") -> NDArray[np.float32]:
    """Multiply every projection by a window across the tilt axis, so that all have the mass of the lightest.

    Parameters
    ----------
    projections
        ``(T, Y, X)``, zero or more; the tilt axis in the middle row.
    accuracy
        How finely the exponent of the window is determined: ``"low"`` (0.025), ``"medium"`` (0.01) or
        ``"high"`` (0.001).

    Returns
    -------
    array
        ``(T, Y, X)``, float32.

    Raises
    ------
    ShapeError, DataError
        If the projections are not a stack of finite numbers.
    AlignmentError
        If values are negative, or an image is so much heavier than the lightest that nothing of it would
        remain.

    Notes
    -----
    For a slab, more matter enters the field of view the higher the tilt. The window
    ``(cos(pi u^2) / 2 + 1/2)^e``, with ``u`` from -1 to 1 across the axis, takes it out again: Sanders
    et al. (2015), doi:10.1186/s40679-015-0005-7.
    """
    images = checked_projections(projections)
    tolerance = ACCURACIES[match_name(accuracy, ACCURACIES, "accuracy")]
    refuse_blank(images, "weighting")
    refuse_negative(images, "weighting")
    rows = np.stack([image.sum(axis=1, dtype=float) for image in images])
    window = 0.5 * np.cos(np.pi * np.linspace(-1, 1, images.shape[1]) ** 2) + 0.5
    target = rows.sum(1).min()
    weighted = np.empty(images.shape, np.float32)
    for i, image in enumerate(images):
        exponent = _exponent(rows[i], window, target, tolerance, i)
        weighted[i] = image * (window**exponent)[:, None]
    return weighted


def _exponent(
    rows: NDArray[np.float64], window: NDArray[np.float64], target: float, tolerance: float, index: int
) -> float:
    """Exponent of the window with which rows of these masses hold the mass ``target``."""

    def excess(exponent: float) -> float:
        return float(rows @ window**exponent) - target

    if excess(0.0) <= 0:
        return 0.0
    if excess(_LARGEST_EXPONENT) > 0:
        raise AlignmentError(
            f"projection {index} has {rows.sum() / target:.1f} times the mass of the lightest projection, "
            "more than a window can take out; remove the lightest or crop along the tilt axis"
        )
    return float(brentq(excess, 0.0, _LARGEST_EXPONENT, xtol=tolerance))
