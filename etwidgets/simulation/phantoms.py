"""Volumes, their projections, misalignment and noise, as arrays; knows no signal and no spectrum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import align, engine
from etwidgets.align.checks import checked_projections
from etwidgets.checks import checked_count, checked_reals, is_number, is_whole
from etwidgets.deprecated import renamed_keywords
from etwidgets.errors import ParameterError, ShapeError
from etwidgets.resources import check_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

    Point = NDArray[np.float64]

_MAX_TRIES = 10_000
# y, r and radius in pixels of 256, and the value; the third is inside the first
_DISCS = (
    (0, 0, 75, 1.0), (60, -55, 20, 0.8), (-20, 10, 22, 0.5), (30, 25, 10, -0.7),
    (-75, 50, 12, 1.2), (-85, -60, 6, 1.5), (15, 95, 3, 2.0),
)  # fmt: skip
_BALL_BYTES = 16  # of a voxel, while a ball is drawn


def catalyst(
    size: int | Sequence[int] = 200,
    *,
    n_particles: int = 15,
    support_value: float = 100,
    particle_value: float = 255,
    support_radius: float | None = None,
    particle_radii: tuple[float, float] | None = None,
    seed: int = 0,
) -> NDArray[np.float32]:
    """A catalyst: a spherical support with small, dense particles on its surface, none overlapping.

    Parameters
    ----------
    size
        Voxels per side of the cube, or ``(X, Z, Y)``.
    n_particles
        Number of particles.
    support_value, particle_value
        Intensity per voxel of support and particles.
    support_radius
        Voxels; default: a third of the shortest side.
    particle_radii
        Smallest and largest, voxels; default: 1/120 and 1/50 of the shortest side, at least 1.5.
    seed
        Seed of the positions and sizes of the particles.

    Returns
    -------
    array
        ``(size, size, size)``, or ``size``, float32; edges smooth over one voxel.

    Raises
    ------
    ParameterError
        If the volume is too small, the radii are not two ascending numbers, or the particles do not fit.
    """
    sides: Sequence[Any] = (size, size, size) if np.ndim(size) == 0 else tuple(np.atleast_1d(size).tolist())
    if len(sides) != 3:
        raise ParameterError(f"size must be a number or (X, Z, Y), not {size}")
    for side in sides:
        _check_size(side, 8)
    n_particles = checked_count("n_particles", n_particles, 0)
    shape = tuple(int(n) for n in sides)
    check_memory(
        float(_BALL_BYTES * np.prod(shape, dtype=float)),
        f"a catalyst of {shape} voxels",
        "choose a smaller one",
    )
    least = min(shape)
    smallest, largest = particle_radii or (least / 120, least / 50)
    floor = 1.5 if particle_radii is None else 0
    if not 0 < smallest <= largest:
        raise ParameterError(f"the radii go from {smallest} to {largest}; give the smaller one first")
    random = np.random.default_rng(seed)
    center = (np.array(shape) - 1) / 2
    radius = least / 3 if support_radius is None else support_radius
    volume = support_value * _ball(shape, center, radius)
    placed: list[tuple[Point, float]] = []
    for _ in range(_MAX_TRIES):
        if len(placed) == n_particles:
            return volume
        direction = random.normal(size=3)
        own_radius = max(floor, float(random.uniform(smallest, largest)))
        place = center + radius * direction / np.linalg.norm(direction)
        if all(np.linalg.norm(place - other) > own_radius + r for other, r in placed):
            placed.append((place, own_radius))
            _put_ball(volume, place, own_radius, particle_value)
    raise ParameterError(f"{n_particles} particles do not fit on a support of radius {radius:.0f}")


@renamed_keywords(centre="center")  # codespell:ignore centre
def cylinder(
    size: int = 200,
    *,
    radius: float | None = None,
    value: float = 255,
    center: tuple[float, float] | None = None,
) -> NDArray[np.float32]:
    """A cylinder along x.

    Parameters
    ----------
    size
        Voxels per side of the cube.
    radius
        Voxels; default: 0.15 of ``size``.
    value
        Intensity per voxel.
    center
        ``(z, y)``, voxels; default: the tilt axis.
    """
    _check_size(size, 8, 4)
    radius = 0.15 * size if radius is None else radius
    if not is_number(radius) or radius <= 0:
        raise ParameterError(f"radius must be a positive number of voxels, not {radius!r}")
    middle = np.array([(size - 1) / 2] * 2 if center is None else center)
    disc = value * _ball((size, size), middle, radius)
    return np.broadcast_to(disc, (size, size, size)).copy()


def needle(
    shape: Sequence[int] = (128, 96, 96),
    *,
    values: Sequence[float] = (60, 120, 90, 120, 90),
    void_radius: float = 4,
    seed: int = 0,
) -> NDArray[np.float32]:
    """A tapered needle along x, as milled for tomography, with layers across x and an off-axis void.

    Parameters
    ----------
    shape
        ``(X, Z, Y)`` voxels.
    values
        Intensity of the layers, from the base (half of the length) to the tip.
    void_radius
        Voxels; 0 for none.
    seed
        Seed of the position of the void and of the intensity variation (2 % per layer and slice).
    """
    if len(shape) != 3:
        raise ParameterError(f"a volume has the shape (X, Z, Y), not {shape}")
    for side in shape:
        _check_size(side, 8)
    if not len(values):
        raise ParameterError(f"values must hold the intensity of at least one layer, not {values}")
    n_x, n_z, n_y = (int(n) for n in shape)
    check_memory(4.0 * n_x * n_z * n_y, f"a needle of {n_x} x {n_z} x {n_y} voxels", "choose a smaller one")
    random = np.random.default_rng(seed)
    volume = np.zeros((n_x, n_z, n_y), np.float32)
    half = min(n_z, n_y) / 2
    edges = np.concatenate([[0, 0.5], np.linspace(0.5, 1, len(values))[1:]]) * n_x
    for x in range(n_x):
        radius = half * (0.6 - 0.35 * x / n_x)
        layer = int(np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(values) - 1))
        center = np.array([(n_z - 1) / 2, (n_y - 1) / 2])
        volume[x] = values[layer] * random.normal(1, 0.02) * _ball((n_z, n_y), center, radius)
    if void_radius > 0:
        angle = random.uniform(0, 2 * np.pi)
        off = 0.25 * half * np.array([np.sin(angle), np.cos(angle)])
        place = np.array([0.6 * n_x, (n_z - 1) / 2 + off[0], (n_y - 1) / 2 + off[1]])
        _put_ball(volume, place, void_radius, 0)
    return volume


def discs(tilts_deg: ArrayLike, size: int = 256) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A slice of seven discs and its analytic sinogram: a truth that does not depend on any projector.

    Parameters
    ----------
    tilts_deg
        ``(T,)`` degrees.
    size
        Pixels of the slice in both directions, and of the detector; at least 64.

    Returns
    -------
    slice
        ``(size, size)`` as (Z, Y): each pixel is the mean over its area. Values from 0 to 2.
    sinogram
        ``(T, size)``: chord lengths, averaged over each detector pixel.
    """
    _check_size(size, 64, 24 * 64, power=2)
    fine = (np.arange(8) - 3.5) / 8
    places = (np.arange(size)[:, np.newaxis] - (size - 1) / 2 + fine).ravel()
    angles = np.deg2rad(np.asarray(tilts_deg, dtype=float))
    image = np.zeros((places.size, places.size), np.float32)
    sinogram = np.zeros((angles.size, places.size))
    for y, r, radius, value in np.asarray(_DISCS) * (size / 256, size / 256, size / 256, 1):
        image[np.add.outer((places - r) ** 2, (places - y) ** 2) < radius**2] += value
        t = places - (y * np.cos(angles) - r * np.sin(angles))[:, np.newaxis]
        sinogram += 2 * value * np.sqrt(np.clip(radius**2 - t**2, 0, None))
    means = image.reshape(size, 8, size, 8).mean((1, 3)), sinogram.reshape(-1, size, 8).mean(2)
    return means[0], means[1].astype(np.float32)


