"""The directions that a tilt series leaves unmeasured in Fourier space; knows only tilts.

A projection at the tilt ``t`` measures the plane of Fourier space that holds the tilt axis x and the
direction ``(z, y) = (-sin t, cos t)`` (central slice theorem). Tilts that differ by 180 degrees measure the
same plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from etwidgets.checks import checked_reals, is_number
from etwidgets.errors import DataError, ParameterError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

_TIMES = 2.0  # as wide as the second widest gap between tilts: a wider one is a missing wedge
_ROUNDING_DEG = 1e-7


@dataclass(frozen=True, eq=False)
class MissingWedge:
    """The range of directions, perpendicular to the tilt axis, that no projection measures.

    It is the widest gap between neighboring tilts, where they go on after 180 degrees, if it is more than
    twice as wide as the second widest; otherwise the tilts go all around, and nothing is missing.

    Attributes
    ----------
    tilts_deg
        ``(T,)`` degrees from 0 to below 180, rising, each once.
    start_deg
        Where the gap begins: the tilt after which nothing is measured.
    width_deg
        Of the gap; 0 if nothing is missing.
    """

    tilts_deg: NDArray[np.float64]
    start_deg: float
    width_deg: float

    @classmethod
    def of(cls, tilts_deg: ArrayLike) -> Self:
        """The wedge that these tilts, degrees, leave open.

        Raises
        ------
        ParameterError, DataError
            If there is no tilt, or one is not a finite number.
        """
        tilts = checked_reals("tilts", tilts_deg).ravel()
        if not tilts.size:
            raise ParameterError("no tilt is given")
        if not np.isfinite(tilts).all():
            raise DataError(f"tilt(s) {np.flatnonzero(~np.isfinite(tilts)).tolist()} are not finite")
        tilts = np.unique(np.round(tilts % 180, 9) % 180)
        gaps = np.diff(tilts, append=tilts[0] + 180)
        widest = int(gaps.argmax())
        second = float(np.delete(gaps, widest).max(initial=0))
        missing = gaps[widest] > _TIMES * second + _ROUNDING_DEG
        return cls(tilts, float(tilts[widest]), float(gaps[widest]) if missing else 0.0)

    def holds(self, directions_deg: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether directions, ``atan2(-z, y)`` in degrees, are within the gap; its edges are not."""
        after = (directions_deg - self.start_deg) % 180
        inside: NDArray[np.bool_] = (after > _ROUNDING_DEG) & (after < self.width_deg - _ROUNDING_DEG)
        return inside

    def to_nearest_deg(self, directions_deg: NDArray[np.float64]) -> NDArray[np.float64]:
        """The angle, 0 to 90 degrees, between directions ``atan2(-z, y)`` and the nearest measured plane."""
        around = np.concatenate([[self.tilts_deg[-1] - 180], self.tilts_deg, [self.tilts_deg[0] + 180]])
        turned = directions_deg % 180
        place = np.clip(np.searchsorted(around, turned), 1, len(around) - 1)
        nearest: NDArray[np.float64] = np.minimum(turned - around[place - 1], around[place] - turned)
        return np.clip(nearest, 0, 90)


