"""The spectral phantom: counts, spectra and truth as promised."""

import numpy as np
import pytest

from etwidgets import simulation
from etwidgets.errors import ParameterError


def test_counts_are_poisson_around_what_is_expected():
    needle = simulation.spectral_needle((24, 16, 16), tilts_deg=[0, 90], counts=50, seed=1)
    draws = np.stack(
        [simulation.spectral_needle((24, 16, 16), [0, 90], counts=50, seed=s).counts(0) for s in range(60)]
    )
    expected = sum(needle.maps[e][0][..., np.newaxis] * needle.spectra[e] for e in needle.elements)
    assert draws.mean() * needle.shape[-1] == pytest.approx(50, rel=0.05)
    totals = draws.sum(-1, dtype=float)
    bright = expected.sum(-1) > 20
    assert np.mean(totals[:, bright].mean(0) / expected.sum(-1)[bright]) == pytest.approx(1, abs=0.02)
    assert np.mean(totals[:, bright].var(0, ddof=1) / expected.sum(-1)[bright]) == pytest.approx(1, abs=0.05)
    np.testing.assert_array_equal(needle.counts(0), draws[1])


def test_spectra_have_their_lines_where_they_belong():
    needle = simulation.spectral_needle((16, 16, 16))
    for element, energy in (("Si", 1.740), ("Cr", 5.415), ("Ni", 7.478), ("Pt", 2.051)):
        spectrum = needle.spectra[element]
        assert spectrum.sum() == pytest.approx(1)
        assert needle.energies_kev[spectrum.argmax()] == pytest.approx(energy, abs=0.021)
    fine = simulation.spectral_needle((16, 16, 16), channels=2600, channel_kev=0.005)
    chromium = fine.spectra["Cr"]
    half = fine.energies_kev[chromium > chromium.max() / 2]
    near = half[np.abs(half - 5.415) < 0.2]
    assert near[-1] - near[0] == pytest.approx(0.126, abs=0.011)  # 130 eV at Mn Ka, less below it


def test_materials_fill_the_needle_and_no_more():
    needle = simulation.spectral_needle((48, 32, 32))
    total = sum(needle.truth.values())
    assert total.min() >= 0
    assert total.max() == pytest.approx(1, abs=1e-5)
    for element, part in needle.truth.items():
        assert part.sum() > 100, element
    along = needle.truth["Ni"].sum((1, 2))
    assert along[: int(0.37 * 48)].max() == 0
    np.testing.assert_allclose(
        needle.maps["Ni"].sum((1, 2)), needle.maps["Ni"].sum((1, 2)).mean(), rtol=2e-3
    )  # what is there is seen at every tilt


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"shape": (8, 16, 16)}, "at least 16"),
        ({"channels": 256}, "5.1 keV"),
        ({"counts": 0}, "between 0 and"),
    ],
)
def test_what_cannot_be_made_is_refused(options, words):
    with pytest.raises(ParameterError, match=words):
        simulation.spectral_needle(**{"shape": (16, 16, 16), **options})
