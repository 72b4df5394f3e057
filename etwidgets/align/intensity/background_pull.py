"""How far a background pulls centers of mass towards the middle of the image; knows no method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.intensity.empty_area import lowest_peak, smoothed
from etwidgets.errors import AlignmentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_JUDGED, _SAMPLE = 15, 400_000  # projections, and smoothed pixels of all of them
_REFUSED_PX, _REMARKED_PX = 1.0, 0.25


def background_pull(images: NDArray[Any]) -> tuple[float, float]:
    """The level of the background, and the error of centers of mass that it makes, pixels RMS.

    Notes
    -----
    A level that holds the part ``f`` of the mass puts a center of mass at ``1 - f`` of its distance from
    the middle: of a displacement ``d``, ``f d`` is missed. The level is that of the lowest peak of smoothed
    intensities, as for :func:`etwidgets.align.estimate_background`; also where matter fills the field, which
    pulls as a background does.
    """
    judged = images[:: max(1, len(images) // _JUDGED)]
    every = max(1, judged.size // _SAMPLE)
    sample = np.concatenate([smoothed(image).ravel()[::every] for image in judged])
    level = max(lowest_peak(sample).level, 0.0)
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