def measured_cells(
    shape_zy: tuple[int, int], tilts_deg: ArrayLike, diameter_px: float | None = None
) -> NDArray[np.bool_]:
    """Which cells of Fourier space a tilt series measures; the same for every frequency along x.

    Parameters
    ----------
    shape_zy
        Rows and columns of the slices.
    tilts_deg
        ``(T,)`` degrees.
    diameter_px
        Of the specimen, across the tilt axis. With it, cells count only if a measured plane is nearer than
        half a cell of the specimen's size, ``1 / (2 diameter)``: tilts a step apart leave gaps at high
        frequencies (Crowther et al. 1970, doi:10.1098/rspa.1970.0119). Default: all cells between the first
        and the last tilt.

    Returns
    -------
    array
        ``(Z, Y // 2 + 1)`` truth values, in the order of :func:`scipy.fft.rfftn`.

    Raises
    ------
    ParameterError, DataError
        If the diameter is not positive, or the tilts are wrong.
    """
    if diameter_px is not None and not (is_number(diameter_px) and diameter_px > 0):
        raise ParameterError(f"the diameter must be a positive number of pixels, not {diameter_px!r}")
    wedge = MissingWedge.of(tilts_deg)
    z, y = np.fft.fftfreq(shape_zy[0])[:, np.newaxis], np.fft.rfftfreq(shape_zy[1])
    directions = np.rad2deg(np.arctan2(-z, y))
    distance = np.hypot(z, y) * np.sin(np.deg2rad(wedge.to_nearest_deg(directions)))
    near: NDArray[np.bool_] = distance <= 0.5 / (max(shape_zy) if diameter_px is None else diameter_px)
    return near if diameter_px is not None else near | ~wedge.holds(directions)


def unseen_directions(
    tilts_deg: ArrayLike, margin_deg: float = 0.0
) -> Callable[[ArrayLike], NDArray[np.bool_]]:
    """A function that says which faces of a specimen cannot be seen in a tilt series.

    A flat face leaves its trace in Fourier space along its normal. If no projection measures that direction,
    the face is missing from the volume, or drawn by the method's constraints alone.

    Parameters
    ----------
    tilts_deg
        ``(T,)`` degrees.
    margin_deg
        Normals count as unseen only if they are farther than this from the nearest direction that is
        measured: 0 to 90 degrees.

    Returns
    -------
    callable
        Takes normals ``(N, 3)`` as ``(x, z, y)``, of any length and sign, and gives ``(N,)`` truth values:
        True where a face is unseen.

    Raises
    ------
    ParameterError, DataError
        If the margin is out of range, or the tilts are wrong.
    """
    if not is_number(margin_deg) or not 0 <= margin_deg <= 90:
        raise ParameterError(f"the margin must be from 0 to 90 degrees, not {margin_deg!r}")
    wedge = MissingWedge.of(tilts_deg)

    def unseen(normals: ArrayLike) -> NDArray[np.bool_]:
        rows = checked_reals("normals", normals)
        if rows.ndim != 2 or rows.shape[1] != 3:
            raise ShapeError(f"normals have the shape (N, 3) as (x, z, y), not {rows.shape}")
        lengths = np.linalg.norm(rows, axis=1)
        if not (np.isfinite(lengths).all() and lengths.all()):
            raise DataError("each normal must be finite and not zero")
        _, z, y = (rows / lengths[:, np.newaxis]).T
        directions = np.rad2deg(np.arctan2(-z, y))
        height = np.hypot(z, y) * np.sin(np.deg2rad(wedge.to_nearest_deg(directions)))
        away: NDArray[np.bool_] = height > np.sin(np.deg2rad(margin_deg)) + 1e-12
        return wedge.holds(directions) & away

    return unseen


def elongation_factor(tilts_deg: ArrayLike) -> float:
    """How much longer small details are along the beam than across it, by the range of the tilts alone.

    ``sqrt((a + sin a cos a) / (a - sin a cos a))`` for tilts from -a to a (Radermacher 1988,
    J. Electron Microsc. Tech. 9, 359), and likewise for ranges that are not symmetric; 1 if nothing is
    missing, infinite for one tilt. It is the ratio of the curvatures of the point response at its peak. Few
    iterations and constraints change it: see :func:`point_response`.

    Parameters
    ----------
    tilts_deg
        ``(T,)`` degrees.
    """
    wedge = MissingWedge.of(tilts_deg)
    start, stop = np.deg2rad([wedge.start_deg + wedge.width_deg, wedge.start_deg + 180])
    mixed = (np.sin(2 * stop) - np.sin(2 * start)) / 4
    across, along = (stop - start) / 2 + mixed, (stop - start) / 2 - mixed
    return float(np.sqrt(across / along)) if along > 1e-12 else float("inf")
