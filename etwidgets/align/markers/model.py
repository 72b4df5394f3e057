"""Where markers of a tilted specimen appear in its projections, and how that depends on each unknown.

Knows no image, and not how the unknowns are found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE, ONE, EACH = "none", "one", "each"
"""Whether an unknown is known, one for the series, or one for each projection."""

_SPREAD_ROTATION = np.deg2rad(2.0)
_SPREAD_MAGNIFICATION = 0.03
_SPREAD_TILT = np.deg2rad(1.0)


@dataclass(frozen=True, eq=False)
class Sightings:
    """Every position at which a marker is seen.

    Attributes
    ----------
    marker, projection
        ``(N,)`` indices.
    places
        ``(N, 2)`` pixels ``(y, x)`` from the image center.
    trust
        ``(N,)``, above 0: how much each counts.
    shape
        Numbers of markers and of projections.
    """

    marker: NDArray[np.intp]
    projection: NDArray[np.intp]
    places: NDArray[np.float64]
    trust: NDArray[np.float64]
    shape: tuple[int, int]


@dataclass(frozen=True, eq=False)
class MarkerModel:
    """A marker at ``(y, z, x)`` is recorded at ``m R(f) (y cos t - z sin t, x) + d``.

    The tilt ``t``, the magnification ``m``, the in-plane rotation ``f`` (that of the tilt axis included) and
    the displacement ``d`` belong to the projection. All unknowns are one vector: positions ``(M, 3)``,
    displacements ``(T, 2)``, then rotations, logarithms of magnifications and tilts where they are unknown
    (radians).

    Attributes
    ----------
    tilts
        ``(T,)`` radians, as recorded.
    n_markers
        How many.
    rotation, magnification, tilt
        Which of them are unknown.
    fixed_rotation
        Radians; used where the rotation is not unknown.
    """

    tilts: NDArray[np.float64]
    n_markers: int
    rotation: str = ONE
    magnification: str = NONE
    tilt: str = NONE
    fixed_rotation: float = 0.0

    @property
    def parts(self) -> dict[str, slice]:
        """The place of each kind of unknown in the vector."""
        count = len(self.tilts)
        many = {NONE: 0, ONE: 1, EACH: count}
        sizes = {
            "positions": 3 * self.n_markers,
            "displacements": 2 * count,
            "rotation": many[self.rotation],
            "magnification": many[self.magnification],
            "tilt": many[self.tilt],
        }
        ends = np.cumsum(list(sizes.values()))
        return {
            name: slice(int(end) - n, int(end)) for (name, n), end in zip(sizes.items(), ends, strict=True)
        }

    @property
    def size(self) -> int:
        """How many unknowns there are."""
        return self.parts["tilt"].stop

    def positions(self, unknowns: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(M, 3)`` pixels ``(y, z, x)``."""
        return unknowns[self.parts["positions"]].reshape(-1, 3)

    def geometry(
        self, unknowns: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Displacements ``(T, 2)``, rotations, magnifications and tilts ``(T,)``; angles in radians."""
        parts, count = self.parts, len(self.tilts)
        rotation = unknowns[parts["rotation"]] if self.rotation != NONE else self.fixed_rotation
        magnification = np.exp(unknowns[parts["magnification"]]) if self.magnification == EACH else 1.0
        tilts = unknowns[parts["tilt"]] if self.tilt == EACH else self.tilts
        displacements = unknowns[parts["displacements"]].reshape(-1, 2)
        return (
            displacements,
            np.broadcast_to(rotation, count),
            np.broadcast_to(magnification, count),
            tilts,
        )

    def predict(self, unknowns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where each marker would be in each projection, ``(M, T, 2)`` pixels ``(y, x)`` from the center."""
        displacements, rotation, size, tilts = self.geometry(unknowns)
        y, z, x = (each[:, None] for each in self.positions(unknowns).T)
        across = y * np.cos(tilts) - z * np.sin(tilts)
        cos, sin = np.cos(rotation), np.sin(rotation)
        turned = np.stack([cos * across + sin * x, cos * x - sin * across], axis=-1)
        return size[:, None] * turned + displacements

    def slopes(
        self, unknowns: NDArray[np.float64], seen: Sightings
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Derivatives of the places of all sightings.

        Returns
        -------
        columns
            ``(N, K)``: on which unknowns each place depends.
        values
            ``(2, N, K)``: how y and x depend on them.
        """
        _, rotation, size, tilts = self.geometry(unknowns)
        i, parts = seen.projection, self.parts
        y, z, x = self.positions(unknowns)[seen.marker].T
        cos, sin, m = np.cos(rotation[i]), np.sin(rotation[i]), size[i]
        cos_t, sin_t = np.cos(tilts[i]), np.sin(tilts[i])
        across = y * cos_t - z * sin_t
        down, right = m * (cos * across + sin * x), m * (cos * x - sin * across)
        one, zero = np.ones(len(i)), np.zeros(len(i))
        first, moved = 3 * seen.marker, parts["displacements"].start + 2 * i
        entries = [
            (first, m * cos * cos_t, -m * sin * cos_t),
            (first + 1, -m * cos * sin_t, m * sin * sin_t),
            (first + 2, m * sin, m * cos),
            (moved, one, zero),
            (moved + 1, zero, one),
        ]
        if self.rotation != NONE:
            which = i if self.rotation == EACH else 0 * i
            entries.append((parts["rotation"].start + which, right, -down))
        if self.magnification == EACH:
            entries.append((parts["magnification"].start + i, down, right))
        if self.tilt == EACH:
            change = -(y * sin_t + z * cos_t)
            entries.append((parts["tilt"].start + i, m * cos * change, -m * sin * change))
        columns = np.stack([column for column, _, _ in entries], axis=1)
        values = np.stack([np.stack([each[1 + axis] for each in entries], axis=1) for axis in range(2)])
        return columns, values

    def prior(self, unknowns: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What is expected before any measurement: matrix and right side of normal equations.

        What each projection has of its own is spread by 2 degrees of rotation about their mean, 3 % of
        magnification and 1 degree of tilt. Weight 1 is for positions with an error of 1 px.
        """
        matrix, right, count = np.zeros((self.size, self.size)), np.zeros(self.size), len(self.tilts)
        for name, spread, middle in (
            ("rotation", _SPREAD_ROTATION, 0.0),
            ("magnification", _SPREAD_MAGNIFICATION, 0.0),
            ("tilt", _SPREAD_TILT, self.tilts),
        ):
            if getattr(self, name) != EACH:
                continue
            part = self.parts[name]
            block = (np.eye(count) - (1 / count if name == "rotation" else 0)) / spread**2
            matrix[part, part] = block
            right[part] = -block @ (unknowns[part] - middle)
        return matrix, right
