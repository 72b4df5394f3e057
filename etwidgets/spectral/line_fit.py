"""Element maps from a fit of all lines and the background to the counts of each pixel; knows no session."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.errors import DataError, ParameterError
from etwidgets.progress import NullProgress
from etwidgets.resources import check_memory
from etwidgets.spectral.line_families import LOWEST_KEV
from etwidgets.spectral.lines import check_in_range, checked_lines
from etwidgets.spectral.missing_elements import missing_elements
from etwidgets.spectral.spectra import as_stack, check, energies_kev, images, sum_spectrum
from etwidgets.spectral.sum_fit import fit_sum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals import TomoStack
    from etwidgets.spectral.sum_fit import SumFit

_DEFAULT_EV = 130.0
_BLOCK_COUNTS = 3000.0  # fewer, and what is kept from being negative adds up
_BANDS_KEV = (1.0, 4.0)  # between them the background of a block follows its own absorption
_PER_WIDTH = 4  # groups of channels in the width of a line; more are slower and no better
_BETWEEN_KEV = 0.5  # width of a group where there is no line
_NO_LINE = 1e-3  # of the height of a line
_ITERATIONS, _TOLERANCE, _POWER = 200, 1e-4, 1.6


@dataclass(frozen=True, eq=False)
class ElementFit:
    """Maps of lines from a fit, and how well it describes the sum of all spectra.

    Attributes
    ----------
    maps
        Line to tilt series ``(T, Y, X)`` float32: counts of the line, none negative.
    energies
        ``(channels,)`` keV.
    counts, fitted
        ``(channels,)``: the sum of all spectra, and what the fit expects there; 0 below 0.15 keV.
    missing
        Symbols of elements that were not among those of the lines, and whose lines are in the residual.
    offset_kev, gain
        A line of the energy E is found at ``gain * E + offset_kev`` on the axis of the spectra.
    resolution_ev
        Full width at half maximum at Mn Ka.
    """

    maps: Mapping[str, TomoStack]
    energies: NDArray[np.float64]
    counts: NDArray[np.float64]
    fitted: NDArray[np.float64]
    missing: tuple[str, ...]
    offset_kev: float
    gain: float
    resolution_ev: float

    @property
    def residual(self) -> NDArray[np.float64]:
        """``(channels,)``: counts minus those expected; 0 below 0.15 keV."""
        return np.where(self.energies >= LOWEST_KEV, self.counts - self.fitted, 0.0)


def fit_lines(spectra: Any, lines: Sequence[str], *, progress: Progress | None = None) -> ElementFit:
    """Fit all lines of the elements, and a background, to X-ray spectra.

    The energies, the width and the weights of lines are calibrated once, on the sum of all spectra. Then the
    amounts of all families of lines are fitted by Poisson maximum likelihood, non-negative, to the sums over
    square blocks of pixels, each with about 3000 counts (a pixel, if it has as many). Last, each count of a
    pixel is divided among the families in proportion to what its block expects at that energy. So the maps of
    a block add up to its fit, even with few counts in a pixel; a fit of each pixel alone would add
    counts wherever an element is not.

    Parameters
    ----------
    spectra
        ``(x, y, tilt | energy)``, in memory or lazy.
    lines
        Such as ``["Fe_Ka", "Co_Ka"]``; at least one of each element of the specimen.
    progress
        Reports the progress, and can cancel the work.

    Raises
    ------
    ParameterError
        If a line is unknown or out of range, or these are no X-ray spectra.
    DataError
        If counts are negative or not finite.
    """
    check(spectra)
    lines = checked_lines(lines)
    if spectra.metadata.Signal.signal_type == "EELS":
        raise ParameterError("lines can be fitted to X-ray spectra only; map energy losses with windows")
    check_in_range(spectra, lines)
    progress = progress or NullProgress()
    elements = list(dict.fromkeys(line.split("_")[0] for line in lines))
    resolution = _resolution_ev(spectra)
    energies, total = energies_kev(spectra), sum_spectrum(spectra, progress=progress.part(0, 0.3))
    if not np.isfinite(total).all():
        raise DataError("the spectra have counts that are not finite; a fit needs counts of X-rays")
    progress.advance(0.3, "calibrating the energies")
    fit = fit_sum(energies, total, elements, resolution)
    places = [_place(fit, line) for line in lines]
    progress.advance(0.35, "looking for missing elements")
    missing = tuple(missing_elements(fit, elements, resolution))
    check_memory(4.0 * len(lines) * math.prod(spectra.data.shape[:-1]), f"a set of {len(lines)} maps")
    shares = np.array([share for _, share in places])
    found, snrs = _pixels(spectra, fit, [family for family, _ in places], progress.part(0.4, 1))
    scale = fit.scale
    known = {
        "kind": "fit", "energies": energies, "counts": total, "fitted": fit.fitted, "missing": list(missing),
        "offset_kev": scale.offset_kev, "gain": scale.gain, "resolution_ev": scale.resolution_ev,
    }  # fmt: skip
    maps, shapes = {}, fit.shapes()
    for number, (line, (family, _)) in enumerate(zip(lines, places, strict=True)):
        stack = as_stack(found[number] * np.float32(shares[number]), spectra, line)
        own = {"line": line, "spectrum": shapes[family], "snr": snrs[number]}
        stack.metadata.add_dictionary({"Spectral": {**known, **own}})
        maps[line] = stack
    return ElementFit(
        maps, energies, total, fit.fitted, missing, scale.offset_kev, scale.gain, scale.resolution_ev
    )


def fit_warning(maps: Mapping[str, TomoStack]) -> str:
    """A warning if maps of a fit lack elements, otherwise empty."""
    for stack in maps.values():
        missing = stack.metadata.get_item("Spectral.missing", default=None)
        if missing:
            names = ", ".join(missing)
            return f"The residual spectrum has lines of {names}; add these elements and fit again."
    return ""


def signal_to_noise(mean_square: float, variance: float) -> float:
    """Ratio of the root mean squares of signal and noise of a pixel; 0 if there is only noise."""
    return float(np.sqrt(max(mean_square / variance - 1, 0))) if variance > 0 else 0.0


def _resolution_ev(spectra: Any) -> float:
    for kind in ("TEM", "SEM"):
        name = f"Acquisition_instrument.{kind}.Detector.EDS.energy_resolution_MnKa"
        known = spectra.metadata.get_item(name, default=None)
        if known:
            return float(known)
    return _DEFAULT_EV


def _place(fit: SumFit, line: str) -> tuple[int, float]:
    """The family of a line, and its share of the counts of the family."""
    element, _, name = line.partition("_")
    for number, family in enumerate(fit.families):
        if family.element == element and name in family.names:
            return number, float(fit.shares[number][family.names.index(name)])
    raise ParameterError(f"{line} is below {LOWEST_KEV} keV, where nothing is fitted; take another line")


def _pixels(
    spectra: Any, fit: SumFit, wanted: Sequence[int], progress: Progress
) -> tuple[NDArray[np.float32], list[float]]:
    """Counts ``(lines, T, Y, X)`` of the families that are wanted, and their signal-to-noise ratios."""
    count, n_y, n_x, _ = spectra.data.shape
    shapes, starts = _grouped(fit)
    first, stop = int(starts[0]), fit.energies.size
    side = _block_side(fit, count * n_y * n_x)
    rows, columns = (np.arange(0, size, side) for size in (n_y, n_x))
    row_of, column_of = (
        np.repeat(np.arange(len(at)), side)[:size] for at, size in ((rows, n_y), (columns, n_x))
    )
    whole = np.array([*fit.amounts, *_bands(fit).sum(1)])
    start = ((0.98 * whole + 0.02 * whole.sum() / whole.size) / whole.sum()).astype(np.float32)
    found = np.empty((len(wanted), count, n_y, n_x), np.float32)
    signal, noise = np.zeros(len(wanted)), np.zeros(len(wanted))
    for number, image in enumerate(images(spectra)):
        progress.advance(number / count, f"projection {number + 1} of {count}")
        grouped = np.add.reduceat(image[..., first:stop], starts - first, axis=-1, dtype=np.float32)
        if grouped.min() < 0:
            raise DataError(f"projection {number + 1} has negative counts; a fit needs counts of X-rays")
        blocks = np.add.reduceat(np.add.reduceat(grouped, rows, axis=0), columns, axis=1)
        amounts = _likeliest(blocks.reshape(-1, len(starts)), shapes, start)
        expected = np.maximum(amounts @ shapes, 1e-20).reshape(blocks.shape)
        amounts = amounts.reshape(*blocks.shape[:2], -1)[..., wanted]
        per_count = (grouped / expected[row_of][:, column_of]) @ shapes[wanted].T
        solved = per_count * amounts[row_of][:, column_of]
        found[:, number] = np.moveaxis(solved, -1, 0)
        # variance of a sum of Poisson counts, each with the part that goes to the family
        noise += ((blocks / expected**2) @ (shapes[wanted] ** 2).T * amounts**2).sum((0, 1), dtype=float)
        signal += (solved.astype(float) ** 2).sum((0, 1))
    return found, [signal_to_noise(s, n) for s, n in zip(signal, noise, strict=True)]


def _likeliest(blocks: NDArray[np.float32], shapes: NDArray[np.float32], start: NDArray[np.float32]) -> Any:
    """Non-negative Poisson maximum likelihood for every row ``(B, groups)``: ``(B, components)``.

    Multiplicative EM (Richardson 1972, Lucy 1974) with longer steps (a power), scaled to the counts.
    """
    totals = blocks.sum(1, keepdims=True)
    solved = totals * start
    for _ in range(_ITERATIONS):
        ratio = (blocks / np.maximum(solved @ shapes, 1e-20)) @ shapes.T
        new = solved * ratio ** np.float32(_POWER)
        new *= totals / np.maximum(new.sum(1, keepdims=True), 1e-20)
        moved = float(np.abs(new - solved).max(initial=0))
        solved = new
        if moved <= _TOLERANCE * float(totals.max(initial=0)):
            break
    return solved


def _bands(fit: SumFit) -> NDArray[np.float64]:
    """The background in overlapping ranges of energy ``(bands, channels)``; they add up to it."""
    knots = np.log([LOWEST_KEV, *_BANDS_KEV, max(fit.energies[-1], 2 * _BANDS_KEV[-1])])
    at = np.log(np.maximum(fit.energies, LOWEST_KEV))
    hats = np.array([np.interp(at, knots, unit) for unit in np.eye(knots.size)])
    bands = hats * fit.background
    return np.asarray(bands[bands.sum(1) > 0])


def _grouped(fit: SumFit) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Spectra of all components ``(components, groups)``, sum 1, and the first channel of each group.

    Channels that are much narrower than a line, or have no line, are added up.
    """
    lines = fit.shapes()
    bands = _bands(fit)
    shapes = np.vstack([lines, bands / bands.sum(1, keepdims=True)])
    has_line = (lines > _NO_LINE * lines.max(1, keepdims=True)).any(0)
    step = float(fit.energies[1] - fit.energies[0])
    limits = np.where(has_line, fit.scale.widths(fit.energies) / _PER_WIDTH, _BETWEEN_KEV)
    starts = [int(np.argmax(fit.energies >= LOWEST_KEV))]
    for channel in range(starts[0] + 1, fit.energies.size):
        wide = (channel - starts[-1] + 1) * step > limits[channel]
        if wide or has_line[channel] != has_line[channel - 1]:
            starts.append(channel)
    at = np.array(starts)
    return np.add.reduceat(shapes, at, axis=1).astype(np.float32), at


def _block_side(fit: SumFit, pixels: int) -> int:
    """Pixels in the side of a block, so that it has enough counts on average."""
    mean = float(fit.counts[fit.energies >= LOWEST_KEV].sum()) / pixels
    return max(1, math.ceil(math.sqrt(_BLOCK_COUNTS / mean)))
