"""From signals and indices to panes of an image view; pure, wires nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.views import Pane, contrast_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.session import Display
    from etwidgets.signals import RecStack, TomoStack

_SAMPLES = 400_000  # values from which the contrast of a whole stack is judged


class Contrast:
    """Intensities that are drawn black and white, the same for all images of a stack.

    They are found once for a signal and a pair of percentiles, from an even sample of its values.
    """

    def __init__(self) -> None:
        self._known: tuple[Any, tuple[float, float]] | None = None
        self._limits = (0.0, 1.0)

    def of(self, signal: TomoStack | RecStack, percentiles: tuple[float, float]) -> tuple[float, float]:
        """The limits for a signal."""
        data = signal.data
        if self._known is None or self._known[0] is not data or self._known[1] != percentiles:
            self._limits = contrast_limits(_sample(data), percentiles)
            self._known = (data, percentiles)
        return self._limits


def _sample(data: Any) -> NDArray[Any]:
    step = max(1, int(np.ceil((data.size / _SAMPLES) ** (1 / data.ndim))))
    return np.asarray(data[(slice(None, None, step),) * data.ndim])


def pixel_size(signal: TomoStack | RecStack, axis: str) -> float | None:
    """Pixel size along an axis in nm, or None where it is not known."""
    known = signal.axes_manager[axis]
    return float(known.scale) if str(known.units) == "nm" else None


def tilt_in_words(stack: TomoStack, index: int) -> str:
    """The tilt of a projection, or its number where there are no tilts."""
    return f"{stack.tilts_deg[index]:+.1f}°" if stack.has_tilts else f"no. {index + 1}"


def image_of(stack: TomoStack, index: int) -> NDArray[Any]:
    """One projection ``(Y, X)``; the mean over frames where there are several."""
    image = np.asarray(stack.data[index])
    return image if image.ndim == 2 else image.mean(axis=0)


def projection_pane(stack: TomoStack, display: Display, limits: tuple[float, float], **options: Any) -> Pane:
    """The projection that ``display`` points at."""
    index = min(display.projection, stack.data.shape[0] - 1)
    return Pane(
        image_of(stack, index),
        limits=limits,
        cmap=display.colour_map,
        title=options.pop("title", "Projection"),
        caption=f"{index + 1} of {stack.data.shape[0]}, {tilt_in_words(stack, index)}",
        pixel_size=pixel_size(stack, "x"),
        axes=("x", "y"),
        **options,
    )


def sinogram_pane(
    stack: TomoStack, display: Display, limits: tuple[float, float], title: str = "Sinogram"
) -> Pane:
    """The sinogram at the column that ``display`` points at: tilt downwards, y to the right."""
    column = min(display.column, stack.data.shape[-1] - 1)
    sinogram = np.asarray(stack.data[..., column])
    if sinogram.ndim == 3:
        sinogram = sinogram.mean(axis=1)
    return Pane(
        sinogram,
        limits=limits,
        cmap=display.colour_map,
        title=title,
        caption=f"at x = {column}",
        axes=("y", "tilt"),
    )


def over_tilts_pane(stack: TomoStack, display: Display, kind: str, title: str = "") -> Pane:
    """The maximum or the sum over all tilts: once registered, bright points draw lines across x."""
    images = np.asarray(stack.data)
    axes = tuple(range(images.ndim - 2))
    title = title or f"{kind.capitalize()} over all tilts"
    return Pane(
        images.max(axis=axes) if kind == "maximum" else images.sum(axis=axes, dtype=np.float64),
        cmap=display.colour_map,
        title=title,
        caption=f"{images.shape[0]} projections",
        pixel_size=pixel_size(stack, "x"),
    )


def difference_pane(
    image: NDArray[Any], title: str, caption: str, axes: tuple[str, str] = ("x", "y")
) -> Pane:
    """A difference: zero is mid-grey, and both signs reach as far."""
    reach = max(abs(limit) for limit in contrast_limits(image, (1, 99))) or 1.0
    return Pane(image, limits=(-reach, reach), cmap="coolwarm", title=title, caption=caption, axes=axes)


def slice_panes(volume: RecStack, display: Display, limits: tuple[float, float]) -> list[Pane]:
    """The three slices of a volume through the voxel that ``display`` points at."""
    sizes = volume.data.shape
    x, z, y = (min(index, size - 1) for index, size in zip(display.voxel, sizes, strict=True))
    data, size = volume.data, pixel_size(volume, "x")
    cuts = (
        (np.asarray(data[x]), f"x = {x}", ("y", "z"), (y, z)),
        (np.asarray(data[:, :, y]).T, f"y = {y}", ("x", "z"), (x, z)),
        (np.asarray(data[:, z, :]).T, f"z = {z}", ("x", "y"), (x, y)),
    )
    return [
        Pane(
            image,
            limits=limits,
            cmap=display.colour_map,
            title=f"Slice {caption}",
            caption=f"{image.shape[1]} x {image.shape[0]} px",
            pixel_size=size,
            axes=axes,
            cross=cross,
        )
        for image, caption, axes, cross in cuts
    ]


def slice_pane(volume: RecStack, x: int, display: Display, limits: tuple[float, float], title: str) -> Pane:
    """One slice of a volume, at column x."""
    return bare_slice(np.asarray(volume.data[x]), x, pixel_size(volume, "x"), display, limits, title)


def bare_slice(
    image: NDArray[Any],
    x: int,
    size_nm: float | None,
    display: Display,
    limits: tuple[float, float],
    title: str,
) -> Pane:
    """A slice ``(Z, Y)`` at column x."""
    return Pane(
        image,
        limits=limits,
        cmap=display.colour_map,
        title=title,
        caption=f"at x = {x}",
        pixel_size=size_nm,
        axes=("y", "z"),
    )
