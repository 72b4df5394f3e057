"""What is kept on disk of a live reconstruction, so that it goes on after it was killed; computes nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.atomic import atomic_path
from etwidgets.errors import FileFormatError
from etwidgets.live.projections import LiveProjection

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from etwidgets.io.watching import Watcher
    from etwidgets.live.reconstruction import LiveReconstruction

_VERSION = 1


@dataclass
class LiveFolder:
    """The folder of one live reconstruction.

    Attributes
    ----------
    path
        The folder.
    """

    path: Path

    @property
    def whole(self) -> Path:
        """The file of the whole volume."""
        return self.path / "whole.npy"

    def keep(self, live: LiveReconstruction, ages: NDArray[np.intp] | None) -> None:
        """Write what is known of the projections; a crash leaves what was there before."""
        content = {
            "version": _VERSION,
            "level": live.level,
            "bright": live.frame.bright,
            "blocks": [] if ages is None else ages.tolist(),
            "projections": [each.as_dict() for each in live.projections],
        }
        with atomic_path(self.path / "live.json") as target:
            target.write_text(json.dumps(content), encoding="utf-8")

    def keep_volumes(self, live: LiveReconstruction) -> None:
        """Write the slices and the coarse volume."""
        for name, volume in (("coarse", live.coarse.volume), ("slices", live.slices.volume)):
            with atomic_path(self.path / f"{name}.npy") as target:
                np.save(target, volume)

    def restore(self, live: LiveReconstruction, watcher: Watcher) -> NDArray[np.intp] | None:
        """Take up what was kept, if anything was; the images are read from their files again.

        Returns
        -------
        array or None
            How many projections each block of the whole volume knew.

        Raises
        ------
        FileFormatError
            If it is damaged, of a later version, or a projection is gone.
        """
        file = self.path / "live.json"
        if not file.exists():
            return None
        try:
            content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            if content["version"] > _VERSION:
                raise FileFormatError(f"{file} was written by a later version; update etwidgets")
            known = content["projections"]
            images = [watcher.read(each["key"]).image for each in known]
            projections = [
                LiveProjection.from_dict(each, image) for each, image in zip(known, images, strict=True)
            ]
            level, bright = float(content["level"]), float(content["bright"])
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, FileFormatError):
                raise
            raise FileFormatError(f"{file} is damaged; remove the folder {self.path}") from error
        live.restore(projections, level, bright)
        for name, growing in (("coarse", live.coarse), ("slices", live.slices)):
            kept = self.path / f"{name}.npy"
            if kept.exists():
                volume = np.load(kept, allow_pickle=False)
                if volume.shape == growing.volume.shape:
                    growing.volume = volume
        return np.array(content["blocks"], np.intp) if content["blocks"] else None
