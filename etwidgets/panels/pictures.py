"""From signals and indices to panes of an image view; pure, wires nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.session import SERIES
from etwidgets.signals import TomoStack
from etwidgets.views import Pane, contrast_limits, to_plane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.session import Display, Snapshot
    from etwidgets.signals import RecStack

_SAMPLES = 400_000  # values from which the contrast of a whole stack is judged


class Contrast:
    """Intensities that are drawn black and white, the same for all images of a stack.

    They are found once for a signal and a pair of percentiles, from an even sample of its values.
    """

    def __init__(self) -> None:
        self._data: Any = None
        self._sample: NDArray[Any] = np.zeros(1)
        self._limits: dict[tuple[float, float], tuple[float, float]] = {}

    def clear(self) -> None:
        """Forget the signal, and let its data go."""
        self._data, self._sample, self._limits = None, np.zeros(1), {}

    def sample_of(self, signal: TomoStack | RecStack) -> NDArray[Any]:
        """An even sample of the signal's values; the same array as long as the data are the same."""
        if self._data is not signal.data:
            self._data, self._sample, self._limits = signal.data, _sample(signal.data), {}
        return self._sample

    def of(self, signal: TomoStack | RecStack, percentiles: tuple[float, float]) -> tuple[float, float]:
        """The limits for a signal."""
        sample = self.sample_of(signal)
        if percentiles not in self._limits:
            self._limits = {percentiles: contrast_limits(sample, percentiles)}
        return self._limits[percentiles]

    def shown(self, signal: TomoStack | RecStack, display: Display, name: str = "") -> tuple[float, float]:
        """The limits that ``display`` asks for: those that were set for the signal, or its percentiles.

        Parameters
        ----------
        signal
            Whose images are drawn.
        display
            How the data are looked at.
        name
            Of the signal in ``display.limits``; default: what it is.
        """
        return display.limits_of(name or limits_name(signal)) or self.of(signal, display.contrast)


def limits_name(signal: TomoStack | RecStack, channel: str = "") -> str:
    """How a signal is called where limits of its contrast are kept."""
    if isinstance(signal, TomoStack):
        return SERIES
    return "volume" if channel in ("", SERIES) else f"volume {channel}"


def _sample(data: Any) -> NDArray[Any]:
    step = max(1, int(np.ceil((data.size / _SAMPLES) ** (1 / data.ndim))))
    return np.asarray(data[(slice(None, None, step),) * data.ndim])


def pixel_size(signal: TomoStack | RecStack, axis: str) -> float | None:
    """Pixel size along an axis in nm, or None where it is not known."""
    known = signal.axes_manager[axis]
    return float(known.scale) if str(known.units) == "nm" else None


def tilt_text(stack: TomoStack, index: int) -> str:
    """The tilt of a projection, or its number where there are no tilts."""
    return f"{stack.tilts_deg[index]:+.1f}°" if stack.has_tilts else f"no. {index + 1}"


def image_of(stack: TomoStack, index: int) -> NDArray[Any]:
    """One projection ``(Y, X)``; the mean over frames where there are several."""
    image = np.asarray(stack.data[index])
    return image if image.ndim == 2 else image.mean(axis=0)


def projection_pane(stack: TomoStack, display: Display, limits: tuple[float, float], **options: Any) -> Pane:
    """The projection that ``display`` points at."""
    return bare_projection(
        stack, min(display.projection, stack.data.shape[0] - 1), display, limits, **options
    )


def bare_projection(
    stack: TomoStack, index: int, display: Display, limits: tuple[float, float], **options: Any
) -> Pane:
    """A certain projection."""
    return Pane(
        image_of(stack, index),
        limits=limits,
        cmap=display.color_map,
        title=options.pop("title", "Projection"),
        caption=f"{index + 1} of {stack.data.shape[0]}, {tilt_text(stack, index)}",
        pixel_size=pixel_size(stack, "x"),
        axes=("x", "y"),
        **options,
    )


def sinogram_pane(
    stack: TomoStack, display: Display, limits: tuple[float, float], title: str = "Sinogram", **options: Any
) -> Pane:
    """The sinogram at the column that ``display`` points at: tilt downwards, y to the right."""
    column = min(display.column, stack.data.shape[-1] - 1)
    sinogram = np.asarray(stack.data[..., column])
    if sinogram.ndim == 3:
        sinogram = sinogram.mean(axis=1)
    return Pane(
        sinogram,
        limits=limits,
        cmap=display.color_map,
        title=title,
        caption=f"at x = {column}",
        axes=("y", "tilt"),
        **options,
    )


