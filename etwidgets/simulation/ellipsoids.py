"""Ellipsoids, their exact projections, and specimens made of them; knows no series and no projector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.checks import checked_count
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SPECIMENS = ("particles", "needle", "slab", "entering", "catalyst", "rods")
"""Kinds of specimen that :func:`ellipsoid_series` knows."""

_SUBPIXELS = 3  # along each side of a detector pixel, averaged


@dataclass(frozen=True)
class Ellipsoid:
    """A homogeneous ellipsoid.

    Attributes
    ----------
    center
        ``(x, y, z)``, pixels from the center of the field; z is the row of a reconstructed slice.
    axes
        ``(3, 3)``: each row a semi-axis as a vector ``(x, y, z)``, pixels, at right angles to the others.
    density
        What a pixel of path through it adds; negative in a void.
    """

    center: tuple[float, float, float]
    axes: NDArray[np.float64]
    density: float


def specimen(kind: str, shape_yx: tuple[int, int] = (96, 128), *, seed: int = 0) -> tuple[Ellipsoid, ...]:
    """Ellipsoids of a specimen of some kind, at random places.

    Parameters
    ----------
    kind
        ``"particles"`` (isolated, all inside the field at every tilt), ``"needle"`` (along the tilt axis,
        cut by the field at its base, with inclusions and voids), ``"slab"`` (a film far wider than the
        field, full of particles), ``"entering"`` (particles, more of which enter the field at high tilt),
        ``"catalyst"`` (a ball with small dense particles on it) or ``"rods"`` (long, in all directions).
    shape_yx
        Height and width of the field, pixels.
    seed
        Of the random places.
    """
    if kind not in SPECIMENS:
        raise ParameterError(f"unknown specimen {kind!r}; choose from {', '.join(SPECIMENS)}")
    height, width = (checked_count("shape_yx", n, 16) for n in shape_yx)
    random = np.random.default_rng((seed, SPECIMENS.index(kind)))
    scale = min(height, width) / 96
    return _MAKERS[kind](random, height, width, scale)


def project_ellipsoids(
    bodies: tuple[Ellipsoid, ...],
    tilts_deg: ArrayLike,
    shape_yx: tuple[int, int],
    *,
    moved_px: ArrayLike | None = None,
    rotations_deg: ArrayLike | None = None,
    magnifications: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Exact projections ``(T, Y, X)`` of ellipsoids, each magnified, then rotated, then displaced.

    Parameters
    ----------
    bodies
        What is projected; densities add up where they overlap.
    tilts_deg
        ``(T,)`` degrees.
    shape_yx
        Height and width, pixels.
    moved_px
        ``(T, 2)`` pixels ``(y, x)``.
    rotations_deg
        ``(T,)`` degrees about the image center, positive clockwise on screen.
    magnifications
        ``(T,)``.
    """
    tilts = np.deg2rad(np.asarray(tilts_deg, dtype=float))
    count = len(tilts)
    moved = np.zeros((count, 2)) if moved_px is None else np.asarray(moved_px, dtype=float)
    turns = np.deg2rad(np.zeros(count) if rotations_deg is None else np.asarray(rotations_deg, dtype=float))
    scales = np.ones(count) if magnifications is None else np.asarray(magnifications, dtype=float)
    images = np.zeros((count, *shape_yx))
    centers = np.array([body.center for body in bodies]).reshape(-1, 3)
    reaches = np.array([np.linalg.norm(body.axes, axis=1).max() for body in bodies]) + 1
    half = np.array(shape_yx[::-1]) / 2
    for i in range(count):
        turn = np.array([[np.cos(turns[i]), -np.sin(turns[i])], [np.sin(turns[i]), np.cos(turns[i])]])
        seen = centers[:, 1] * np.cos(tilts[i]) - centers[:, 2] * np.sin(tilts[i])
        places = scales[i] * np.stack([centers[:, 0], seen], axis=1) @ turn.T + moved[i, ::-1]
        inside = (np.abs(places) < half + scales[i] * reaches[:, None]).all(1)
        for k in np.flatnonzero(inside):
            _draw(images[i], bodies[k], tilts[i], scales[i] * turn, moved[i, ::-1])
    return images


def _draw(
    image: NDArray[np.float64], body: Ellipsoid, tilt: float, matrix: NDArray[Any], moved_xy: NDArray[Any]
) -> None:
    """Add the projection of one ellipsoid; ``matrix`` leads from detector to image, ``(x, y)`` each."""
    beam = np.array([0, np.sin(tilt), np.cos(tilt)])
    across = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)]])
    lengths = np.linalg.norm(body.axes, axis=1)
    directions = body.axes / lengths[:, None]
    form = directions.T @ np.diag(lengths**-2.0) @ directions
    along = float(beam @ form @ beam)
    mixed = across @ form @ beam
    flat = across @ form @ across.T - np.outer(mixed, mixed) / along
    back = np.linalg.inv(matrix)
    flat = back.T @ flat @ back
    center = matrix @ (across @ np.asarray(body.center)) + moved_xy
    reach = np.sqrt(np.diag(np.linalg.inv(flat))) + 1
    height, width = image.shape
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    first = np.clip(np.floor(center + middle - reach), 0, [width, height]).astype(int)
    last = np.clip(np.ceil(center + middle + reach) + 1, 0, [width, height]).astype(int)
    if (last <= first).any():
        return
    fine = (np.arange(_SUBPIXELS) - (_SUBPIXELS - 1) / 2) / _SUBPIXELS
    x, y = (
        (np.arange(a, b)[:, None] + fine).ravel() - m - c
        for a, b, m, c in zip(first, last, middle, center, strict=True)
    )
    left = 1 - (flat[0, 0] * x**2 + 2 * flat[0, 1] * x * y[:, None] + flat[1, 1] * (y**2)[:, None])
    chord = 2 * np.sqrt(np.clip(left, 0, None) / along)
    shape = (last[1] - first[1], _SUBPIXELS, last[0] - first[0], _SUBPIXELS)
    image[first[1] : last[1], first[0] : last[0]] += body.density * chord.reshape(shape).mean((1, 3))


