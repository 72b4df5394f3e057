"""Elements whose lines are left over when a sum spectrum was fitted with others; knows no pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etwidgets.spectral.line_families import families_of
from etwidgets.spectral.spectra import exspy
from etwidgets.spectral.sum_fit import fit_sum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etwidgets.spectral.sum_fit import SumFit

_NOISE = 6.0  # times the standard deviation of the counting noise
_PART = 0.005  # of the counts of all lines; less may come from an imperfect model of the peaks
_APART = 0.05  # of its information must remain beside what was fitted, for an element to be recognized
_LOWEST_KEV, _HIGHEST_KEV = 0.25, 12.0
_MOST = 6


def missing_elements(fit: SumFit, elements: Sequence[str], resolution_ev: float) -> list[str]:
    """Elements that the fit lacks, the clearest first.

    The score test of each element: how far its lines would lower the misfit, beyond 6 times the counting
    noise, after everything that offset, gain, width, other lines and background could explain. The
    best is added to the fit before the next is looked for.

    Parameters
    ----------
    fit
        Of the elements.
    elements
        Symbols.
    resolution_ev
        As for the fit.

    Returns
    -------
    list
        Symbols; at most 6.
    """
    found: list[str] = []
    while len(found) < _MOST:
        best = _best(fit, [*elements, *found])
        if best is None:
            break
        found.append(best)
        fit = fit_sum(fit.energies, fit.counts, [*elements, *found], resolution_ev)
    return found


def _best(fit: SumFit, taken: Sequence[str]) -> str | None:
    weights = fit.weights()
    left = (fit.counts - fit.fitted) * weights
    # directions of all that the fit can explain, orthonormal in these weights
    basis = np.linalg.qr((fit.tangents * np.sqrt(weights)).T)[0]
    least = _PART * fit.amounts.sum()
    scores: dict[str, float] = {}
    for element, entry in exspy().material.elements:
        if element in taken or "Xray_lines" not in entry.Atomic_properties:
            continue
        tests = [_score(shape, left, weights, basis) for shape in _shapes(fit, element)]
        if tests and tests[0][0] > _NOISE and tests[0][1] > least:
            scores[element] = sum(max(score, 0) ** 2 for score, _ in tests)
    return max(scores, key=lambda element: scores[element], default=None)


def _shapes(fit: SumFit, element: str) -> list[NDArray[np.float64]]:
    """Of each family that can be seen; first the one of the highest energy, which must be there."""
    families = families_of(element, float(fit.energies[0]), min(float(fit.energies[-1]), _HIGHEST_KEV))
    return [
        np.array(family.weights) @ fit.scale.peaks([family], fit.energies) / sum(family.weights)
        for family in families
        if family.energies[0] > _LOWEST_KEV
    ]


def _score(
    shape: NDArray[np.float64],
    left: NDArray[np.float64],
    weights: NDArray[np.float64],
    basis: NDArray[np.float64],
) -> tuple[float, float]:
    """Score in standard deviations, and counts, of what is new in a shape; 0 where too little is."""
    root = np.sqrt(weights)
    scaled = shape * root
    new = scaled - basis @ (basis.T @ scaled)
    information = float(new @ new)
    if information <= _APART * float(scaled @ scaled) or information <= 0:
        return 0.0, 0.0
    residual = np.divide(left, root, out=np.zeros_like(left), where=root > 0)
    gain = float(new @ residual)
    return gain / np.sqrt(information), gain / information
