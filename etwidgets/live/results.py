"""Aligned series and volume of a live reconstruction, as signals and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align import Alignment
from etwidgets.io import save
from etwidgets.signals import RecStack, TomoStack

if TYPE_CHECKING:
    from pathlib import Path

    from etwidgets.live.reconstruction import LiveReconstruction
    from etwidgets.live.whole import WholeVolume

ALIGNED, VOLUME = "aligned.hspy", "volume.hspy"
"""Names of the files, in the folder of a live reconstruction."""


def aligned_series(live: LiveReconstruction, place: str, pixel_size_nm: float | None = None) -> TomoStack:
    """The projections that are used, without the detector's level, in order of tilt and aligned."""
    order = live.used[np.argsort(live.tilts_deg[live.used], kind="stable")]
    data = np.stack([live.projections[i].image for i in order]).astype(np.float32) - np.float32(live.level)
    stack = TomoStack(data, live.tilts_deg[order])
    if pixel_size_nm:
        stack.set_pixel_size(pixel_size_nm)
    stack.metadata.Tomography.tilt_source = f"acquired live in {place}"
    if live.level:
        stack.metadata.Tomography.intensity_offset = float(live.level)
    aligned: TomoStack = stack.apply_alignment(Alignment.of(live.shifts_px[order]))
    aligned.metadata.General.title = f"{place}, aligned live"
    aligned.original_metadata.add_dictionary({"live": provenance(live)})
    return aligned


def provenance(live: LiveReconstruction) -> dict[str, Any]:
    """Which projections there were, and what was thought of them."""
    known = [each.as_dict() for each in live.projections]
    names = ("key", "tilt_deg", "shift_px", "weight", "doubts", "predicted_misfit")
    return {name: [each[name] for each in known] for name in names}


def live_volume(live: LiveReconstruction, whole: WholeVolume, pixel_size_nm: float | None = None) -> RecStack:
    """The whole volume, as wide as the projections."""
    volume = RecStack(whole.cropped())
    if pixel_size_nm:
        for axis in volume.axes_manager._axes:  # noqa: SLF001  (HyperSpy's axes in array order are private)
            axis.scale, axis.units = pixel_size_nm, "nm"
    volume.metadata.General.title = "reconstructed live"
    volume.original_metadata.add_dictionary({"live": provenance(live)})
    return volume


def write_results(
    folder: Path, live: LiveReconstruction, whole: WholeVolume | None, place: str, pixel_size_nm: float | None
) -> list[Path]:
    """Write the aligned series, and the volume if there is one; files of an earlier run are replaced."""
    options: dict[str, Any] = {"overwrite": True, "compression": None}
    written = [save(aligned_series(live, place, pixel_size_nm), folder / ALIGNED, **options)]
    if whole is not None:
        written.append(save(live_volume(live, whole, pixel_size_nm), folder / VOLUME, **options))
    return written
