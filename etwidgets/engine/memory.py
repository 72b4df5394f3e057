"""How much memory the engine's work takes, and the refusal of what does not fit; allocates nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etwidgets.engine import blocks
from etwidgets.engine.algorithms.table import find_algorithm
from etwidgets.engine.backends import find_backend
from etwidgets.engine.runs import usable_widths
from etwidgets.engine.stored_strip import NARROW, stored_bytes, worth_storing
from etwidgets.engine.team import checked_workers
from etwidgets.resources import check_memory

if TYPE_CHECKING:
    from etwidgets.engine.geometry import Geometry

_BYTES = 4  # of a float32


def memory_needed(
    geometry: Geometry,
    algorithm: str = "FBP",
    *,
    n_slices: int = 1,
    model: str | None = None,
    backend: str = "auto",
    n_workers: int | None = None,
    in_step: bool = False,
) -> int:
    """Bytes of the volume and of the blocks that are worked on at a time.

    The parameters are those of :func:`etwidgets.engine.reconstruct`.

    ``in_step`` is for a run that may be finished early, which holds all blocks.
    """
    method = find_algorithm(algorithm).method
    chosen = find_backend(backend, model)
    n_threads = checked_workers(n_workers) if chosen.threaded else 1
    cut = blocks.portions(n_slices, usable_widths(chosen, geometry, method))
    at_once = sorted((width for _, width in cut), reverse=True)[: None if in_step else n_threads]
    (volumes, projections), voxels = method.copies, geometry.n_z * geometry.n_y
    lanes = sum(at_once) * (volumes * voxels + projections * geometry.n_angles * geometry.n_y)
    kept = 0
    if in_step and model == "strip":  # as iterations are watched
        kept = sum(width <= NARROW for _, width in cut) * stored_bytes(geometry) * worth_storing(geometry)
    return _BYTES * (n_slices * voxels + lanes) + kept


def check_memory_of(
    geometry: Geometry,
    algorithm: str,
    *,
    n_slices: int,
    model: str | None = None,
    backend: str = "auto",
    n_workers: int | None = None,
    in_step: bool = False,
) -> int:
    """Refuse a reconstruction that does not fit; returns what :func:`memory_needed` says.

    Raises
    ------
    MemoryLimitError
        With what is needed and what is free.
    """
    n_bytes = memory_needed(
        geometry, algorithm, n_slices=n_slices, model=model, backend=backend, n_workers=n_workers,
        in_step=in_step,
    )  # fmt: skip
    size = f"{n_slices} x {geometry.n_z} x {geometry.n_y}"
    check_memory(n_bytes, f"a volume of {size} (x, z, y) by {algorithm}")
    return n_bytes