def over_tilts_pane(stack: TomoStack, display: Display, kind: str, title: str = "") -> Pane:
    """The maximum or the sum over all tilts: once registered, bright points draw lines across x."""
    images = np.asarray(stack.data)
    axes = tuple(range(images.ndim - 2))
    title = title or f"{kind.capitalize()} over all tilts"
    return Pane(
        images.max(axis=axes) if kind == "maximum" else images.sum(axis=axes, dtype=np.float64),
        cmap=display.color_map,
        title=title,
        caption=f"{images.shape[0]} projections",
        pixel_size=pixel_size(stack, "x"),
    )


def difference_pane(
    image: NDArray[Any], title: str, caption: str, axes: tuple[str, str] = ("x", "y")
) -> Pane:
    """A difference: zero is mid-gray, and both signs reach as far."""
    reach = max(abs(limit) for limit in contrast_limits(image, (1, 99))) or 1.0
    return Pane(image, limits=(-reach, reach), cmap="coolwarm", title=title, caption=caption, axes=axes)


def slice_panes(
    volume: RecStack, display: Display, limits: tuple[float, float], data: NDArray[Any] | None = None
) -> list[Pane]:
    """The three slices of a volume, or of other data in its place, through the voxel of ``display``."""
    sizes = volume.data.shape
    x, z, y = (min(index, size - 1) for index, size in zip(display.voxel, sizes, strict=True))
    data, size = volume.data if data is None else data, pixel_size(volume, "x")
    cuts = (
        (np.asarray(data[x]), f"x = {x}", ("y", "z"), (y, z), x),
        (np.asarray(data[:, :, y]).T, f"y = {y}", ("x", "z"), (x, z), y),
        (np.asarray(data[:, z, :]).T, f"z = {z}", ("x", "y"), (x, y), z),
    )
    return [
        Pane(
            image,
            limits=limits,
            cmap=display.color_map,
            title=f"Slice {caption}",
            caption=f"{image.shape[1]} x {image.shape[0]} px",
            pixel_size=size,
            axes=axes,
            cross=cross,
            slider=(place, sizes["xzy".index(caption[0])], caption[0]),
        )
        for image, caption, axes, cross, place in cuts
    ]


def outlined(
    pane: Pane,
    limits: tuple[float, float],
    inside: NDArray[np.bool_],
    color: tuple[int, int, int] = (255, 180, 84),
) -> NDArray[np.uint8]:
    """Colors of a pane in gray with a part of it outlined ``(rows, columns, 3)``."""
    rgb = np.repeat(to_plane(pane.image, limits)[..., np.newaxis], 3, axis=-1)
    padded = np.pad(inside, 1, mode="edge")
    around = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    rgb[inside & ~around] = color
    return rgb


def comparison_panes(
    kept: Snapshot, now: Snapshot, display: Display, contrast: Contrast
) -> tuple[list[Pane], str]:
    """Two results and their difference; and what is to be said, also where they cannot be compared.

    Their volumes at the column that ``display`` points at; where there are none, the projections.
    """
    if kept.stack is None and kept.reconstruction is None:
        return [], "Restore this snapshot to compute its result again; then it can be compared."
    volumes = kept.reconstruction is not None and now.reconstruction is not None
    one, other = (kept.reconstruction, now.reconstruction) if volumes else (kept.stack, now.stack)
    if one is None or other is None:
        return [], "One of the two has neither a volume nor projections."
    if one.data.shape != other.data.shape:
        sizes = " and ".join(" x ".join(map(str, each.data.shape)) for each in (one, other))
        return [], f"The sizes differ: {sizes} {'voxels' if volumes else 'pixels'}."
    limits = contrast.shown(other, display)
    if volumes:
        x = min(display.voxel[0], other.data.shape[0] - 1)
        images, caption, axes = [np.asarray(each.data[x]) for each in (one, other)], f"at x = {x}", ("y", "z")
    else:
        index = min(display.projection, other.data.shape[0] - 1)
        images, axes = [np.asarray(each.data[index], np.float32) for each in (one, other)], ("x", "y")
        caption = f"projection {index + 1}"
    size = pixel_size(other, "y")
    panes = [
        Pane(image, limits, display.color_map, title, f"{label}, {caption}", size, axes=axes)
        for image, title, label in zip(images, ("Snapshot", "Now"), (kept.label, now.label), strict=True)
    ]
    change = images[1] - images[0]
    norm = float(np.linalg.norm(images[0])) or 1.0
    panes.append(difference_pane(change, "Difference", f"now minus snapshot, {caption}", axes))
    return (
        panes,
        f"The difference is {100 * float(np.linalg.norm(change)) / norm:.2f} % of the snapshot.",
    )


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
        cmap=display.color_map,
        title=title,
        caption=f"at x = {x}",
        pixel_size=size_nm,
        axes=("y", "z"),
    )
