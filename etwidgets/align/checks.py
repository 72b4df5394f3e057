"""Checks of what comes into the alignment functions; knows nothing of any method."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

from etwidgets.checks import checked_reals, listing
from etwidgets.errors import AlignmentError, DataError, ParameterError, ShapeError, TiltCountError

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import ArrayLike, NDArray

_MANY = 8
_NAMED = 6

_RINGING = 0.01
_ERRORS = 3.0
_BLOCK_PX = 8
_LOW_PERCENTILE = 5
_SAMPLED_PX = 128  # of the shorter side: percentiles need no more


def indices_text(indices: ArrayLike) -> str:
    """Indices as text, shortened when there are many: ``"3, 7, 12"``."""
    return listing((int(i) for i in np.atleast_1d(indices)), _MANY)


def named_projections(indices: ArrayLike, tilts_deg: NDArray[np.float64]) -> str:
    """Projections as the page names them, from 1 and with their tilts: ``"4 (-54.0°), 8 (-46.0°)"``.

    Parameters
    ----------
    indices
        ``(N,)``; of many, the first six are named.
    tilts_deg
        ``(T,)`` degrees, of all projections.
    """
    which = np.atleast_1d(indices)
    named = [f"{i + 1} ({tilts_deg[i]:+.1f}°)" for i in which[:_NAMED]]
    return ", ".join(named) + (f" and {len(which) - _NAMED} more" if len(which) > _NAMED else "")


def checked_projections(projections: ArrayLike, *, least: int = 1) -> NDArray[Any]:
    """The projections as an array ``(T, Y, X)`` of real, finite numbers; not copied.

    Parameters
    ----------
    projections
        ``(T, Y, X)``.
    least
        How many projections are needed.

    Raises
    ------
    ShapeError
        If the array has not three dimensions, or one of them is empty.
    DataError
        If the values are not real numbers, or some are NaN or infinite.
    AlignmentError
        If there are fewer than ``least`` projections.
    """
    images = np.asarray(projections)
    if images.ndim != 3 or 0 in images.shape:
        raise ShapeError(f"projections must have the shape (T, Y, X), not {images.shape}")
    if images.dtype.kind not in "buif":
        raise DataError(f"projections must be real numbers, not {images.dtype}")
    if len(images) < least:
        raise AlignmentError(
            f"{len(images)} projection(s) given and at least {least} needed; load a tilt series"
        )
    if images.dtype.kind == "f":
        bad = [i for i, image in enumerate(images) if not np.isfinite(image).all()]
        if bad:
            raise DataError(
                f"projections {indices_text(bad)} hold NaN or infinite values; remove or repair them"
            )
    return images


def checked_tilts(tilts_deg: ArrayLike, n_projections: int) -> NDArray[np.float64]:
    """The tilts as an array ``(T,)``, degrees.

    Raises
    ------
    TiltCountError
        If there is not one tilt per projection.
    DataError
        If a tilt is not a number, NaN or infinite.
    """
    tilts = checked_reals("tilts", tilts_deg).reshape(-1)
    if tilts.size != n_projections:
        raise TiltCountError(tilts.size, n_projections)
    if not np.isfinite(tilts).all():
        raise DataError(
            f"tilts {indices_text(np.flatnonzero(~np.isfinite(tilts)))} are NaN or infinite; set them"
        )
    return tilts


def refuse_blank(images: NDArray[Any], method: str) -> None:
    """Refuse projections that hold one value only: nothing in them can be aligned.

    Raises
    ------
    AlignmentError
        If there are any; the message says which.
    """
    blank = [i for i, image in enumerate(images) if image.min() == image.max()]
    if blank:
        raise AlignmentError(
            f"{method}: projections {indices_text(blank)} are blank (one value everywhere); remove them first"
        )


def refuse_negative(images: NDArray[Any], method: str) -> None:
    """Refuse negative values, for which a center of mass means nothing.

    What interpolation leaves at edges is let pass, and noise about zero, as a subtracted background leaves
    it: of means over 8 x 8 px, one in twenty may be below a hundredth of the largest value and three
    standard errors.

    Raises
    ------
    AlignmentError
        If there are any; the message says where and how low.
    """
    lowest, noise = np.array([_low_mean(image) for image in images]).T
    allowed = -_RINGING * float(images.max()) - _ERRORS * noise
    if (lowest < allowed).any():
        which = np.flatnonzero(lowest < allowed)
        least = min(float(images[i].min()) for i in which)
        raise AlignmentError(
            f"{method} needs intensities that are mass (zero or more), and projections {indices_text(which)} "
            f"go down to {least:g}; subtract the background, invert bright-field data, "
            "or use another method"
        )


def _low_mean(image: NDArray[Any]) -> tuple[float, float]:
    """The 5th percentile of means over 8 x 8 px, and their standard error by the differences of neighbors."""
    values = np.asarray(image, np.float32)
    every = max(1, min(values.shape) // _SAMPLED_PX)
    means = scipy.ndimage.uniform_filter(values, _BLOCK_PX, mode="nearest")[::every, ::every]
    steps = np.diff(values[::every], axis=-1) if values.shape[-1] > 1 else np.zeros(1)
    noise = float(np.percentile(np.abs(steps), 68)) / np.sqrt(2) / _BLOCK_PX
    return float(np.percentile(means, _LOW_PERCENTILE)), noise


def match_name(
    name: str, known: Collection[str], what: str, error: type[ParameterError] = ParameterError
) -> str:
    """The known spelling of a name that was written in any letter case.

    Raises
    ------
    ParameterError
        If it is none of the known ones; the message has the one that was probably meant, and all there are.
        ``error`` may be a subclass of it.
    """
    for candidate in known:
        if candidate.lower() == str(name).lower():
            return candidate
    close = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean {close[0]!r}? Use" if close else "use"
    raise error(f"{what} {name!r} is unknown; {hint} one of {', '.join(known)}")