def _rotation(random: np.random.Generator) -> NDArray[np.float64]:
    return np.linalg.qr(random.normal(size=(3, 3)))[0]


def _body(
    random: np.random.Generator, center: Any, axes: tuple[float, float, float], density: float
) -> Ellipsoid:
    x, y, z = (float(c) for c in center)
    return Ellipsoid((x, y, z), np.diag(axes) @ _rotation(random), float(density))


def _particles(
    random: np.random.Generator, height: int, width: int, scale: float, count: int = 18
) -> tuple[Ellipsoid, ...]:
    bodies = []
    for _ in range(count):
        radius = random.uniform(3, 7) * scale
        r = (0.28 * height) * np.sqrt(random.uniform())
        angle = random.uniform(0, 2 * np.pi)
        center = (random.uniform(-0.32, 0.32) * width, r * np.cos(angle), r * np.sin(angle))
        axes = tuple(radius * random.uniform(0.7, 1.3, 3))
        bodies.append(_body(random, center, axes, random.uniform(0.5, 1.5)))
    return tuple(bodies)


def _needle(random: np.random.Generator, height: int, width: int, scale: float) -> tuple[Ellipsoid, ...]:
    radius = 0.2 * height
    off = random.uniform(-3, 3, 2) * scale
    length = 1.0 * width
    shaft = Ellipsoid(
        (-0.55 * width, off[0], off[1]), np.diag([length, radius, radius * random.uniform(0.85, 1.1)]), 1.0
    )
    bodies = [shaft]
    for _ in range(16):
        x = random.uniform(-0.5, 0.33) * width
        inside = radius * np.sqrt(max(1 - ((x + 0.55 * width) / length) ** 2, 0.05))
        r, angle = inside * 0.6 * np.sqrt(random.uniform()), random.uniform(0, 2 * np.pi)
        size = random.uniform(0.1, 0.3) * inside
        axes = tuple(size * random.uniform(0.7, 1.5, 3))
        density = random.choice([-0.8, 0.8, 1.5])
        center = (x, off[0] + r * np.cos(angle), off[1] + r * np.sin(angle))
        bodies.append(_body(random, center, axes, density))
    return tuple(bodies)


def _slab(random: np.random.Generator, height: int, width: int, scale: float) -> tuple[Ellipsoid, ...]:
    thickness = 0.3 * height
    film = Ellipsoid((0.0, 0.0, 0.0), np.diag([40.0 * width, 40.0 * height, thickness / 2]), 0.3)
    bodies = [film]
    reach_y, reach_x = 2.5 * height, 0.9 * width
    count = round(0.006 * (2 * reach_y) * (2 * reach_x) / scale**2)
    for _ in range(count):
        center = (
            random.uniform(-reach_x, reach_x),
            random.uniform(-reach_y, reach_y),
            random.uniform(-0.4, 0.4) * thickness,
        )
        axes = tuple(random.uniform(1.5, 4.5, 3) * scale)
        bodies.append(_body(random, center, axes, random.uniform(0.4, 1.6)))
    return tuple(bodies)


def _entering(random: np.random.Generator, height: int, width: int, scale: float) -> tuple[Ellipsoid, ...]:
    bodies = list(_particles(random, height, width, scale, 14))
    for _ in range(14):
        side = random.choice([-1.0, 1.0])
        center = (
            random.uniform(-0.45, 0.45) * width,
            side * random.uniform(0.6, 1.1) * height,
            random.uniform(-0.2, 0.2) * height,
        )
        axes = tuple(random.uniform(3, 8, 3) * scale)
        bodies.append(_body(random, center, axes, random.uniform(0.5, 1.5)))
    return tuple(bodies)


def _catalyst(random: np.random.Generator, height: int, width: int, scale: float) -> tuple[Ellipsoid, ...]:
    radius = 0.28 * min(height, width)
    bodies = [_body(random, (0, 0, 0), (radius, 0.9 * radius, 0.95 * radius), 0.25)]
    for _ in range(25):
        direction = random.normal(size=3)
        center = 0.95 * radius * direction / np.linalg.norm(direction)
        axes = tuple(random.uniform(1.5, 3.5, 3) * scale)
        bodies.append(_body(random, center, axes, random.uniform(1.0, 2.0)))
    return tuple(bodies)


def _rods(random: np.random.Generator, height: int, width: int, scale: float) -> tuple[Ellipsoid, ...]:
    bodies = []
    for _ in range(10):
        center = (random.uniform(-0.25, 0.25) * width, *random.uniform(-0.15, 0.15, 2) * height)
        axes = (random.uniform(10, 18) * scale, *random.uniform(2, 4, 2) * scale)
        bodies.append(_body(random, center, axes, random.uniform(0.6, 1.4)))
    return tuple(bodies)


_MAKERS = {
    "particles": _particles,
    "needle": _needle,
    "slab": _slab,
    "entering": _entering,
    "catalyst": _catalyst,
    "rods": _rods,
}
