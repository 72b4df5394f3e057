"""The fit of all lines: thin disks in another metal, from formulas, with energies that are off."""

import dask.array as da
import numpy as np
import pytest

from etwidgets import spectral
from etwidgets.errors import DataError, ParameterError

CHANNEL_KEV = 0.02
TILTS = np.arange(0, 160, 20.0)
# keV: L, the center of Ka1 and Ka2, and Kb (Deslattes et al. 2003, doi:10.1103/RevModPhys.75.35)
ENERGIES = {
    "Ti": (0.452, 4.509, 4.932), "V": (0.511, 4.950, 5.427), "Fe": (0.705, 6.399, 7.058),
    "Co": (0.776, 6.925, 7.649), "Ni": (0.851, 7.472, 8.265), "Cu": (0.930, 8.041, 8.905),
}  # fmt: skip
PARTS = (0.08, 0.615, 0.085)  # of the counts of an element; the rest is background
RATIO = 2.47


def spectrum(element, offset_kev=0.0, gain=1.0, resolution_kev=0.13):
    """Gaussians on Kramers' law; the axis shows the energy E at gain * E + offset."""
    energies = (np.arange(1024) * CHANNEL_KEV - offset_kev) / gain
    safe = np.maximum(energies, 0.05)
    background = (200 - safe) / safe * np.exp(-((0.7 / safe) ** 3))
    found = (1 - sum(PARTS)) * background / background.sum()
    for energy, part in zip(ENERGIES[element], PARTS, strict=True):
        sigma = np.sqrt(resolution_kev**2 + 2.5e-3 * (energy - 5.8987)) / 2.3548
        peak = np.exp(-(((energies - energy) / sigma) ** 2) / 2)
        found += part * peak / peak.sum()
    return found / found.sum()


def disks(outer, inner, counts, seed=0, **axis):
    """A rod of one metal with thin disks of another: the spectra, and the expected counts of both."""
    y, x = np.arange(40) - 19.5, np.arange(56)
    chord = 2 * np.sqrt(np.clip(14**2 - y**2, 0, None))
    period = 7
    part = np.clip(x % period + 1, 0, None).clip(max=period / (1 + RATIO)) - np.clip(
        x % period, 0, period / (1 + RATIO)
    )
    whole = chord[:, np.newaxis] * np.stack([1 - part, part])[:, np.newaxis]
    whole *= counts / whole.sum(0).mean()
    expected = np.repeat(whole[:, np.newaxis], TILTS.size, axis=1)
    random = np.random.default_rng(seed)
    found = np.zeros((TILTS.size * y.size * x.size, 1024), np.uint16)
    for element, each in zip((outer, inner), expected, strict=True):
        number = random.poisson(each.ravel())
        edges = np.cumsum(spectrum(element, **axis))
        at = np.searchsorted(edges / edges[-1], random.random(number.sum()))
        np.add.at(found, (np.repeat(np.arange(number.size), number), at), np.uint16(1))
    shape = (TILTS.size, y.size, x.size, 1024)
    series = spectral.from_array(found.reshape(shape), TILTS, channel_kev=CHANNEL_KEV)
    return series, {f"{outer}_Ka": expected[0] * PARTS[1], f"{inner}_Ka": expected[1] * PARTS[1]}


@pytest.fixture(scope="module")
def iron():
    return disks("Fe", "Co", 8)


def ratio(maps):
    first, second = (np.asarray(getattr(each, "data", each)).sum(dtype=float) for each in maps.values())
    return first / second


@pytest.mark.parametrize(
    ("pair", "axis"),
    [
        (("Fe", "Co"), {"offset_kev": 0.01, "gain": 1.002}),
        (("Ni", "Cu"), {"offset_kev": -0.01, "gain": 0.998}),
        (("Ti", "V"), {"offset_kev": 0.01, "gain": 0.998, "resolution_kev": 0.134}),
    ],
)
def test_metals_whose_lines_overlap_are_told_apart_at_8_counts(pair, axis):
    """Kb of the one lies under Ka of the other; the axis is off by half a channel and 0.2 %."""
    series, expected = disks(*pair, 8, **axis)
    fit = spectral.fit_lines(series, list(expected))
    assert ratio(fit.maps) / RATIO == pytest.approx(1, abs=0.02)
    for line, stack in fit.maps.items():
        assert stack.data.sum() / expected[line].sum() == pytest.approx(1, abs=0.02)
        assert stack.data.min() >= 0
    middle = ENERGIES[pair[0]][1]
    shown = fit.gain * middle + fit.offset_kev
    assert shown == pytest.approx(axis["gain"] * middle + axis["offset_kev"], abs=0.003)
    assert fit.resolution_ev == pytest.approx(1000 * axis.get("resolution_kev", 0.13), abs=2)
    assert fit.missing == ()


def test_it_is_nearer_to_the_truth_than_windows(iron):
    series, expected = iron
    fit, windows = (spectral.element_maps(series, list(expected), method=each) for each in ("fit", "windows"))
    assert ratio(fit) / RATIO == pytest.approx(1, abs=0.02)
    assert ratio(windows) / RATIO < 0.9
    pure = expected["Co_Ka"][0] == 0
    leak = [maps["Co_Ka"].data[:, pure].sum() / maps["Fe_Ka"].data[:, pure].sum() for maps in (fit, windows)]
    assert leak[0] < 0.8 * leak[1]


