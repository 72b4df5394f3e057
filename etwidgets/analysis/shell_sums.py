"""Sums over shells and rings of Fourier space for two volumes; knows no criterion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft

from etwidgets.resources import check_memory, n_cores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CONES = {"x": 0, "beam": 1, "y": 2}
"""Axis of the volume ``(X, Z, Y)`` about which each cone lies."""
_BYTES = (
    24  # of a voxel: two tapered volumes, two half spectra of complex64, and one volume being transformed
)


@dataclass(frozen=True, eq=False)
class ShellSums:
    """What is summed over the cells of each shell, Friedel pairs once.

    Attributes
    ----------
    cross
        ``(S,)``: real part of the first spectrum times the conjugate of the second.
    first, second
        ``(S,)``: power of each.
    cells
        ``(S,)``: number of Friedel pairs of cells that were measured.
    all_cells
        ``(S,)``: the same, measured or not.
    """

    cross: NDArray[np.float64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    cells: NDArray[np.float64]
    all_cells: NDArray[np.float64]

    @property
    def correlation(self) -> NDArray[np.float64]:
        """``(S,)``; NaN where nothing was measured, or a volume has no power."""
        power = np.sqrt(self.first * self.second)
        return np.divide(self.cross, power, out=np.full(power.shape, np.nan), where=power > 0)


def faded(volume: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """A volume without its level at the edges, multiplied with a weight that is 1 inside and 0 outside.

    The level is the mean where the weight is low; otherwise a level that both volumes have would correlate.
    """
    product = volume * weight
    outside = weight.size - float(weight.sum(dtype=np.float64))
    if outside > 0:
        level = float(volume.sum(dtype=np.float64)) - float(product.sum(dtype=np.float64))
        product -= np.float32(level / outside) * weight
    return product


def taper(shape: tuple[int, ...], fraction: float) -> NDArray[np.float32]:
    """A weight that falls to 0 at the edges, a raised cosine over a fraction of each side; axes of 1 stay."""
    result = np.ones((1,) * len(shape), np.float32)
    for axis, size in enumerate(shape):
        width = fraction * size
        if size == 1 or width <= 0:
            continue
        to_edge = np.minimum(np.arange(size), np.arange(size)[::-1]) + 0.5
        row = np.where(to_edge < width, 0.5 - 0.5 * np.cos(np.pi * to_edge / width), 1.0)
        sizes = [1] * len(shape)
        sizes[axis] = size
        result = result * row.astype(np.float32).reshape(sizes)
    return np.broadcast_to(result, shape)


def independent_share(weight: NDArray[np.float32]) -> float:
    """The share of the cells of a shell that stay independent when volumes are multiplied with a weight.

    The weight smears over ``N sum w⁴ / (sum w²)²`` cells; of these, only those along the shell, which is one
    cell thin, reduce the number: the power 2/3 in a volume, 1/2 in an image.
    """
    square = weight * weight
    total = float(square.sum(dtype=np.float64))
    smeared = square.size * float((square * square).sum(dtype=np.float64)) / total**2
    dimensions = sum(size > 1 for size in weight.shape)
    return float(smeared ** (-(dimensions - 1) / dimensions))


def transformed(volume: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Half of the Fourier transform, with as many threads as there are cores."""
    result: NDArray[np.complex64] = scipy.fft.rfftn(volume, workers=n_cores())
    return result


def check_memory_of(shape: tuple[int, ...]) -> None:
    """Refuse volumes that cannot be transformed in the free memory."""
    check_memory(
        float(_BYTES * np.prod(shape, dtype=float)), "a Fourier shell correlation", "bin the volumes"
    )


def n_shells(shape: tuple[int, ...]) -> int:
    """How many shells there are up to the Nyquist frequency, that of zero frequency left aside."""
    return max(shape) // 2


def shell_sums(
    first: NDArray[np.complex64],
    second: NDArray[np.complex64],
    shape: tuple[int, int, int],
    *,
    measured: NDArray[np.bool_] | None = None,
    cones: Sequence[str | None] = (None,),
    cone_deg: float = 20.0,
) -> dict[str | None, ShellSums]:
    """Sums over shells whose width is one cell of the longest side, in one pass over the spectra.

    Parameters
    ----------
    first, second
        From :func:`transformed`.
    shape
        Of the volumes.
    measured
        ``(Z, Y // 2 + 1)``: the cells that count; default: all.
    cones
        Of :data:`CONES`; None for whole shells.
    cone_deg
        Half the angle of a cone.
    """
    count = n_shells(shape)
    n_x, n_z, n_y = shape
    z, y = np.fft.fftfreq(n_z)[:, np.newaxis], np.fft.rfftfreq(n_y)
    pairs = np.full(y.size, 1.0, np.float32)  # a cell of these two planes has its mate in the same plane
    pairs[0] = 0.5
    if n_y % 2 == 0:
        pairs[-1] = 0.5
    square = z**2 + y**2
    counted = np.broadcast_to(pairs, square.shape)
    weight = counted if measured is None else counted * measured
    parts = (z, y)
    sums = {cone: np.zeros((5, count + 2)) for cone in cones}
    for number, x in enumerate(np.fft.fftfreq(n_x)):
        radius = np.sqrt(square + x * x)
        shell = np.minimum(np.rint(radius * max(shape)).astype(np.intp), count + 1)
        a, b = first[number], second[number]
        rows: tuple[Any, ...] = (
            (a.real * b.real + a.imag * b.imag) * weight,
            (a.real**2 + a.imag**2) * weight,
            (b.real**2 + b.imag**2) * weight,
            weight,
            counted,
        )
        for cone in cones:
            chosen = ... if cone is None else _in_cone(cone, cone_deg, x, *parts, radius)
            places = shell[chosen].ravel()
            for row, total in zip(rows, sums[cone], strict=True):
                total[:] += np.bincount(places, row[chosen].ravel(), count + 2)
    return {cone: ShellSums(*total[:, 1 : count + 1]) for cone, total in sums.items()}


def _in_cone(
    cone: str, cone_deg: float, x: float, z: NDArray[Any], y: NDArray[Any], radius: NDArray[Any]
) -> NDArray[np.bool_]:
    along = (x, z, y)[CONES[cone]]
    inside: NDArray[np.bool_] = np.abs(along) >= np.cos(np.deg2rad(cone_deg)) * radius - 1e-12
    return inside


def with_random_phases(
    spectrum: NDArray[np.complex64], shape: tuple[int, int, int], beyond: float, seed: int
) -> NDArray[np.float32]:
    """A volume whose Fourier phases beyond a frequency (cycles/px) are those of noise, not its amplitudes."""
    noise = transformed(np.random.default_rng(seed).standard_normal(shape, dtype=np.float32))
    noise *= np.abs(spectrum) / np.maximum(np.abs(noise), np.finfo(np.float32).tiny)
    x, z = np.fft.fftfreq(shape[0])[:, None, None], np.fft.fftfreq(shape[1])[:, None]
    near = x**2 + z**2 + np.fft.rfftfreq(shape[2]) ** 2 < beyond**2
    np.copyto(noise, spectrum, where=near)
    result: NDArray[np.float32] = scipy.fft.irfftn(noise, shape, workers=n_cores())
    return result
