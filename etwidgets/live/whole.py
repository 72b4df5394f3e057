"""The whole volume at full size, a block of columns at a time, in a file; knows no registration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etwidgets import engine
from etwidgets.live.volume import corrected
from etwidgets.resources import free_disk

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from etwidgets.live.reconstruction import LiveReconstruction
    from etwidgets.progress import Progress

_BLOCK = 16  # columns, of which a sweep takes a fraction of a second
_FEWEST = 5  # projections, before it is worth to begin
_MOST_BYTES = 8e9


class WholeVolume:
    """A volume on disk that is corrected where and when there is time.

    Parameters
    ----------
    path
        Of the file; one that is there, of the same size, is gone on with.
    live
        The projections.

    Attributes
    ----------
    ages
        ``(blocks,)``: how many projections there were when a block was corrected last.
    """

    def __init__(self, path: Path, live: LiveReconstruction, ages: NDArray[np.intp] | None = None) -> None:
        self._live = live
        shape = (live.projections[0].image.shape[1], *live.size_zy)
        self._size = live.size_zy
        n_blocks = -(-shape[0] // _BLOCK)
        kept = path.exists() and ages is not None and len(ages) == n_blocks
        mode = "r+" if kept else "w+"
        self.volume = np.lib.format.open_memmap(path, mode, np.float32, shape)
        self.ages = ages if kept and ages is not None else np.zeros(n_blocks, np.intp)

    @staticmethod
    def fits(folder: Path, live: LiveReconstruction) -> bool:
        """Whether there is room for it on the disk."""
        n_bytes = 4.0 * live.projections[0].image.shape[1] * np.prod(live.size_zy)
        return bool(n_bytes < min(_MOST_BYTES, free_disk(folder) / 2))

    @property
    def behind(self) -> int | None:
        """The block that knows fewest projections; None where all know all, or there are too few."""
        count = len(self._live.projections)
        if count < _FEWEST or self.ages.min() >= count:
            return None
        return int(np.argmin(self.ages))

    def sweep(self, block: int, progress: Progress | None = None, *, iterations: int = 1) -> None:
        """Correct a block with all projections; cancelled, it stays as it was."""
        live = self._live
        count, used, weights = len(live.projections), live.used, live.weights
        start, stop = block * _BLOCK, min((block + 1) * _BLOCK, len(self.volume))
        parts = [live.columns_of(int(index), start, stop) for index in used]
        images = np.stack([part[0] for part in parts])
        known = np.stack([part[1] * np.float32(weights[i]) for part, i in zip(parts, used, strict=True)])
        geometry = engine.Geometry(np.deg2rad(live.tilts_deg[used]), self._size[1], self._size[0])
        before = np.array(self.volume[start:stop])
        self.volume[start:stop] = corrected(
            before, images, known, geometry, iterations=iterations, progress=progress
        )
        self.ages[block] = count

    def cropped(self) -> NDArray[np.float32]:
        """``(X, Z, Y)`` as wide as the projections, in units of their intensity."""
        margin = (self._size[1] - self._live.height) // 2
        inner = self.volume[:, :, margin : margin + self._live.height]
        return np.asarray(inner * np.float32(self._live.frame.bright))
