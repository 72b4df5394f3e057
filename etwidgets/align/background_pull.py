"""How far a background pulls centers of mass towards the middle of the image; knows no method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

from etwidgets.errors import AlignmentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOW_PERCENT = 5.0
_SMOOTHING_PX = 5
_REFUSED_PX, _REMARKED_PX = 1.0, 0.25


def background_pull(images: NDArray[Any]) -> tuple[float, float]:
    """The level of the background, and the error of centers of mass that it makes, pixels RMS.

    Notes
    -----
    A level that holds the part ``f`` of the mass puts a center of mass at ``1 - f`` of its distance from
    the middle: of a displacement ``d``, ``f d`` is missed. The level is the median over the projections
    of their fifth percentile, after a mean over 5 px that keeps noise out of it.
    """
    smooth = (scipy.ndimage.uniform_filter(image.astype(float), _SMOOTHING_PX) for image in images)
    level = max(float(np.median([np.percentile(image, _LOW_PERCENT) for image in smooth])), 0.0)
    rows = np.arange(images.shape[1]) - (images.shape[1] - 1) / 2
    sums = images.sum(axis=2, dtype=float)
    mass = sums.sum(axis=1)
    part = min(level * images[0].size / float(np.median(mass)), 0.99)
    centers = (sums @ rows) / mass
    return level, part / (1 - part) * float(centers.std())


def check_background(images: NDArray[Any], method: str) -> tuple[str, ...]:
    """A remark on the background of a series for a method by centers of mass; none if there is no need.

    Raises
    ------
    AlignmentError
        If it would make the shifts wrong by more than a pixel.
    """
    level, error = background_pull(images)
    if error < _REMARKED_PX:
        return ()
    what = (
        f"a background of about {level:.3g} pulls the centers of mass towards the middle, which makes the "
        f"shifts across the tilt axis wrong by about {error:.1f} px"
    )
    todo = "subtract the background first, or use StackReg or PC"
    if error > _REFUSED_PX:
        raise AlignmentError(f"{method}: {what}; {todo}")
    return (f"{what[0].upper()}{what[1:]}: {todo}.",)
