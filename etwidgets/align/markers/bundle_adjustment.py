"""The geometry of a tilt series from the tracks of markers: all unknowns together; knows no image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.align.alignment import Alignment
from etwidgets.align.checks import checked_tilts, indices_text
from etwidgets.align.markers.axis import axis_intervals, axis_of
from etwidgets.align.markers.model import EACH, NONE, ONE, MarkerModel, Sightings
from etwidgets.align.markers.robust_fit import Solution, solve
from etwidgets.errors import AlignmentError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.align.markers.tracks import MarkerTracks

OFFSET = "offset"
ROTATIONS, MAGNIFICATIONS, TILTS = (ONE, EACH, NONE), (NONE, EACH), (NONE, EACH, OFFSET)
"""What can be asked of :func:`adjust`."""

LEAST_MARKERS = 3
_LEAST_RANGE_DEG = 20.0
_LEAST_SEEN = 5  # projections, of a marker
_MOST_BRIDGED = 0.2  # of all projections
_OUTLIER = 4.0  # scales
_NO_OUTLIER_PX = 0.5
_MOST_OUTLIERS = 0.5  # of the sightings of a marker
_TRIAL_ROTATIONS_DEG = np.arange(-85.0, 91.0, 10.0)
_DECIMALS = 6  # the rest depends on the number of threads
_FLAT = 0.3  # of the spread in y: markers further off a plane than that have none


@dataclass(frozen=True, eq=False)
class MarkerFit:
    """The geometry that the tracks of markers tell.

    Three things the markers cannot tell are chosen, so that the shifts become as small as possible: a
    constant in x, and the cosine and the sine of the tilt in y. They move the whole volume, and sharpen
    nothing.

    Attributes
    ----------
    alignment
        What to apply to each projection; the tilt axis is then horizontal and in the middle row.
    positions_px
        ``(M, 3)`` pixels ``(x, z, y)`` from the center of the volume of the aligned series; NaN for markers
        that were left out.
    rotation_deg, rotation_interval_deg
        The rotation to apply to all projections (the mean, where each has its own), degrees, positive
        clockwise on screen; the half width of its 95 % interval, NaN where it was not fitted.
    shift_px, shift_interval_px
        The constant part of the y shifts to apply beside a cosine and a sine of the tilt, pixels: the shift
        of the tilt axis where the projections were registered before. The half width of its 95 % interval.
    expected_px
        ``(M, T, 2)`` pixels ``(y, x)`` in the projections as recorded: where each marker should be seen; NaN
        for markers that were left out.
    residuals_px
        ``(M, T)`` pixels: how far each sighting is from where the fit expects it; NaN where not seen.
    outliers
        ``(M, T)``: sightings that hardly counted.
    dropped
        Markers that were left out: seen in too few projections, or mostly outliers.
    bridged
        Projections with too few markers: their shifts are those of their neighbors in tilt, interpolated.
    error_px
        Standard deviation of a coordinate of a good sighting.
    """

    alignment: Alignment
    positions_px: NDArray[np.float64]
    expected_px: NDArray[np.float64]
    residuals_px: NDArray[np.float64]
    outliers: NDArray[np.bool_]
    dropped: tuple[int, ...]
    error_px: float
    bridged: tuple[int, ...] = ()
    rotation_deg: float = 0.0
    rotation_interval_deg: float = float("nan")
    shift_px: float = 0.0
    shift_interval_px: float = float("nan")

    @property
    def used(self) -> NDArray[np.intp]:
        """Indices of the markers that were not left out."""
        return np.flatnonzero(np.isfinite(self.positions_px).all(1))

    @property
    def marker_residuals_px(self) -> NDArray[np.float64]:
        """``(M,)`` pixels, root mean square over all sightings of each marker, outliers included."""
        return _rms(self.residuals_px, 1)

    @property
    def projection_residuals_px(self) -> NDArray[np.float64]:
        """``(T,)`` pixels, root mean square over the markers used, without outliers; NaN: none seen."""
        return _rms(np.where(self.outliers, np.nan, self.residuals_px)[self.used], 0)


def adjust(
    tracks: MarkerTracks,
    tilts_deg: ArrayLike,
    shape_yx: tuple[int, ...],
    *,
    rotation: str = ONE,
    magnification: str = NONE,
    tilt: str = NONE,
    intervals: bool = True,
) -> MarkerFit:
    """Fit the positions of all markers and the geometry of all projections together.

    Parameters
    ----------
    tracks
        Of ``T`` projections, in their order of acquisition.
    tilts_deg
        ``(T,)`` degrees.
    shape_yx
        Height and width of the projections, pixels: rotation and magnification are about their center.
    rotation
        In-plane rotation: ``"one"`` for all projections, that of the tilt axis; ``"each"`` its own;
        ``"none"``: the axis is horizontal already.
    magnification
        ``"none"``: the same in all projections; ``"each"``: its own, with a geometric mean of 1.
    tilt
        ``"none"``: as recorded; ``"each"``: its own, with a mean correction of 0; ``"offset"``: one
        correction for all, by which the plane of the markers becomes level. Markers tell nothing else about
        an offset.
    intervals
        Whether the intervals are wanted, which take most of the time; without, they are NaN.

    Raises
    ------
    ParameterError
        If a choice is unknown.
    AlignmentError
        If the geometry cannot be determined: fewer than 3 markers, a range of tilts below 20 degrees, markers
        seen in too few projections, or no plane of markers for the offset.

    Notes
    -----
    Minimizes the robust sum of squared distances between the places where markers are seen and where the
    model has them, see :class:`~etwidgets.align.markers.model.MarkerModel`, by Gauss-Newton with Cauchy
    weights. The approach is that of Lawrence 1992 (in Frank, Electron Tomography) and Mastronarde and
    Held 2017 (doi:10.1016/j.jsb.2016.07.011). Intervals are the larger of two: from the covariance and the
    residual, and by leaving out one marker at a time (jackknife), which knows of errors that a marker makes
    at many tilts.
    """
    for name, value, known in (
        ("rotation", rotation, ROTATIONS),
        ("magnification", magnification, MAGNIFICATIONS),
        ("tilt", tilt, TILTS),
    ):
        if value not in known:
            raise ParameterError(f"{name} must be one of {', '.join(known)}, not {value!r}")
    tilts = checked_tilts(tilts_deg, tracks.seen.shape[1])
    if np.ptp(tilts) < _LEAST_RANGE_DEG:
        raise AlignmentError(
            f"the tilts span {np.ptp(tilts):.1f} degrees, and markers need at least {_LEAST_RANGE_DEG:g} "
            "to tell the tilt axis; register the projections by another method"
        )
    middle = (np.array(shape_yx[-2:]) - 1) / 2
    places = tracks.positions_px - middle
    wanted = MarkerModel(np.deg2rad(tilts), 0, rotation, magnification, EACH if tilt == EACH else NONE)
    keep = np.flatnonzero(tracks.seen.sum(1) >= _LEAST_SEEN)
    while True:
        _refuse_few(len(keep), len(tracks))
        seen = _sightings(places, tracks.qualities, keep)
        bridged = _check_projections(seen, EACH in (rotation, magnification))
        model = replace(wanted, n_markers=len(keep))
        found = _fit(model, seen)
        doubtful = _shares_of_outliers(found, seen) > _MOST_OUTLIERS
        if not doubtful.any():
            break
        keep = keep[~doubtful]
    found = replace(found, unknowns=_bridge(model, found.unknowns, bridged))
    fit = _fit_of(model, found, keep, places, level=tilt == OFFSET)
    (rotation, shift), widths = axis_of(model, found.unknowns), (np.nan, np.nan)
    if intervals:
        widths = axis_intervals(model, seen, found)
    return replace(
        fit,
        rotation_deg=round(float(rotation), _DECIMALS),
        rotation_interval_deg=float("nan") if model.rotation == NONE else round(widths[0], _DECIMALS),
        shift_px=round(float(shift), _DECIMALS),
        shift_interval_px=round(widths[1], _DECIMALS),
        expected_px=fit.expected_px + middle,
        bridged=bridged,
    )


def _fit(model: MarkerModel, seen: Sightings) -> Solution:
    """From nothing: a trial of all directions of the axis, then one rotation, then all that is asked for."""
    trials = [0.0] if model.rotation == NONE else np.deg2rad(_TRIAL_ROTATIONS_DEG)
    best: tuple[Solution, float, float] | None = None
    for angle in trials:
        simple = MarkerModel(model.tilts, model.n_markers, NONE, fixed_rotation=float(angle))
        trial = solve(simple, seen, _median_start(simple, seen), rounds=3)
        error = float(np.median(np.hypot(*trial.errors_px.T)))
        if best is None or error < best[2]:
            best = trial, float(angle), error
    assert best is not None  # noqa: S101  (there is always a trial)
    unknowns = best[0].unknowns
    if model.rotation != NONE:
        simple = MarkerModel(model.tilts, model.n_markers, ONE)
        unknowns = solve(simple, seen, np.append(unknowns, best[1])).unknowns
    start = np.zeros(model.size)
    shared = 3 * model.n_markers + 2 * len(model.tilts)
    start[:shared] = unknowns[:shared]
    if model.rotation != NONE:
        start[model.parts["rotation"]] = unknowns[-1]
    if model.tilt == EACH:
        start[model.parts["tilt"]] = model.tilts
    return solve(model, seen, start)


def _median_start(model: MarkerModel, seen: Sightings) -> NDArray[np.float64]:
    """All markers at the center, and each projection where its markers are."""
    start = np.zeros(model.size)
    moved = start[model.parts["displacements"]].reshape(-1, 2)
    for i in range(len(model.tilts)):
        here = seen.projection == i
        if here.any():
            moved[i] = np.median(seen.places[here], axis=0)
    return start


def _sightings(
    places: NDArray[np.float64], qualities: NDArray[np.float64], keep: NDArray[np.intp]
) -> Sightings:
    marker, projection = np.nonzero(np.isfinite(places[keep]).all(2))
    trust = np.clip(qualities[keep][marker, projection], 0.05, 1)
    return Sightings(
        marker, projection, places[keep][marker, projection], trust, (len(keep), places.shape[1])
    )


def _shares_of_outliers(found: Solution, seen: Sightings) -> NDArray[np.float64]:
    far = np.hypot(*found.errors_px.T) > _OUTLIER * found.scale_px
    count = np.bincount(seen.marker, minlength=seen.shape[0])
    return np.bincount(seen.marker, far, minlength=seen.shape[0]) / np.maximum(count, 1)


def _refuse_few(n_left: int, n_given: int) -> None:
    if n_left < LEAST_MARKERS:
        raise AlignmentError(
            f"{n_left} of {n_given} markers can be used, and at least {LEAST_MARKERS} are needed: each must "
            f"be seen in {_LEAST_SEEN} projections or more and move as a specimen on the tilt axis does; add "
            "markers, or register by another method"
        )


def _check_projections(seen: Sightings, each_has_its_own: bool) -> tuple[int, ...]:
    """Projections in which too few markers are seen; if they are many, refuse them."""
    least = 2 if each_has_its_own else 1
    count = np.bincount(seen.projection, minlength=seen.shape[1])
    few = np.flatnonzero(count < least)
    if len(few) > _MOST_BRIDGED * seen.shape[1]:
        raise AlignmentError(
            f"fewer than {least} marker(s) are seen in {len(few)} of {seen.shape[1]} projections "
            f"({indices_text(few)}); add markers there, or remove these projections"
        )
    return tuple(int(i) for i in few)


def _fit_of(
    model: MarkerModel, found: Solution, keep: NDArray[np.intp], places: NDArray[np.float64], *, level: bool
) -> MarkerFit:
    """The solution in the terms of a microscopist; the axis is not judged yet."""
    points = model.positions(found.unknowns)
    displacements, rotation, size, tilts = model.geometry(found.unknowns)
    offset = _tilt_of_plane(points) if level else 0.0
    tilts = tilts + offset
    recorded = Alignment.of(displacements, rotation_deg=np.rad2deg(rotation), magnification=size)
    alignment, points = _smallest_shifts(recorded.inverse(), _turned(points, offset), tilts)
    new_tilts = None if model.tilt == NONE and not level else np.round(np.rad2deg(tilts), _DECIMALS)
    expected = np.full(places.shape, np.nan)
    expected[keep] = model.predict(found.unknowns)
    positions = np.full((len(places), 3), np.nan)
    positions[keep] = np.round(points[:, [2, 1, 0]], _DECIMALS)
    residuals = np.hypot(*np.moveaxis(places - expected, -1, 0))
    return MarkerFit(
        alignment=Alignment.of(
            np.round(alignment.shifts_px, _DECIMALS),
            rotation_deg=np.round(alignment.rotations_deg, _DECIMALS),
            magnification=np.round(alignment.magnifications, _DECIMALS + 2),
            tilts_deg=new_tilts,
        ),
        positions_px=positions,
        expected_px=expected,
        residuals_px=residuals,
        outliers=residuals > max(_OUTLIER * found.scale_px, _NO_OUTLIER_PX),
        dropped=tuple(int(i) for i in np.setdiff1d(np.arange(len(places)), keep)),
        error_px=float(found.scale_px),
    )


def _bridge(
    model: MarkerModel, unknowns: NDArray[np.float64], bridged: tuple[int, ...]
) -> NDArray[np.float64]:
    """The unknowns, with those of projections without markers as of their neighbors in tilt."""
    unknowns, bad = unknowns.copy(), np.isin(np.arange(len(model.tilts)), bridged)
    order = np.flatnonzero(~bad)[np.argsort(model.tilts[~bad], kind="stable")]
    rows = [unknowns[model.parts["displacements"]][axis::2] for axis in range(2)]
    rows += [
        unknowns[model.parts[name]] for name in ("rotation", "magnification") if getattr(model, name) == EACH
    ]
    for values in rows:  # views: written in place
        values[bad] = np.interp(model.tilts[bad], model.tilts[order], values[order])
    return unknowns


def _smallest_shifts(
    alignment: Alignment, points: NDArray[np.float64], tilts: NDArray[np.float64]
) -> tuple[Alignment, NDArray[np.float64]]:
    """Move the volume so that the shifts become as small as possible; points ``(M, 3)`` are ``(y, z, x)``."""
    waves = np.stack([np.cos(tilts), -np.sin(tilts)], axis=1)
    y, x = alignment.shifts_px.T
    across = -np.linalg.lstsq(waves, y, rcond=None)[0]
    shifts = np.stack([y + waves @ across, x - x.mean()], axis=1)
    return replace(alignment, shifts_px=shifts), points + np.array([*across, -x.mean()])


def _turned(points: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """Points ``(y, z, x)`` turned about x, as they look where every tilt is larger by ``angle`` (radians)."""
    y, z, x = points.T
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([y * cos + z * sin, z * cos - y * sin, x], axis=1)


def _tilt_of_plane(points: NDArray[np.float64]) -> float:
    """The angle of the plane of the markers to y, radians."""
    y, z, x = (points - points.mean(0)).T
    (slope, _), *_ = np.linalg.lstsq(np.stack([y, x], axis=1), z, rcond=None)
    off = z - np.linalg.lstsq(np.stack([y, x], axis=1), z, rcond=None)[0] @ np.stack([y, x])
    if off.std() > _FLAT * y.std():
        raise AlignmentError(
            f"the markers lie {off.std():.1f} px (standard deviation) off a plane and are spread by "
            f"{y.std():.1f} px across the tilt axis: there is no plane to make level; correct no offset"
        )
    return float(np.arctan(slope))


def _rms(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    known = np.isfinite(values)
    total, count = np.where(known, values, 0) ** 2, known.sum(axis)
    return np.sqrt(np.where(count > 0, total.sum(axis) / np.maximum(count, 1), np.nan))
