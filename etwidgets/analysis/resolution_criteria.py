"""Where a curve of correlation over frequency falls below a criterion, and how well that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etwidgets.checks import is_number
from etwidgets.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

CRITERIA = ("half-bit", "1-bit", 0.143, 0.5)
"""Criteria that are drawn and reported; :func:`threshold_at` takes other numbers as well."""

HIGHEST_FREQUENCY = 1 / 3
"""Cycles per pixel, two thirds of the Nyquist frequency: beyond it nothing is claimed."""

_SIGNAL_TO_NOISE = {"half-bit": np.sqrt(2) - 1, "1-bit": 1.0}  # of the whole volume, at so much information
_FEWEST = 4.0  # independent cells: with fewer no correlation decides anything
_CLEAR = 3.0  # standard deviations of the correlation of noise
_DRAWS = 400
_INTERVAL = (2.5, 97.5)  # percentiles


@dataclass(frozen=True)
class Resolution:
    """The frequency up to which two volumes agree by a criterion.

    Attributes
    ----------
    criterion
        ``"half-bit"``, ``"1-bit"``, or a correlation.
    frequency
        Cycles per pixel; 0 if they agree nowhere, NaN if nothing was measured.
    low, high
        95 % interval of the frequency, cycles per pixel.
    at_limit
        The curve does not fall below the criterion up to ``frequency``, beyond which nothing is claimed: two
        thirds of the Nyquist frequency, or the last shell in which enough cells were measured.
    pixel_size_nm
        If it is known.
    """

    criterion: str | float
    frequency: float
    low: float
    high: float
    at_limit: bool
    pixel_size_nm: float | None = None

    @property
    def pixels(self) -> float:
        """The resolution in pixels: the inverse of the frequency; infinite if they agree nowhere."""
        return _inverse(self.frequency)

    @property
    def nm(self) -> float | None:
        """The resolution in nm, if the pixel size is known."""
        return None if self.pixel_size_nm is None else self.pixels * self.pixel_size_nm

    @property
    def interval_nm(self) -> tuple[float, float] | None:
        """The 95 % interval in nm, the finer end first, if the pixel size is known."""
        if self.pixel_size_nm is None:
            return None
        return _inverse(self.high) * self.pixel_size_nm, _inverse(self.low) * self.pixel_size_nm

    def __str__(self) -> str:
        if np.isnan(self.frequency):
            return "not measured: no projection sees these directions"
        if self.frequency == 0:
            return "none: the halves do not agree in any shell"
        unit, size = ("px", 1.0) if self.pixel_size_nm is None else ("nm", self.pixel_size_nm)
        value, *ends = (_inverse(each) * size for each in (self.frequency, self.high, self.low))
        if self.at_limit:
            return f"{value:.3g} {unit} or better"
        return f"{value:.3g} {unit} ({ends[0]:.3g} to {ends[1]:.3g})"


def threshold_at(criterion: str | float, n_independent: NDArray[np.float64]) -> NDArray[np.float64]:
    """The correlation that a criterion asks for.

    ``"half-bit"`` and ``"1-bit"``: the correlation of two halves whose sum has, in each of n independent
    cells, the information of half a bit, or of one:
    ``(s + 2 sqrt(s / n) + 1 / sqrt(n)) / (1 + s + 2 sqrt(s / n))``, where s is the signal-to-noise ratio of
    a half, 0.2071 or 0.5 (van Heel and Schatz 2005, doi:10.1016/j.jsb.2005.05.009, equation 17).

    Parameters
    ----------
    criterion
        ``"half-bit"``, ``"1-bit"``, or a correlation between 0 and 1. 0.143 is meant for halves whose noise
        is independent (Rosenthal and Henderson 2003, doi:10.1016/j.jmb.2003.07.013).
    n_independent
        ``(S,)`` independent cells of each shell, Friedel pairs once.

    Raises
    ------
    ParameterError
        If there is no such criterion.
    """
    number = np.maximum(np.asarray(n_independent, dtype=float), 1e-9)
    if isinstance(criterion, str) and criterion in _SIGNAL_TO_NOISE:
        ratio = _SIGNAL_TO_NOISE[criterion] / 2
        mixed = 2 * np.sqrt(ratio / number)
        result: NDArray[np.float64] = (ratio + mixed + 1 / np.sqrt(number)) / (1 + ratio + mixed)
        return result
    if is_number(criterion) and 0 < float(criterion) < 1:
        return np.full(number.shape, float(criterion))
    raise ParameterError(
        f"criterion must be 'half-bit', '1-bit' or a correlation between 0 and 1, not {criterion!r}"
    )


def crossing(
    frequencies: NDArray[np.float64],
    correlation: NDArray[np.float64],
    standard_error: NDArray[np.float64],
    n_independent: NDArray[np.float64],
    criterion: str | float,
    pixel_size_nm: float | None = None,
    seed: int = 0,
) -> Resolution:
    """The first frequency at which a curve falls below a criterion, with its interval.

    Shells with fewer than four independent cells decide nothing. A fixed correlation is raised to three
    standard deviations of what noise gives where it is less, so that the first shells, which have few cells,
    claim nothing. A single shell below the criterion between two above it does not count. The interval comes
    from curves drawn with the standard error of each shell.

    Parameters
    ----------
    frequencies, correlation, standard_error, n_independent
        ``(S,)``, rising frequencies in cycles per pixel.
    criterion
        As in :func:`threshold_at`.
    pixel_size_nm
        Handed on.
    seed
        Of the curves that are drawn.
    """
    threshold = threshold_at(criterion, n_independent)
    decided = np.isfinite(correlation) & (n_independent >= _FEWEST)
    if not decided.any():
        return Resolution(criterion, np.nan, np.nan, np.nan, at_limit=False, pixel_size_nm=pixel_size_nm)
    places, number = frequencies[decided], n_independent[decided]
    if not isinstance(criterion, str):
        threshold = np.maximum(threshold, _CLEAR / np.sqrt(2 * np.maximum(n_independent, _FEWEST)))
    above = (correlation - threshold)[decided]
    limit = min(HIGHEST_FREQUENCY, float(places[-1]))
    random = np.random.default_rng(seed)
    drawn = above + standard_error[decided] * random.standard_normal((_DRAWS, number.size))
    found = _first_below(places, above[np.newaxis])[0]
    ends = np.percentile(np.minimum(_first_below(places, drawn), limit), _INTERVAL)
    return Resolution(
        criterion,
        float(min(found, limit)),
        float(min(ends[0], found)),
        float(min(max(ends[1], found), limit)),
        at_limit=bool(found >= limit),
        pixel_size_nm=pixel_size_nm,
    )


def _first_below(frequencies: NDArray[np.float64], above: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where each of the curves ``(N, S)`` first becomes negative for two shells; infinite if nowhere."""
    below = above < 0
    both = below & np.concatenate([below[:, 1:], np.ones((len(below), 1), bool)], axis=1)
    index = both.argmax(axis=1)
    rows = np.arange(len(above))
    before = np.maximum(index - 1, 0)
    high, low = np.maximum(above[rows, before], 0), above[rows, index]
    share = high / np.maximum(high - low, 1e-12)
    result = frequencies[before] + share * (frequencies[index] - frequencies[before])
    result[index == 0] = 0.0
    result[~both.any(axis=1)] = np.inf
    return result


def _inverse(frequency: float) -> float:
    return float("inf") if frequency == 0 else 1 / frequency
