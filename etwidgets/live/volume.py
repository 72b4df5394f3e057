"""A volume that goes on from where it was when a projection is added; knows no file and no shift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etwidgets import engine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_TILTS_PER_SUBSET, _MOMENTUM = 5, 0.8


class GrowingVolume:
    """Aligned projections of some columns, and their volume.

    Parameters
    ----------
    n_slices, n_z, n_y
        Size of the volume.

    Attributes
    ----------
    volume
        ``(X, Z, Y)`` float32.
    """

    def __init__(self, n_slices: int, n_z: int, n_y: int) -> None:
        self.volume = np.zeros((n_slices, n_z, n_y), np.float32)
        self._images: list[NDArray[np.float32]] = []
        self._known: list[NDArray[np.float32]] = []

    def __len__(self) -> int:
        return len(self._images)

    def put(self, index: int, image: NDArray[np.float32], known: NDArray[np.float32]) -> None:
        """Add a projection ``(Y, X)`` at the end, or replace one after its alignment has changed."""
        if index == len(self._images):
            self._images.append(image)
            self._known.append(known)
        else:
            self._images[index], self._known[index] = image, known

    def data(
        self, which: NDArray[np.intp], weights: NDArray[np.float64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Projections and how far they count, ``(T, Y, X)`` both."""
        images = np.stack([self._images[i] for i in which])
        known = np.stack([self._known[i] * np.float32(weights[i]) for i in which])
        return images, known

    def correct(
        self,
        which: NDArray[np.intp],
        tilts_deg: NDArray[np.float64],
        weights: NDArray[np.float64],
        progress: Progress | None = None,
    ) -> None:
        """Correct the volume once with some projections, in subsets of about five tilts."""
        used = which[weights[which] > 0]
        if not used.size:
            return
        images, known = self.data(used, weights)
        self.volume = corrected(self.volume, images, known, self.geometry(tilts_deg[used]), progress=progress)

    def predicted(self, tilts_deg: NDArray[np.float64]) -> NDArray[np.float32]:
        """Reprojections at some tilts, ``(T, Y, X)``."""
        return engine.forward_project(self.volume, self.geometry(tilts_deg))

    def geometry(self, tilts_deg: NDArray[np.float64]) -> engine.Geometry:
        """Of its slices, at these tilts."""
        n_z, n_y = self.volume.shape[1:]
        return engine.Geometry(np.deg2rad(tilts_deg), n_y, n_z)


def corrected(
    volume: NDArray[np.float32],
    images: NDArray[np.float32],
    known: NDArray[np.float32],
    geometry: engine.Geometry,
    *,
    iterations: int = 1,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """The volume after so many sweeps of ordered-subset SIRT; several of them have momentum."""
    return engine.reconstruct(
        images, geometry, algorithm="OS-SIRT", iterations=iterations, start=volume, known=known, minimum=0.0,
        n_subsets=max(1, round(len(images) / _TILTS_PER_SUBSET)),
        momentum=_MOMENTUM if iterations > 1 else 0.0, progress=progress,
    )  # fmt: skip


def spread_over(
    tilts_deg: NDArray[np.float64], count: int, turn: int, among: NDArray[np.intp]
) -> NDArray[np.intp]:
    """At most so many projections, evenly over the tilts; others each turn."""
    order = among[np.argsort(tilts_deg[among], kind="stable")]
    step = max(1, -(-len(order) // max(count, 1)))
    return order[turn % step :: step]
