"""Finds the tilt axis by what the columns of a closed object must obey; does not know what users choose.

Projections of one object obey conditions (Helgason 1965, Ludwig 1966, doi:10.1002/cpa.3160190105): the mass
of a column is the same at every tilt, and its moment about the axis follows ``a cos + b sin``. Both hold only
where the columns are at right angles to the tilt axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align.axis.estimate import AxisEstimate
from etwidgets.align.axis.fits import TrackFit, fit_tracks, line_misfit
from etwidgets.align.axis.sums import ColumnSums
from etwidgets.align.checks import refuse_negative
from etwidgets.align.intensity.dark_level import OPEN, DarkLevel, dark_level, open_cells
from etwidgets.align.parabola import vertex
from etwidgets.align.registering.common_line import match_lines
from etwidgets.errors import AlignmentError
from etwidgets.progress import NullProgress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_LEAST_TILTS = 5  # three unknowns per track, and something left to judge the fit by
_LEAST_RANGE_DEG = 20  # below it the axis and the object's own offset cannot be distinguished
_LIMIT_DEG, _FAR_DEG = 10.0, 30.0
_COARSE_STEPS = 20
_FINE_STEP_DEG, _FINE_STEPS = 0.25, 8  # on each side
_BLOCKS = 8
_MOST_ROWS = 192
_LEAST_SIDE = 8  # for matching lines
_LEAST_FEATURES = 2e-3  # of the mass
_FEATURELESS = 0.5  # times what single lines differ from their mean: a line with less is noise
_END, _CUT = 5, 0.25  # columns at each end, and the part of the largest mass in them
_STUDENT = 2.36  # 95 % of Student's t with 7 degrees of freedom: 8 blocks
_FLOOR_DEG, _FLOOR_TRACKS_DEG, _FLOOR_PX = 0.04, 0.1, 0.05  # interpolation, pixels: no error is smaller
_CLEAR = 0.25  # by which the logarithm of a misfit must fall below its median for a minimum to count
_WIDEST_DEG, _WIDEST_PX = 1.5, 2.5  # half widths of an interval; wider ones determine nothing


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Result of :func:`measure_axis`: what to apply, standard errors, and what speaks against it.

    ``axis_rows`` are the rows ``(K,)`` where ``columns`` see the axis in the images as given.
    """

    rotation_deg: float
    rotation_error_deg: float
    shift_px: float
    shift_error_px: float
    rotation_doubt: str
    shift_doubt: str
    dark: DarkLevel
    columns: NDArray[np.float64]
    axis_rows: NDArray[np.float64]

    @property
    def rotation_interval_deg(self) -> tuple[float, float]:
        """The 95 % interval."""
        half = _STUDENT * self.rotation_error_deg
        return self.rotation_deg - half, self.rotation_deg + half

    @property
    def shift_interval_px(self) -> tuple[float, float]:
        """The 95 % interval."""
        half = _STUDENT * self.shift_error_px
        return self.shift_px - half, self.shift_px + half

    def estimate(self, method: str) -> AxisEstimate:
        """The same as the result of a method of that name."""
        return AxisEstimate(
            shift_px=self.shift_px,
            rotation_deg=self.rotation_deg,
            shift_error_px=self.shift_error_px,
            rotation_error_deg=self.rotation_error_deg,
            method=method,
            rotation_determined=not self.rotation_doubt,
            warning="; ".join(text for text in (self.rotation_doubt, self.shift_doubt) if text),
            columns=self.columns,
            axis_rows=self.axis_rows,
            shift_determined=not self.shift_doubt,
            rotation_interval_deg=self.rotation_interval_deg,
            shift_interval_px=self.shift_interval_px,
        )


def check_series(images: NDArray[Any], tilts_deg: NDArray[np.float64], method: str) -> None:
    """Refuse tilts that are too few, or over too small a range, and negative values.

    Raises
    ------
    AlignmentError
        If there are fewer than 5 different tilts, they span less than 20 degrees, or a value is negative.
    """
    distinct = np.unique(tilts_deg)
    if distinct.size < _LEAST_TILTS or np.ptp(distinct) < _LEAST_RANGE_DEG:
        raise AlignmentError(
            f"{method}: {distinct.size} different tilts over {np.ptp(distinct):.1f} deg do not determine an "
            f"axis; at least {_LEAST_TILTS} over {_LEAST_RANGE_DEG} deg are needed"
        )
    refuse_negative(images, method)


