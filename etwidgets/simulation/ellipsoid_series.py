"""Tilt series of ellipsoids, misaligned as a microscope does it; knows no projector.

What aligns a series must be judged on data that no projector of this package has made: a method can be
perfect on its own model of the world, and wrong on any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.ndimage

from etwidgets.checks import checked_reals, is_number
from etwidgets.errors import ParameterError
from etwidgets.simulation.ellipsoids import Ellipsoid, project_ellipsoids, specimen

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class SimulatedSeries:
    """A tilt series as recorded, and the truth about it.

    Attributes
    ----------
    projections
        ``(T, Y, X)`` float32, counts, in order of acquisition: misaligned, with dark level, flicker, noise.
    aligned
        ``(T, Y, X)`` float32, counts: the same scene, aligned, without dark level; noise of its own.
    tilts_deg
        ``(T,)`` degrees, as recorded.
    true_tilts_deg
        ``(T,)`` degrees, at which the specimen was.
    moved_px
        ``(T, 2)`` pixels ``(y, x)`` by which each projection was displaced; the shift to apply is the
        negative.
    rotations_deg
        ``(T,)`` degrees, in-plane rotation of each projection beside that of the tilt axis.
    magnifications
        ``(T,)``.
    axis_rotation_deg, axis_shift_px
        Where the tilt axis is: the rotation and shift to apply are the negative.
    dark_level
        Counts that were added to every pixel.
    bad
        Indices of the projections that were spoiled.
    jumps
        Indices of the projections before which the specimen jumped, in order of acquisition.
    """

    projections: NDArray[np.float32]
    aligned: NDArray[np.float32]
    tilts_deg: NDArray[np.float64]
    true_tilts_deg: NDArray[np.float64]
    moved_px: NDArray[np.float64]
    rotations_deg: NDArray[np.float64]
    magnifications: NDArray[np.float64]
    axis_rotation_deg: float
    axis_shift_px: float
    dark_level: float
    bad: tuple[int, ...]
    jumps: tuple[int, ...]


def ellipsoid_series(
    kind: str | tuple[Ellipsoid, ...] = "particles",
    *,
    shape_yx: tuple[int, int] = (96, 128),
    tilts_deg: ArrayLike | None = None,
    dose: float | None = 300.0,
    drift_px: float = 20.0,
    jitter_px: float = 2.0,
    jump_px: float = 8.0,
    flicker: float = 0.05,
    dark: float = 0.03,
    axis_rotation_deg: float = 1.7,
    axis_shift_px: float = 3.4,
    n_bad: int = 0,
    jitter_rotation_deg: float = 0.0,
    jitter_magnification: float = 0.0,
    jitter_tilt_deg: float = 0.0,
    seed: int = 0,
) -> SimulatedSeries:
    """A tilt series of ellipsoids, whose projections are known by formula.

    Parameters
    ----------
    kind
        Of :func:`specimen`, or ellipsoids.
    shape_yx
        Height and width of the projections, pixels.
    tilts_deg
        ``(T,)`` degrees, in order of acquisition; default: 61 from -60 to 60.
    dose
        Counts in the brightest pixel of the series, of which there is Poisson noise; None: no noise, and a
        brightest pixel of 1000.
    drift_px
        How far the specimen drifts during the acquisition, in a random direction, unsteadily.
    jitter_px
        Standard deviation of a random displacement of each projection, in y and in x.
    jump_px
        Length of one sudden displacement, in the middle half of the acquisition.
    flicker
        Standard deviation of the intensity of projections, as a fraction.
    dark
        Level that the detector adds, as a fraction of the brightest pixel.
    axis_rotation_deg, axis_shift_px
        Of the tilt axis: degrees, positive clockwise on screen; pixels along y.
    n_bad
        Projections that are spoiled: by turns blurred, and moved while they were recorded.
    jitter_rotation_deg, jitter_magnification, jitter_tilt_deg
        Standard deviations of the in-plane rotation, the magnification (a fraction) and the tilt of each
        projection.
    seed
        Of everything that is random.

    Returns
    -------
    SimulatedSeries
        The projections, and the truth about them.

    Notes
    -----
    A homogeneous ellipsoid ``(p - c)' A (p - c) <= 1`` has the chord
    ``2 sqrt((1 - q) / d'Ad)`` along the beam ``d``, where ``q`` is the quadratic form that is left on the
    detector (the Schur complement of ``d'Ad``). A pixel is the mean over 3 x 3 points in it.
    """
    tilts = np.linspace(-60, 60, 61) if tilts_deg is None else np.asarray(checked_reals("tilts", tilts_deg))
    if dose is not None and not (is_number(dose) and dose > 0):
        raise ParameterError(f"dose must be a positive number of counts, or None, not {dose!r}")
    bodies = specimen(kind, shape_yx, seed=seed) if isinstance(kind, str) else tuple(kind)
    random = np.random.default_rng((seed, 1))
    count = len(tilts)
    moved, jumps = _wander(random, count, drift_px, jitter_px, jump_px)
    rotations = random.normal(0, 1, count) * jitter_rotation_deg
    magnifications = 1 + random.normal(0, 1, count) * jitter_magnification
    true_tilts = tilts + random.normal(0, 1, count) * jitter_tilt_deg
    gains = np.clip(1 + random.normal(0, 1, count) * flicker, 0.2, None)
    bad = tuple(sorted(random.choice(np.arange(count), n_bad, replace=False).tolist()))
    exact = project_ellipsoids(bodies, true_tilts, shape_yx)
    recorded = project_ellipsoids(
        bodies,
        true_tilts,
        shape_yx,
        moved_px=moved + np.array([axis_shift_px, 0]),
        rotations_deg=rotations + axis_rotation_deg,
        magnifications=magnifications,
    )
    brightest = float(exact.max())
    counts = (1000.0 if dose is None else dose) / brightest
    level = dark * brightest
    images = recorded * gains[:, None, None] + level
    for number, i in enumerate(bad):
        images[i] = _spoiled(images[i], number)
    still = exact * gains[:, None, None]
    if dose is not None:
        images, still = (random.poisson(np.clip(each * counts, 0, None)) / counts for each in (images, still))
    return SimulatedSeries(
        projections=(images * counts).astype(np.float32),
        aligned=(still * counts).astype(np.float32),
        tilts_deg=tilts,
        true_tilts_deg=true_tilts,
        moved_px=moved,
        rotations_deg=rotations,
        magnifications=magnifications,
        axis_rotation_deg=float(axis_rotation_deg),
        axis_shift_px=float(axis_shift_px),
        dark_level=level * counts,
        bad=bad,
        jumps=jumps,
    )


def _wander(
    random: np.random.Generator, count: int, drift_px: float, jitter_px: float, jump_px: float
) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    """Displacements ``(T, 2)``, mean zero, and where the jump is."""
    direction = random.normal(size=2)
    direction /= np.linalg.norm(direction)
    speed = np.clip(1 + 0.5 * scipy.ndimage.gaussian_filter1d(random.normal(size=count), 4) * 4, 0, None)
    path = np.cumsum(speed) / max(speed.sum(), 1e-9)
    moved = drift_px * path[:, None] * direction + random.normal(0, 1, (count, 2)) * jitter_px
    jumps: tuple[int, ...] = ()
    if jump_px:
        at = int(random.integers(count // 4, max(3 * count // 4, count // 4 + 1)))
        angle = random.uniform(0, 2 * np.pi)
        moved[at:] += jump_px * np.array([np.sin(angle), np.cos(angle)])
        jumps = (at,)
    return moved - (moved.max(0) + moved.min(0)) / 2, jumps


def _spoiled(image: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    """Blurred, or moved while it was recorded."""
    if number % 2 == 0:
        return np.asarray(scipy.ndimage.gaussian_filter(image, 4.0, mode="nearest"))
    shifted = [np.roll(image, (k, -2 * k), (0, 1)) for k in range(-4, 5, 2)]
    return np.asarray(np.mean(shifted, axis=0))
