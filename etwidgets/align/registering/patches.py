"""Registers by patches tracked from tilt to tilt, of which one rigid specimen is made; knows one method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.registering.chain import add_up
from etwidgets.align.registering.found_shifts import FoundShifts
from etwidgets.align.registering.ordered_series import in_order_of_tilt
from etwidgets.align.registering.pairs import PairShifts, pair_shifts
from etwidgets.align.registering.patch_fit import StepFit, fit_steps
from etwidgets.align.registering.phase_correlation import PhaseCorrelationOptions, phase_correlation_shifts
from etwidgets.errors import AlignmentError
from etwidgets.options import checked, option
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.align.registering.ordered_series import OrderedSeries
    from etwidgets.progress import Progress

_UPSAMPLING = 20
_STEEPEST_DEG = 80.0
_FARTHEST = 0.25  # that a patch moves from where it is looked for, of its side
_LEAST_PATCHES, _LEAST_SEEN = 6, 0.5
_WORST_RESIDUAL_PX = 1.0
_WORST_ROTATION_DEG, _REFUSED_ROTATION_DEG = 1.0, 3.0


@dataclass(frozen=True)
class PatchOptions:
    """Options of :func:`patch_shifts`."""

    patch_size: int | None = option(
        None,
        label="patch size",
        help="Side of the squares that are tracked.",
        unit="px",
        lowest=16,
        none_means="two fifths of the shorter side",
    )
    patches: int = option(
        4,
        label="patches per side",
        help="Rows and columns of patches; they may overlap.",
        lowest=3,
        highest=20,
    )


@dataclass(frozen=True, slots=True, eq=False)
class PatchFit:
    """Result of :func:`track_patches`.

    Attributes
    ----------
    shifts_px
        ``(T, 2)`` pixels ``(y, x)`` to apply, in the order of acquisition.
    rotation_deg
        Degrees to apply with ``transform(angle_deg=...)``, positive clockwise on screen, that make the tilt
        axis horizontal.
    rotation_error_deg
        Its standard error.
    rotation_determined
        Whether that is below a degree.
    residual_px
        Robust standard deviation of a step of a patch from the fit, pixels.
    n_patches
        Number of patches that were followed through at least half of the tilts in which they are seen.
    """

    shifts_px: NDArray[np.float64]
    rotation_deg: float
    rotation_error_deg: float
    rotation_determined: bool
    residual_px: float
    n_patches: int


def track_patches(
    projections: ArrayLike,
    tilts_deg: ArrayLike,
    *,
    start: int | None = None,
    progress: Progress | None = None,
    **params: Any,
) -> PatchFit:
    """Shifts and axis rotation from patches tracked from tilt to tilt.

    Parameters
    ----------
    projections
        ``(T, Y, X)``, in any order of acquisition; a specimen that fills the field with detail.
    tilts_deg
        ``(T,)`` degrees.
    start
        Index of the projection that stays in place; default: the tilt nearest the middle of the range.
    progress
        Reports progress and can cancel the work.
    **params
        See :class:`PatchOptions`.

    Raises
    ------
    ShapeError, TiltCountError, DataError
        If the input is not a series of finite images with one tilt each.
    AlignmentError
        If too few patches can be followed, or they do not move as one rigid specimen.
    """
    series = in_order_of_tilt(projections, tilts_deg, start)
    options = checked(PatchOptions, params, "Patches")
    shifts, fit, n_patches = _tracked(series, options, progress or NullProgress())
    return PatchFit(
        series.as_acquired(shifts),
        -fit.rotation_deg,
        fit.rotation_error_deg,
        fit.rotation_error_deg < _WORST_ROTATION_DEG,
        fit.residual_px,
        n_patches,
    )


def patch_shifts(series: OrderedSeries, options: PatchOptions, progress: Progress) -> FoundShifts:
    """Shifts ``(T, 2)``, pixels ``(y, x)``, by patches tracked from tilt to tilt, see :func:`track_patches`.

    Notes
    -----
    A patch at ``(x, y, z)`` is seen at ``y cos(t) - z sin(t)`` across the tilt axis and at ``x`` along it;
    all shifts, all places and the rotation of the axis follow from one robust fit (patch tracking: Zheng et
    al. 2022, doi:10.1016/j.yjsbx.2022.100068; the fit: Lawrence et al. 2006, doi:10.1016/j.jsb.2005.12.010).
    """
    shifts, fit, _ = _tracked(series, options, progress)
    note = (
        f"Patches follow one rigid specimen to {fit.residual_px:.2f} px a step; axis rotation to apply "
        f"{-fit.rotation_deg:.2f} ± {fit.rotation_error_deg:.2f} deg."
    )
    return FoundShifts(shifts, notes=(note,))


def _tracked(
    series: OrderedSeries, options: PatchOptions, progress: Progress
) -> tuple[NDArray[np.float64], StepFit, int]:
    images, tilts = series.images, series.tilts_deg
    steepest = float(np.abs(tilts).max())
    if steepest > _STEEPEST_DEG or len(images) < 5:
        raise AlignmentError(
            f"Patches needs 5 projections or more within {_STEEPEST_DEG:g} deg, and {len(images)} go to "
            f"{steepest:g} deg; remove the highest, or use PC"
        )
    shape = images.shape[1:]
    side = options.patch_size or max(round(0.4 * min(shape)), 16)
    if side > min(shape):
        raise AlignmentError(
            f"Patches of {side} px do not fit into {shape[0]} x {shape[1]} px; give a smaller patch_size"
        )
    places = _grid(shape, side, options.patches, steepest)
    coarse = phase_correlation_shifts(series, PhaseCorrelationOptions(stretch=True), progress.part(0, 0.2))
    moved, turn = -coarse.shifts_px, 0.0
    for part in (progress.part(0.2, 0.6), progress.part(0.6, 1)):
        centers = _centers(places, turn, moved, tilts)
        steps, known = _steps(images, centers, side, part)
        kept = _checked_patches(known, _inside(centers, shape, side))
        fit = fit_steps(steps[kept], known[kept], tilts, places[kept, 0])
        moved = add_up(fit.moves_px, series.start) + moved[series.start]
        turn = np.deg2rad(fit.rotation_deg)
    if fit.residual_px > _WORST_RESIDUAL_PX:
        raise AlignmentError(
            f"Patches do not move as one rigid specimen ({fit.residual_px:.1f} px a step are left): matter "
            "at several depths overlaps, or the tilts are wrong; use StackReg, COM or PC"
        )
    if fit.rotation_error_deg > _REFUSED_ROTATION_DEG:
        raise AlignmentError(
            f"Patches leave the axis rotation open (± {fit.rotation_error_deg:.0f} deg): the specimen does "
            "not fill the field, or its edges run along the tilt axis; use StackReg or PC"
        )
    return -add_up(fit.moves_px, series.start), fit, int(kept.sum())


def _grid(shape: tuple[int, ...], side: int, count: int, steepest_deg: float) -> NDArray[np.float64]:
    """Places ``(K, 2)``, pixels ``(y, x)`` from the center at tilt 0, also of what enters the field later."""
    y, x = ((n - side) / 2 for n in shape)
    rows, columns = np.linspace(-y, y, count), np.linspace(-x, x, count)
    step = rows[1] - rows[0]
    beyond = int(max(y, 1) * (1 / np.cos(np.deg2rad(steepest_deg)) - 1) / step) if step > 0 else 0
    more = [sign * (y + step * k) for k in range(1, beyond + 1) for sign in (-1, 1)]
    return np.array([(row, column) for row in [*rows, *more] for column in columns])


def _centers(
    places: NDArray[np.float64],
    turn: float,
    moved: NDArray[np.float64],
    tilts_deg: NDArray[np.float64],
) -> NDArray[np.int_]:
    """Where each patch of a flat specimen is ``(K, T, 2)``, whole pixels ``(y, x)`` from the center."""
    tilts = np.deg2rad(tilts_deg)
    v = np.outer(places[:, 0], np.cos(tilts))
    u = places[:, 1:]
    row = np.sin(turn) * u + np.cos(turn) * v + moved[:, 0]
    column = np.cos(turn) * u - np.sin(turn) * v + moved[:, 1]
    return np.rint(np.stack([row, column], axis=2)).astype(int)


def _inside(centers: NDArray[np.int_], shape: tuple[int, ...], side: int) -> NDArray[np.bool_]:
    """Whether a patch is whole in both images of each pair ``(K, T - 1)``."""
    first = centers + (np.array(shape) - side) // 2
    whole = ((first >= 0) & (first + side <= np.array(shape))).all(axis=2)
    both: NDArray[np.bool_] = whole[:, 1:] & whole[:, :-1]
    return both


def _steps(
    images: NDArray[Any], centers: NDArray[np.int_], side: int, progress: Progress
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Steps ``(K, T - 1, 2)``, pixels ``(y, x)``, of the patches, and which of them were found."""
    shape = images.shape[1:]
    inside = _inside(centers, shape, side)
    first = centers + (np.array(shape) - side) // 2
    k, i = np.nonzero(inside)
    steps, known = np.zeros((*inside.shape, 2)), np.zeros(inside.shape, bool)
    if not len(k):
        return steps, known
    cuts = np.empty((2 * len(k), side, side), np.float32)
    for number, (patch, image) in enumerate(zip(k, i, strict=True)):
        for late in (0, 1):
            y, x = first[patch, image + late]
            cuts[2 * number + late] = images[image + late, y : y + side, x : x + side]
    pairs = [(2 * n, 2 * n + 1) for n in range(len(k))]
    found: PairShifts = pair_shifts(
        cuts, pairs, upsample_factor=_UPSAMPLING, max_shift=_FARTHEST * side, progress=progress
    )
    steps[k, i] = centers[k, i + 1] - centers[k, i] - found.shifts_px
    known[k, i] = found.good
    return steps, known


def _checked_patches(known: NDArray[np.bool_], inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which patches ``(K,)`` were followed through half of the tilts at which they are whole."""
    seen = inside.sum(1)
    kept: NDArray[np.bool_] = (known.sum(1) >= _LEAST_SEEN * np.maximum(seen, 1)) & (seen >= 4)
    if kept.sum() < _LEAST_PATCHES:
        raise AlignmentError(
            f"Patches: only {int(kept.sum())} of {int((seen >= 4).sum())} patches have enough detail to be "
            f"followed, and {_LEAST_PATCHES} are needed: the specimen does not fill the field, or noise "
            "hides it; use StackReg or PC, or bin the images"
        )
    return kept
