"""The sum spectrum as lines on a smooth background: calibrates energies, widths and weights of lines.

Knows one spectrum; pixels are fitted with what is found here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.interpolate import BSpline
from scipy.linalg import cholesky, solve_triangular
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import lsq_linear

from etwidgets.errors import ParameterError
from etwidgets.spectral.line_families import LOWEST_KEV, EnergyScale, Family, families_of, scale_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_KNOT_RATIO = 0.5  # of the logarithm of the energy, between knots of the background: far wider than a line
_FREE = ("offset_kev", "gain", "noise_kev2", "doublet")  # fields of EnergyScale; then the factor of Kb
_FIRST = len(_FREE) + 1
_ITERATIONS, _TOLERANCE = 25, 1e-4
# how far the truth may be from what is known before: standard deviations
_OFFSET_KEV, _GAIN, _NOISE, _DOUBLET, _BETA, _K_WEIGHT = 0.02, 0.005, 0.5, 1.0, 0.3, 0.03
_WEIGHT, _SOFT_WEIGHT, _SOFT_KEV = 0.3, 1.0, 1.0  # of lines of L and M; below 1 keV the table is poor
_MODEL = 0.01  # how far the shape of a peak may be from the model: a part of the counts of a channel
_STEP_KEV, _GAIN_STEP = 0.015, 0.002  # of one iteration: a fraction of the width of a line


@dataclass(frozen=True, eq=False)
class SumFit:
    """Lines and background that together approximate a sum spectrum.

    Attributes
    ----------
    energies, counts, fitted
        ``(channels,)``: keV, counts, and expected counts; 0 below 0.15 keV.
    families
        Of the elements.
    shares
        For each family the part of its counts that is in each of its lines.
    amounts
        Counts of each family.
    background
        ``(channels,)`` counts.
    scale
        Where lines are, and how wide.
    tangents
        ``(parameters, channels)``: how the fitted spectrum changes with each of its parameters.
    """

    energies: NDArray[np.float64]
    counts: NDArray[np.float64]
    fitted: NDArray[np.float64]
    families: tuple[Family, ...]
    shares: tuple[NDArray[np.float64], ...]
    amounts: NDArray[np.float64]
    background: NDArray[np.float64]
    scale: EnergyScale
    tangents: NDArray[np.float64]

    def shapes(self) -> NDArray[np.float64]:
        """The spectrum of each family ``(families, channels)``, sum 1."""
        pairs = zip(self.families, self.shares, strict=True)
        shapes = [share @ self.scale.peaks([family], self.energies) for family, share in pairs]
        found = np.array(shapes) * (self.energies >= LOWEST_KEV)
        return np.asarray(found / found.sum(1, keepdims=True))

    def weights(self) -> NDArray[np.float64]:
        """One over the variance of each channel ``(channels,)``: of the counts, and of the model."""
        return np.where(self.energies >= LOWEST_KEV, _weights(self.fitted), 0.0)


def _weights(expected: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (np.maximum(expected, 1) + (_MODEL * expected) ** 2))


class _State(NamedTuple):
    scale: EnergyScale
    beta: float  # factor of all Kb, against the table
    lines: NDArray[np.float64]
    background: NDArray[np.float64]


def fit_sum(
    energies: NDArray[np.float64], counts: NDArray[np.float64], elements: Sequence[str], resolution_ev: float
) -> SumFit:
    """Fit a sum spectrum by Poisson maximum likelihood (Fisher scoring).

    Free are the offset and the gain of the energies, the width, one factor for Kb of all elements, and the
    counts of each line and of each part of the background, none of which is negative. The weights of lines
    are held near those of the table, by normal distributions: Kb within 3 % beside the common factor, lines
    of L and M within 30 %, or 100 % below 1 keV.

    Parameters
    ----------
    energies
        ``(channels,)`` keV, equally spaced.
    counts
        ``(channels,)``.
    elements
        Symbols.
    resolution_ev
        Width of Mn Ka as far as it is known, eV.

    Raises
    ------
    ParameterError
        If an element is unknown or has no line in the range, or there are no counts.
    """
    families = _families(elements, energies)
    used = energies >= LOWEST_KEV
    axis, seen = energies[used], counts[used]
    if seen.sum() <= 0:
        raise ParameterError("the spectra have no counts above 0.15 keV; there is nothing to fit")
    known = scale_of(resolution_ev)
    count = sum(len(family.names) for family in families)
    ground = _background_parts(axis)
    flat = np.full(count, seen.sum() / 2 / count)
    state = _State(known, 1.0, flat, np.full(len(ground), seen.sum() / 2 / len(ground)))
    expected = gaussian_filter1d(seen, 2) + 1
    for iteration in range(_ITERATIONS):
        tangents = np.vstack([_movements(state, families, axis), state.scale.peaks(families, axis), ground])
        step = _step(state, tangents, seen, expected, _priors(state, families, known), hold=iteration < 2)
        moved = abs(step.scale.offset_kev - state.scale.offset_kev) + abs(step.scale.gain - state.scale.gain)
        state = step
        expected = state.lines @ state.scale.peaks(families, axis) + state.background @ ground
        if iteration > 3 and moved < _TOLERANCE * _STEP_KEV:
            break
    return _sum_fit(state, energies, counts, families, ground, used)


def _families(elements: Sequence[str], energies: NDArray[np.float64]) -> tuple[Family, ...]:
    first, last = max(LOWEST_KEV, float(energies[0])), float(energies[-1])
    found: list[Family] = []
    for element in elements:
        own = families_of(element, first, last)
        if not own:
            raise ParameterError(f"{element} has no line between {first:.2f} and {last:.2f} keV")
        found += own
    return tuple(found)


def _background_parts(axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Non-negative smooth parts ``(parts, channels)``, sum 1: splines of log E times Kramers' 1 / E."""
    first, last = np.log(axis[0] * 0.999), np.log(axis[-1] * 1.001)
    inner = np.linspace(first, last, max(int((last - first) / _KNOT_RATIO), 1) + 1)
    knots = np.concatenate([[first] * 3, inner, [last] * 3])
    parts = BSpline.design_matrix(np.log(axis), knots, 3).toarray().T / axis
    return np.asarray(parts / parts.sum(1, keepdims=True))