def test_many_counts_in_a_pixel_are_fitted_pixel_by_pixel():
    amounts = np.random.default_rng(2).uniform(0, 6000, (2, 1, 12, 12))
    amounts[1, 0, :4] = 0
    shapes = np.stack([spectrum("Fe"), spectrum("Co")])
    counts = np.random.default_rng(3).poisson(np.moveaxis(amounts, 0, -1) @ shapes).astype(np.uint16)
    series = spectral.from_array(counts, [0.0], channel_kev=CHANNEL_KEV)
    iron, cobalt = (m.data for m in spectral.element_maps(series, ["Fe_Ka", "Co_Ka"], method="fit").values())
    for found, truth in ((iron, amounts[0]), (cobalt, amounts[1])):
        deviation = np.sqrt(np.mean((found - PARTS[1] * truth) ** 2))
        assert deviation < 2 * np.sqrt(PARTS[1] * truth.mean())
    assert cobalt[0, :4].mean() < 0.01 * iron[0, :4].mean()


def test_what_the_fit_leaves_is_noise_and_is_in_the_maps(iron):
    series, expected = iron
    fit = spectral.fit_lines(series, list(expected))
    used = fit.fitted > 20
    np.testing.assert_array_equal(fit.counts, series.data.sum((0, 1, 2)))
    np.testing.assert_allclose(fit.residual[used], (fit.counts - fit.fitted)[used])
    assert (fit.residual[used] ** 2 / fit.fitted[used]).mean() == pytest.approx(1, abs=0.3)
    known = fit.maps["Co_Ka"].metadata.Spectral
    assert (known.kind, known.line, list(known.missing)) == ("fit", "Co_Ka", [])
    np.testing.assert_array_equal(known.fitted, fit.fitted)
    assert known.spectrum.sum() == pytest.approx(1)
    assert known.snr > 1


@pytest.mark.parametrize("lines", [["Fe_Ka"], ["Co_Ka", "Cr_Ka"]])
def test_elements_that_are_missing_from_the_list_are_named(iron, lines):
    fit = spectral.fit_lines(iron[0], lines)
    lacks = {"Fe", "Co"} - {line.split("_")[0] for line in lines}
    assert set(fit.missing) == lacks
    words = spectral.fit_warning(fit.maps)
    assert f"The residual spectrum has lines of {lacks.pop()}" in words


def test_the_sample_with_all_its_lines(needle, spectra):
    parts = {"Si_Ka": 0.97, "Cr_Ka": 0.75, "Ni_Ka": 0.72, "Pt_La": 0.30}
    fit = spectral.fit_lines(spectra, list(parts))
    for line, stack in fit.maps.items():
        expected = needle.maps[line.split("_")[0]].sum() * 0.75 * parts[line]
        assert stack.data.sum() / expected == pytest.approx(1, abs=0.04), line
    assert fit.missing == ()
    without = spectral.fit_lines(spectra, ["Si_Ka", "Cr_Ka", "Pt_La"])
    assert without.missing == ("Ni",)


def test_lazy_spectra_are_fitted_alike(iron):
    series, expected = iron
    lazy = spectral.from_array(
        da.from_array(series.data, chunks=(1, -1, -1, -1)), TILTS, channel_kev=CHANNEL_KEV
    )
    ours, theirs = (spectral.element_maps(each, list(expected), method="fit") for each in (series, lazy))
    np.testing.assert_array_equal(ours["Co_Ka"].data, theirs["Co_Ka"].data)


def test_what_a_fit_cannot_do_is_refused(iron):
    series, _ = iron
    with pytest.raises(ParameterError, match="'windows' or 'fit', not 'NMF'"):
        spectral.element_maps(series, ["Fe_Ka"], method="NMF")
    with pytest.raises(ParameterError, match="a fit uses no windows"):
        spectral.element_maps(series, ["Fe_Ka"], windows=[[6.3, 6.5]], method="fit")
    with pytest.raises(ParameterError, match="outside of the spectra"):
        spectral.element_maps(series, ["Pt_Ka"], method="fit")
    with pytest.raises(ParameterError, match="there is no line 'Fe_K'"):
        spectral.element_maps(series, ["Fe_K"], method="fit")
    empty = spectral.from_array(np.zeros_like(series.data), TILTS, channel_kev=CHANNEL_KEV)
    with pytest.raises(ParameterError, match="no counts above"):
        spectral.element_maps(empty, ["Fe_Ka"], method="fit")
    for wrong, words in ((-1, "projection 1 has negative counts"), (np.nan, "not finite")):
        counts = np.ones((1, 2, 2, 1024))
        counts[0, 1, 1, 330] = wrong
        with pytest.raises(DataError, match=words):
            spectral.fit_lines(spectral.from_array(counts, [0], channel_kev=CHANNEL_KEV), ["Fe_Ka"])


def test_a_part_of_the_energies_is_enough(iron):
    series, expected = iron
    part = spectral.from_array(
        series.data[..., 250:450], TILTS, channel_kev=CHANNEL_KEV, first_kev=250 * CHANNEL_KEV
    )
    assert ratio(spectral.fit_lines(part, list(expected)).maps) / RATIO == pytest.approx(1, abs=0.02)
