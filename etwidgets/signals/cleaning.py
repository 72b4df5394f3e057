"""Corrects intensities of a tilt series that is eager, lazy or has frames; the numbers are ``align``'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from etwidgets import align
from etwidgets.checks import is_whole
from etwidgets.errors import DataError, OutsideError
from etwidgets.signals import tomography_node as node
from etwidgets.signals.blocks import listener, map_projections
from etwidgets.signals.lazy_images import images_of

if TYPE_CHECKING:
    from typing import TypeVar

    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals.tilt_series import TiltSeries

    Series = TypeVar("Series", bound=TiltSeries)


def averaged(stack: TiltSeries) -> Any:
    """The projections ``(T, Y, X)``; several frames are averaged."""
    return stack.data if stack.data.ndim == 3 else stack.data.mean(axis=1)


def without_background(stack: Series, given: dict[str, Any], progress: Progress | None) -> Series:
    """A copy without its background; what was subtracted is in ``metadata.Tomography.background``.

    Raises
    ------
    DataError
        If the background cannot be determined.
    """
    progress = listener(progress, show_progressbar=False, title="background")
    with images_of(averaged(stack), progress.part(0, 0.2)) as images:
        found = align.estimate_background(images, progress=progress.part(0.2, 0.7), **given)
    if not found.determined:
        raise DataError(
            f"the background is not determined: {found.reason}; choose a method other than 'auto', for "
            "example 'frame' with an empty rectangle"
        )
    rows = np.column_stack([found.levels, found.slopes])

    def run(images: NDArray[Any], rows: NDArray[np.float64], progress: Progress) -> NDArray[Any]:
        progress.advance(0)
        backgrounds = align.Background(
            found.method, found.shape, rows[:, 0], rows[:, 0], rows[:, 1:], rows[:, 0], found.maximum
        )
        return align.subtract_background(images, backgrounds)

    data = map_projections(stack.data, run, rows=rows, progress=progress.part(0.7, 1))
    result = stack._deepcopy_with_new_data(data)  # HyperSpy's way
    said = {"method": found.method, "shape": found.shape, "level": found.level, "error": found.error}
    result.metadata.set_item("Tomography.background", said)
    progress.advance(1)
    return result


def equalized(stack: Series, law: str, progress: Progress | None) -> Series:
    """A copy without flicker; the factors are in ``metadata.Tomography.intensity_factors``."""
    progress = listener(progress, show_progressbar=False, title="intensity")
    with images_of(averaged(stack), progress.part(0, 0.5)) as images:
        found = align.intensity_factors(images, stack.tilts_deg, law=law)

    def run(images: NDArray[Any], rows: NDArray[np.float64], progress: Progress) -> NDArray[Any]:
        progress.advance(0)
        return (images * rows[:, :1, np.newaxis]).astype(np.float32)

    data = map_projections(stack.data, run, rows=found.factors[:, np.newaxis], progress=progress.part(0.5, 1))
    result = stack._deepcopy_with_new_data(data)
    result.metadata.set_item("Tomography.intensity_law", found.law)
    result.metadata.set_item("Tomography.intensity_factors", found.factors.copy())
    progress.advance(1)
    return result


def without_hot_pixels(stack: Series, deviations: float, progress: Progress | None) -> Series:
    """A copy, in memory, in which hot pixels have the median of their neighbors."""
    progress = listener(progress, show_progressbar=False, title="hot pixels")
    stack._check_copies(1)
    data = np.asarray(stack.data)
    images = data.reshape(-1, *data.shape[-2:])
    found = align.find_hot_pixels(images, deviations=deviations, progress=progress.part(0, 0.9))
    replaced = align.remove_hot_pixels(images, found).reshape(data.shape)
    progress.advance(1)
    if isinstance(stack.data, da.Array):
        replaced = da.from_array(replaced, chunks=stack.data.chunks)
    result = stack._deepcopy_with_new_data(replaced)
    result.metadata.set_item("Tomography.hot_pixels", found.count)
    return result


def detector_corrected(
    stack: Series, dark: ArrayLike | int | None, gain: ArrayLike | int | None, progress: Progress | None
) -> Series:
    """A copy with the dark image subtracted, divided by the gain image."""
    progress = listener(progress, show_progressbar=False, title="detector")
    low, scale = (_detector_image(stack, image, name) for image, name in ((dark, "dark"), (gain, "gain")))

    def run(images: NDArray[Any], progress: Progress) -> NDArray[Any]:
        progress.advance(0)
        return align.correct_detector(images, low, scale)

    first = np.asarray(stack.data[0]).reshape(-1, *stack.data.shape[-2:])
    align.correct_detector(first, low, scale)  # what is wrong is said now, also of lazy data
    return stack._deepcopy_with_new_data(map_projections(stack.data, run, progress=progress))


def _detector_image(stack: TiltSeries, image: ArrayLike | int | None, name: str) -> Any:
    """An image, or the projection of an index."""
    if image is None or np.ndim(image) > 0:
        return image
    count = node.count(stack)
    if not is_whole(image) or not 0 <= int(image) < count:  # type: ignore[arg-type]
        raise OutsideError(
            f"{name} must be an image or the index of a projection, 0 to {count - 1}, not {image!r}"
        )
    chosen = stack.data[int(image)]  # type: ignore[arg-type]
    return np.asarray(chosen if chosen.ndim == 2 else chosen.mean(axis=0))