def measure_axis(
    images: NDArray[Any],
    tilts_deg: NDArray[np.float64],
    *,
    lines: bool,
    columns: NDArray[np.intp] | None,
    progress: Progress,
) -> Measured:
    """Rotation and shift of the axis, with standard errors from blocks of tilts and of columns.

    Parameters
    ----------
    images
        ``(T, Y, X)``, registered.
    tilts_deg
        ``(T,)`` degrees.
    lines
        Use the masses of the columns as well as their moments.
    columns
        Those to use; None: all that a rotation leaves within the field.
    progress
        Reports progress and can cancel the work.
    """
    height, width = images.shape[1:]
    dark = dark_level(images, tilts_deg)
    opened = open_cells(images, tilts_deg, dark)
    factor = max(1, -(-images.shape[1] // _MOST_ROWS))
    given = columns
    middle_y, middle_x = (sum(_binned_range(side, factor)) / 2 - 0.5 for side in (height, width))
    if factor > 1:
        images, opened = _binned(images, factor), _binned_columns(opened, factor)
        if columns is not None:
            places = (columns - _binned_range(width, factor)[0]) // factor
            given = np.unique(np.clip(places, 0, images.shape[2] - 1))
    search = _Search(images, tilts_deg, dark, opened, given, lines)
    angle, error, doubt = search.rotation(progress)
    # an undetermined rotation will not be applied: the shift must be right without it
    row, row_error = search.row(0.0, _WIDEST_DEG) if doubt else search.row(angle, error)
    rows = search.tracks(0.0, dark.level).rows
    kept = np.flatnonzero(np.isfinite(rows))
    return Measured(
        rotation_deg=angle,
        rotation_error_deg=error,
        shift_px=(height - 1) / 2 - middle_y - row * factor,
        shift_error_px=row_error * factor,
        rotation_doubt=doubt,
        shift_doubt=_shift_doubt(search.is_open, dark.film, _STUDENT * row_error * factor),
        dark=dark,
        columns=(kept - (len(rows) - 1) / 2) * factor + middle_x,
        axis_rows=rows[kept] * factor + middle_y,
    )


def _shift_doubt(is_open: bool, film: bool, half_px: float) -> str:
    if film:
        return "the shift is undetermined: a film fills the field"
    if is_open:
        edge = "the upper or lower edge of the field as the tilt changes"
        return f"the shift is undetermined: matter crosses {edge}"
    return f"the shift is undetermined: 95 % within ± {half_px:.1f} px" if half_px > _WIDEST_PX else ""


class _Search:
    """The sums of one series, and the blocks in which it is judged."""

    def __init__(
        self,
        images: NDArray[Any],
        tilts_deg: NDArray[np.float64],
        dark: DarkLevel,
        opened: NDArray[np.bool_],
        columns: NDArray[np.intp] | None,
        lines: bool,
    ) -> None:
        self._images, self._tilts, self._dark = images, tilts_deg, dark
        self._lines = lines
        count, height, width = images.shape
        self._sums = ColumnSums(images - np.float32(dark.level))
        if width >= _LEAST_SIDE and columns is None:
            mass, _ = self._sums.at(0.0, centered=True)
            start = int(np.abs(tilts_deg - np.median(tilts_deg)).argmin())
            if _has_features(mass):
                self._sums.shifts = match_lines(mass, start, 0.05, 8, NullProgress())
        closed = ~opened
        if columns is None:
            margin = min(int(np.ceil(height / 2 * np.tan(np.deg2rad(_LIMIT_DEG)))), width // 5)
            inside = np.zeros(width, bool)
            inside[margin : width - margin] = True
        else:
            inside = np.isin(np.arange(width), columns)
        self.is_open = dark.film or float((opened[:, inside]).mean()) > OPEN
        usable = closed & inside
        usable[:, usable.sum(0) < 0.3 * count] = False
        if usable.sum() < 0.1 * inside.sum() * count:
            usable = np.broadcast_to(inside, closed.shape)
        self._weights = usable.astype(float)
        n_blocks = min(_BLOCKS, count, max(int(usable.any(0).sum()), 2))
        self._of_tilt = _shares(np.argsort(np.argsort(tilts_deg, kind="stable")), n_blocks)
        self._of_column = _shares(np.cumsum(usable.any(0)) - 1, n_blocks)
        self._blocks = n_blocks

    def _misfits(
        self, angles_deg: NDArray[np.float64], order: int, progress: Progress
    ) -> NDArray[np.float64]:
        """Squares ``(A, blocks, blocks)`` of lines (0) or moments (1) by blocks of tilts and columns."""
        tilts, columns = (np.eye(self._blocks)[each] for each in (self._of_tilt, self._of_column))
        found = np.empty((len(angles_deg), self._blocks, self._blocks))
        for i, (mass, moment) in enumerate(self._sums.at_each(angles_deg, centered=True)):
            residual = (
                fit_tracks(mass, moment, self._tilts, self._weights).residual
                if order
                else line_misfit(mass, self._weights)
            )
            found[i] = tilts.T @ residual**2 @ columns
            progress.advance((i + 1) / len(angles_deg), "rotation of the tilt axis")
        return found

    def rotation(self, progress: Progress) -> tuple[float, float, str]:
        """Angle to apply, its standard error, and a doubt."""
        if self._dark.film:
            kept = self._by(1, progress)
            return kept[0], max(kept[1], _WIDEST_DEG), "the rotation is undetermined: a film fills the field"
        orders: tuple[int, ...] = (1,)
        if self._lines and self.is_open:
            orders = (0,)
        elif self._lines and not self._is_cut():
            orders = (0, 1)
        found = [
            self._by(order, progress.part(i / len(orders), (i + 1) / len(orders)))
            for i, order in enumerate(orders)
        ]
        angle, error = _combined(found)
        doubt = ""
        if not any(clear for _, _, clear in found):
            doubt = "the rotation is undetermined: no direction fits clearly better than the others"
            error = max(error, _WIDEST_DEG)
        elif not self._lines and self.is_open:
            doubt = (
                "the rotation is undetermined: matter enters the field as the tilt changes; use CommonLine"
            )
            error = max(error, _WIDEST_DEG)
        elif _STUDENT * error > _WIDEST_DEG:
            doubt = f"the rotation is undetermined: 95 % within ± {_STUDENT * error:.1f} deg"
        return angle, error, doubt

    def _is_cut(self) -> bool:
        """Whether the left or right edge cuts the object, as that of a needle: its line has few features."""
        line = self._sums.at(0.0, centered=True)[0].mean(0)
        ends = line[:_END].mean(), line[-_END:].mean()
        return bool(max(ends) > _CUT * line.max())

    def _by(self, order: int, progress: Progress) -> tuple[float, float, bool]:
        """Angle, standard error, and whether the minimum is clear, by lines (0) or moments (1)."""
        for limit in (_LIMIT_DEG, _FAR_DEG):
            coarse = np.linspace(-limit, limit, _COARSE_STEPS + 1)
            rough = np.log(self._misfits(coarse, order, progress.part(0, 0.5)).sum((1, 2)) + 1e-30)
            best = int(rough.argmin())
            if 0 < best < len(coarse) - 1:
                break
        steps = np.arange(-_FINE_STEPS, _FINE_STEPS + 1) * _FINE_STEP_DEG * limit / _LIMIT_DEG
        fine = coarse[best] + steps
        squares = self._misfits(fine, order, progress.part(0.5, 1))
        angle = _lowest(fine, squares.sum((1, 2)))
        left_out = [
            np.array([_lowest(fine, np.delete(squares, b, axis).sum((1, 2))) for b in range(self._blocks)])
            for axis in (1, 2)
        ]
        error = np.hypot(_jackknife(left_out[0]), _jackknife(left_out[1]))
        inside = fine[0] < angle < fine[-1] and all(
            ((each > fine[0]) & (each < fine[-1])).all() for each in left_out
        )
        depth = np.median(rough) - np.log(squares.sum((1, 2)).min() + 1e-30)
        floor = _FLOOR_TRACKS_DEG if order else _FLOOR_DEG
        return angle, float(np.hypot(error, floor)), bool(inside and depth > _CLEAR)

    def tracks(self, angle_deg: float, level: float, weights: NDArray[np.float64] | None = None) -> TrackFit:
        """The tracks of the columns of the images turned by an angle, with a dark level taken off."""
        mass, moment = self._sums.at(angle_deg, centered=False)
        rows = len(self._sums.rows)
        mass = mass - (level - self._dark.level) * rows
        return fit_tracks(mass, moment, self._tilts, self._weights if weights is None else weights)

    def row(self, angle_deg: float, angle_error: float) -> tuple[float, float]:
        """Row of the axis, pixels from the middle, and its standard error.

        The error has four parts: tilts and columns left out by blocks, the dark level, the rotation.
        """
        mass, moment = self._sums.at(angle_deg, centered=False)
        fit = fit_tracks(mass, moment, self._tilts, self._weights)
        moment = moment - fit.left[:, None] * mass  # the axis is that of the series as it was registered
        left_out = [
            np.array(
                [
                    fit_tracks(mass, moment, self._tilts, self._weights * kept).row
                    for kept in (self._kept(b, axis) for b in range(self._blocks))
                ]
            )
            for axis in (0, 1)
        ]
        by_level = self.tracks(angle_deg, self._dark.level + self._dark.error).row - fit.row
        turned = [self.tracks(angle_deg + sign * angle_error, self._dark.level).row for sign in (-1, 1)]
        parts = [*(_jackknife(each) for each in left_out), by_level, (turned[1] - turned[0]) / 2, _FLOOR_PX]
        return fit.row, float(np.sqrt(np.square(parts).sum()))

    def _kept(self, block: int, axis: int) -> NDArray[np.bool_]:
        if axis == 0:
            return (self._of_tilt != block)[:, None]
        return (self._of_column != block)[None, :]


def _has_features(mass: NDArray[np.float64]) -> bool:
    """Whether lines ``(T, X)`` have more in common than noise; those of a uniform needle match anywhere."""
    lines = mass - mass.mean(1, keepdims=True)
    common = lines.mean(0)
    least = max(_FEATURELESS * np.median((lines - common).std(1)), _LEAST_FEATURES * abs(mass.mean()))
    return bool(common.std() > least)


def _combined(found: list[tuple[float, float, bool]]) -> tuple[float, float]:
    """Mean of what is clear, weighted by errors, which are raised where the parts disagree."""
    clear = [each for each in found if each[2]] or found
    angles, errors = (np.array([each[i] for each in clear]) for i in (0, 1))
    trust = errors**-2.0
    angle = float((trust * angles).sum() / trust.sum())
    scatter = (trust * (angles - angle) ** 2).sum() / max(len(clear) - 1, 1)
    return angle, float(np.sqrt(max(scatter, 1) / trust.sum()))


def _lowest(angles_deg: NDArray[np.float64], squares: NDArray[np.float64]) -> float:
    best = int(squares.argmin())
    return float(angles_deg[0] + (angles_deg[1] - angles_deg[0]) * vertex(squares, best))


def _jackknife(left_out: NDArray[np.float64]) -> float:
    """Standard error from estimates that each leave out one block."""
    count = len(left_out)
    return float(np.sqrt((count - 1) / count * ((left_out - left_out.mean()) ** 2).sum()))


def _shares(places: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Numbers of blocks of about equally many places each."""
    return np.asarray(np.clip(places, 0, None) * count // (places.max() + 1))


def _binned_range(size: int, factor: int) -> tuple[int, int]:
    """First and last pixel (exclusive) of a side that are binned: as many as the factor divides."""
    used = size // factor * factor
    first = (size - used) // 2
    return first, first + used


def _binned(images: NDArray[Any], factor: int) -> NDArray[np.float32]:
    (top, bottom), (left, right) = (_binned_range(side, factor) for side in images.shape[1:])
    part = images[:, top:bottom, left:right]
    shape = (part.shape[1] // factor, factor, part.shape[2] // factor, factor)
    return np.stack([image.reshape(shape).mean((1, 3), dtype=float) for image in part]).astype(np.float32)


def _binned_columns(opened: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    first, last = _binned_range(opened.shape[1], factor)
    return np.asarray(opened[:, first:last].reshape(len(opened), -1, factor).any(2))
