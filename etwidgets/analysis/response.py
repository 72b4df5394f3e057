"""What a reconstruction makes of a small point at a place of a slice; knows no series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from etwidgets import engine
from etwidgets.checks import checked_reals, is_number, is_whole
from etwidgets.errors import DataError, ParameterError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etwidgets.progress import Progress

_STRENGTH = 0.02  # of the brightest value of the data
_WINDOW_PX = 24.0  # on either side of the place, in which the widths are read
_STEP_PX = 0.1


@dataclass(frozen=True, eq=False)
class PointResponse:
    """The response of a reconstruction to a point.

    Attributes
    ----------
    image
        ``(Z, Y)``: the slice with the point minus the slice without it; a perfect reconstruction would show a
        Gaussian of height 1.
    voxel
        ``(z, y)`` index of the point.
    sigma_px
        Standard deviation of the point, pixels.
    peak
        Height of the response at the point.
    along_beam_px, across_px
        Full widths at half maximum through the point, along z and along y, pixels; infinite where the
        response does not fall to one half. The point itself is ``2.355 sigma_px`` wide.
    """

    image: NDArray[np.float32]
    voxel: tuple[int, int]
    sigma_px: float
    peak: float
    along_beam_px: float
    across_px: float

    @property
    def elongation(self) -> float:
        """Width along the beam over width across it."""
        return self.along_beam_px / self.across_px


def point_response(
    tilts_deg: ArrayLike,
    shape_zy: tuple[int, int],
    method: str = "FBP",
    iterations: int = 20,
    *,
    voxel: tuple[int, int] | None = None,
    sinogram: NDArray[Any] | None = None,
    sigma_px: float = 1.0,
    strength: float | None = None,
    minimum: float | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> PointResponse:
    """Reconstruct a slice with and without a small point, and return the difference.

    The point is a Gaussian, whose projection is known by formula: no projector is compared with itself.
    Constraints make the response depend on the data: give the sinogram to see it at work on them.

    Parameters
    ----------
    tilts_deg
        ``(T,)`` degrees.
    shape_zy
        Rows and columns of the slice.
    method, iterations
        Of :func:`etwidgets.engine.reconstruct`.
    voxel
        ``(z, y)`` index of the point; default: the middle.
    sinogram
        ``(T, Y)`` of the column that holds the point; default: nothing but the point, which is enough for
        methods without constraints.
    sigma_px
        Standard deviation of the point, pixels, at least 0.5. Details of this size are meant.
    strength
        Height of the point, in units of the volume; default: such that its projection has 2 % of the
        brightest value of the sinogram.
    minimum
        The lowest value allowed, as in :func:`etwidgets.engine.reconstruct`.
    progress
        Reports progress and can cancel the work.
    **options
        Of the method, and ``maximum``, ``mask``, ``weights``, ``model``, ``backend`` as there.

    Raises
    ------
    ParameterError, ShapeError, DataError
        If the voxel lies outside, or as :func:`etwidgets.engine.reconstruct`.

    Notes
    -----
    The elongation is a ratio of full widths. For linear methods it is 2 to 8 % above the ratio of curvatures
    that Radermacher's formula gives (:func:`elongation_factor`): 1.64 and 1.55 for FBP and tilts from -60 to
    60 degrees.
    """
    tilts = checked_reals("tilts", tilts_deg).ravel()
    n_z, n_y = (int(n) for n in shape_zy)
    geometry = engine.Geometry(np.deg2rad(tilts), n_y, n_z)
    place = _checked_voxel(voxel, (n_z, n_y))
    if not is_number(sigma_px) or sigma_px < 0.5:
        raise ParameterError(f"the width of the point must be at least 0.5 pixels, not {sigma_px!r}")
    data = _checked_sinogram(sinogram, (tilts.size, n_y))
    point = _projection(place, geometry, sigma_px)
    height = _checked_strength(strength, data, point)
    pair = np.stack([data, data + height * point], axis=-1)
    volume = engine.reconstruct(
        pair, geometry, algorithm=method, iterations=iterations, minimum=minimum, progress=progress, **options
    )
    image = (volume[1] - volume[0]) / np.float32(height)
    peak = float(image[place])
    if not peak > 0:
        raise DataError(
            f"the method shows nothing of a point at voxel {place}; use more iterations, or strength"
        )
    along, across = (_width(image, place, axis) for axis in (0, 1))
    return PointResponse(image, place, float(sigma_px), peak, along, across)


def _projection(place: tuple[int, int], geometry: engine.Geometry, sigma_px: float) -> NDArray[np.float64]:
    """``(T, Y)``: line integrals of a Gaussian of height 1."""
    row, column = place[0] - (geometry.n_z - 1) / 2, place[1] - (geometry.n_y - 1) / 2
    seen = column * np.cos(geometry.angles_rad) - row * np.sin(geometry.angles_rad)
    detector = np.arange(geometry.n_y) - (geometry.n_y - 1) / 2
    distance = (detector - seen[:, np.newaxis]) / sigma_px
    line: NDArray[np.float64] = sigma_px * np.sqrt(2 * np.pi) * np.exp(-(distance**2) / 2)
    return line


def _width(image: NDArray[np.float32], place: tuple[int, int], axis: int) -> float:
    """Full width at half of the value at a place, along an axis of a slice, by cubic interpolation."""
    reach = np.arange(0, _WINDOW_PX, _STEP_PX)
    width = 0.0
    for sign in (-1, 1):
        at = [np.full(reach.size, float(each)) for each in place]
        at[axis] = at[axis] + sign * reach
        inside = (at[axis] >= 0) & (at[axis] <= image.shape[axis] - 1)
        line = ndimage.map_coordinates(image, at, order=3, mode="nearest")
        above = line - 0.5 * image[place]
        below = np.flatnonzero((above < 0) & inside)
        if not below.size:
            return float("inf")
        last = below[0] - 1
        width += float(reach[last] + _STEP_PX * above[last] / (above[last] - above[last + 1]))
    return width


def _checked_voxel(voxel: tuple[int, int] | None, shape: tuple[int, int]) -> tuple[int, int]:
    if voxel is None:
        return shape[0] // 2, shape[1] // 2
    if np.shape(voxel) != (2,) or not all(
        is_whole(each) and 0 <= each < size for each, size in zip(voxel, shape, strict=True)
    ):
        raise ParameterError(f"voxel must be (z, y) indices within a slice of {shape}, not {voxel!r}")
    return int(voxel[0]), int(voxel[1])


def _checked_sinogram(sinogram: NDArray[Any] | None, shape: tuple[int, int]) -> NDArray[np.float64]:
    if sinogram is None:
        return np.zeros(shape)
    data = checked_reals("the sinogram", sinogram)
    if data.shape != shape:
        raise ShapeError(f"the sinogram has the shape {data.shape}, not {shape}, one row for each tilt")
    return data


def _checked_strength(strength: float | None, data: NDArray[Any], point: NDArray[Any]) -> float:
    if strength is None:
        brightest = float(np.abs(data).max())
        return _STRENGTH * brightest / float(point.max()) if brightest > 0 else 1.0
    if not is_number(strength) or strength <= 0:
        raise ParameterError(f"strength must be a positive number in units of the volume, not {strength!r}")
    return float(strength)
