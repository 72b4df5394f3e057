"""Exact numbers of an image, for measuring in it: profiles, statistics, a file; pure, knows no widget."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from scipy import ndimage

from etwidgets.errors import ParameterError
from etwidgets.picture_scale import contrast_limits
from etwidgets.views.panes import FULL_SIDE, reduced, to_plane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etwidgets.views.panes import Pane

_PER_CM = {"nm": 1e7, "\u00b5m": 1e4}  # how many of a unit make a centimeter


def profile(image: NDArray[Any], start: Sequence[float], end: Sequence[float]) -> NDArray[np.float64]:
    """Intensities along a line, one per pixel of its length, linear between pixels.

    Parameters
    ----------
    image
        ``(rows, columns)``.
    start, end
        Column and row, pixels; moved to the nearest place in the image where they are outside of it.

    Returns
    -------
    array
        From start to end, both included; at least two values.
    """
    most = np.array(image.shape[::-1]) - 1.0
    ends = np.clip(np.asarray([start, end], dtype=float), 0, most)
    left, top = np.floor(ends.min(axis=0)).astype(int)
    right, bottom = np.ceil(ends.max(axis=0)).astype(int)
    part = np.asarray(image[top : bottom + 1, left : right + 1], dtype=np.float64)
    count = max(2, round(float(np.hypot(*(ends[1] - ends[0])))) + 1)
    columns, rows = np.linspace(ends[0] - (left, top), ends[1] - (left, top), count).round(9).T
    values: NDArray[np.float64] = ndimage.map_coordinates(part, [rows, columns], order=1, mode="nearest")
    return values


def statistics(image: NDArray[Any], rectangle: Sequence[int]) -> dict[str, float | None]:
    """Number, mean, standard deviation, minimum and maximum of the finite values in a rectangle.

    Parameters
    ----------
    image
        ``(rows, columns)``.
    rectangle
        Left, top, right and bottom, pixels, right and bottom not in it; what is outside of the image is left
        out.

    Returns
    -------
    dict
        ``n``, ``mean``, ``sd`` (divided by n), ``min``, ``max``; None where there is no value.
    """
    left, top, right, bottom = (max(0, int(edge)) for edge in rectangle)
    values = np.asarray(image[top:bottom, left:right], dtype=np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return {"n": 0, "mean": None, "sd": None, "min": None, "max": None}
    found = {"mean": values.mean(), "sd": values.std(), "min": values.min(), "max": values.max()}
    return {"n": int(values.size), **{name: float(value) for name, value in found.items()}}


def tiff(pane: Pane, bits: int) -> bytes:
    """The image of a pane as a TIFF file with its pixel size as resolution, pixels per centimeter.

    Parameters
    ----------
    pane
        Its ``image``, at full resolution; its pixel size where that is in nm or µm.
    bits
        32: intensities as float32. 16: integers that fit as they are, others scaled so that the minimum is 0
        and the maximum 65535; the description says by what.

    Raises
    ------
    ParameterError
        For another number of bits, or if no value is finite.
    """
    image = np.asarray(pane.image)
    description = f"{pane.title} {pane.caption}".strip().encode("ascii", "replace").decode()
    if bits == 32:
        stored: NDArray[Any] = image.astype(np.float32)
    elif bits == 16:
        stored, said = _to_16_bits(image)
        description += said
    else:
        raise ParameterError(f"a TIFF file has 32 or 16 bits here, not {bits}")
    options: dict[str, Any] = {}
    if pane.pixel_size and pane.unit in _PER_CM:
        per_cm = _PER_CM[pane.unit] / pane.pixel_size
        options = {"resolution": (per_cm, per_cm), "resolutionunit": "CENTIMETER"}
    file = BytesIO()
    tifffile.imwrite(
        file, stored, photometric="minisblack", description=description, metadata=None, **options
    )
    return file.getvalue()


def _to_16_bits(image: NDArray[Any]) -> tuple[NDArray[Any], str]:
    """As integers of 16 bits, and what the description says of it."""
    for kind in (np.uint16, np.int16):
        if np.can_cast(image.dtype, kind):
            return image.astype(kind), ""
    finite = image[np.isfinite(image)]
    if not finite.size:
        raise ParameterError("no value of the image is finite; it cannot be saved with 16 bits")
    low, high = float(finite.min()), float(finite.max())
    step = (high - low) / 65535 or 1.0
    scaled = np.nan_to_num((np.asarray(image, np.float64) - low) / step, nan=0.0, posinf=65535, neginf=0)
    return scaled.round().astype(np.uint16), f"; intensity = {low:.9g} + {step:.9g} * value"


def difference(pane: Pane, other: Pane) -> tuple[dict[str, Any], bytes]:
    """The other image minus this one, to be drawn: its size and limits, and a byte per pixel.

    Zero is in the middle, and the limits hold 98 percent of the pixels.

    Raises
    ------
    ParameterError
        If their sizes differ.
    """
    if pane.image.shape != other.image.shape:
        raise ParameterError(
            f"images of {pane.image.shape} and {other.image.shape} pixels have no difference"
        )
    change = np.asarray(other.image, np.float64) - np.asarray(pane.image, np.float64)
    reach = max(abs(limit) for limit in contrast_limits(change, (1, 99))) or 1.0
    image, factor = reduced(change, FULL_SIDE)
    said = {"width": image.shape[1], "height": image.shape[0], "factor": factor, "limits": [-reach, reach]}
    return said, to_plane(image, (-reach, reach)).tobytes()


def answer(panes: Sequence[Pane], asked: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """The reply to what the browser asks about one of the panes, as a message with its buffers.

    Parameters
    ----------
    panes
        As they are shown.
    asked
        ``type`` ``"values"``: ``what`` is ``"profile"`` with ``points``, or ``"statistics"`` with
        ``rectangle``. ``type`` ``"file"``: with ``bits``. ``type`` ``"difference"``: with ``other``, the pane
        from which ``pane`` is subtracted. All have ``id``, which the reply repeats, and ``pane``.

    Returns
    -------
    dict
        ``refused`` says why where there is no answer.
    list of bytes
        The values of a profile as float64, the file, or the difference as bytes.
    """
    reply = {"type": asked["type"], "id": asked.get("id")}
    try:
        found, buffers = _found(panes, asked)
    except ParameterError as error:
        return {**reply, "refused": str(error)}, []
    return {**reply, **found}, buffers


def _found(panes: Sequence[Pane], asked: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    place = int(asked["pane"])
    other = int(asked.get("other", place))
    if not {place, other} <= set(range(len(panes))):
        raise ParameterError("the image is not shown any more")
    pane = panes[place]
    if pane.mixed:
        raise ParameterError("several images in colors have no one value per pixel")
    if asked["type"] == "difference":
        said, plane = difference(pane, panes[other])
        return {"said": said}, [plane]
    if asked["type"] == "file":
        return {}, [tiff(pane, int(asked["bits"]))]
    if asked["what"] == "profile":
        return {}, [profile(pane.image, *asked["points"]).tobytes()]
    return {**statistics(pane.image, asked["rectangle"])}, []
