"""Finds the rotation of the tilt axis from the lines that features draw in the maximum image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.axis.estimate import AxisEstimate
from etwidgets.align.axis.trial import with_trial_shift
from etwidgets.align.checks import refuse_negative
from etwidgets.align.parabola import vertex
from etwidgets.errors import AlignmentError, ParameterError
from etwidgets.options import option

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_FINEST_DEG = 1e-3  # turns the end of a line of 1000 px by a hundredth of a pixel
_STANDS_OUT = 4.0  # robust standard deviations by which the best angle must beat the others


@dataclass(frozen=True)
class AxisMaxImageOptions:
    """Options of :func:`axis_by_max_image`."""

    limit: float = option(
        10.0,
        label="limit",
        help="Largest rotation that is looked for.",
        unit="deg",
        lowest=2 * _FINEST_DEG,
        highest=45,
    )
    delta: float = option(
        0.1,
        label="step",
        help="Step of the search, at most half of the limit; a parabola refines it.",
        unit="deg",
        lowest=_FINEST_DEG,
        highest=22.5,
    )
    also_shift: bool = option(
        default=False, label="find shift too", help="Find the shift as well, by trial reconstructions."
    )
    shift_limit: float = option(
        20.0, label="max shift", help="Largest shift that is looked for.", unit="px", lowest=0.1
    )
    nslices: int = option(
        3,
        label="shift columns",
        help="Number of columns that are reconstructed to find the shift.",
        lowest=1,
    )


def axis_by_max_image(
    images: NDArray[Any], tilts_deg: NDArray[np.float64], options: AxisMaxImageOptions, progress: Progress
) -> AxisEstimate:
    """Rotation of the tilt axis from the maximum over all tilts; on request its shift as well.

    Parameters
    ----------
    images
        ``(T, Y, X)``, registered.
    tilts_deg
        ``(T,)`` degrees; only used for the shift.
    options
        See :class:`AxisMaxImageOptions`.
    progress
        Reports progress and can cancel the work.

    Returns
    -------
    AxisEstimate
        With the curves that were searched. The rotation has no standard error.

    Raises
    ------
    AlignmentError
        If the maximum image has no edges, or the shift is asked for and values are negative.
    ParameterError
        If a value is out of range.

    Notes
    -----
    While the specimen turns, a small feature moves at right angles to the axis and draws a straight
    line in the maximum image. Edges are found by Canny's detector (doi:10.1109/TPAMI.1986.4767851); the
    Hough transform (doi:10.1145/361237.361242) counts edge pixels along lines at each trial angle, and
    the sum of the squared counts is highest where most edges line up. All lines vote, weighted by their
    length, and not a few strongest peaks: those may all lie on one edge of the specimen.
    """
    limit, delta = options.limit, options.delta
    if delta > limit / 2:
        raise ParameterError(f"delta must be at most half of limit={limit:g} deg, not {delta:g}")
    progress.advance(0, "maximum image")
    angles, strength = line_strength(images.max(axis=0), limit, delta)
    best = int(np.argmax(strength))
    tilted_by = float(angles[0] + delta * vertex(strength, best))
    warning = _doubt(strength, best, limit)
    known = AxisEstimate(
        shift_px=0.0,
        rotation_deg=-tilted_by,
        shift_error_px=None,
        rotation_error_deg=None,
        method="MaxImage",
        rotation_determined=not warning,
        warning=warning,
        angles_deg=-angles,
        strength=strength,
    )
    progress.advance(0.1, "lines found")
    if options.also_shift:
        refuse_negative(images, "MaxImage with also_shift")
        known = with_trial_shift(
            known,
            images,
            tilts_deg,
            shift_limit=options.shift_limit,
            nslices=options.nslices,
            progress=progress.part(0.1, 1),
        )
    progress.advance(1, "tilt axis")
    return known


def line_strength(
    image: NDArray[Any], limit_deg: float, delta_deg: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How strongly lines across the image stand out, at angles from the vertical.

    Parameters
    ----------
    image
        ``(Y, X)``, the maximum over all tilts.
    limit_deg, delta_deg
        Angles run from minus to plus ``limit_deg`` in these steps; positive is clockwise on screen.

    Returns
    -------
    tuple of array
        Angles ``(A,)``, degrees, and strengths ``(A,)``, of which the mean is 1.

    Raises
    ------
    AlignmentError
        If the image has no edges.
    """
    from skimage.feature import canny
    from skimage.transform import hough_line

    steps = round(limit_deg / delta_deg)
    angles = np.linspace(-steps * delta_deg, steps * delta_deg, 2 * steps + 1)
    spread = image.astype(float) - image.min()
    edges = canny(spread / max(spread.max(), np.finfo(float).tiny))
    if not edges.any():
        raise AlignmentError("MaxImage: the maximum over all tilts has no edges; use CoM, or another filter")
    counts = hough_line(edges, theta=np.deg2rad(angles))[0].astype(float)
    strength = (counts**2).sum(axis=0)
    relative: NDArray[np.float64] = strength / strength.mean()
    return angles, relative


def _doubt(strength: NDArray[np.float64], best: int, limit: float) -> str:
    """What speaks against the best angle, or nothing."""
    if best in (0, len(strength) - 1):
        return f"the rotation lies at or beyond the limit of {limit:g} deg; search further with limit="
    middle = np.median(strength)
    noise = 1.4826 * np.median(np.abs(strength - middle))
    if strength[best] - middle < _STANDS_OUT * noise:
        return "the rotation is undetermined: no direction stands out among the edges of the maximum image"
    return ""
