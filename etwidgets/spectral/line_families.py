"""Families of X-ray lines, and the peaks that a detector makes of them; knows energies, and no spectrum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from etwidgets.spectral.lines import lines_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LOWEST_KEV = 0.15
"""Below this there is the electronic noise of the detector; nothing is fitted there."""

FANO_KEV = 2.5e-3
"""Growth of the squared full width at half maximum per keV: Fiori and Newbury 1978."""

MN_KA_KEV = 5.8987
_NARROWEST_KEV = 0.02
_NEARLY_EQUAL = ("Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn")
_EQUAL_PART = 2 / 3
_SIGMA = 1 / np.sqrt(8 * np.log(2))


@dataclass(frozen=True)
class Family:
    """Lines of one shell of an element, whose relative weights are known.

    Attributes
    ----------
    element
        Symbol.
    shell
        ``"K"``, ``"L"`` or ``"M"``.
    names
        Of the lines, such as ``("Ka", "Kb")``; Ka, La or Ma first.
    energies
        keV; of Ka that of Ka1.
    weights
        Relative to each other.
    splitting_kev
        Between Ka1 and Ka2.
    """

    element: str
    shell: str
    names: tuple[str, ...]
    energies: tuple[float, ...]
    weights: tuple[float, ...]
    splitting_kev: float


def families_of(element: str, first_kev: float, last_kev: float) -> list[Family]:
    """The families of an element that have lines between two energies, and above 0.15 keV.

    Raises
    ------
    ParameterError
        If there is no such element.
    """
    found = []
    lines = _lines(element)
    for shell in "KLM":
        own = [
            line
            for line in lines
            if line[0][0] == shell and max(LOWEST_KEV, first_kev) < line[1] < last_kev and line[2] > 0
        ]
        own.sort(key=lambda line: (not line[0].endswith("a"), -line[2]))  # Ka, La, Ma before all others
        if own:
            names, energies, weights = zip(*own, strict=True)
            found.append(Family(element, shell, names, energies, weights, _splitting(lines)))
    return found


def _lines(element: str) -> list[tuple[str, float, float]]:
    """Name, energy (keV) and weight of all lines.

    From Ca to Zn, measured ratios Kb/Ka differ by a few percent only (Salem et al. 1974, Atomic Data and
    Nuclear Data Tables 14, 91), and those of the table scatter by 15 %: most of the scatter is taken out.
    """
    lines = [
        (name, float(each["energy (keV)"]), float(each["weight"])) for name, each in lines_table(element)
    ]
    if element not in _NEARLY_EQUAL:
        return lines
    mean = sum(dict(lines_table(each))["Kb"]["weight"] for each in _NEARLY_EQUAL) / len(_NEARLY_EQUAL)
    return [
        (name, energy, weight + _EQUAL_PART * (mean - weight) if name == "Kb" else weight)
        for name, energy, weight in lines
    ]


def _splitting(lines: Sequence[tuple[str, float, float]]) -> float:
    """Between the subshells L2 and L3, keV: both Ln and Ll end in M1. It splits Ka into Ka1 and Ka2."""
    energies = {name: energy for name, energy, _ in lines}
    return max(energies.get("Ln", 0.0) - energies.get("Ll", 0.0), 0.0) if "Ll" in energies else 0.0


@dataclass(frozen=True)
class EnergyScale:
    """Where a detector shows a line, and how wide.

    Attributes
    ----------
    offset_kev, gain
        A line of the energy E is found at ``gain * E + offset_kev`` on the axis of the spectra.
    noise_kev2
        Squared full width at half maximum at energy 0; it grows by :data:`FANO_KEV` per keV.
    doublet
        Where the peak of Ka1 and Ka2 is: 1 at their center, 0 at the energy of Ka1.
    """

    offset_kev: float
    gain: float
    noise_kev2: float
    doublet: float = 1.0

    @property
    def resolution_ev(self) -> float:
        """Full width at half maximum at the line Mn Ka."""
        return 1000 * float(self.widths(MN_KA_KEV))

    def widths(self, energies: Any) -> NDArray[np.float64]:
        """Full widths at half maximum, keV."""
        squares = self.noise_kev2 + FANO_KEV * np.asarray(energies, dtype=float)
        return np.sqrt(np.maximum(squares, _NARROWEST_KEV**2))

    def peaks(self, families: Sequence[Family], energies: NDArray[Any]) -> NDArray[np.float64]:
        """The part of each line that each channel counts: ``(lines, channels)``.

        Parameters
        ----------
        families
            Whose lines, one family after the other.
        energies
            ``(channels,)`` middle of each channel, keV, equally spaced.
        """
        lines = np.array([energy for family in families for energy in family.energies])
        moves = np.concatenate([_to_center(family) for family in families])
        at = self.gain * (lines + self.doublet * moves) + self.offset_kev
        half = (energies[1] - energies[0]) / 2
        edges = np.append(energies - half, energies[-1] + half)
        below = ndtr((edges - at[:, np.newaxis]) / (_SIGMA * self.widths(lines)[:, np.newaxis]))
        return np.asarray(below[:, 1:] - below[:, :-1])


def _to_center(family: Family) -> NDArray[np.float64]:
    """From the energy of each line to its center: Ka2 has half the counts of Ka1."""
    return np.array([-family.splitting_kev / 3 if name == "Ka" else 0.0 for name in family.names])


def scale_of(resolution_ev: float) -> EnergyScale:
    """The scale of a detector with this resolution at Mn Ka and an exact axis."""
    return EnergyScale(0.0, 1.0, (resolution_ev / 1000) ** 2 - FANO_KEV * MN_KA_KEV)