def _movements(state: _State, families: Sequence[Family], axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Change of the fitted spectrum with offset, gain, squared width, and the factor of Kb (0: a prior)."""
    small = 1e-4

    def moved(name: str, by: float) -> Any:
        scale = replace(state.scale, **{name: getattr(state.scale, name) + by})
        return state.lines @ scale.peaks(families, axis)

    rows = [(moved(name, small) - moved(name, -small)) / (2 * small) for name in _FREE]
    return np.array([*rows, np.zeros(axis.size)])


def _priors(
    state: _State, families: Sequence[Family], known: EnergyScale
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and right sides: what is known before, each in units of its standard deviation."""
    size = _FIRST + state.lines.size + state.background.size
    deviations = (_OFFSET_KEV, _GAIN, _NOISE * (known.noise_kev2 + 1e-3), _DOUBLET, _BETA)
    here = [getattr(state.scale, name) - getattr(known, name) for name in _FREE]
    rows = np.eye(_FIRST, size) / np.array(deviations)[:, np.newaxis]
    right = -np.array([*here, state.beta - 1]) / deviations
    first, of_lines = _FIRST, []
    for family in families:
        amounts = state.lines[first - _FIRST : first - _FIRST + len(family.names)]
        of_family = _k_rows if family.shell == "K" else _other_rows
        block, moves_beta = of_family(family, amounts, state.beta)
        wide = np.zeros((len(block), size))
        wide[:, first : first + len(family.names)] = block
        wide[:, _FIRST - 1] = moves_beta
        of_lines.append(wide)
        first += len(family.names)
    whole = np.vstack([rows, *of_lines])
    return whole, np.append(right, np.zeros(len(whole) - len(rows)))


def _k_rows(family: Family, amounts: NDArray[np.float64], beta: float) -> tuple[NDArray[np.float64], Any]:
    """Kb is near the common factor times the table's part of Ka: rows, and their column of the factor."""
    ratios = np.array(family.weights[1:]) / family.weights[0]
    main = max(float(amounts[0]), 1.0)
    rows = np.column_stack([-beta * ratios, np.eye(ratios.size)])
    deviations = _K_WEIGHT * ratios * main
    return rows / deviations[:, np.newaxis], -ratios * main / deviations


def _other_rows(
    family: Family, amounts: NDArray[np.float64], _beta: float
) -> tuple[NDArray[np.float64], Any]:
    """Each line is near its part of its family."""
    parts = np.array(family.weights) / sum(family.weights)
    rows = np.eye(parts.size) - parts[:, np.newaxis]
    spread = _SOFT_WEIGHT if family.energies[0] < _SOFT_KEV else _WEIGHT
    return rows / (spread * parts * max(float(amounts.sum()), 1.0))[:, np.newaxis], 0.0


def _step(
    state: _State,
    tangents: NDArray[np.float64],
    seen: NDArray[np.float64],
    expected: NDArray[np.float64],
    priors: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    hold: bool,
) -> _State:
    """Weighted least squares for all parameters; the weights are those of the expected counts."""
    rows, right = priors
    weights = _weights(expected)
    normal = (tangents * weights) @ tangents.T + rows.T @ rows
    target = (tangents * weights) @ seen + rows.T @ right
    size = 1 / np.sqrt(np.maximum(np.diag(normal), 1e-30))
    upper = cholesky(normal * size * size[:, np.newaxis] + 1e-10 * np.eye(size.size))
    low, high = np.zeros(size.size), np.full(size.size, np.inf)
    reach = np.array([_STEP_KEV, _GAIN_STEP, 0.3 * abs(state.scale.noise_kev2) + 3e-4, 0.5, 0.1])
    reach *= 1e-6 if hold else 1.0
    low[:_FIRST], high[:_FIRST] = -reach, reach
    found = lsq_linear(
        upper, solve_triangular(upper, target * size, trans="T"), (low / size, high / size), method="bvls"
    ).x * size  # fmt: skip
    changed = {name: getattr(state.scale, name) + by for name, by in zip(_FREE, found, strict=False)}
    lines, background = np.split(np.maximum(found[_FIRST:], 0), [state.lines.size])
    return _State(EnergyScale(**changed), state.beta + found[_FIRST - 1], lines, background)


def _sum_fit(
    state: _State,
    energies: NDArray[np.float64],
    counts: NDArray[np.float64],
    families: tuple[Family, ...],
    ground: NDArray[np.float64],
    used: NDArray[np.bool_],
) -> SumFit:
    shares, amounts, first = [], [], 0
    for family in families:
        own = state.lines[first : first + len(family.names)]
        first += len(family.names)
        amounts.append(own.sum())
        weights = own if own.sum() > 0 else np.array(family.weights)
        shares.append(weights / weights.sum())
    peaks = state.scale.peaks(families, energies) * used
    background = np.zeros(energies.size)
    background[used] = state.background @ ground
    moves = _movements(state, families, energies[used])[: len(_FREE)]
    tangents = np.zeros((len(moves) + len(peaks) + len(ground), energies.size))
    tangents[:, used] = np.vstack([moves, peaks[:, used], ground])
    return SumFit(
        energies, counts, state.lines @ peaks + background, families, tuple(shares), np.array(amounts),
        background, state.scale, tangents,
    )  # fmt: skip