def project(
    volume: NDArray[Any],
    tilts_deg: ArrayLike,
    *,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """The tilt series ``(T, Y, X)`` of a volume ``(X, Z, Y)`` at tilts ``(T,)`` in degrees."""
    angles = np.deg2rad(checked_reals("tilts", tilts_deg))
    if np.ndim(volume) != 3:
        raise ShapeError(f"a volume has the shape (X, Z, Y), not {np.shape(volume)}")
    geometry = engine.Geometry(angles, volume.shape[2], volume.shape[1])
    return engine.forward_project(volume, geometry, progress=progress)


def misalign(
    projections: NDArray[Any],
    *,
    jitter_px: float | tuple[float, float] = 5,
    axis_shift_px: float = 0,
    axis_rotation_deg: float = 0,
    y_only: bool = False,
    seed: int = 0,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Misalign a series: first its tilt axis, then each projection at random.

    Parameters
    ----------
    projections
        ``(T, Y, X)``; not written.
    jitter_px
        Every projection is shifted in y and x by uniform random numbers of pixels: up to plus or minus
        this number, or between these two.
    axis_shift_px
        Shift of the tilt axis along y; positive is toward larger y.
    axis_rotation_deg
        Rotation of the tilt axis, positive clockwise on screen.
    y_only
        No random shifts along the tilt axis.
    seed
        Seed of the random shifts.

    Returns
    -------
    projections
        ``(T, Y, X)`` float32.
    shifts
        ``(T, 2)`` pixels ``(y, x)``: the random shifts that were applied.
    """
    low, high = jitter_px if isinstance(jitter_px, tuple) else (-jitter_px, jitter_px)
    if not (is_number(low) and is_number(high)):
        raise ParameterError(f"the jitter must be a number of pixels, or two, not {jitter_px!r}")
    if low > high:
        raise ParameterError(f"the jitter goes from {low} to {high}; give the smaller number first")
    shifts = np.random.default_rng(seed).uniform(low, high, (len(projections), 2))
    if y_only:
        shifts[:, 1] = 0
    check_memory(12.0 * np.size(projections), "the misaligned series", "choose a smaller one")
    data = np.asarray(projections, dtype=np.float32)
    if axis_shift_px or axis_rotation_deg:
        data = align.transform(data, yshift=axis_shift_px, angle_deg=axis_rotation_deg, interpolation="cubic")
    return align.apply_shifts(data, shifts), shifts


def add_noise(
    projections: NDArray[Any],
    kind: str = "gaussian",
    level: float = 0.2,
    *,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Add noise with zero mean.

    Parameters
    ----------
    projections
        ``(T, Y, X)``; not written.
    kind
        ``"gaussian"``, or ``"poisson"`` (shot noise).
    level
        Gaussian: the standard deviation as a fraction of the mean of all data; values may become negative.
        Poisson: counts per unit of intensity, so that the variance is intensity / level.
    seed
        Seed of the noise.

    Raises
    ------
    ParameterError
        If the kind is unknown, the level is not positive, or data for Poisson noise are negative.
    ShapeError, DataError
        If the projections are not a stack of finite numbers.
    """
    check_memory(20.0 * np.size(projections), "noise", "choose a smaller series")  # counts have 8 bytes
    data = checked_projections(projections).astype(np.float32, copy=False)
    random = np.random.default_rng(seed)
    if not is_number(level) or level <= 0:
        raise ParameterError(f"the noise level must be a positive number, not {level!r}")
    if kind == "gaussian":
        deviation = np.float32(level * data.mean())
        return data + deviation * random.standard_normal(data.shape, dtype=np.float32)
    if kind == "poisson":
        if data.min() < 0:
            raise ParameterError(f"counts cannot be negative; the smallest value is {data.min()}")
        return (random.poisson(data * level) / level).astype(np.float32)
    raise ParameterError(f"noise is 'gaussian' or 'poisson', not {kind!r}")


def _ball(shape: tuple[int, ...], center: Point, radius: float) -> NDArray[np.float32]:
    """1 inside, 0 outside, linear over the voxel at the edge."""
    axes = [np.arange(n, dtype=np.float32) - np.float32(c) for n, c in zip(shape, center, strict=True)]
    squares = [a.reshape([-1 if i == k else 1 for i in range(len(shape))]) ** 2 for k, a in enumerate(axes)]
    distance = np.sqrt(sum(squares[1:], squares[0]))
    return np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32)


def _put_ball(volume: NDArray[np.float32], center: Point, radius: float, value: float) -> None:
    """Write a ball of one value into a volume, blending at its edge."""
    low = np.maximum(np.floor(center - radius - 1).astype(int), 0)
    high = np.minimum(np.ceil(center + radius + 2).astype(int), volume.shape)
    part = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    inside = _ball(volume[part].shape, center - low, radius)
    volume[part] = (1 - inside) * volume[part] + np.float32(value) * inside


def _check_size(size: int, smallest: int, n_bytes: float = 0, power: int = 3) -> None:
    """Reject a size that is too small, or for which ``n_bytes * size**power`` bytes do not fit in memory."""
    if not is_whole(size) or size < smallest:
        raise ParameterError(f"the phantom must have at least {smallest} voxels per side, not {size!r}")
    check_memory(
        n_bytes * float(size) ** power, f"a phantom of {size} voxels per side", "choose a smaller one"
    )
