"""Adds the shift that trial reconstructions find to what is known of the tilt axis; knows no method."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from etwidgets.align.axis.shift import search_axis_shift
from etwidgets.align.transforms import transform

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from etwidgets.align.axis.estimate import AxisEstimate
    from etwidgets.progress import Progress


def with_trial_shift(
    known: AxisEstimate,
    images: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    *,
    shift_limit: float,
    nslices: int,
    progress: Progress,
) -> AxisEstimate:
    """The estimate with the shift of the images turned by its rotation, and what speaks against that shift.

    An undetermined rotation will not be applied: the shift must be right without it.

    Parameters
    ----------
    known
        Its ``warning`` is about the rotation alone.
    images, tilts_deg, shift_limit, nslices, progress
        See :func:`etwidgets.align.search_axis_shift`.
    """
    angle = known.rotation_deg if known.rotation_determined else 0.0
    turned = transform(images, angle_deg=angle, progress=progress.part(0, 0.2)) if angle else images
    trial = search_axis_shift(
        turned, tilts_deg, shift_limit=shift_limit, nslices=nslices, progress=progress.part(0.2, 1)
    )
    return replace(
        known,
        shift_px=trial.shift_px,
        shift_error_px=trial.shift_error_px,
        warning="; ".join(text for text in (known.warning, trial.warning) if text),
        shift_determined=trial.determined,
        shift_interval_px=trial.interval_px,
        candidates_px=trial.candidates_px,
        objective=trial.objective,
    )
