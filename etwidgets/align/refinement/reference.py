"""Volumes from partly known projections, and what they predict; knows no alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etwidgets import engine
from etwidgets.align._workers import WorkerProgress, run_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.progress import Progress

_TILTS_PER_SUBSET, _MOMENTUM = 5, 0.6
N_PARTS = 2
"""Into which projections are divided that are left out in turn."""
_SLICES_FOR_ALL = 128  # of which the engine makes blocks enough for two processors


def partial_volume(
    images: NDArray[np.float32],
    known: NDArray[np.float32],
    geometry: engine.Geometry,
    n_iterations: int,
    progress: Progress,
) -> NDArray[np.float32]:
    """Reconstruct ``(X, Z, Y)`` from projections of which only some pixels are known.

    Parameters
    ----------
    images
        ``(T, Y, X)``.
    known
        ``(T, Y, X)``: how much each pixel counts, 0 to 1.
    geometry
        Of a slice.
    n_iterations
        Of ordered-subset SIRT with momentum.
    progress
        May cancel.
    """
    return engine.reconstruct(
        images, geometry, algorithm="OS-SIRT", iterations=n_iterations, momentum=_MOMENTUM,
        n_subsets=max(1, round(len(images) / _TILTS_PER_SUBSET)), minimum=0.0, known=known,
        progress=progress.part(0, 1, may_finish=False),
    )  # fmt: skip


def predict_left_out(
    images: NDArray[np.float32],
    known: NDArray[np.float32],
    geometry: engine.Geometry,
    n_iterations: int,
    n_parts: int,
    progress: Progress,
) -> NDArray[np.float32]:
    """Each projection as the others predict it, ``(T, Y, X)``.

    The projections are divided, in order of tilt, into interleaved parts; each part is predicted by a volume
    that was reconstructed without it.
    """
    predicted = np.empty_like(images)
    order = np.argsort(geometry.angles_rad, kind="stable")
    worker = WorkerProgress()

    def one(part: int) -> None:
        left_out = order[part::n_parts]
        used = np.setdiff1d(order, left_out)
        volume = partial_volume(images[used], known[used], geometry.subset(used), n_iterations, worker)
        predicted[left_out] = engine.forward_project(volume, geometry.subset(left_out))

    if images.shape[2] < _SLICES_FOR_ALL:
        run_all(one, n_parts, progress, worker=worker)
    else:  # the engine has work for all processors, and one volume needs half the memory of two
        for part in range(n_parts):
            progress.advance(part / n_parts)
            one(part)
    return predicted
