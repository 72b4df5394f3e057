"""Fourier shell correlation of two volumes, and Fourier ring correlation of two images.

Knows neither how the volumes were made nor whether their errors are independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.analysis import shell_sums as sums
from etwidgets.analysis.checks import checked_voxel
from etwidgets.analysis.missing_wedge import measured_cells
from etwidgets.analysis.resolution_criteria import Resolution, crossing, threshold_at
from etwidgets.checks import is_number
from etwidgets.errors import DataError, ParameterError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

DIRECTIONS = (None, "x", "y", "beam")
"""Whole shells, and cones about the tilt axis, across it, and along the beam at zero tilt."""

_SMALLEST = 16  # pixels of the longest side
_RANDOM_BELOW = 0.8  # correlation without the mask, from which on the phases are made random
_SKIPPED = 2  # shells beyond that, where the randomized curve has not yet settled


@dataclass(frozen=True, eq=False)
class ShellCorrelation:
    """The correlation of two volumes in shells of Fourier space.

    Attributes
    ----------
    frequencies
        ``(S,)`` cycles per pixel, up to the Nyquist frequency 0.5; a shell is one cell of the longest side
        wide.
    correlation
        ``(S,)``; with a mask corrected for it; NaN where nothing was measured.
    standard_error
        ``(S,)``: ``(1 - correlation²) / sqrt(2 n)``; with a mask, that of the correction is added.
    n_independent
        ``(S,)``: independent cells n of each shell: measured ones, Friedel pairs once, times the share
        that taper and mask leave independent.
    measured
        ``(S,)``: the share of the cells that the tilts measure, 0 to 1.
    cone, cone_deg
        The cone, None for whole shells; and the angle between its axis and its surface, degrees.
    pixel_size_nm
        If it was given.
    uncorrected
        ``(S,)``: with a mask, the correlation before the correction.
    randomized
        ``(S,)``: with a mask, the correlation that the mask makes of random phases.
    """

    frequencies: NDArray[np.float64]
    correlation: NDArray[np.float64]
    standard_error: NDArray[np.float64]
    n_independent: NDArray[np.float64]
    measured: NDArray[np.float64]
    cone: str | None = None
    cone_deg: float = 20.0
    pixel_size_nm: float | None = None
    uncorrected: NDArray[np.float64] | None = None
    randomized: NDArray[np.float64] | None = None

    @property
    def frequencies_per_nm(self) -> NDArray[np.float64] | None:
        """``(S,)`` cycles per nm, if the pixel size is known."""
        return None if self.pixel_size_nm is None else self.frequencies / self.pixel_size_nm

    def threshold(self, criterion: str | float = "half-bit") -> NDArray[np.float64]:
        """``(S,)``: the correlation that a criterion asks for; see :func:`threshold_at`."""
        return threshold_at(criterion, self.n_independent)

    def resolution(self, criterion: str | float = "half-bit") -> Resolution:
        """Up to which frequency the volumes agree; see :class:`Resolution`.

        Parameters
        ----------
        criterion
            ``"half-bit"``, ``"1-bit"``, or a correlation such as 0.143 or 0.5.
        """
        return crossing(
            self.frequencies, self.correlation, self.standard_error, self.n_independent, criterion,
            self.pixel_size_nm,
        )  # fmt: skip


def fourier_shell_correlation(
    volume_a: NDArray[Any],
    volume_b: NDArray[Any],
    pixel_size_nm: float | None = None,
    *,
    tilts_deg: ArrayLike | Sequence[ArrayLike] | None = None,
    cone: str | None = None,
    cone_deg: float = 20.0,
    diameter_px: float | None = None,
    mask: NDArray[Any] | None = None,
    taper: float = 0.2,
    seed: int = 0,
) -> ShellCorrelation:
    """Correlate two volumes, or two images, in shells of Fourier space.

    ``FSC = Re sum(F1 F2*) / sqrt(sum |F1|² sum |F2|²)`` over the measured cells of a shell (Harauz and van
    Heel 1986, Optik 73, 146). How independent the two are is for the caller to say: an error that both share,
    such as that of a common alignment, looks like signal.

    Parameters
    ----------
    volume_a, volume_b
        Both ``(X, Z, Y)``, or both images ``(Y, X)``, for which the same in rings is the Fourier ring
        correlation; at least 16 pixels along the longest side.
    pixel_size_nm
        Length of a voxel.
    tilts_deg
        Degrees, ``(T,)``, or one such list for each volume: only cells that were measured for both count.
        Default: all cells.
    cone
        ``"x"`` (along the tilt axis), ``"y"`` (across it), ``"beam"``; None: whole shells.
    cone_deg
        Angle between the axis of the cone and its surface, degrees.
    diameter_px
        Of the specimen; see :func:`measured_cells`.
    mask
        Of the shape of a volume, 0 to 1, with soft edges. What it adds to the correlation is measured on
        volumes with random phases and subtracted (Chen et al. 2013, doi:10.1016/j.ultramic.2013.06.004). The
        correction is not exact (Penczek 2020, doi:10.1107/S2052252520011574): prefer no mask, or a wide one.
    taper
        Fraction of each side over which the volumes fade out at the edges, 0 to 0.5: an edge that cuts the
        specimen would be the same in both.
    seed
        Of the random phases.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the volumes do not fit each other, are not finite, or a parameter is wrong.
    MemoryLimitError
        If they do not fit into the memory.
    """
    return shell_correlations(
        volume_a, volume_b, pixel_size_nm, tilts_deg=tilts_deg, cones=(cone,), cone_deg=cone_deg,
        diameter_px=diameter_px, mask=mask, taper=taper, seed=seed,
    )[cone]  # fmt: skip


def shell_correlations(
    volume_a: NDArray[Any],
    volume_b: NDArray[Any],
    pixel_size_nm: float | None = None,
    *,
    tilts_deg: ArrayLike | Sequence[ArrayLike] | None = None,
    cones: Sequence[str | None] = DIRECTIONS,
    cone_deg: float = 20.0,
    diameter_px: float | None = None,
    mask: NDArray[Any] | None = None,
    taper: float = 0.2,
    seed: int = 0,
) -> dict[str | None, ShellCorrelation]:
    """:func:`fourier_shell_correlation` for whole shells and cones together, in the time of one.

    Parameters
    ----------
    cones
        Keys of the result.
    volume_a, volume_b, pixel_size_nm, tilts_deg, cone_deg, diameter_px, mask, taper, seed
        As there.
    """
    first, second = _checked_pair(volume_a, volume_b)
    flat = np.ndim(volume_a) == 2
    _check_cones(cones, cone_deg, flat=flat)
    size = None if pixel_size_nm is None else checked_voxel(pixel_size_nm)
    if flat and tilts_deg is not None:
        raise ParameterError("tilts belong to volumes (X, Z, Y); every cell of an image is measured")
    if not (is_number(taper) and 0 <= taper <= 0.5):
        raise ParameterError(f"taper must be a fraction from 0 to 0.5, not {taper!r}")
    sums.check_memory_of(first.shape)
    weight = sums.taper(first.shape, taper)
    settings: dict[str, Any] = {
        "measured": _measured(first.shape, tilts_deg, diameter_px),
        "cones": tuple(cones),
        "cone_deg": cone_deg,
    }
    if mask is None:
        found = _compared(first, second, weight, settings)
        return {cone: _curve(found[cone], first.shape, weight, cone, cone_deg, size) for cone in cones}
    weight = weight * _checked_mask(mask, np.shape(volume_a)).reshape(first.shape)
    masked, randomized = _masked(first, second, weight, taper, settings, seed)
    return {
        cone: _curve(masked[cone], first.shape, weight, cone, cone_deg, size, randomized[cone])
        for cone in cones
    }


def _compared(
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    weight: NDArray[np.float32],
    settings: dict[str, Any],
) -> dict[str | None, sums.ShellSums]:
    one, other = (sums.transformed(sums.faded(each, weight)) for each in (first, second))
    n_x, n_z, n_y = first.shape
    return sums.shell_sums(one, other, (n_x, n_z, n_y), **settings)


def _masked(
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    weight: NDArray[np.float32],
    taper: float,
    settings: dict[str, Any],
    seed: int,
) -> tuple[dict[str | None, sums.ShellSums], dict[str | None, NDArray[np.float64]]]:
    """Sums with the mask; and for each cone what random phases give with it, 0 where they are not random."""
    shape = first.shape
    unmasked = _compared(first, second, sums.taper(shape, taper), {**settings, "cones": (None,)})[
        None
    ].correlation
    low = np.flatnonzero(np.nan_to_num(unmasked) < _RANDOM_BELOW)
    start = int(low[0]) if low.size else unmasked.size
    beyond = (start + 0.5) / max(shape)
    drawn = [
        sums.with_random_phases(sums.transformed(each), shape, beyond, seed + number)
        for number, each in enumerate((first, second))
    ]
    masked = _compared(first, second, weight, settings)
    random = _compared(drawn[0], drawn[1], weight, settings)
    curves = {}
    for cone, each in random.items():
        curve = np.nan_to_num(each.correlation)
        curve[: start + _SKIPPED] = 0
        curves[cone] = np.clip(curve, 0, 0.99)
    return masked, curves


def _curve(
    found: sums.ShellSums,
    shape: tuple[int, ...],
    weight: NDArray[np.float32],
    cone: str | None,
    cone_deg: float,
    pixel_size_nm: float | None,
    randomized: NDArray[np.float64] | None = None,
) -> ShellCorrelation:
    measured = np.divide(
        found.cells, found.all_cells, out=np.zeros_like(found.cells), where=found.all_cells > 0
    )
    number = found.cells * sums.independent_share(weight)
    raw = found.correlation
    correlation = raw if randomized is None else (raw - randomized) / (1 - randomized)
    spread = 1 / np.sqrt(2 * np.maximum(number, 0.5))
    error = (1 - np.clip(raw, -1, 1) ** 2) * spread
    if randomized is not None:
        error = np.hypot(error, np.where(randomized > 0, spread, 0)) / (1 - randomized)
    return ShellCorrelation(
        frequencies=np.arange(1, number.size + 1) / max(shape),
        correlation=correlation,
        standard_error=error,
        n_independent=number,
        measured=measured,
        cone=cone,
        cone_deg=float(cone_deg),
        pixel_size_nm=pixel_size_nm,
        uncorrected=None if randomized is None else raw,
        randomized=randomized,
    )


def _measured(
    shape: tuple[int, ...], tilts_deg: ArrayLike | Sequence[ArrayLike] | None, diameter_px: float | None
) -> NDArray[np.bool_] | None:
    if tilts_deg is None:
        if diameter_px is not None:
            raise ParameterError("a diameter says which cells the tilts measure; give the tilts as well")
        return None
    pair: Any = tilts_deg
    both = isinstance(pair, list | tuple) and len(pair) == 2 and all(np.ndim(each) for each in pair)
    series: list[Any] = list(pair) if both else [pair]
    result = np.ones((shape[1], shape[2] // 2 + 1), bool)
    for tilts in series:
        result &= measured_cells((shape[1], shape[2]), tilts, diameter_px)
    return result


def _checked_pair(a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both as ``(X, Z, Y)``; an image is a volume of one slice."""
    pair = []
    for each in (np.asarray(a), np.asarray(b)):
        if each.ndim not in (2, 3) or max(each.shape) < _SMALLEST:
            raise ShapeError(
                f"a volume (x, z, y) or an image (y, x) of at least {_SMALLEST} pixels is needed, "
                f"not {each.shape}"
            )
        if each.dtype.kind not in "biuf":
            raise DataError(f"a volume must be real numbers, not {each.dtype}")
        data = each.astype(np.float32, copy=False)
        if not np.isfinite(data.sum(dtype=np.float64)):
            raise DataError("a volume has voxels that are not finite")
        pair.append(data if data.ndim == 3 else data[np.newaxis])
    if np.shape(a) != np.shape(b):
        raise ShapeError(f"the shapes differ: {np.shape(a)} and {np.shape(b)}")
    return pair[0], pair[1]


def _checked_mask(mask: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
    found = np.asarray(mask)
    if found.shape != shape:
        raise ShapeError(f"the mask has the shape {found.shape}, not {shape}")
    if found.dtype.kind not in "biuf" or not (found.min() >= 0 and found.max() <= 1 and found.any()):
        raise DataError("a mask must have values from 0 (outside) to 1 (inside), not all 0")
    return found.astype(np.float32)


def _check_cones(cones: Sequence[str | None], cone_deg: float, *, flat: bool) -> None:
    unknown = [each for each in cones if each is not None and each not in sums.CONES]
    if unknown:
        raise ParameterError(f"cone must be None or one of {', '.join(sums.CONES)}, not {unknown[0]!r}")
    if flat and any(each is not None for each in cones):
        raise ParameterError("cones belong to volumes (X, Z, Y); leave cone out for images")
    if not is_number(cone_deg) or not 0 < cone_deg <= 90:
        raise ParameterError(f"the angle of the cones must be between 0 and 90 degrees, not {cone_deg!r}")
