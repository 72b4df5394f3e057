"""Pictures of a report as PNG: series, slices, a projection of the maximum, charts; arrays in, texts out.

Drawn without a window and without a browser: the rendering is a maximum-intensity projection of the volume,
not the view of tab *Volume*, which needs a browser.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage
from matplotlib.figure import Figure

from etwidgets.picture_scale import contrast_limits
from etwidgets.session.report.content import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etwidgets.session.report.content import Facts
    from etwidgets.signals import RecStack, TomoStack

_DPI = 110
_WIDTH = 9.0  # inches
_MOST_VOXELS = 128  # along an edge of the copy that is turned
_VIEWS_DEG = (0.0, 45.0, 90.0)
_SHOWN = 3  # projections


def of_series(stack: TomoStack, title: str, caption: str) -> Picture:
    """The first projection, that nearest to 0°, the last one, and the sinogram of the middle column."""
    tilts = stack.tilts_deg if stack.has_tilts else None
    count, column = stack.data.shape[0], stack.data.shape[-1] // 2
    middle = count // 2 if tilts is None else int(np.argmin(np.abs(tilts)))
    order = np.arange(count) if tilts is None else np.argsort(tilts, kind="stable")
    chosen = (int(order[0]), middle, int(order[-1]))
    images = [_image(stack.data[index]) for index in chosen]
    names = [f"{i + 1}" if tilts is None else f"{i + 1} ({tilts[i]:+.1f}°)" for i in chosen]
    sinogram = np.asarray(stack.data[..., column], dtype=np.float32)
    if sinogram.ndim > 2:
        sinogram = sinogram.mean(axis=1)
    figure = _figure(2.9)
    axes = figure.subplots(1, _SHOWN + 1)
    low, high = contrast_limits(np.stack(images))
    for axis, image, name in zip(axes, images, names, strict=False):
        axis.imshow(image, cmap="gray", vmin=low, vmax=high)
        axis.set_title(f"projection {name}", fontsize=9)
    axes[-1].imshow(sinogram[order], cmap="gray", aspect="auto")
    axes[-1].set_title(f"sinogram at x = {column}", fontsize=9)
    axes[-1].set_xlabel("y (px)", fontsize=8)
    axes[-1].set_ylabel("projection, by tilt", fontsize=8)
    _small(axes)
    return Picture(title, caption, _png(figure))


def of_slices(volume: RecStack, voxel: tuple[int, int, int]) -> Picture:
    """The three slices through a voxel ``(x, z, y)``."""
    x, z, y = (int(np.clip(place, 0, size - 1)) for place, size in zip(voxel, volume.data.shape, strict=True))
    figure = volume.slices_figure(x, y, z)
    figure.set_size_inches(_WIDTH, 3.4)
    return Picture(
        "Slices",
        f"Slices of the volume through x = {x}, z = {z}, y = {y}; z is along the beam.",
        _png(figure),
    )


def of_rendering(volume: RecStack) -> Picture:
    """Projections of the maximum along the beam, with the volume turned about the tilt axis."""
    small, factor = _reduced(volume.data)
    figure = _figure(3.2)
    axes = np.atleast_1d(figure.subplots(1, len(_VIEWS_DEG)))
    # x, z, y: turned in the plane of z and y, seen along z, y downwards
    views = [
        scipy.ndimage.rotate(small, angle, axes=(1, 2), reshape=False, order=1).max(axis=1).T
        for angle in _VIEWS_DEG
    ]
    low, high = contrast_limits(np.concatenate([view.ravel() for view in views]))
    for axis, view, angle in zip(axes, views, _VIEWS_DEG, strict=True):
        axis.imshow(view, cmap="gray", vmin=max(low, 0.0) if high > 0 else low, vmax=high)
        axis.set_title(f"turned by {angle:.0f}° about x", fontsize=9)
    _small(axes)
    binned = f" binned by {factor}" if factor > 1 else ""
    caption = (
        f"Maximum-intensity projections of the volume{binned} along the beam; x to the right, y downwards."
    )
    return Picture("Rendering", caption, _png(figure))


def of_check(facts: Facts) -> Picture:
    """Shift, misfit and intensity of each projection over its tilt, each with the floor."""
    check, tilts = facts.check, np.asarray(facts.series["tilts_deg"])
    order = np.argsort(tilts, kind="stable")
    floor_y, floor_x = check["floor_px"]
    spread = check["floor_intensity"]
    shifts = np.asarray(check["shifts_px"])
    figure = _figure(2.9)
    left, middle, right = figure.subplots(1, 3)
    for values, floor, name, color in (
        (shifts[:, 0], floor_y, "y", "C0"),
        (shifts[:, 1], floor_x, "x", "C1"),
    ):
        left.axhspan(-floor, floor, color=color, alpha=0.15, linewidth=0)
        left.plot(tilts[order], values[order], ".-", color=color, label=f"in {name}")
    middle.plot(tilts[order], np.asarray(check["misfits"])[order], ".-", label="this series")
    middle.plot(tilts[order], np.asarray(check["floor_misfits"])[order], "--", color="gray", label="floor")
    right.axhspan(1 - spread, 1 + spread, color="C0", alpha=0.15, linewidth=0)
    right.plot(tilts[order], np.asarray(check["intensities"])[order], ".-")
    for axis, name in ((left, "shift (px)"), (middle, "misfit"), (right, "intensity over prediction")):
        axis.set_xlabel("tilt (°)", fontsize=8)
        axis.set_title(name, fontsize=9)
    for axis in (left, middle):
        axis.legend(fontsize=7)
    _small((left, middle, right))
    caption = (
        "Each projection compared with its reprojection from the others. Bands and dashes: the floor, what a "
    )
    return Picture(
        "Projections", f"{caption}perfectly aligned simulated series of the same noise shows.", _png(figure)
    )


def _image(data: Any) -> NDArray[np.float32]:
    image = np.asarray(data, dtype=np.float32)
    return image if image.ndim == 2 else image.mean(axis=0)


def _reduced(data: Any) -> tuple[NDArray[np.float32], int]:
    """The volume with its mean over blocks, small enough to be turned, and the edge of a block."""
    factor = -(-max(data.shape) // _MOST_VOXELS)
    if factor == 1:
        return np.asarray(data, np.float32), 1
    nx, nz, ny = (size // factor for size in data.shape)
    parts = []
    for x in range(nx):  # slab by slab: the volume may not fit twice
        slab = np.asarray(data[x * factor : (x + 1) * factor, : nz * factor, : ny * factor], np.float32)
        parts.append(slab.reshape(factor, nz, factor, ny, factor).mean(axis=(0, 2, 4)))
    return np.stack(parts), factor


def _figure(height: float) -> Figure:
    """A figure with room for the labels of its axes; laid out by fixed margins, which is far quicker."""
    figure = Figure(figsize=(_WIDTH, height))
    figure.subplots_adjust(left=0.05, right=0.99, bottom=0.17, top=0.9, wspace=0.3)
    return figure


def _png(figure: Figure) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DPI, metadata={"Software": None})
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _small(axes: Sequence[Any] | NDArray[Any]) -> None:
    for axis in axes:
        axis.tick_params(labelsize=7)
