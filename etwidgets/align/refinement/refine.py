"""Refines an alignment: reconstruct, project, match, and again, from coarse to fine; knows no signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.alignment import Alignment
from etwidgets.align.checks import checked_projections, checked_tilts, refuse_blank
from etwidgets.align.refinement.records import Refinement, RefinementOptions
from etwidgets.align.refinement.run import LEAST_SIDE_PX, Run
from etwidgets.errors import AlignmentError, ParameterError
from etwidgets.options import checked
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

_LEAST_TILTS = 7


def refine_alignment(
    projections: ArrayLike,
    tilts_deg: ArrayLike,
    start: Alignment | None = None,
    *,
    progress: Progress | None = None,
    **options: Any,
) -> Refinement:
    """Refine all shifts and the tilt axis together, by comparing projections with what the volume predicts.

    Parameters
    ----------
    projections
        ``(T, Y, X)`` as recorded, but for a background that was subtracted; in any order of acquisition.
    tilts_deg
        ``(T,)`` degrees.
    start
        Of these projections, within a quarter of the field; default: as they are.
    progress
        Reports the number of left-out misfit, can cancel the work, or finish it early.
    **options
        Of :class:`RefinementOptions`.

    Returns
    -------
    Refinement
        With the alignment from the projections as given, to be applied in one interpolation.

    Raises
    ------
    ShapeError, DataError, TiltCountError
        If the input is not a series of finite images with one tilt each.
    AlignmentError
        If there are too few projections, or one is blank.
    ParameterError
        If an option is unknown or out of range.

    Notes
    -----
    It minimizes, over the volume ``v`` and all unknowns ``p``, the robustly weighted sum over projections of
    ``|B M (b(p) - g P v)|**2``: ``b(p)`` the projection, moved by one interpolation; ``M`` where it is known,
    ``B`` a band-pass, ``g`` the intensity of each, ``P`` the engine's projector, and ``v`` zero or more in a
    frame wider than the field. Volume and unknowns take turns (projection matching: Odstrcil et al. 2019,
    doi:10.1364/OE.27.036637), each projection by a Gauss-Newton step. The tilt axis, which a volume can make
    up for almost wholly, is searched for the best prediction of left-out projections. What no data determine
    stays fixed: the mean shift in x, and what goes as cos and sin of the tilt in y.
    """
    images, tilts = checked_series(projections, tilts_deg)
    chosen: RefinementOptions = checked(RefinementOptions, options, "refine_alignment")
    first = Alignment.identity(len(images)) if start is None else start
    if len(first.shifts_px) != len(images):
        raise ParameterError(f"start is of {len(first.shifts_px)} projections, the series has {len(images)}")
    return Run(images, tilts, first, chosen, progress or NullProgress()).result()


def checked_series(projections: ArrayLike, tilts_deg: ArrayLike) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The projections and tilts, if a refinement can be tried on them."""
    images = checked_projections(projections)
    tilts = checked_tilts(tilts_deg, len(images))
    if len(np.unique(tilts)) < _LEAST_TILTS:
        raise AlignmentError(
            f"refinement needs at least {_LEAST_TILTS} different tilts, and there are {len(np.unique(tilts))}"
        )
    if min(images.shape[1:]) < LEAST_SIDE_PX:
        raise AlignmentError(
            f"projections of {images.shape[1]} x {images.shape[2]} px are too small for a refinement; "
            f"at least {LEAST_SIDE_PX} px are needed on each side"
        )
    refuse_blank(images, "refinement")
    return images, tilts
