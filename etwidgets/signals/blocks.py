"""Runs array functions over the projections of an eager, lazy or multi-frame stack; knows no physics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from etwidgets.progress import BarProgress, NullProgress, Progress
from etwidgets.resources import check_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def listener(progress: Progress | None, *, show_progressbar: bool, title: str) -> Progress:
    """The progress that was given, or a text bar, or nobody."""
    if progress is not None:
        return progress
    return BarProgress(title) if show_progressbar else NullProgress()


def interpolation_name(name: str) -> str:
    """The name that ``align`` has for an interpolation; ``"none"`` is another one for the nearest pixel."""
    return "nearest" if str(name).lower() == "none" else name


def map_projections(
    data: Any,
    function: Callable[..., NDArray[Any]],
    *,
    rows: NDArray[np.float64] | None = None,
    shape_yx: tuple[int, int] | None = None,
    progress: Progress,
) -> Any:
    """Apply ``function(images, [rows], progress=...)`` to all images.

    Parameters
    ----------
    data
        ``(T, Y, X)``, ``(T, F, Y, X)`` or ``(Y, X)``; numpy or dask.
    function
        Takes images ``(N, Y, X)``, returns as many; its work on one image does not depend on the others.
    rows
        ``(T, k)`` values per projection, handed to ``function`` with the images they belong to; the
        frames of a projection share them.
    shape_yx
        Height and width of the images that ``function`` returns; default: those of ``data``.
    progress
        Handed to ``function``; a lazy result reports nothing, as it is computed later.

    Returns
    -------
    array
        Of the shape of ``data`` but for ``shape_yx``, float32; dask if ``data`` is.

    Raises
    ------
    MemoryLimitError
        If the result does not fit into the memory.
    """
    height, width = data.shape[-2:]
    shape = (height, width) if shape_yx is None else shape_yx

    def run(block: NDArray[Any], block_rows: NDArray[np.float64] | None, progress: Progress) -> NDArray[Any]:
        images = np.ascontiguousarray(block).reshape(-1, height, width)
        given = []
        if block_rows is not None:
            given = [np.repeat(block_rows, len(images) // len(block_rows), axis=0)]
        return function(images, *given, progress=progress).reshape(*block.shape[:-2], *shape)

    if not isinstance(data, da.Array):
        check_memory(4.0 * data.size / (height * width) * shape[0] * shape[1], "the new tilt series")
        return run(data, rows, progress)
    lead = tuple(data.chunks[0]) if data.ndim > 2 else ()
    whole = data.rechunk((lead, *[-1] * (data.ndim - 1))) if lead else data.rechunk(-1)

    def run_lazily(block: NDArray[Any], block_info: Any = None) -> NDArray[Any]:
        block_rows = rows
        if rows is not None and lead:
            start, stop = block_info[0]["array-location"][0]
            block_rows = rows[start:stop]
        return run(block, block_rows, NullProgress())

    chunks = (*whole.chunks[:-2], (shape[0],), (shape[1],))
    meta = np.empty((0,) * data.ndim, np.float32)
    return whole.map_blocks(run_lazily, dtype=np.float32, chunks=chunks, meta=meta)
