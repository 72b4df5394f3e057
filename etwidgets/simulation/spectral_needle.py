"""An EDX tilt series with known truth: a needle of Si, Ni and Cr with a Pt cap; knows no signal.

The spectra are simulated one projection at a time, so that a series of any size needs the memory of one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.align import apply_shifts
from etwidgets.errors import ParameterError
from etwidgets.resources import check_memory
from etwidgets.simulation.phantoms import project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

# keV and fraction of the line counts: Deslattes et al. 2003, doi:10.1103/RevModPhys.75.35 (energies);
# the fractions are typical of a thin foil at 200 kV
_LINES: Mapping[str, tuple[tuple[float, float], ...]] = MappingProxyType(
    {
        "Si": ((1.740, 0.97), (1.836, 0.03)),
        "Cr": ((0.573, 0.15), (5.415, 0.75), (5.947, 0.10)),
        "Ni": ((0.851, 0.18), (7.478, 0.72), (8.265, 0.10)),
        "Pt": ((2.051, 0.50), (9.442, 0.30), (11.071, 0.14), (11.251, 0.06)),
    }
)
_NUMBERS = MappingProxyType({"Si": 14, "Cr": 24, "Ni": 28, "Pt": 78})
_YIELDS = MappingProxyType({"Si": 0.8, "Cr": 1.0, "Ni": 0.9, "Pt": 1.2})
_BEAM_KEV = 200.0
_MN_KA_KEV, _FWHM_PER_KEV = 5.8987, 2.5e-3  # Fiori and Newbury 1978: the width grows with the energy
_WINDOW_KEV = 0.7  # below this the detector window absorbs most X-rays
_BACKGROUND = 0.25  # fraction of all counts
_HAADF_NOISE = 0.01  # where it is brightest
_HAADF_POWER = 1.7  # of the atomic number
_MOST_PER_CHANNEL = np.iinfo(np.uint16).max


@dataclass(frozen=True, eq=False)
class SpectralNeedle:
    """A simulated spectral tilt series with its true volumes.

    Attributes
    ----------
    truth
        Element to ``(X, Z, Y)`` float32: the fraction of each voxel that it fills, 0 to 1.
    tilts_deg
        ``(T,)`` degrees.
    haadf
        ``(T, Y, X)`` float32: the image recorded with the spectra, with shot noise of 1 % where it
        is brightest.
    maps
        Element to ``(T, Y, X)`` float32: expected counts of each spectrum, including the background of the
        element.
    spectra
        Element to ``(channels,)``: distribution of these counts over the energies; sums to 1.
    energies_kev
        ``(channels,)``.
    shifts
        ``(T, 2)`` pixels ``(y, x)``: the random shifts of the projections.
    seed
        Seed of all random numbers.
    """

    truth: Mapping[str, NDArray[np.float32]]
    tilts_deg: NDArray[np.float64]
    haadf: NDArray[np.float32]
    maps: Mapping[str, NDArray[np.float32]]
    spectra: Mapping[str, NDArray[np.float64]]
    energies_kev: NDArray[np.float64]
    shifts: NDArray[np.float64]
    seed: int

    @property
    def elements(self) -> tuple[str, ...]:
        """Symbols, from the base of the needle to its tip."""
        return tuple(self.truth)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """``(T, Y, X, channels)`` of the spectra."""
        return (*self.haadf.shape, self.energies_kev.size)

    def counts(self, projection: int) -> NDArray[np.uint16]:
        """The spectra ``(Y, X, channels)`` of one projection; reproducible."""
        random = np.random.default_rng([self.seed, projection])
        _, n_y, n_x, channels = self.shape
        found = np.zeros(n_y * n_x * channels, np.uint16)
        for element, expected in self.maps.items():
            # a Poisson number of counts, each at an energy of its own, is Poisson in every channel
            per_pixel = random.poisson(expected[projection].ravel())
            pixels = np.repeat(np.arange(per_pixel.size), per_pixel)
            edges = np.cumsum(self.spectra[element])
            at = np.searchsorted(edges / edges[-1], random.random(pixels.size), side="right")
            np.add.at(found, pixels * channels + np.minimum(at, channels - 1), np.uint16(1))
        return found.reshape(n_y, n_x, channels)

    def all_counts(self) -> NDArray[np.uint16]:
        """All spectra ``(T, Y, X, channels)``; 2 bytes per number."""
        check_memory(
            4.0 * math.prod(self.shape),
            "the array of all spectra",
            "take them one by one: counts(projection)",
        )
        return np.stack([self.counts(projection) for projection in range(len(self.tilts_deg))])


def spectral_needle(
    shape: Sequence[int] = (64, 64, 64),
    tilts_deg: ArrayLike | None = None,
    *,
    channels: int = 1024,
    channel_kev: float = 0.02,
    counts: float = 50,
    resolution_ev: float = 130,
    jitter_px: float = 0,
    seed: int = 0,
) -> SpectralNeedle:
    """A needle along x: Si, then alternating layers of Ni and Cr with a void in the first, and a Pt cap.

    Parameters
    ----------
    shape
        ``(X, Z, Y)`` voxels; the images have ``(Y, X)`` pixels.
    tilts_deg
        ``(T,)`` degrees; default: 37 from 0 to 180, as in the paper.
    channels, channel_kev
        Number and width of the energy channels; the first is at 0.
    counts
        Average counts per spectrum over all pixels, vacuum included.
    resolution_ev
        Width of the line Mn Ka at half its height.
    jitter_px
        Largest random shift of a projection, pixels.
    seed
        Seed of shifts, noise and counts.

    Raises
    ------
    ParameterError
        If it is too small, or the lines are outside the energy range.
    """
    n_x, n_z, n_y = (int(n) for n in shape)
    if min(n_x, n_z, n_y) < 16:
        raise ParameterError(f"the needle needs at least 16 voxels per side, not {tuple(shape)}")
    if channels * channel_kev < 12:
        raise ParameterError(
            f"{channels} channels of {channel_kev} keV end at {channels * channel_kev:.1f} keV; the lines of "
            "Pt need 12"
        )
    if not 0 < counts < _MOST_PER_CHANNEL / 10:
        raise ParameterError(
            f"the counts per spectrum must be between 0 and {_MOST_PER_CHANNEL // 10}, not {counts}"
        )
    tilts = np.linspace(0, 180, 37) if tilts_deg is None else np.asarray(tilts_deg, dtype=float)
    pixels = n_x * n_y * (tilts.size * 3 + n_z * 2) * len(_LINES)
    check_memory(4.0 * pixels, f"a needle of {n_x} x {n_z} x {n_y}", "choose a smaller one")
    truth = _materials(n_x, n_z, n_y)
    energies = np.arange(channels, dtype=np.float64) * channel_kev
    shifts = np.random.default_rng([seed, 0, 1]).uniform(-jitter_px, jitter_px, (tilts.size, 2))
    maps = {name: project(part, tilts) for name, part in truth.items()}
    haadf = sum(
        (np.float32(_NUMBERS[name] ** _HAADF_POWER / 1000) * each for name, each in maps.items()),
        np.zeros(1, np.float32),
    )
    total = sum(_YIELDS[name] * float(each.mean()) for name, each in maps.items())
    expected = {name: each * np.float32(counts * _YIELDS[name] / total) for name, each in maps.items()}
    if jitter_px:
        haadf = np.clip(apply_shifts(haadf, shifts), 0, None)
        expected = {name: np.clip(apply_shifts(each, shifts), 0, None) for name, each in expected.items()}
    noise = np.random.default_rng([seed, 0, 2]).standard_normal(haadf.shape, dtype=np.float32)
    return SpectralNeedle(
        truth=truth,
        tilts_deg=tilts,
        haadf=np.clip(haadf + np.float32(_HAADF_NOISE) * np.sqrt(haadf * haadf.max()) * noise, 0, None),
        maps=expected,
        spectra={name: _spectrum(name, energies, channel_kev, resolution_ev) for name in truth},
        energies_kev=energies,
        shifts=shifts,
        seed=seed,
    )


def _materials(n_x: int, n_z: int, n_y: int) -> dict[str, NDArray[np.float32]]:
    """The fraction of each voxel that each element fills."""
    x = np.arange(n_x)
    z, y = np.arange(n_z) - (n_z - 1) / 2, np.arange(n_y) - (n_y - 1) / 2
    distance = np.hypot(z[:, np.newaxis], y)[np.newaxis]
    radius = min(n_z, n_y) / 2 * (0.72 - 0.42 * x / n_x)[:, np.newaxis, np.newaxis]
    solid = np.clip(radius + 0.5 - distance, 0, 1)
    void = (0.47 * n_x, 0.07 * n_z, -0.09 * n_y)
    away = np.sqrt(
        (x - void[0])[:, np.newaxis, np.newaxis] ** 2
        + (z - void[1])[np.newaxis, :, np.newaxis] ** 2
        + (y - void[2])[np.newaxis, np.newaxis] ** 2
    )
    solid = solid * np.clip(away + 0.5 - 0.05 * n_x, 0, 1)
    edges = np.array([0.0, 0.38, 0.55, 0.68, 0.78, 0.86, 0.97]) * n_x
    layers = ("Si", "Ni", "Cr", "Ni", "Cr", "Pt")
    found: dict[str, NDArray[np.float32]] = {name: np.zeros((n_x, n_z, n_y), np.float32) for name in _LINES}
    for name, start, stop in zip(layers, edges[:-1], edges[1:], strict=True):
        inside = np.clip(np.minimum(x + 1, stop) - np.maximum(x, start), 0, 1)
        found[name] += (solid * inside[:, np.newaxis, np.newaxis]).astype(np.float32)
    return found


def _spectrum(name: str, energies: NDArray[Any], width: float, resolution_ev: float) -> NDArray[np.float64]:
    """Lines with the detector's width, on a background by Kramers' law, absorbed by its window."""
    centers = energies[1:]
    passed = np.exp(-((_WINDOW_KEV / centers) ** 3))
    background = np.concatenate([[0.0], np.clip(_BEAM_KEV - centers, 0, None) / centers * passed])
    spectrum = _BACKGROUND * background / background.sum()
    for energy, part in _LINES[name]:
        fwhm = np.sqrt((resolution_ev / 1000) ** 2 + _FWHM_PER_KEV * (energy - _MN_KA_KEV))
        peak = np.exp(-4 * np.log(2) * ((energies - energy) / max(fwhm, width)) ** 2)
        spectrum += (1 - _BACKGROUND) * part * peak / peak.sum()
    return spectrum / spectrum.sum()
